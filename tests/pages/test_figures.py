"""How figures are written."""

from datetime import timedelta
from decimal import Decimal

import pytest

from wallets.templatetags.figures import (
    amount,
    amount_text,
    percent,
    sol,
    sol_gain,
    sol_text,
    usd,
    usd_text,
)
from wallets.templatetags.marks import ago_text


@pytest.mark.parametrize(
    ("lamports", "text"),
    [
        (0, "0"),
        (1, "0.000000001"),
        (5_000, "0.000005"),
        (1_000_000, "0.0010"),
        (123_456_789, "0.1235"),
        (1_500_000_000, "1.50"),
        (999_990_000_000, "999.99"),
        (1_234_567_000_000_000, "1,234,567"),
        (-1_500_000_000, "−1.50"),
    ],
)
def test_lamports_are_written_in_sol(lamports: int, text: str) -> None:
    assert sol_text(lamports) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        ("0", "$0.00"), ("0.000123", "$0.00012"), ("0.5", "$0.50"), ("999.99", "$999.99"),
        ("12345.6", "$12,346"), ("1234567", "$1.23M"), ("-2500000000", "−$2.50B"),
    ],
)  # fmt: skip
def test_dollars(dollars: str, text: str) -> None:
    assert usd_text(Decimal(dollars)) == text


@pytest.mark.parametrize(
    ("raw", "decimals", "text"),
    [
        (0, 6, "0"), (1, 9, "0.0000000010"), (1_000_000, 6, "1"), (1_230_000, 6, "1.23"),
        (45_600_000_000, 6, "45,600"), (1_234_567 * 10**6, 6, "1.23M"),
        (2**64 - 1, 0, "18,446,744.07T"),
    ],
)  # fmt: skip
def test_token_amounts(raw: int, decimals: int, text: str) -> None:
    assert amount_text(raw, decimals) == text


def test_a_result_has_a_sign_an_arrow_and_its_exact_value() -> None:
    assert sol_gain(-1_500_000_001) == (
        '<data class="num gain down" value="-1500000001" title="-1.500000001 SOL">'
        '<span class="arrow" aria-hidden="true">▼</span>−1.50 <small>SOL</small></data>'
    )
    assert 'gain up"' in sol_gain(1)
    assert "▲</span>+0.000000001" in sol_gain(1)
    assert 'gain flat"' in sol_gain(0)


def test_what_is_not_known_is_a_dash_and_says_why() -> None:
    assert sol(None) == '<span class="none" title="value unknown">—</span>'
    assert usd(None) == '<span class="none" title="no price known">—</span>'
    assert percent(None) == '<span class="none" title="not known yet">—</span>'
    assert amount(7, None) == '<data class="num" value="7">7 <small>raw</small></data>'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "now"), (0, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"),
        (3599, "59 min ago"), (3600, "1 h ago"), (86_399, "23 h ago"), (86_400, "1 d ago"),
        (400 * 86_400, "400 d ago"),
    ],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert ago_text(timedelta(seconds=seconds)) == text
