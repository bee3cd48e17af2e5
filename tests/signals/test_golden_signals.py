"""Golden files: what was once decided about a window is decided again, to the last word.

A difference here means that stored signals no longer replay: the change needs a version of the
rules of its own.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signals.domain.assess import assess
from signals.domain.chain import canonical
from signals.domain.frozen import (
    assessment_of,
    assessment_plain,
    digest,
    window_of,
    window_plain,
)
from signals.domain.rules import rules_of
from signals.domain.windows import Danger
from tests.signals import scenes

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

SCENES = {name: make() for name, make in scenes.FIRING.items()} | {
    "curve": scenes.curve(),
    "refused": scenes.window(liquidity_usd=0.0, danger=replace(scenes.SAFE, can_mint=True)),
    "unverified": scenes.window(is_verified=False, danger=Danger(), own={}, organic={}),
    "exits": scenes.window(
        units=600.0,
        danger=replace(scenes.SAFE, dev_share=0.2),
        whales=tuple(scenes.whale(name, 0.0, sold_share=0.6) for name in "abc"),
    ),
}


def _golden(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((GOLDEN / name).read_text())
    return told


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_is_judged_as_it_was(name: str) -> None:
    kept = _golden("signals_assessments.json")[name]
    assert digest(window_plain(SCENES[name])) == kept["window"]
    assert assessment_plain(assess(SCENES[name])) == kept["assessment"]


def test_a_window_stored_whole_replays_with_its_own_rules() -> None:
    kept = _golden("signals_window.json")
    window = window_of(kept["window"])
    said = assessment_of(kept["assessment"])
    assert digest(kept["window"]) == kept["sha256"]
    assert canonical(window_plain(window)) == canonical(kept["window"])
    assert assess(window, rules_of(said.rules)) == said
    assert [one.strategy for one in said.verdicts if one.state == "fires"] == ["dip_reversal"]
