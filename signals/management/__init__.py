"""The signals app at the command line."""
