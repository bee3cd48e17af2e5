"""Commands of the signals room."""
