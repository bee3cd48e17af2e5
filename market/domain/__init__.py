"""Prices and tokens as values; no Django, no I/O."""
