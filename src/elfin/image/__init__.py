"""Packed images: a tree of files as an index and chunks that are fetched when they are read."""
