"""Asking `refresh` over HTTP; in process, the use cases themselves are asked."""
