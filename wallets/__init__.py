"""What happened: watched wallets, their transactions, trades, lots and profit."""
