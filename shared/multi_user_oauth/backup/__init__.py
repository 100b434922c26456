"""Backups that nobody can open, and restoring them without bringing back what was ended since."""
