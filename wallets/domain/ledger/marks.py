"""When a token counts as dead for its holder: it is marked at what selling it would bring."""

from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal

# A dead token (specification of the ledger): no trade for so long, a pool worth less, or an exit
# that would bring in less than a twentieth of the cost.
QUIET: Final = timedelta(hours=24)
POOL_USD: Final = Decimal(1_000)
EXIT_SHARE: Final = 20

Death = Literal["thin pool", "no exit"]


def exit_signs(
    *, pool_usd: Decimal | None, executable_lamports: int | None, cost_lamports: int
) -> tuple[Death, ...]:
    """Say why a token is dead for its holder though it may be traded; empty while it lives.

    None is not known and tells nothing. What cost nothing cannot fail the test of the exit. That
    nobody trades it any more is the third sign: `wallets.domain.statistics.washing.died_at`.
    """
    signs: list[Death] = []
    if pool_usd is not None and pool_usd < POOL_USD:
        signs.append("thin pool")
    if executable_lamports is not None and executable_lamports * EXIT_SHARE < cost_lamports:
        signs.append("no exit")
    return tuple(signs)
