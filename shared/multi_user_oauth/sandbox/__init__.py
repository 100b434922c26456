"""A Microsoft and a Google as they look from outside, on this machine, for the demo and tests."""
