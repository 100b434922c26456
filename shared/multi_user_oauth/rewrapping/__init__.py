"""Key rotation: every record re-wrapped to the newest key version, and old versions retired."""
