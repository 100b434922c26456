"""HTTP to the outside, as far as it is the same for tokens and for the providers' APIs."""
