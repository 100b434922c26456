"""The databases behind the store ports, a file per technology."""
