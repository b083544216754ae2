"""Remembers products: the catalogue (SQLite), the vectors (FAISS), search. Imports vision only."""
