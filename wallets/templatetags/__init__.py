"""How figures, tokens and times are written on pages."""
