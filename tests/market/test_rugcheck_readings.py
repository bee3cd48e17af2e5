"""RugCheck's reports through the parser: pools are no holders, and silence is no all-clear."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from aura.core.errors import Garbled
from market.domain.readings import SafetyReading
from market.providers.rugcheck import parse_report

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
CREATOR = "9AhKqLR67hwapvG8SA2JFXaCshXc9nALJjpKaHZrsbkw"
KEYS = [
    "5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1",
    "GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL",
    "WLHv2UAZm6z4KyaaELi5pjdbJh6RESMva1Rnn8pJVVh",
    "7hZQ3QmsocJJLuHrw39R9XqZNzt4BmBBNVNSnvJExtqA",
    "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB",
]
CURVE, VAULT_OWNER, VAULT, LOCKER, WHALE = KEYS


def holder(owner: str, pct: Any, address: str = WHALE) -> dict[str, Any]:
    return {"address": address, "owner": owner, "pct": pct, "amount": 1, "insider": False}


def report(**fields: Any) -> dict[str, Any]:
    given = {
        "mint": BONK,
        "creator": CREATOR,
        "creatorBalance": 20_000_000,
        "token": {"mintAuthority": None, "freezeAuthority": CREATOR, "supply": 1_000_000_000},
        "topHolders": [
            holder(CURVE, 30),
            holder(VAULT_OWNER, 20),
            holder(WHALE, 10, address=VAULT),
            holder(LOCKER, Decimal("5.5")),
            holder(WHALE, 2),
        ],
        "knownAccounts": {
            CURVE: {"name": "Curve", "type": "AMM"},
            LOCKER: {"name": "Locker", "type": "LOCKER"},
        },
        "markets": [
            {
                "pubkey": KEYS[3][:-1] + "B",
                "liquidityA": VAULT,
                "liquidityAAccount": {"owner": VAULT_OWNER},
                "lp": {"lpLockedUSD": 7_500},
            },
            {"lp": {"lpLockedUSD": 0}},
        ],
        "totalMarketLiquidity": 10_000,
        "totalHolders": 321,
        "transferFee": {"pct": Decimal("1.5")},
        "graphInsidersDetected": 3,
        "insiderNetworks": [{"tokenAmount": 9, "currentHolding": 40_000_000}, {"tokenAmount": 0}],
        "rugged": False,
        "risks": [{"name": "Low amount of holders", "level": "warn"}, None, {"name": "\u200b"}],
        "score": 5001,
        "score_normalised": 61,
    }
    return {name: value for name, value in (given | fields).items() if value != "absent"}


def read(**fields: Any) -> SafetyReading:
    told = parse_report("rugcheck", report(**fields), BONK, NOW)
    assert told is not None
    return told


def test_a_report_is_read_whole() -> None:
    assert read() == SafetyReading(
        source="rugcheck",
        mint=BONK,
        read_at=NOW,
        can_mint=False,
        can_freeze=True,
        top10_share=Decimal("0.075"),
        dev_share=Decimal("0.02"),
        insider_share=Decimal("0.04"),
        lp_locked_share=Decimal("0.75"),
        transfer_fee=Decimal("0.015"),
        holders=321,
        creator=CREATOR,
        score=Decimal(61),
        rugged=False,
        risks=("Low amount of holders",),
    )


def test_a_summary_is_read_for_what_it_has() -> None:
    summary = {
        "tokenProgram": "Token", "risks": None, "score": 1, "score_normalised": 1, "lpLockedPct": 0,
    }  # fmt: skip
    assert parse_report("rugcheck", summary, BONK, NOW) == SafetyReading(
        "rugcheck", BONK, NOW, score=Decimal(1), lp_locked_share=Decimal(0)
    )


def test_ten_holders_are_the_largest_ten() -> None:
    many = [holder(CREATOR, n) for n in range(1, 13)]
    assert read(topHolders=many).top10_share == Decimal("0.75")


HOSTILE: list[Any] = ["absent", None, "NaN", "", [], {}, True, -1, "9" * 200, 1.5, 10**40]


@pytest.mark.parametrize("bad", HOSTILE, ids=repr)
@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("creatorBalance", "dev_share"),
        ("totalHolders", "holders"),
        ("score_normalised", "score"),
        ("totalMarketLiquidity", "lp_locked_share"),
        ("transferFee", "transfer_fee"),
        ("topHolders", "top10_share"),
    ],
)
def test_a_bad_field_is_not_known_and_the_rest_is(field: str, attribute: str, bad: Any) -> None:
    good, told = read(), read(**{field: bad})
    assert getattr(told, attribute) is None
    others = {name for name in SafetyReading.__slots__ if name != attribute}
    assert {n: getattr(told, n) for n in others} == {n: getattr(good, n) for n in others}


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({"markets": None}, "lp_locked_share", None),
        ({"markets": [], "totalMarketLiquidity": 0}, "lp_locked_share", None),
        ({"totalMarketLiquidity": 7_450}, "lp_locked_share", Decimal(1)),
        ({"totalMarketLiquidity": 5_000}, "lp_locked_share", None),
        ({"markets": [{"lp": {"lpLockedUSD": None}}]}, "lp_locked_share", None),
        ({"insiderNetworks": None}, "insider_share", None),
        ({"insiderNetworks": None, "graphInsidersDetected": 0}, "insider_share", Decimal(0)),
        ({"insiderNetworks": [{"tokenAmount": "x"}]}, "insider_share", None),
        ({"insiderNetworks": [{"tokenAmount": 2 * 10**9}]}, "insider_share", None),
        ({"token": None, "mintAuthority": None}, "can_mint", False),
        ({"token": {}, "mintAuthority": CREATOR}, "can_mint", True),
        ({"token": {"mintAuthority": "somebody"}}, "can_mint", None),
        ({"token": {}}, "can_mint", None),
        ({"token": {"supply": 0}}, "dev_share", None),
        ({"rugged": None}, "rugged", None),
        ({"rugged": "no"}, "rugged", None),
        ({"rugged": True}, "rugged", True),
        ({"topHolders": [holder(CREATOR, 5), holder(WHALE, "NaN")]}, "top10_share", None),
        ({"topHolders": [holder(CURVE, 95)]}, "top10_share", Decimal(0)),
        ({"topHolders": [{"owner": [CURVE], "pct": 5}]}, "top10_share", Decimal("0.05")),
        ({"knownAccounts": None}, "top10_share", Decimal("0.375")),
        ({"knownAccounts": {CURVE: {"type": "CREATOR"}}}, "top10_share", Decimal("0.375")),
        ({"creator": None}, "creator", ""),
        ({"risks": "none"}, "risks", ()),
        ({"risks": [{"name": "x" * 99}] * 30}, "risks", ("x" * 64,) * 20),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_not_guessed(
    fields: dict[str, Any], attribute: str, expected: object
) -> None:
    assert getattr(read(**fields), attribute) == expected


def test_no_report_is_no_judgement() -> None:
    assert parse_report("rugcheck", None, BONK, NOW) is None


@pytest.mark.parametrize(
    "answer",
    [[], "x", 5, {}, {"error": "no"}, {"mint": WHALE, "rugged": False}, {"Score": 1, "Rugged": 0}],
    ids=repr,
)
def test_a_report_of_another_shape_or_token_is_garbled(answer: Any) -> None:
    with pytest.raises(Garbled):
        parse_report("rugcheck", answer, BONK, NOW)
