"""Sees: bytes become a Photo, a Photo becomes an Embedding. ONNX Runtime only; imports no other wing."""
