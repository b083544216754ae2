"""Watches: camera, recorder, clips, looks. Imports customers, index and vision."""
