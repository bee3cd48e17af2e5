"""What can be told of an address by itself."""

from functools import lru_cache

from solders.pubkey import Pubkey


@lru_cache(maxsize=8192)
def is_address(text: str) -> bool:
    """Whether a text is 32 bytes of base58."""
    try:
        Pubkey.from_string(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=8192)
def is_wallet(address: str) -> bool:
    """Whether a key can exist that signs for the address; pools and vaults have none."""
    return is_address(address) and Pubkey.from_string(address).is_on_curve()
