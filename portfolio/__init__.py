"""What it is worth: watchlists and positions of the users' own."""
