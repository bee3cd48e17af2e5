"""Pure values and rules of the wallets room: no Django, no I/O, no clock."""
