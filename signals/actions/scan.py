"""One scan: every token the market run read is judged, and the signals are moved on by it."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from aura.core import clock
from aura.core.events import announce
from aura.core.locks import alone
from market.actions import list_tokens
from market.models import Listing, MarketRun
from signals.actions.publish import Judged, Moves, moment, publish
from signals.domain.assess import assess, discover
from signals.domain.chain import canonical
from signals.domain.episodes import Call, Seat, exit_call, long_call
from signals.domain.lifecycle import step
from signals.domain.rules import CURRENT, Rules
from signals.domain.scan_lines import line_plain
from signals.domain.sights import seconds
from signals.domain.windows import TokenWindow
from signals.events import SignalChanged, SignalClosed, SignalRaised
from signals.models import Control, Grade, Scan, Signal, StrategyState, pack
from signals.queries.seats import Key, Place, places_of
from signals.queries.sights import windows_of_run
from wallets.models import Holding

SCAN_LOCK: Final = 0x5343414E  # "SCAN"

log = logging.getLogger(__name__)


def scan_market(run_id: int, *, rules: Rules = CURRENT) -> Scan | None:
    """Judge what a market run read and move the signals on; None when that was done before.

    Scans never overlap: one that finds another still running is recorded as skipped. The judging
    holds no lock on rows; what it decides is written all or nothing.
    """
    run = MarketRun.objects.filter(pk=run_id).first()
    if run is None or Scan.objects.filter(market_run=run, state=Scan.State.RAN).exists():
        return None
    with alone(SCAN_LOCK) as mine:
        if not mine:
            return skip_scan(run, "the scan before was still running", rules=rules)
        judged, odd = _judge(windows_of_run(run_id), rules)
        return _settle(run, judged, odd, rules=rules)


def _judge(windows: Sequence[TokenWindow], rules: Rules) -> tuple[list[Judged], list[str]]:
    """Judge every window; a token that cannot be judged is named and costs the others nothing."""
    judged, odd = [], []
    for window in windows:
        try:
            one = Judged(window, assess(window, rules))
            canonical(line_plain(one.assessment))
        except (ArithmeticError, ValueError, TypeError):
            log.exception("%s not judged", window.mint)
            odd.append(window.mint)
        else:
            judged.append(one)
    return judged, odd


def skip_scan(run: MarketRun | None, reason: str, *, rules: Rules = CURRENT) -> Scan:
    """Record that a scan did not happen, and why."""
    now = clock.now()
    return Scan.objects.create(
        market_run=run, world=settings.WORLD, at=now, ended_at=now, state=Scan.State.SKIPPED,
        reason=reason, rules=rules.version,
    )  # fmt: skip


@transaction.atomic
def _settle(run: MarketRun, judged: Sequence[Judged], odd: Sequence[str], *, rules: Rules) -> Scan:
    """Write the scan, raise, change and close signals, and tell of it."""
    at = max((moment(one.window.at) for one in judged), default=clock.now())
    scan = Scan.objects.create(
        market_run=run, world=settings.WORLD, at=at, state=Scan.State.RAN, tokens=len(judged),
        rules=rules.version, missing=run.missing,
        counts=_counts(judged, rules) | {"odd": list(odd)},
        lines=pack({one.window.mint: line_plain(one.assessment) for one in judged}),
    )  # fmt: skip
    moves = _move_on(scan, judged, rules=rules)
    scan.ended_at = clock.now()
    scan.save(update_fields=["ended_at"])
    _keep_reading(at=scan.ended_at)
    news = (
        SignalRaised(moves.raised), SignalChanged(moves.changed), SignalClosed(moves.closed),
    )  # fmt: skip
    announce(*(fact for fact in news if fact.signal_ids))
    return scan


def _counts(judged: Sequence[Judged], rules: Rules) -> dict[str, Any]:
    """Count what gates and strategies said, and keep the discovery lists."""
    gates: Counter[str] = Counter()
    states: dict[str, Counter[str]] = {}
    for one in judged:
        gates.update({refusal.gate for refusal in one.assessment.refusals})
        for verdict in (*one.assessment.verdicts, *one.assessment.exits):
            states.setdefault(verdict.strategy, Counter())[verdict.state] += 1
    lists = discover((one.window for one in judged), rules)
    return {
        "passed": sum(not one.assessment.refusals for one in judged),
        "gates": dict(gates),
        "strategies": {name: dict(told) for name, told in states.items()},
        "lists": {name: list(mints) for name, mints in lists.items()},
    }


def _move_on(scan: Scan, judged: Sequence[Judged], *, rules: Rules) -> Moves:
    """Move on every token that has a signal open or a rule that holds."""
    known = {one.window.mint: one for one in judged}
    eligible = [one.eligible for one in judged if not one.assessment.refusals]
    calls = _calls(known, rules)
    places = places_of({mint for (mint, _), call in calls.items() if call.firing})
    for key, place in places.items():
        if (place.seat.open or place.seat.shadow) and key not in calls:
            # The market was not read for it: it ages, and nothing else.
            calls[key] = Call(*key, seconds(scan.at), None, ())
    moves = Moves()
    for key, call in sorted(calls.items(), key=lambda pair: pair[0]):
        if key not in places and not call.firing:
            continue
        place = places.get(key) or Place(Seat(), {})
        after, decisions = step(place.seat, call, rules)
        try:
            with transaction.atomic():
                done = publish(
                    scan, call, place, after, decisions,
                    judged=known.get(key[0]), eligible=eligible, rules=rules,
                )  # fmt: skip
        except ValueError:
            # What cannot be written down exactly is not called; the others are.
            log.exception("%s not called", key[0])
            continue
        moves.raised += done.raised
        moves.changed += done.changed
        moves.closed += done.closed
    return moves


def _calls(known: Mapping[str, Judged], rules: Rules) -> dict[Key, Call]:
    """Say what a scan says to each token in both directions; retired strategies say nothing.

    To leave is said of what somebody holds, as far as is known: recorded wallets, or who followed
    a call that is open.
    """
    gone = StrategyState.objects.filter(world=settings.WORLD, rules=rules.version)
    retired = frozenset(gone.values_list("strategy", flat=True))
    held = {
        *Holding.objects.filter(raw__gt=0, mint__in=known).values_list("mint", flat=True),
        *Signal.objects.open().filter(mint__in=known).values_list("mint", flat=True),
    }
    calls: dict[Key, Call] = {}
    for mint, one in known.items():
        calls[mint, "long"] = long_call(one.window, one.assessment, rules)
        if mint in held:
            calls[mint, "exit"] = exit_call(one.window, one.assessment)
    return {
        key: replace(call, firing=tuple(v for v in call.firing if v.strategy not in retired))
        for key, call in calls.items()
    }


def _keep_reading(*, at: datetime) -> None:
    """Have the market read on what is open or still to be graded."""
    due = Grade.objects.filter(settled_at=None)
    mints = {
        *Signal.objects.open().values_list("mint", flat=True),
        *Signal.objects.filter(grades__in=due).values_list("mint", flat=True),
        *Control.objects.filter(grades__in=due).values_list("mint", flat=True),
    }
    list_tokens(mints, kind=Listing.Kind.WATCHED, source="signals", at=at)
