"""A seeded Solana market that speaks the vendors' wire formats; a program of its own."""
