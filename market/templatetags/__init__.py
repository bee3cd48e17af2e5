"""Template tags of the market app."""
