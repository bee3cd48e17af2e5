"""Tables to take along: exact, guarded, streamed, as far as the plan and the viewer's sight go."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client

from aura.models import User
from billing.models import Plan
from tests.make import SOL, address, make_token, make_trade, make_wallet
from wallets.actions import (
    FollowTerms,
    create_list,
    curate_wallet,
    edit_follow,
    follow_wallet,
    mute_follow,
)
from wallets.domain.tabular import Column, Heading, csv_pieces, guarded, json_pieces, scaled
from wallets.models import ListedWallet, Position, Trade, Wallet

pytestmark = pytest.mark.django_db
TABLES = ("trades", "positions", "lots", "disposals", "holdings")


def _body(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    assert answer.streaming
    return b"".join(answer.streaming_content).decode()


def _csv(client: Client, path: str) -> list[dict[str, str]]:
    text = _body(client.get(path))
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text), strict=True))


def _json(client: Client, path: str) -> Any:
    return json.loads(_body(client.get(path)), parse_float=lambda text: pytest.fail(text))


def _all_paths(wallet: Wallet) -> list[str]:
    return [
        "/whales/export.csv", "/feed/export.json", "/the-list/export.csv",
        *(f"/whales/{wallet.address}/export/{table}.csv" for table in TABLES),
    ]  # fmt: skip


@pytest.fixture
def whale(alice: User) -> Wallet:
    """Bought 700 + 300, sold 900, of a token with six decimals; curated."""
    wallet = make_wallet(curated=True)
    make_trade(wallet, "buy", raw=700, lamports=SOL, slot=1, value_usd=Decimal("150.123456"))
    make_trade(wallet, "buy", raw=300, lamports=SOL, slot=2)
    make_trade(wallet, "sell", raw=900, lamports=3 * SOL, slot=3)
    return wallet


@pytest.mark.parametrize(
    ("raw", "decimals", "text"),
    [
        (0, 0, "0"), (0, 6, "0.000000"), (1, 9, "0.000000001"), (-1, 9, "-0.000000001"),
        (1_500_000, 6, "1.500000"), (-1_500_000, 6, "-1.500000"), (7, 0, "7"),
        (2**64 - 1, 9, "18446744073.709551615"),
        (10**39 + 1, 18, "1" + "0" * 21 + "." + "0" * 17 + "1"),
    ],
)  # fmt: skip
def test_amounts_are_exact_at_any_size(raw: int, decimals: int, text: str) -> None:
    assert scaled(raw, decimals) == text
    assert int(Decimal(text).as_tuple().sign) == (raw < 0)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"), ("\t=1", "'\t=1"), ("\r1", "'\r1"), ("\n1", "'\n1"), ("＝1", "'＝1"),
        ("WIF", "WIF"), ("a=b", "a=b"), ("", ""), ("a-b", "a-b"),
    ],
)  # fmt: skip
def test_a_text_is_never_a_formula(text: str, written: str) -> None:
    assert guarded(text) == written


def test_trades_are_exact_and_their_units_named(as_alice: Client, whale: Wallet) -> None:
    path = f"/whales/{whale.address}/export/trades"
    rows = _csv(as_alice, f"{path}.csv")
    first = Trade.objects.get(slot=1)
    assert [row["side"] for row in rows] == ["sell", "buy", "buy"]
    told = rows[2]
    assert told == {
        "trade_id": str(first.pk), "time_utc": "2026-11-01T11:43:21Z",
        "time_is_the_chains": "true", "slot": "1", "signature": first.signature,
        "wallet": whale.address, "nickname": "", "side": "buy",
        "token_mint": make_token().mint, "token_symbol": "WIF", "token_decimals": "6",
        "token_raw": "700", "token_tokens": "0.000700",
        "against_mint": "So11111111111111111111111111111111111111112",
        "against_symbol": "SOL", "against_decimals": "9", "against_raw": str(SOL),
        "against_tokens": "1.000000000", "value_lamports": str(SOL), "value_sol": "1.000000000",
        "costs_lamports": "5000", "costs_sol": "0.000005000", "value_usd": "150.123456",
        "venue": "pump.fun", "is_final": "false",
    }  # fmt: skip
    assert rows[0]["value_usd"] == ""
    whole = _json(as_alice, f"{path}.json")
    assert whole["table"] == "trades"
    assert (whole["row_count"], whole["complete"], whole["note"]) == (3, True, None)
    assert whole["columns"] == list(told)
    kept = whole["rows"][2]
    assert (kept["value_lamports"], kept["value_usd"], kept["slot"]) == (str(SOL), "150.123456", 1)
    assert (kept["is_final"], whole["rows"][0]["value_usd"]) == (False, None)


def test_the_books_tell_what_the_position_says(as_alice: Client, whale: Wallet) -> None:
    at = f"/whales/{whale.address}/export"
    position = Position.objects.get()
    told = _csv(as_alice, f"{at}/positions.csv")
    (row,) = told
    assert (row["realised_lamports"], row["bought_raw"]) == (
        str(position.realised_lamports), "1000"
    )  # fmt: skip
    assert (row["state"], row["full_basis"]) == ("open", "true")
    pieces = _csv(as_alice, f"{at}/disposals.csv")
    assert sum(int(p["gain_lamports"]) for p in pieces) == position.realised_lamports
    assert sum(Decimal(p["gain_sol"]) for p in pieces) * SOL == position.realised_lamports
    assert sum(int(p["quantity_raw"]) for p in pieces) == 900
    lots = _csv(as_alice, f"{at}/lots.csv")
    assert sum(int(lot["left_raw"]) for lot in lots) == 100
    held = _csv(as_alice, f"{at}/holdings.csv")
    assert [(h["held_raw"], h["held_tokens"]) for h in held] == [("100", "0.000100")]
    other = make_token("OTHER")
    make_trade(whale, "buy", token=other, slot=9)
    assert len(_csv(as_alice, f"{at}/lots.csv")) == 3
    one = f"mint={position.mint}&no={position.no}"
    assert len(_csv(as_alice, f"{at}/lots.csv?{one}")) == 2
    assert len(_csv(as_alice, f"{at}/disposals.csv?{one}")) == 2
    for wrong in (f"mint={position.mint}", "no=0", f"mint={position.mint}&no=77", "mint=%00&no=0",
                  f"mint={position.mint}&no=999999999999999999"):  # fmt: skip
        assert as_alice.get(f"{at}/lots.csv?{wrong}").status_code == 404, wrong


def test_what_others_wrote_is_no_formula_in_csv_and_itself_in_json(
    as_alice: Client, alice: User
) -> None:
    token = make_token("=cmd|' /C calc'!A0")
    wallet = make_wallet(curated=True)
    make_trade(wallet, "buy", token=token, lamports=2 * SOL, slot=1)
    make_trade(wallet, "sell", token=token, lamports=SOL, slot=2)
    follow_wallet(alice, address=wallet.address, nickname='+"x",1')
    edit_follow(alice, wallet=wallet, terms=FollowTerms(tags=["@home", "-b"]))
    trade = _csv(as_alice, "/feed/export.csv")[0]
    assert (trade["token_symbol"], trade["nickname"]) == ("'=cmd|' /C c…", '\'+"x",1')
    row = _csv(as_alice, "/whales/export.csv")[0]
    assert (row["nickname"], row["tags"]) == ('\'+"x",1', "'-b, @home")
    # a loss is a number and stays one
    assert row["realised_lamports"].startswith("-")
    assert row["realised_sol"] == scaled(int(row["realised_lamports"]), 9)
    told = _json(as_alice, "/whales/export.json")["rows"][0]
    assert (told["nickname"], told["tags"]) == ('+"x",1', "-b, @home")


def test_whales_are_those_of_the_page(as_alice: Client, alice: User, whale: Wallet) -> None:
    idle, own = make_wallet("idle", curated=True), make_wallet("own")
    follow_wallet(alice, address=own.address, nickname="Moby")
    mute_follow(alice, wallet=own, at=own.added_at, until=None)
    kept = create_list(alice, name="one")
    ListedWallet.objects.create(list=kept, wallet=idle)
    for query in ("", "only=active", "q=mob", "sort=name", "list=followed", f"list={kept.pk}",
                  "tag=x", "sort=nonsense"):  # fmt: skip
        page = as_alice.get(f"/whales/?{query}")
        shown = [wallet.address for wallet, _ in page.context["wallets"]]
        told = _csv(as_alice, f"/whales/export.csv?{query}")
        assert [row["wallet"] for row in told] == shown, query
    told = {row["wallet"]: row for row in _csv(as_alice, "/whales/export.csv")}
    assert (told[own.address]["is_muted"], told[own.address]["is_followed"]) == ("true", "true")
    assert (told[whale.address]["is_muted"], told[whale.address]["trades"]) == ("false", "3")
    assert (told[idle.address]["win_rate"], told[idle.address]["last_trade_utc"]) == ("", "")


def test_the_feed_is_that_of_the_page(as_alice: Client, alice: User, whale: Wallet) -> None:
    muted = make_wallet("muted", curated=True)
    follow_wallet(alice, address=muted.address)
    mute_follow(alice, wallet=muted, at=muted.added_at - timedelta(days=9999), until=None)
    make_trade(muted, slot=4)
    for query in ("", "side=buy", "min=2", "muted=1", "followed=1", "followed=1&muted=1",
                  f"before={Trade.objects.get(slot=3).pk}"):  # fmt: skip
        page = as_alice.get(f"/feed/?{query}")
        shown = [row.trade.pk for row in page.context["rows"]]
        told = _json(as_alice, f"/feed/export.json?{query}")
        assert [row["trade_id"] for row in told["rows"]] == shown, query


def test_the_history_of_the_list(as_alice: Client, whale: Wallet) -> None:
    curate_wallet(whale, reason="=why")
    curate_wallet(whale, curated=False, reason="gone")
    told = _csv(as_alice, "/the-list/export.csv")[0]
    assert (told["reason"], told["reason_left"]) == ("'=why", "gone")
    assert told["closed_positions_at_entry"] == "0"
    assert told["entered_utc"] == told["left_utc"] == "2026-11-01T12:30:00Z"
    assert int(told["realised_at_exit_lamports"]) == Position.objects.get().realised_lamports


def test_a_plan_without_export_is_told_what_has_it(as_bob: Client, whale: Wallet) -> None:
    for path in _all_paths(whale):
        answer = as_bob.get(path)
        assert answer.status_code == 403, path
        html = answer.content.decode()
        assert "Your Free plan does not include export. It comes with Pro ($29 a month)" in html
        assert whale.address not in html
    Plan.objects.filter(code="free").update(export=True)
    assert all(as_bob.get(path).status_code == 200 for path in _all_paths(whale))


def test_nobody_exports_what_he_does_not_see(as_alice: Client, bob: User, whale: Wallet) -> None:
    hidden = follow_wallet(bob, address=address("his"), nickname="his").wallet
    make_trade(hidden, slot=50)
    for table in TABLES:
        path = f"/whales/{hidden.address}/export/{table}.csv"
        assert as_alice.get(path).status_code == 404, table
    for path in ("/whales/export.csv", "/feed/export.csv", "/feed/export.csv?muted=1"):
        text = _body(as_alice.get(path))
        assert hidden.address not in text, path
        assert whale.address in text, path
    for path in _all_paths(whale):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")
        assert as_alice.post(path).status_code == 405
    for wrong in ("nonsense.csv", "trades.xls", "trades"):
        assert as_alice.get(f"/whales/{whale.address}/export/{wrong}").status_code == 404


def test_a_file_is_named_for_its_day_and_kept_by_nobody(as_alice: Client, whale: Wallet) -> None:
    answer = as_alice.get(f"/whales/{whale.address}/export/trades.csv")
    name = f"aura-trades-{whale.address[:8]}-2026-11-01.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    answer = as_alice.get("/whales/export.json")
    assert answer["Content-Disposition"] == 'attachment; filename="aura-whales-2026-11-01.json"'
    assert answer["Content-Type"] == "application/json"


def test_a_file_that_was_cut_off_says_so_and_where_the_rest_is(
    as_alice: Client, whale: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/whales/{whale.address}/export"
    monkeypatch.setattr("wallets.views.export.CEILING", 3)
    assert _json(as_alice, f"{path}/trades.json")["complete"] is True
    monkeypatch.setattr("wallets.views.export.CEILING", 2)
    cut = _json(as_alice, f"{path}/trades.json")
    ids = [row["trade_id"] for row in cut["rows"]]
    assert (cut["row_count"], cut["complete"]) == (2, False)
    assert cut["note"] == (
        "Cut off after 2 rows: there are more. "
        f"The rest begins at the same address with before={ids[1]}."
    )
    rest = _json(as_alice, f"{path}/trades.json?before={ids[1]}")
    everything = list(Trade.objects.order_by("-slot").values_list("pk", flat=True))
    assert ids + [row["trade_id"] for row in rest["rows"]] == everything
    last = _body(as_alice.get(f"{path}/trades.csv")).splitlines()[-1]
    assert last == cut["note"]
    monkeypatch.setattr("wallets.views.export.CEILING", 1)
    last = _body(as_alice.get(f"{path}/lots.csv")).splitlines()[-1]
    assert (
        last
        == "Cut off after 1 rows: there are more. Narrow the table on its page to take the rest."
    )


def test_more_rows_cost_no_more_queries(
    as_alice: Client, whale: Wallet, django_assert_num_queries: Any
) -> None:
    # session, user, plan; then the table, its tokens, and the viewer's names where it has them
    counts = {"/whales/export.csv": 5, "/feed/export.json": 6, "/the-list/export.csv": 4}
    for table in TABLES:
        counts[f"/whales/{whale.address}/export/{table}.csv"] = 7 if table == "trades" else 6
    for path, count in counts.items():
        with django_assert_num_queries(count):
            _body(as_alice.get(path))
    for number in range(5):
        wallet = make_wallet(f"w{number}", curated=True)
        curate_wallet(wallet)
        for owner in (wallet, whale):
            token = make_token(f"T{number}")
            make_trade(owner, token=token, slot=100 + 10 * number + owner.pk % 2 * 2)
            make_trade(owner, "sell", raw=7, token=token, slot=101 + 10 * number + owner.pk % 2 * 2)
    for path, count in counts.items():
        with django_assert_num_queries(count):
            _body(as_alice.get(path))


def test_pieces_are_sent_while_rows_are_read() -> None:
    read = 0

    def rows() -> Any:
        nonlocal read
        for number in range(10_000):
            read += 1
            yield [str(number), "x" * 20]

    head = Heading("t", "now", [Column("a"), Column("b", is_text=True)], 200_000)
    for writer in (csv_pieces, json_pieces):
        read = 0
        pieces = writer(head, rows(), cut=lambda last: "cut")
        first = next(pieces)
        assert 0 < len(first) < 40_000
        assert read < 2_000
        whole = first + "".join(pieces)
        assert read == 10_000
        assert whole.count("x" * 20) == 10_000


@pytest.mark.django_db(transaction=True)
async def test_under_an_asynchronous_server_it_is_streamed_too(
    alice: User, monkeypatch: pytest.MonkeyPatch, recwarn: Any
) -> None:
    wallet = await sync_to_async(make_wallet)(curated=True)
    for slot in (1, 2, 3):
        await sync_to_async(make_trade)(wallet, slot=slot, fold=False)
    monkeypatch.setattr("wallets.domain.tabular._PIECE", 1)
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get("/feed/export.csv")
    assert answer.is_async
    pieces = [piece async for piece in answer.streaming_content]
    assert len(pieces) >= 3
    told = list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))
    assert [row["slot"] for row in told] == ["3", "2", "1"]
    # whoever leaves early leaves no cursor open behind him
    answer = await client.get("/feed/export.csv")
    stream = aiter(answer.streaming_content)
    await anext(stream)
    await stream.aclose()

    def cursors() -> list[Any]:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT name FROM pg_cursors")
            return list(cursor.fetchall())

    assert await sync_to_async(cursors)() == []
    assert [str(w.message) for w in recwarn if "must consume" in str(w.message)] == []
    await sync_to_async(connections.close_all)()
