"""Events told to whoever listens, and shards of a sweep handed on: by Pub/Sub, or in the log."""
