"""What is traded: tokens and prices."""
