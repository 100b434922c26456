"""Microsoft and Google behind the ports, one file per library; import the module that is needed."""
