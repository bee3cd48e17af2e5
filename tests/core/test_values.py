"""Addresses, exact JSON, errors' shape."""

from decimal import Decimal

import pytest

from aura.core import exact, solana
from tests.make import address, signature


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "no address given"),
        (None, "no address given"),
        (5, "no address given"),
        ("whale_001", "not base58: contains '0 _ l'"),
        ("0x52908400098527886E0F7030069857D2E4169EE7", "not base58: contains '0'"),
        ("abc", "not 32 bytes: 3 characters, an address has 32 to 44"),
        ("1" * 45, "not 32 bytes: 45 characters, an address has 32 to 44"),
        ("z" * 44, "not 32 bytes when decoded from base58"),
    ],
)
def test_a_bad_address_is_refused_in_words(given: object, reason: str) -> None:
    with pytest.raises(ValueError, match="^" + reason.replace("(", r"\(")):
        solana.address(given)


def test_a_good_address_is_taken_without_the_spaces_around_it() -> None:
    good = address("Yenni")
    assert solana.address(f"  {good}\n") == good
    assert solana.short(good) == f"{good[:4]}…{good[-4:]}"


def test_a_program_derived_address_is_off_curve() -> None:
    assert solana.is_on_curve(solana.WSOL) is solana.is_on_curve(solana.address(solana.WSOL))
    authority = solana.address("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")
    assert not solana.is_on_curve(authority)


def test_a_signature_has_64_bytes() -> None:
    assert solana.signature(signature("a")) == signature("a")
    for bad in ("", "abc", address("Yenni"), None):
        with pytest.raises(ValueError, match="signature"):
            solana.signature(bad)


def test_json_is_read_without_floats() -> None:
    read = exact.loads('{"a": 0.1, "b": 18446744073709551615}')
    assert read == {"a": Decimal("0.1"), "b": 2**64 - 1}
    assert type(read["a"]) is Decimal


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "{", "", "[" * 100_000])
def test_what_is_no_number_or_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the parser's own words differ by case
        exact.loads(text)
