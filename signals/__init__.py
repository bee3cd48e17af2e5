"""What it might mean: strategies, signals, and the record of how they ended."""
