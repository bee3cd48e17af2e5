"""A wallet's page of figures: cards by window, curve and calendar."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.make import SOL, make_wallet
from tests.trips import make_three_trips, text_of
from wallets.domain.statistics.equity import DayResult
from wallets.models import Wallet
from wallets.templatetags.proofs import brief_sol, duration_text, ratio_text, return_text
from wallets.views.curves import curve_of, drawn, is_by_month, tabled
from wallets.views.figures import GROUPS
from wallets.views.months import month_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def whale() -> Wallet:
    return make_three_trips()


def test_every_figure_stands_on_a_card_with_its_n_and_its_why(
    as_alice: Client, whale: Wallet
) -> None:
    page = as_alice.get(whale.get_absolute_url())
    html = page.content.decode()
    shown = [figure.rule.id for group in page.context["groups"] for figure in group.figures]
    assert shown == [rule_id for _, ids in GROUPS for rule_id in ids]
    for rule_id in [*shown, "equity"]:
        assert f'href="{whale.get_absolute_url()}why/{rule_id}/?window=all"' in html, rule_id
    card = text_of(html[html.index("<h4>Win rate</h4>") :][:600])
    assert "66.7% 20.8% to 93.9% · n 3" in card


def test_the_window_is_in_the_url_and_changes_the_figures(as_alice: Client, whale: Wallet) -> None:
    def closed(query: str) -> list[tuple[str, int]]:
        groups = as_alice.get(whale.get_absolute_url() + query).context["groups"]
        return [(str(f.rule.id), f.n) for f in groups[0].figures if f.rule.id == "win_rate"]

    assert closed("?window=24h") == [("win_rate", 1)]
    for query in ("", "?window=all", "?window=7d", "?window=30d", "?window=nonsense"):
        assert closed(query) == [("win_rate", 3)], query
    html = as_alice.get(whale.get_absolute_url() + "?window=7d").content.decode()
    assert re.search(r'\?window=7d#figures" aria-current="true"', html)


def test_what_cannot_be_told_says_why(as_alice: Client) -> None:
    wallet = make_wallet(curated=True)
    html = as_alice.get(wallet.get_absolute_url()).content.decode()
    assert "Not enough data: no closed position" in html
    assert "Not enough data: nothing sold in this window." in html
    assert "data-chart" not in html


def test_the_curve_is_told_as_data_and_as_a_table(as_alice: Client, whale: Wallet) -> None:
    page = as_alice.get(whale.get_absolute_url())
    html = page.content.decode()
    found = re.search(r'<script id="equity-data" type="application/json">(.*?)</script>', html)
    assert found
    assert json.loads(found[1]) == {
        "kind": "equity",
        "points": [
            ["2026-10-30", "0", "0"],
            ["2026-10-31", "0.500000000", "0.000000000"],
            ["2026-11-01", "2.500000000", "0.000000000"],
        ],
    }
    table = text_of(html[html.index('id="equity-table"') :].split("</table>")[0])
    assert "1 Nov 2026 ▲ +2.00 SOL ▲ +2.50 SOL 0 SOL" in table
    assert "31 Oct 2026 ▲ +0.5000 SOL ▲ +0.5000 SOL 0 SOL" in table


def test_the_calendar_tells_each_day_by_sign_and_goes_from_month_to_month(
    as_alice: Client, whale: Wallet
) -> None:
    html = as_alice.get(whale.get_absolute_url() + "?window=24h").content.decode()
    calendar = html[html.index('id="calendar"') :].split("</table>")[0]
    assert "November 2026" in calendar
    today = text_of(calendar[calendar.index('datetime="2026-11-01"') :].split("</td>")[0])
    assert "▲ +2.0" in today
    assert f'rel="prev" href="{whale.get_absolute_url()}?window=24h&amp;month=2026-10' in calendar
    assert 'rel="next"' not in calendar
    october = as_alice.get(whale.get_absolute_url() + "?month=2026-10").context["month"]
    assert (october.first, october.total_lamports) == (date(2026, 10, 1), SOL // 2)
    assert (october.earlier, october.later) == (None, date(2026, 11, 1))
    for nonsense in ("1999-01", "9999-12", "x", "2026-13", "2026-11-01"):
        shown = as_alice.get(f"{whale.get_absolute_url()}?month={nonsense}").context["month"].first
        assert shown in (date(2026, 10, 1), date(2026, 11, 1)), nonsense


# ---- curves and months, worked out by hand


def _day(day: date, lamports: int) -> DayResult:
    return DayResult(day, lamports, Decimal(0), 1, 0)


def test_a_curve_keeps_its_peak() -> None:
    first = date(2026, 1, 1)
    gains = [5, -3, -4, 10]
    rows = curve_of([_day(first + timedelta(days=n), g) for n, g in enumerate(gains)])
    assert [(r.realised_lamports, r.total_lamports, r.below_lamports) for r in rows] == [
        (5, 5, 0), (-3, 2, 3), (-4, -2, 7), (10, 8, 0),
    ]  # fmt: skip
    points = drawn(rows, until=date(2026, 1, 9))
    assert (points[0], points[-1]) == (
        ["2025-12-31", "0", "0"], ["2026-01-09", "0.000000008", "0.000000000"],
    )  # fmt: skip
    assert len(points) == 6
    assert drawn([], until=first) == []


def test_a_long_curve_is_tabled_by_months() -> None:
    first = date(2026, 1, 1)
    rows = curve_of([_day(first + timedelta(days=n), -1 if n % 2 else 2) for n in range(100)])
    assert is_by_month(rows)
    months = tabled(rows)
    assert [(m.day, m.realised_lamports, m.below_lamports) for m in months] == [
        (date(2026, 4, 10), 5, 1), (date(2026, 3, 31), 14, 1), (date(2026, 2, 28), 14, 1),
        (date(2026, 1, 31), 17, 1),
    ]  # fmt: skip
    assert months[0].total_lamports == 50
    assert not is_by_month(rows[:31])
    assert tabled(rows[:2]) == rows[1::-1]


def test_a_month_is_shaded_by_the_size_of_its_days() -> None:
    today = date(2026, 3, 20)
    days = [_day(date(2026, 3, 2), 100), _day(date(2026, 3, 3), -25), _day(date(2026, 3, 4), -26)]
    days += [_day(date(2026, 3, 5), 0), _day(date(2025, 12, 31), 9)]
    month = month_of([*days, DayResult(None, 7, None, 1, 1)], None, today)
    shades = {d.date.day: d.shade for week in month.weeks for d in week if d and d.result}
    assert shades == {2: 4, 3: 1, 4: 2, 5: 0}
    assert [len(week) for week in month.weeks] == [7] * 6
    assert month.weeks[0][:6] == [None] * 6  # the first of March 2026 is a Sunday
    assert (month.total_lamports, month.up, month.down) == (49, 1, 2)
    assert (month.earlier, month.later) == (date(2026, 2, 1), None)
    assert month_of(days, date(2025, 12, 1), today).earlier is None


@pytest.mark.parametrize(
    ("lamports", "text"),
    [
        (0, "0"), (1, "+<.01"), (-10**7, "−0.01"), (15 * 10**8, "+1.5"), (-42 * SOL, "−42"),
        (1_234 * SOL, "+1.2k"), (-3_000_000 * SOL, "−3.0M"),
    ],
)  # fmt: skip
def test_a_day_is_brief(lamports: int, text: str) -> None:
    assert brief_sol(lamports) == text


def test_spans_ratios_and_returns_are_written_short() -> None:
    spans = [0, 119, 120, 7_199, 7_200, 172_799, 172_800, 9_000_000]
    assert [duration_text(s) for s in spans] == [
        "0 s", "119 s", "2.0 min", "120 min", "2.0 h", "48 h", "2.0 d", "104 d",
    ]  # fmt: skip
    assert [ratio_text(r) for r in (0.0, 1e-9, 0.05, 1.234, 1e21)] == [
        "0", "under 0.001", "0.05", "1.23", "over 1,000",
    ]  # fmt: skip
    assert [return_text(r) for r in (0.0, 0.1234, -0.5, 12_345.6)] == [
        "0.0%", "+12.3%", "−50.0%", "+1,234,560%",
    ]  # fmt: skip
