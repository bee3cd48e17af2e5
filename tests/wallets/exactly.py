"""Outside examples in decimals, as the ledger's integers and back, exactly."""

from fractions import Fraction

from wallets.domain.ledger import Acquired, Book, Disposed

# Far more decimals than any example has; what is floored beyond them no example prints.
UNITS, MONEY = 10**20, 10**60


def units(told: str | Fraction) -> int:
    return _whole(Fraction(told) * UNITS)


def money(told: str | Fraction) -> int:
    return _whole(Fraction(told) * MONEY)


def _whole(scaled: Fraction) -> int:
    assert scaled.denominator == 1
    return scaled.numerator


def quantity(raw: int) -> Fraction:
    return Fraction(raw, UNITS)


def amount(lamports: int) -> Fraction:
    return Fraction(lamports, MONEY)


def agrees(ours: int, theirs: str) -> bool:
    """Whether an amount is the one printed: as near as its last digit tells, at most 20."""
    digits = len(theirs.partition(".")[2])
    return abs(amount(ours) - Fraction(theirs)) <= Fraction(
        1, 10 ** (digits if digits < 21 else 20)
    )


def is_exactly(ours: int, theirs: str) -> bool:
    """Whether an amount is the printed one, but for what was floored below its 40th decimal."""
    return abs(amount(ours) - Fraction(theirs)) < Fraction(1, 10**40)


def buy(name: str, quantity: str, cost: Fraction | str, value: Fraction | None = None) -> Acquired:
    at_value = None if value is None else money(value)
    return Acquired(name, None, units(quantity), "buy", money(cost), value_lamports=at_value)


def sell(name: str, quantity: str, proceeds: Fraction | str) -> Disposed:
    return Disposed(name, None, units(quantity), True, money(proceeds))


def realised(book: Book) -> int:
    return sum(piece.gain_lamports or 0 for piece in book.disposals)


def unknown_proceeds(book: Book) -> int:
    return sum(p.unknown_proceeds_lamports for p in book.touched_positions.values())
