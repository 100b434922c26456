"""Models of what the code does, small enough to try every order of events."""
