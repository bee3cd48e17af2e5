"""Second opinions on recorded swaps: found for nearly all, and each that differs is explained."""

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from wallets.domain.decode import decode
from wallets.domain.events import events_of
from wallets.domain.legs import pool_trades
from wallets.domain.opinions import SPEAKERS, paired_hops
from wallets.domain.parse import parse
from wallets.domain.scene import Scene
from wallets.domain.values import Transaction
from wallets.domain.venues import heard_in

DATA = Path(os.environ.get("AURA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = DATA / "transactions"

pytestmark = pytest.mark.recorded

OFFERED = "a router tells what it offered the venue, which filled whole lots and took less"
FEES = "the router tells the trader's side: the pool's, before or after its fees, moved as told"
WITHHELD = "the mint held back 4 % on the way into the pool: the router tells what was sent"
SHARES = "the pool owns shares of vaults, whose worth it rounds; the coins moved as told"
# What differs from the leg: signature, who tells, told in and out, what moved, and why.
EXPLAINED = {
    ("2bhr1FWqeL28", "OKX DEX", 358800, 15742, 344448, 15742): WITHHELD,
    ("2zNeSn8cJpTA", "OKX DEX", 3651694, 4374143343, 3615608, 4374143343): FEES,
    ("3hbMRnMKwZQK", "Jupiter v6", 113355, 9479, 113353, 9479): OFFERED,
    ("3p36wGRa191s", "OKX DEX", 249250000, 1154100000, 249243111, 1154100000): OFFERED,
    ("4DPfdCKCd3ML", "Jupiter v6", 1096037113846, 2008164583, 1096037113846, 2027464092): FEES,
    ("4EoaRY7jgd7b", "Jupiter v6", 70057158, 4530372, 70057147, 4530372): OFFERED,
    ("4PqHvshiZK68", "Meteora DAMM v1", 61560442, 50481733, 61560443, 50481733): SHARES,
    ("4PqHvshiZK68", "Jupiter v6", 862751317884, 61560443, 862751317884, 62327223): FEES,
    ("4PqHvshiZK68", "Jupiter v6", 50481733, 5126960, 50481726, 5126960): OFFERED,
    ("4YxRYZzfV4aE", "Jupiter v6", 6042358, 503225, 6042357, 503225): OFFERED,
    ("51SfoFAgv3nx", "Jupiter v6", 126665141, 580838181, 126660000, 580838181): OFFERED,
    ("5HAPqNLdEbMw", "Meteora DAMM v1", 2846, 34124, 2846, 34123): SHARES,
    ("7tY4PsLkigkg", "Jupiter v6", 3262614, 39013569, 3262550, 39013569): OFFERED,
}
# Legs nothing recorded speaks of: the program logs amounts nobody has documented, and no router
# that tells its hops called it.
UNHEARD = {
    "AlphaQ": 1,
    "FluxBeam": 1,
    "GoonFi V2": 1,
    "HumidiFi": 2,
    "Manifest": 1,
    "Stabble": 1,
}


@cache
def transactions() -> list[Transaction]:
    names = [entry["signature"] for entry in json.loads((FOLDER / "index.json").read_text())]
    return [parse(json.loads((FOLDER / f"{name}.json").read_text())) for name in names]


def test_every_leg_but_seven_has_a_second_opinion_and_none_disagrees() -> None:
    unheard: Counter[str] = Counter()
    legs = compared = 0
    for tx in transactions():
        decoded = decode(tx)
        assert decoded.disagreements == ()
        legs += len(decoded.legs)
        compared += decoded.compared
        if decoded.compared < len(decoded.legs):
            assert decoded.compared == 0
            unheard.update(leg.venue for leg in decoded.legs)
    assert (legs, compared) == (132, 125)
    assert unheard == UNHEARD


def test_opinions_that_name_other_amounts_than_the_leg_are_explained() -> None:
    found = set()
    for tx in transactions():
        if tx.failed:
            continue
        scene = Scene(tx)
        events = events_of(tx, SPEAKERS)
        trades = pool_trades(scene, events)
        told = [
            (trade.leg.venue, trade.leg, heard.taken, heard.given)
            for at in events
            for trade, heard in zip(
                [trade for trade in trades if trade.at == at],
                heard_in(tx.instructions[at].program, events[at]),
                strict=False,
            )
        ]
        told += [
            (router, trades[place].leg, hop.offered, hop.gained)
            for router, place, hop in paired_hops(scene, events, trades)
        ]
        for teller, leg, taken, given in told:
            if (taken, given) != (leg.raw_in, leg.raw_out):
                found.add((tx.signature[:12], teller, taken, given, leg.raw_in, leg.raw_out))
    assert found == set(EXPLAINED)
