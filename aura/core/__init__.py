"""What every app may lean on; knows no app."""
