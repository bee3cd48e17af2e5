"""RugCheck: who holds a token, who may change it, and an opinion; no key is needed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from aura.core import clock, http
from aura.core.errors import Garbled
from market.domain import figures
from market.domain.figures import inner
from market.domain.prices import plain
from market.domain.readings import SafetyReading
from market.domain.sources import Told

# A report of a mint nobody has asked for is made while we wait.
_PATIENCE: Final = 30.0
_TOP: Final = 10
_RISKS, _RISK_LENGTH = 20, 64
# Rounding on the vendor's side may put a whole a little above one.
_ROUNDING: Final = Decimal("1.01")


class RugCheck:
    """Judges a token by RugCheck's full report, some 10 KB for a new token, up to 2.5 MB."""

    vendor = source = "rugcheck"
    at_once = 1

    def safety_of(self, mints: Sequence[str]) -> Told[SafetyReading]:
        """Return what RugCheck knows of the first mint's danger; nothing for one it cannot find."""
        found = (
            parse_report(self.vendor, self._report(mint), mint, clock.now())
            for mint in mints[: self.at_once]
        )
        return Told(tuple(one for one in found if one is not None))

    # https://api.rugcheck.xyz/swagger/index.html#/Tokens/get_tokens__id__report
    def _report(self, mint: str) -> Any:
        return get(f"/tokens/{mint}/report")


class RugCheckSummary(RugCheck):
    """Judges a token by the summary alone: risks, score and the share of liquidity locked."""

    # https://api.rugcheck.xyz/swagger/index.html#/Tokens/get_tokens__id__report_summary
    def _report(self, mint: str) -> Any:
        return get(f"/tokens/{mint}/report/summary")


def get(path: str) -> Any:
    """Ask RugCheck; None for a token it cannot find, which it says with 400 or 404."""
    return http.request_json(
        RugCheck.vendor, "GET", settings.RUGCHECK_URL, path, timeout=_PATIENCE, none_for={400, 404}
    )


def parse_report(vendor: str, report: Any, mint: str, now: datetime) -> SafetyReading | None:
    """Read a report, whole or its summary; None when there is none.

    Raises Garbled when it is of another mint, or says nothing that a report says.
    """
    if report is None:
        return None
    if not isinstance(report, dict) or report.get("mint", mint) != mint:
        raise Garbled(vendor, "the report is of another shape or token")
    rugged = report.get("rugged")
    score = figures.number(report.get("score_normalised"))
    reading = SafetyReading(
        source="rugcheck",
        mint=mint,
        read_at=now,
        can_mint=_may(report, "mintAuthority"),
        can_freeze=_may(report, "freezeAuthority"),
        top10_share=_top_share(report),
        dev_share=_of_supply(report, report.get("creatorBalance")),
        insider_share=_insider_share(report),
        lp_locked_share=_locked_share(report),
        transfer_fee=figures.share_of_percent(inner(report, "transferFee").get("pct")),
        holders=figures.several(report.get("totalHolders")),
        creator=figures.key(report.get("creator")),
        score=score if score is not None and 0 <= score <= 100 else None,
        rugged=rugged if isinstance(rugged, bool) else None,
        risks=_risks(report.get("risks")),
    )
    if reading == SafetyReading("rugcheck", mint, now):
        raise Garbled(vendor, "the report says nothing we know")
    return reading


def _may(report: Mapping[str, Any], name: str) -> bool | None:
    """Say whether an authority stands: null is none, a field that is missing tells nothing."""
    for place in (inner(report, "token"), report):
        if name in place:
            return None if place[name] and not figures.key(place[name]) else bool(place[name])
    return None


def _supply(report: Mapping[str, Any]) -> Decimal | None:
    """Return the supply in raw units, in which balances are told too."""
    supply = figures.number(inner(report, "token").get("supply"))
    return supply if supply is not None and supply > 0 else None


def _of_supply(report: Mapping[str, Any], raw: object) -> Decimal | None:
    amount, supply = figures.number(raw), _supply(report)
    return None if amount is None or supply is None else figures.share(amount / supply)


def _objects(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _pools(report: Mapping[str, Any]) -> set[str]:
    """Return the addresses that hold for a pool: its own, its vaults', their owners'."""
    found = {
        address
        for address, known in inner(report, "knownAccounts").items()
        if isinstance(known, dict) and known.get("type") == "AMM"
    }
    for market in _objects(report.get("markets")):
        names = ("pubkey", "liquidityA", "liquidityB")
        found |= {figures.key(market.get(name)) for name in names}
        for name in ("liquidityAAccount", "liquidityBAccount"):
            found.add(figures.key(inner(market, name).get("owner")))
    return found - {""}


def _top_share(report: Mapping[str, Any]) -> Decimal | None:
    """Return the share of the ten largest holders that are no pool.

    Lockers count: what is locked comes free one day. None when a holder's share is not told.
    """
    holders = _objects(report.get("topHolders"))
    if not holders:
        return None
    pools = _pools(report)
    shares = [
        figures.share_of_percent(holder.get("pct"))
        for holder in holders
        if pools.isdisjoint({figures.key(holder.get("owner")), figures.key(holder.get("address"))})
    ]
    known = [one for one in shares if one is not None]
    if len(known) < len(shares):
        return None
    return figures.share(sum(sorted(known, reverse=True)[:_TOP], Decimal(0)))


def _insider_share(report: Mapping[str, Any]) -> Decimal | None:
    """Return what wallets linked by transfers hold; zero when RugCheck has found none."""
    networks = _objects(report.get("insiderNetworks"))
    if not networks:
        return Decimal(0) if figures.count(report.get("graphInsidersDetected")) == 0 else None
    held = [figures.number(n.get("currentHolding", n.get("tokenAmount"))) for n in networks]
    known = [one for one in held if one is not None]
    return _of_supply(report, sum(known, Decimal(0))) if len(known) == len(held) else None


def _locked_share(report: Mapping[str, Any]) -> Decimal | None:
    """Return the share of liquidity that is locked or burned.

    The summary tells it; the full report tells dollars of each market, and of all together zero
    where it has not looked at the markets yet.
    """
    if "lpLockedPct" in report:
        return figures.share_of_percent(report["lpLockedPct"])
    markets = _objects(report.get("markets"))
    whole = figures.worth(report.get("totalMarketLiquidity"))
    locked = [figures.volume(inner(market, "lp").get("lpLockedUSD")) for market in markets]
    known = [one for one in locked if one is not None]
    if not markets or whole is None or len(known) < len(locked):
        return None
    part = sum(known, Decimal(0)) / whole
    return min(part, Decimal(1)) if part <= _ROUNDING else None


def _risks(given: object) -> tuple[str, ...]:
    names = (plain(risk.get("name"), _RISK_LENGTH) for risk in _objects(given))
    return tuple(name for name in names if name)[:_RISKS]
