"""Pages of the signals app."""
