"""The kernel's commands."""
