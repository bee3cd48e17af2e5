"""The win rates: plain, strict, adjusted, and drawn to the population."""

from wallets.domain.statistics.figure import Figure, made, missing
from wallets.domain.statistics.intervals import Prior, wilson
from wallets.domain.statistics.rules import RULES
from wallets.domain.statistics.tally import Tally

NONE_CLOSED = "no closed position with full basis in the window"


def win_rate(found: Tally) -> Figure:
    """Return wins over closed positions with full basis."""
    note = _plural(found.partial, "closed position") + " without full basis not counted"
    return _rate("win_rate", found.wins, found.closed, found, note if found.partial else "")


def strict_win_rate(found: Tally) -> Figure:
    """Return wins over closed positions and those still open on dead tokens."""
    note = _plural(found.dead_open, "open position") + " on dead tokens counted as lost"
    return _rate("win_rate_strict", found.wins, found.closed + found.dead_open, found, note)


def adjusted_win_rate(found: Tally) -> Figure:
    """Return the win rate without positions that prove nothing, saying how many and why."""
    gone = found.closed - found.adjusted_closed
    why = ", ".join(
        f"{RULES[reason].title if reason in RULES else reason}: {count}"
        for reason, count in sorted(found.removed.items())
    )
    note = f"{gone} left out ({why})" if gone else "none left out"
    return _rate("win_rate_adjusted", found.adjusted_wins, found.adjusted_closed, found, note)


def shrunk_win_rate(found: Tally, prior: Prior) -> Figure:
    """Return the win rate drawn to the population's by its prior."""
    if not found.closed:
        return missing("win_rate_shrunk", NONE_CLOSED, coverage=found.coverage)
    return made(
        "win_rate_shrunk", prior.shrunk(found.wins, found.closed), found.closed,
        prior.interval(found.wins, found.closed), coverage=found.coverage,
        note=f"prior: {prior.a:.1f} wins of {prior.a + prior.b:.1f}",
    )  # fmt: skip


def coverage(found: Tally) -> Figure:
    """Return the share of what was sold whose basis is known."""
    share = found.coverage
    if share is None:
        return missing("coverage", "nothing sold in the window", found.sold)
    return made("coverage", share, found.sold, coverage=share)


def _rate(rule_id: str, wins: int, n: int, found: Tally, note: str) -> Figure:
    if not n:
        return missing(rule_id, NONE_CLOSED, coverage=found.coverage, note=note)
    return made(rule_id, wins / n, n, wilson(wins, n), coverage=found.coverage, note=note)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
