"""What the providers' services look like from here: a module for each service."""
