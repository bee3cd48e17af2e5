"""Base58 text of instruction data; addresses and signatures go through solders instead."""

from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
CHARACTERS: Final = frozenset(ALPHABET)

# int() reads bases up to 36 only; ten digits at a time fit a machine word.
_DIGIT: Final = {character: value for value, character in enumerate(ALPHABET)}
_CHUNK: Final = 10
_CHUNK_BASE: Final = 58**_CHUNK


def decode_base58(text: str) -> bytes:
    """Return the bytes of a base58 text; the caller has checked its characters."""
    digits = [_DIGIT[character] for character in text]
    head = len(digits) % _CHUNK
    number = 0
    for digit in digits[:head]:
        number = number * 58 + digit
    for start in range(head, len(digits), _CHUNK):
        chunk = 0
        for digit in digits[start : start + _CHUNK]:
            chunk = chunk * 58 + digit
        number = number * _CHUNK_BASE + chunk
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
