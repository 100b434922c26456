"""Signing in: a ticket says who should connect what, a flow is one trip to a provider and back."""
