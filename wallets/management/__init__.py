"""Management entrances of the wallets room."""
