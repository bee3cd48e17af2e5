"""Plans as values; no Django, no I/O."""
