"""The house: project package and kernel."""
