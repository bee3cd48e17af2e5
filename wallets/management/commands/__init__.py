"""Commands of the wallets room."""
