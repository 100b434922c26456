"""Sealing and opening tokens: one envelope, and one file for each key service."""
