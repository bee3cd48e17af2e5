"""Reading the market: ask every source about the universe, put together, record, announce.

One run at a time, within a time budget; what a source does not tell is missing and named, and
changes nothing.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from aura.core import clock, quota
from aura.core.locks import alone
from aura.core.solana import WSOL
from market.actions import (
    Asked,
    Outcome,
    begin_run,
    fail_run,
    list_tokens,
    note_mints,
    record_snapshots,
    skip_run,
)
from market.domain.combine import Combined, Readings, combined
from market.domain.money import DOLLARS
from market.domain.readings import PoolReading, SafetyReading, TokenReading
from market.domain.sources import Listed
from market.models import Listing, MarketRun
from market.providers import discoveries, pool_sources, safety_sources, token_sources
from market.queries import (
    PRICE_HOLDS,
    is_discovery_due,
    latest_sol_price,
    safety_reports,
    safety_wanted,
    universe,
)
from market.tasks.asking import Answer, Question, ask_all

# Tokens a run looks at: 20 calls of the keyless source that knows most.
UNIVERSE: Final = 600
# A source that judges tokens at a call each is asked about so many a run.
SAFETY_A_RUN: Final = 40
BUDGET: Final = 100.0
# Of which the lists get so much at most.
DISCOVERY: Final = 25.0
# What a source said about danger counts so long without being said again.
SAFETY_COUNTS: Final = timedelta(hours=24)
_READING_MARKET: Final = 0x41555249

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Brought:
    """What the sources of a run brought."""

    pools: list[PoolReading] = field(default_factory=list)
    tokens: list[TokenReading] = field(default_factory=list)
    safety: list[SafetyReading] = field(default_factory=list)
    told: dict[str, Asked] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def take(self, answers: Iterable[Answer]) -> None:
        """Sort answers by what was asked, and note how each source fared."""
        for answer in answers:
            for reading in answer.readings:
                if isinstance(reading, PoolReading):
                    self.pools.append(reading)
                elif isinstance(reading, TokenReading):
                    self.tokens.append(reading)
                    self.safety += [reading.safety] if reading.safety else []
                elif isinstance(reading, SafetyReading):
                    self.safety.append(reading)
            self.told[answer.question.name] = answer.as_asked()
            if not answer.is_whole:
                self.missing.append(answer.question.name)


def read_market() -> int | None:
    """Read the market once; return the run's id, None when another run is under way.

    A run that is skipped, fails or gets only part is a row too, and says why.
    """
    with alone(_READING_MARKET) as mine:
        if not mine:
            skip_run(at=clock.now())
            return None
        run = begin_run(at=clock.now())
        try:
            with quota.spending_for(quota.SWEEP):
                _read(run, time.monotonic() + BUDGET)
        except Exception as error:
            fail_run(run, f"{type(error).__name__}, see the log", at=clock.now())
            raise
        return run.pk


def _read(run: MarketRun, until: float) -> None:
    brought = _Brought()
    discovered = _discover(brought, until) if is_discovery_due() else 0
    mints = universe(clock.now(), limit=UNIVERSE)
    brought.take(ask_all(_questions(mints), until=until))
    at = clock.now()
    quotes = _quotes(at)
    made = _combined(mints, brought, at, quotes)
    outcome = Outcome(
        universe=len(mints), discovered=discovered, told=brought.told, missing=brought.missing
    )
    if not made:
        why = "no source told anything" if mints else "no token is listed yet"
        fail_run(run, why, at=at, outcome=outcome)
        return
    places = {one.mint: one.decimals for one in brought.tokens if one.decimals is not None}
    note_mints(places)
    record_snapshots(
        run, made, brought.pools, brought.safety, at=at, outcome=outcome, quotes_usd=quotes
    )


def _discover(brought: _Brought, until: float) -> int:
    """Ask every source's lists and keep what they name; return how many tokens."""
    questions = [
        Question(one.source, "lists", lambda _, one=one: one.discovered(), ["lists"], 1)  # type: ignore[misc]
        for one in discoveries()
    ]
    answers = ask_all(questions, until=min(until, time.monotonic() + DISCOVERY))
    brought.take(answers)
    lists: dict[tuple[str, str], list[str]] = defaultdict(list)
    for answer in answers:
        for named in answer.readings:
            if isinstance(named, Listed):
                lists[answer.question.source, named.listing].append(named.mint)
    for (source, name), mints in sorted(lists.items()):
        list_tokens(mints, kind=Listing.Kind.DISCOVERED, source=source, name=name, at=clock.now())
    return len({mint for mints in lists.values() for mint in mints})


def _questions(mints: Sequence[str]) -> list[Question]:
    """Say who is asked about which tokens; whoever judges danger, about those that are due."""
    now = clock.now()
    asked = [
        Question(one.source, "pools", one.pairs_of, mints, one.at_once) for one in pool_sources()
    ]
    asked += [
        Question(one.source, "tokens", one.tokens_of, mints, one.at_once) for one in token_sources()
    ]
    for one in safety_sources():
        due = safety_wanted(mints, one.source, now=now, limit=SAFETY_A_RUN)
        asked.append(Question(one.source, "safety", one.safety_of, due, one.at_once))
    return asked


def _quotes(at: datetime) -> dict[str, Decimal]:
    """Return what one coin of the money mints costs, where that is known."""
    quotes = dict.fromkeys(DOLLARS, Decimal(1))
    sol = latest_sol_price()
    if sol is not None and at - sol.at <= PRICE_HOLDS:
        quotes[str(WSOL)] = sol.usd
    return quotes


def _order() -> list[str]:
    """Return the sources as they are configured, the most trusted first."""
    configured = (*pool_sources(), *token_sources(), *safety_sources())
    return list(dict.fromkeys(one.source for one in configured))


def _combined(
    mints: Sequence[str], brought: _Brought, at: datetime, quotes: Mapping[str, Decimal]
) -> list[Combined]:
    """Put together what was told of each token; what was said of danger before counts too."""
    before = safety_reports(mints, since=at - SAFETY_COUNTS)
    pools, tokens = _by_mint(brought.pools), _by_mint(brought.tokens)
    safety, order = _by_mint(brought.safety), _order()
    made = []
    for mint in mints:
        readings = Readings(
            pools.get(mint, ()),
            tokens.get(mint, ()),
            [*safety.get(mint, ()), *before.get(mint, ())],
        )
        one = combined(mint, readings, at=at, order=order, quotes_usd=quotes)
        if one is not None:
            made.append(one)
    return made


def _by_mint(readings: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for reading in readings:
        found[reading.mint].append(reading)
    return found
