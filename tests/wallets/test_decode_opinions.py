"""Second opinions: what each venue tells of its own swap, beside the coins that moved.

No LaunchLab, DBC, Moonit or boop.fun swap is among the recorded ones: theirs and all others here
are written by hand from the layouts the programs publish.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.payloads.chain import JUPITER, WSOL, Call, Chain, move, vault
from tests.payloads.trades import AUTHORITY, COIN, OTHER, POOL_SOL, SOL, YENNI, YENNI_SOL, pool_rows
from tests.payloads.venues import BOUGHT, PAID, accounts_of, event, key, logged, swap, told, u64
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.programs import (
    BYREAL,
    GAMMA,
    LAUNCHLAB,
    METEORA_DAMM,
    METEORA_DAMM_V2,
    METEORA_DBC,
    METEORA_DLMM,
    OKX,
    OKX_V2,
    PHOENIX,
    PROGRAMS,
    PUMP_SWAP,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
    RAYDIUM_V4,
    WHIRLPOOL,
)
from wallets.domain.values import Decoded

ZERO = bytes(32)
Saying = Callable[[int, int], bytes]


def ray_in(taken: int, given: int) -> bytes:
    return b"\x03" + u64(taken, 1, 2, 5 * SOL, 90 * SOL, 90, given)


def ray_out(taken: int, given: int) -> bytes:
    return b"\x04" + u64(9 * SOL, given, 1, 5 * SOL, 90 * SOL, 90, taken)


def cp_swap(taken: int, given: int) -> bytes:
    return event("SwapEvent", ZERO, u64(80 * SOL, 10_000, taken, given, 0, 0), b"\x01")


def clmm_down(taken: int, given: int) -> bytes:
    return event("SwapEvent", ZERO * 4, u64(taken, 0, given, 0), b"\x01", bytes(36))


def clmm_up(taken: int, given: int) -> bytes:
    """The coins are token 0; 30 of them the mint held back, which the event leaves out."""
    return event("SwapEvent", ZERO * 4, u64(given - 30, 30, taken, 0), b"\x00", bytes(36))


def traded(taken: int, given: int) -> bytes:
    """The input is told with the 50 the mint held back."""
    return event("Traded", ZERO, b"\x01", bytes(32), u64(taken + 50, given, 50, 0, 7, 1))


def dlmm(taken: int, given: int) -> bytes:
    return event("Swap", ZERO * 2, bytes(8), u64(taken, given), b"\x01", bytes(40))


def damm(taken: int, given: int) -> bytes:
    return event("Swap", u64(taken, given, 9, 1, 0))


def damm_v2(taken: int, given: int) -> bytes:
    result = u64(taken, taken - 7, 0, given, 1, 0, 7, 1, 0, 0)
    return event("EvtSwap2", ZERO, b"\x01\x00\x00", u64(9, 9), b"\x00", result, u64(9, 9, 9))


def damm_v2_old(taken: int, given: int) -> bytes:
    result = u64(given, 1, 0, 7, 1, 0, 0)
    return event("EvtSwap", ZERO, b"\x01\x00", u64(9, 9), result, u64(taken, 1))


def dbc(taken: int, given: int) -> bytes:
    result = u64(taken, taken - 7, 0, given, 1, 0, 7, 1, 0)
    return event("EvtSwap2", ZERO * 2, b"\x01\x00", u64(9, 9), b"\x00", result, u64(1, 2, 3))


def dbc_old(taken: int, given: int) -> bytes:
    result = u64(taken - 7, given, 1, 0, 7, 1, 0)
    return event("EvtSwap", ZERO * 2, b"\x01\x00", u64(9, 9), result, u64(taken, 1))


def launch(taken: int, given: int) -> bytes:
    return event("TradeEvent", ZERO, u64(*range(7), taken, given, 5, 5, 5, 0), b"\x00\x00\x01")


def pump_buy(taken: int, given: int) -> bytes:
    return event("BuyEvent", u64(1, given, *[9] * 10, taken, taken + 9), ZERO * 2)


# venue, its event for amounts taken and given, where the event is told
SAID: list[tuple[str, Saying, str]] = [
    (RAYDIUM_V4, ray_in, "ray"),
    (RAYDIUM_V4, ray_out, "ray"),
    (RAYDIUM_CPMM, cp_swap, "log"),
    (GAMMA, cp_swap, "log"),
    (RAYDIUM_CLMM, clmm_down, "log"),
    (RAYDIUM_CLMM, clmm_up, "log"),
    (BYREAL, clmm_down, "log"),
    (WHIRLPOOL, traded, "log"),
    (METEORA_DLMM, dlmm, "call"),
    (METEORA_DAMM, damm, "log"),
    (METEORA_DAMM_V2, damm_v2, "call"),
    (METEORA_DAMM_V2, damm_v2_old, "call"),
    (METEORA_DBC, dbc, "call"),
    (METEORA_DBC, dbc_old, "call"),
    (LAUNCHLAB, launch, "call"),
    (PUMP_SWAP, pump_buy, "call"),
    (PUMP_SWAP, pump_buy, "log"),
]
each_venue = pytest.mark.parametrize(
    ("program", "said", "how"), SAID, ids=[f"{PROGRAMS[p].name}-{s.__name__}" for p, s, _ in SAID]
)


def heard(program: str, *events: bytes, how: str) -> Decoded:
    if how == "call":
        return decode(parse(swap(program, events=events).json()))
    word = "Program log: ray_log: " if how == "ray" else "Program data: "
    lines = logged(program, *events, word=word)
    return decode(parse(swap(program, logs=lines).json()))


@each_venue
def test_event_that_tells_what_moved_agrees(program: str, said: Saying, how: str) -> None:
    decoded = heard(program, said(PAID, BOUGHT), how=how)
    assert [(leg.program, leg.raw_in, leg.raw_out) for leg in decoded.legs] == [
        (program, PAID, BOUGHT)
    ]
    assert (decoded.compared, decoded.disagreements) == (1, ())


@each_venue
def test_event_that_grew_a_tail_is_still_read(program: str, said: Saying, how: str) -> None:
    decoded = heard(program, said(PAID, BOUGHT) + bytes(77), how=how)
    assert (decoded.compared, decoded.disagreements) == (1, ())


@each_venue
def test_event_that_tells_other_amounts_disagrees(program: str, said: Saying, how: str) -> None:
    name = PROGRAMS[program].name
    moved = f"{PAID} for {BOUGHT} moved"
    more = heard(program, said(PAID + 2, BOUGHT), how=how)
    assert (more.compared, more.disagreements) == (
        1,
        (f"{name}: event of {PAID + 2} for {BOUGHT}, {moved}",),
    )
    less = heard(program, said(PAID, BOUGHT - 2), how=how)
    assert (less.compared, less.disagreements) == (
        1,
        (f"{name}: event of {PAID} for {BOUGHT - 2}, {moved}",),
    )


@each_venue
def test_event_cut_short_is_none(program: str, said: Saying, how: str) -> None:
    whole = said(PAID, BOUGHT)
    for length in range(57 if how == "ray" else 24):
        decoded = heard(program, whole[:length], how=how)
        assert (decoded.compared, decoded.disagreements) == (0, ())
        assert len(decoded.legs) == 1


def test_shares_of_a_vault_round_by_one_coin() -> None:
    for off in (-1, 1):
        decoded = heard(METEORA_DAMM, damm(PAID + off, BOUGHT - off), how="log")
        assert (decoded.compared, decoded.disagreements) == (1, ())


def test_one_swap_told_by_an_old_and_a_new_event_is_one_opinion() -> None:
    both = heard(METEORA_DBC, dbc_old(PAID, BOUGHT), dbc(PAID, BOUGHT), how="call")
    assert (both.compared, both.disagreements) == (1, ())


def test_event_no_coins_moved_for_counts_and_disagrees() -> None:
    decoded = heard(METEORA_DLMM, dlmm(PAID, BOUGHT), dlmm(5, 6), how="call")
    assert (decoded.compared, decoded.disagreements) == (
        2,
        ("Meteora DLMM: 2 trade events, 1 legs",),
    )


def test_venue_without_known_events_is_not_compared() -> None:
    decoded = decode(parse(swap(PHOENIX).json()))
    assert (len(decoded.legs), decoded.compared, decoded.disagreements) == (1, 0, ())


def test_failed_transaction_has_no_opinions() -> None:
    chain = replace(swap(METEORA_DLMM, events=(dlmm(5, 6),)), err={"InstructionError": [0, "x"]})
    decoded = decode(parse(chain.json()))
    assert (decoded.legs, decoded.compared, decoded.disagreements) == ((), 0, ())


def test_referrer_paid_out_of_the_pool_is_no_disagreement() -> None:
    """DBC pays a referrer from the vault the trader paid into: the pool nets less than he gave."""
    chain = swap(METEORA_DBC, events=(dbc(PAID, BOUGHT),))
    referrer = vault("referrer sol")
    call = chain.calls[0]
    paid = move(POOL_SOL, referrer, AUTHORITY, 4_000)
    chain.calls = [replace(call, inner=[*call.inner[:2], paid, *call.inner[2:]])]
    chain.tokens = [*chain.tokens, (referrer, WSOL, vault("referrer"), 0, 4_000)]
    decoded = decode(parse(chain.json()))
    assert [leg.raw_in for leg in decoded.legs] == [PAID - 4_000]
    assert (decoded.compared, decoded.disagreements) == (1, ())


@pytest.mark.parametrize("buy", [True, False])
def test_launchlab_fees_beside_the_vault_are_the_traders(buy: bool) -> None:
    """The trader pays what the event calls the input, or gets the output; fees go elsewhere."""
    fees = vault("platform fee vault")
    told_in, told_out = (PAID + 20_000, BOUGHT) if buy else (BOUGHT, PAID)
    chain = swap(LAUNCHLAB, events=(launch(told_in, told_out),), buy=buy)
    call = chain.calls[0]
    fee = move(YENNI_SOL, fees, YENNI, 20_000) if buy else move(POOL_SOL, fees, AUTHORITY, 20_000)
    chain.calls = [replace(call, inner=[*call.inner[:2], fee, *call.inner[2:]])]
    chain.tokens = [*chain.tokens, (fees, WSOL, vault("platform"), 0, 20_000)]
    decoded = decode(parse(chain.json()))
    pool_sol = PAID if buy else PAID + 20_000
    assert [(leg.raw_in, leg.raw_out) for leg in decoded.legs] == [
        (pool_sol, BOUGHT) if buy else (BOUGHT, pool_sol)
    ]
    assert (decoded.compared, decoded.disagreements) == (1, ())


def routed(router: str, *events: bytes, logs: bool = False) -> Chain:
    """The swap of a Phoenix market, which tells nothing itself, under a router that tells hops."""
    chain = swap(PHOENIX)
    inner = [*chain.calls, *([] if logs else told(router, *events))]
    lines: list[str] = []
    if logs:
        first, *said, last = logged(router, *events)
        nested = [f"Program {PHOENIX} invoke [2]", f"Program {PHOENIX} success"]
        lines = [first, *nested, *said, last]
    return replace(chain, calls=(Call(router, (YENNI,), b"\x01", inner),), logs=lines)


def hop(program: str, taken: int, given: int) -> bytes:
    return event("SwapEvent", key(program), key(WSOL), u64(taken), key(COIN), u64(given))


def route(*hops: tuple[int, int]) -> bytes:
    parts = [key(WSOL) + u64(taken) + key(COIN) + u64(given) for taken, given in hops]
    return event("SwapsEvent", len(hops).to_bytes(4, "little"), *parts)


def okx(taken: int, given: int) -> bytes:
    return event("SwapEvent", b"\x11", u64(taken, given))


@pytest.mark.parametrize(
    ("chain", "text"),
    [
        (routed(JUPITER, hop(PHOENIX, PAID, BOUGHT)), None),
        # a market of whole lots takes less than it was offered
        (routed(JUPITER, hop(PHOENIX, PAID + 999, BOUGHT)), None),
        (
            routed(JUPITER, hop(PHOENIX, PAID - 1, BOUGHT)),
            f"Jupiter v6: hop of {PAID - 1} for 700 through Phoenix",
        ),
        (
            routed(JUPITER, hop(PHOENIX, PAID, 699)),
            f"Jupiter v6: hop of {PAID} for 699 through Phoenix",
        ),
        (routed(JUPITER, route((PAID, BOUGHT))), None),
        (
            routed(JUPITER, route((PAID, 701))),
            f"Jupiter v6: hop of {PAID} for 701 through Phoenix",
        ),
        (routed(OKX_V2, okx(PAID, BOUGHT)), None),
        (routed(OKX, okx(PAID, BOUGHT), logs=True), None),
        (
            routed(OKX, okx(PAID, 1), logs=True),
            f"OKX DEX: hop of {PAID} for 1 through Phoenix",
        ),
    ],
)
def test_hop_a_router_tells_is_a_second_opinion(chain: Chain, text: str | None) -> None:
    decoded = decode(parse(chain.json()))
    assert len(decoded.legs) == 1
    moved = f", {PAID} for {BOUGHT} moved"
    assert decoded.disagreements == (() if text is None else (text + moved,))
    assert decoded.compared == 1


@pytest.mark.parametrize(
    "said",
    [
        hop(WHIRLPOOL, PAID, BOUGHT),
        route()[:-1],
        route((PAID, BOUGHT))[:-1],
        event("SwapsEvent", b"\xff\xff\xff\xff"),
        hop(PHOENIX, PAID, BOUGHT)[:-1],
        event("FeeEvent", bytes(72)),
    ],
)
def test_hop_of_another_program_or_cut_short_is_no_opinion(said: bytes) -> None:
    decoded = decode(parse(routed(JUPITER, said).json()))
    assert (len(decoded.legs), decoded.compared, decoded.disagreements) == (1, 0, ())


def test_venue_and_router_that_agree_are_one_comparison() -> None:
    chain = swap(METEORA_DLMM, events=(dlmm(PAID, BOUGHT),))
    said = told(JUPITER, hop(METEORA_DLMM, PAID, 1))
    chain = replace(chain, calls=(Call(JUPITER, (YENNI,), b"\x01", [*chain.calls, *said]),))
    decoded = decode(parse(chain.json()))
    assert decoded.compared == 1
    assert decoded.disagreements == (
        f"Jupiter v6: hop of {PAID} for 1 through Meteora DLMM, {PAID} for {BOUGHT} moved",
    )


def test_hops_without_names_are_heard_only_when_as_many_as_the_legs() -> None:
    decoded = decode(parse(routed(OKX_V2, okx(PAID, BOUGHT), okx(3, 4)).json()))
    assert (decoded.compared, decoded.disagreements) == (0, ())


def test_event_of_a_node_that_tells_no_heights_finds_its_instruction() -> None:
    payload = routed(JUPITER, hop(PHOENIX, PAID, BOUGHT)).json()
    for group in payload["meta"]["innerInstructions"]:
        for item in group["instructions"]:
            del item["stackHeight"]
    decoded = decode(parse(payload))
    assert (len(decoded.legs), decoded.compared, decoded.disagreements) == (1, 1, ())


def test_log_forged_by_another_program_is_not_heard() -> None:
    liar = vault("liar")
    lines = [f"Program {liar} invoke [1]", *logged(RAYDIUM_CPMM, cp_swap(1, 2))[1:]]
    spoken = [
        f"Program {RAYDIUM_CPMM} invoke [1]",
        "Program log: invoke [2]",
        f"Program log: {RAYDIUM_CPMM} success",
        *logged(RAYDIUM_CPMM, cp_swap(PAID, BOUGHT))[1:],
    ]
    for logs, compared in ((lines, 0), ([*lines, *spoken], 1)):
        decoded = decode(parse(swap(RAYDIUM_CPMM, logs=logs).json()))
        assert (decoded.compared, decoded.disagreements) == (compared, ())


def test_logs_longer_than_the_chain_keeps_are_not_all_heard() -> None:
    first, said, last = logged(RAYDIUM_CPMM, cp_swap(PAID, BOUGHT))
    chain = swap(RAYDIUM_CPMM, logs=[first, *[said] * 50_000, last])
    decoded = decode(parse(chain.json()))
    assert (decoded.compared, decoded.disagreements) == (
        1024,
        ("Raydium CPMM: 1024 trade events, 1 legs",),
    )


def test_logs_of_two_swaps_go_to_their_own_instructions() -> None:
    """The first pool's lines were cut off with its event: the second is not given to it."""
    first = swap(RAYDIUM_CPMM)
    pool, keeper = vault("second pool"), vault("second authority")
    held, kept = vault("second other"), vault("second sol")
    accounts = accounts_of(RAYDIUM_CPMM)
    accounts[3] = pool
    mine = vault("yenni other")
    second = Call(
        RAYDIUM_CPMM,
        accounts,
        b"\x09",
        (move(YENNI_SOL, kept, YENNI, SOL), move(held, mine, keeper, 40)),
    )
    chain = replace(
        first,
        calls=(*first.calls, second),
        tokens=[
            *pool_rows((80 * SOL, 80 * SOL + PAID), (10_000, 10_000 - BOUGHT)),
            (YENNI_SOL, WSOL, YENNI, 5 * SOL, 5 * SOL - PAID - SOL),
            *[row for row in first.tokens if row[1] == COIN and row[2] == YENNI],
            (kept, WSOL, keeper, SOL, 2 * SOL),
            (held, OTHER, keeper, 100, 60),
            (mine, OTHER, YENNI, 0, 40),
        ],
        lamports={YENNI: (SOL, SOL - 5000), YENNI_SOL: (5 * SOL, 5 * SOL - PAID - SOL)},
        logs=[*logged(RAYDIUM_CPMM), *logged(RAYDIUM_CPMM, cp_swap(SOL, 40))],
    )
    decoded = decode(parse(chain.json()))
    assert [(leg.raw_in, leg.raw_out) for leg in decoded.legs] == [(PAID, BOUGHT), (SOL, 40)]
    assert (decoded.compared, decoded.disagreements) == (1, ())
