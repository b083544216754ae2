"""Sees: bytes become a Photo, a Photo an Embedding. ONNX Runtime only; imports no other wing."""
