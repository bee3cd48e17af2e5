"""Round trips of a token, and pages read as text."""

import re

from tests.make import SOL, make_token, make_trade, make_wallet
from wallets.models import Wallet

DAY_SLOTS = 86_400


def make_trip(wallet: Wallet, *, lamports: int, slot: int, symbol: str = "WIF") -> None:
    """A round trip that pays one SOL and fetches `lamports`."""
    token = make_token(symbol)
    make_trade(wallet, "buy", token=token, slot=slot)
    make_trade(wallet, "sell", token=token, lamports=lamports, slot=slot + 1)


def text_of(html: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " "))


def make_three_trips() -> Wallet:
    """Make a whale: yesterday it won 1 SOL and lost half of one, today it won 2."""
    wallet = make_wallet(curated=True, character="whale")
    make_trip(wallet, lamports=2 * SOL + 10_000, slot=1_000 - DAY_SLOTS)
    make_trip(wallet, lamports=SOL // 2 + 10_000, slot=1_010 - DAY_SLOTS)
    make_trip(wallet, lamports=3 * SOL + 10_000, slot=1_020)
    return wallet
