"""The way out: which addresses, which answers, how much and for how long."""
