"""Holding the whole audit against itself, the connections, and what the log said of it."""
