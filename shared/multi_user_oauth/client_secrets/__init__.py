"""Where the applications' own credentials are kept: one file for each place."""
