"""What counts as money: the mints other tokens are quoted in."""

from typing import Final

from aura.core.solana import USDC, WSOL

# Dollar tokens; the first is USDC.
DOLLARS: Final = frozenset(
    {
        str(USDC),
        "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB",  # USDT
        "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB",  # USD1
        "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo",  # PYUSD
        "2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH",  # USDG
    }
)
# What is no token of its own to look at.
MONEY: Final = DOLLARS | {str(WSOL)}
