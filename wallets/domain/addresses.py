"""What can be told of an address by itself."""

from functools import lru_cache
from typing import Final

from solders.pubkey import Pubkey

from wallets.domain.programs import PROGRAMS

# Solana's own programs and variables, and the incinerator, are written with a tail of ones that
# nobody could find a key for.
# https://docs.anza.xyz/runtime/programs · https://docs.anza.xyz/runtime/sysvars
_RESERVED: Final = "1" * 8


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


def nobodys(address: str) -> str | None:
    """Say what an address is that nobody can trade with: a program or a reserved one, else None.

    Only what can be told without asking the chain. An address without a key may be somebody's:
    vaults of several signers are.
    """
    if (program := PROGRAMS.get(address)) is not None:
        return f"the {program.name} program"
    return "an address Solana reserves for itself" if address.endswith(_RESERVED) else None
