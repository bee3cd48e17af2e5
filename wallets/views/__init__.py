"""The wallets app's pages, by noun."""
