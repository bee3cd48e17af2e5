"""Base58 text of instruction data; addresses and signatures go through solders instead."""

from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CHARACTERS: Final = frozenset(ALPHABET)

_DIGITS: Final = bytes.maketrans(ALPHABET.encode(), bytes(range(58)))
# int() reads bases up to 36 only; ten digits at a time fit a machine word.
_CHUNK: Final = 10
_CHUNK_BASE: Final = 58**_CHUNK


def decode_base58(text: str) -> bytes:
    """Return the bytes of a base58 text; the caller has checked its characters."""
    digits = text.encode().translate(_DIGITS)
    head = len(digits) if len(digits) <= 2 * _CHUNK else len(digits) % _CHUNK
    number = 0
    for digit in digits[:head]:
        number = number * 58 + digit
    for start in range(head, len(digits), _CHUNK):
        a, b, c, d, e, f, g, h, i, j = digits[start : start + _CHUNK]
        chunk = ((((a * 58 + b) * 58 + c) * 58 + d) * 58 + e) * 58 + f
        chunk = (((chunk * 58 + g) * 58 + h) * 58 + i) * 58 + j
        number = number * _CHUNK_BASE + chunk
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
