"""Constant-product pools: what a sale brings and a purchase gets, in whole raw units.

For marking what is held, for replaying followers and for grading signals alike. Every venue's own
rounding is followed, so that a swap replayed on its reserves gives what the chain gave.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from market.domain.fees import LAUNCH_SUPPLY_RAW, WHOLE, Fee, fee_of

NO_FEE: Final = Fee(())


@dataclass(frozen=True, slots=True)
class Pool:
    """Reserves of a token (`base_raw`) against money (`quote_raw`), and the venue's fee."""

    base_raw: int
    quote_raw: int
    fee: Fee = NO_FEE

    @property
    def for_sale_raw(self) -> int:
        """How many tokens can be bought at all; none: a launch curve that is complete."""
        return max(0, self.base_raw - self.fee.locked_raw)

    def mark(self, raw: int) -> int:
        """Return what tokens are worth at the pool's price, before fee and impact, floored."""
        return self.quote_raw * raw // self.base_raw if self.base_raw else 0

    def sell(self, raw: int) -> int:
        """Return the money that selling these tokens now would bring in, fee and impact off."""
        if self.fee.side == "input":
            return _given(max(0, raw - self.fee.on(raw)), self.base_raw, self.quote_raw)
        gross = _given(raw, self.base_raw, self.quote_raw)
        return max(0, gross - self.fee.on(gross))

    def buy(self, quote: int) -> int:
        """Return the tokens that so much money, fee included, would buy now; at most all there are.

        Money a purchase of the last token leaves over is not told: see `for_sale_raw`.
        """
        goes_in = max(0, self._before_fee(quote) - self.fee.spare_raw)
        return min(_given(goes_in, self.quote_raw, self.base_raw), self.for_sale_raw)

    def _before_fee(self, quote: int) -> int:
        """Return what of a buyer's money reaches the reserves."""
        if self.fee.side != "on top":
            return quote - self.fee.on(quote)
        net = quote * WHOLE // (WHOLE + self.fee.total)
        # the parts are rounded up one by one, and may come to more than was left for them
        return net - max(0, net + self.fee.on(net) - quote)


def _given(goes_in: int, reserve_in: int, reserve_out: int) -> int:
    """Return what leaves one reserve for what goes into the other, floored."""
    whole = reserve_in + goes_in
    return reserve_out * goes_in // whole if whole else 0


def pool_at(
    venue: str,
    base_raw: int,
    quote_lamports: int,
    *,
    at: datetime | None = None,
    told_points: int | None = None,
) -> Pool:
    """Make a venue's pool of a token against SOL, with the fee of a moment (None: the latest).

    Where market values decide the fee, the supply is taken for a launchpad's billion tokens.
    """
    cap = Pool(base_raw, quote_lamports).mark(LAUNCH_SUPPLY_RAW)
    fee = fee_of(venue, at=at, cap_lamports=cap, told_points=told_points)
    return Pool(base_raw, quote_lamports, fee)
