"""Which tokens are to be looked at, and why."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from market.actions.upserts import Upsert
from market.domain.money import MONEY
from market.models import Listing

_NAME: Final = 32
_LISTINGS: Final = Upsert(
    Listing,
    types={
        "mint": "text", "kind": "text", "source": "text", "name": "text", "seen_at": "timestamptz",
    },
    key=("mint", "source", "name"),
    merged={"seen_at": "greatest(old.seen_at, excluded.seen_at)"},
)  # fmt: skip


def list_tokens(
    mints: Iterable[str], *, kind: Listing.Kind, source: str, at: datetime, name: str = ""
) -> None:
    """Have tokens looked at from now on, as long as they are named again within a day.

    `source` and `name` say whose list it is: a vendor's "boosts latest", the trades of recorded
    wallets, the signals that are open. Money is no token to look at. One statement.
    """
    wanted = sorted(set(mints) - MONEY)
    _LISTINGS.run([(mint, kind, source, name[:_NAME], at) for mint in wanted])
