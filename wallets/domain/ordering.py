"""The order of transactions on the chain."""

OrderKey = tuple[int, bool, int, str]


def order_key(slot: int, tx_index: int | None, signature: str) -> OrderKey:
    """Return the sort key of a transaction: slot, place in the slot, signature.

    A known place comes first by number; unknown places follow the known ones of the same slot.
    """
    return (slot, tx_index is None, tx_index or 0, signature)
