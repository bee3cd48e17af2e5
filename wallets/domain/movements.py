"""What the System and token programs were told to move, from raw or parsed instructions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from wallets.domain.addresses import is_address
from wallets.domain.base58 import decode_base58
from wallets.domain.programs import SYSTEM, TOKEN_PROGRAMS
from wallets.domain.values import Instruction, Move, Undecodable

U64_MAX: Final = 2**64 - 1
# The longest instruction we must read is a batch of the token program; every other fits 200 bytes.
_SHORT: Final = 2000
_DECIMAL: Final = frozenset("0123456789")
_BATCH: Final = b"\xff"


def moves_of(instructions: Sequence[Instruction], known: frozenset[str]) -> tuple[Move, ...]:
    """Return the movements of all instructions, in order of execution.

    Instructions whose raw data make no sense move nothing; a malformed parsed one, or one that
    names accounts not among the `known` of the transaction, raises `Undecodable`.
    """
    found: list[Move] = []
    for at, item in enumerate(instructions):
        program = item.program
        is_token = program in TOKEN_PROGRAMS
        if not is_token and program != SYSTEM:
            continue
        if item.parsed is not None:
            moves = (_parsed_token if is_token else _parsed_system)(at, item.parsed)
            found.extend(_checked(moves, known))
            continue
        data = instruction_data(item)
        if is_token and data[:1] == _BATCH:
            found.extend(_batch(at, data[:_SHORT], item.accounts))
            continue
        move = (_token if is_token else _system)(at, data, item.accounts)
        if move is not None:
            found.append(move)
    return tuple(found)


def _checked(moves: Iterable[Move], known: frozenset[str]) -> Iterator[Move]:
    for move in moves:
        if not (known.issuperset(filter(None, (move.source, move.dest)))):
            raise Undecodable("a parsed instruction names an account that is not among the keys")
        if not all(map(is_address, filter(None, (move.mint, move.authority)))):
            raise Undecodable("a parsed instruction names something that is no address")
        yield move


def instruction_data(item: Instruction) -> bytes:
    """Return the raw data of an instruction; empty when only its parsed form was given."""
    if isinstance(item.data, str):
        return decode_base58(item.data)
    return item.data or b""


def _u64(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 8], "little")


def _space(data: bytes, start: int) -> int | None:
    return _u64(data, start) if len(data) >= start + 8 else None


# https://docs.rs/solana-system-interface/latest/solana_system_interface/instruction
def _system(at: int, data: bytes, accounts: Sequence[str]) -> Move | None:
    tag = data[0] if len(data) >= 4 else -1
    count, amount = len(accounts), len(data) >= 12
    if tag in (2, 5) and amount and count >= 2:
        return Move("pay", at, accounts[0], accounts[1], _u64(data, 4))
    if tag == 0 and amount and count >= 2:
        return Move("create", at, accounts[0], accounts[1], _u64(data, 4), space=_space(data, 12))
    if tag == 3 and len(data) >= 44 and count >= 2:
        after_seed = 44 + _u64(data, 36)
        if len(data) >= after_seed + 8:
            lamports, space = _u64(data, after_seed), _space(data, after_seed + 8)
            return Move("create", at, accounts[0], accounts[1], lamports, space=space)
    elif tag == 11 and amount and count >= 3:
        return Move("pay", at, accounts[0], accounts[2], _u64(data, 4))
    elif tag == 13 and amount and count >= 2:
        return Move("create", at, accounts[1], accounts[0], _u64(data, 4), space=_space(data, 12))
    elif tag in (1, 8, 9, 10) and accounts:
        return Move("claim", at, "", accounts[0], space=_space(data, 4) if tag == 8 else None)
    return None


# https://docs.rs/spl-token-2022-interface/latest/spl_token_2022_interface/instruction
def _token(at: int, data: bytes, accounts: Sequence[str]) -> Move | None:
    tag = data[0] if data else -1
    count, amount = len(accounts), len(data) >= 9
    if tag == 3 and amount and count >= 3:
        return Move("token", at, accounts[0], accounts[1], _u64(data, 1), None, accounts[2])
    if tag == 12 and amount and count >= 4:
        return Move("token", at, accounts[0], accounts[2], _u64(data, 1), accounts[1], accounts[3])
    if tag == 9 and count >= 3:
        return Move("close", at, accounts[0], accounts[1], 0, None, accounts[2])
    if tag == 26 and len(data) >= 19 and data[1] == 1 and count >= 4:
        sent, fee = _u64(data, 2), _u64(data, 11)
        return Move("token", at, accounts[0], accounts[2], sent, accounts[1], accounts[3], fee)
    return _opened_or_issued(at, data, accounts)


def _opened_or_issued(at: int, data: bytes, accounts: Sequence[str]) -> Move | None:
    tag = data[0] if data else -1
    count, amount = len(accounts), len(data) >= 9
    if tag == 1 and count >= 3:
        return Move("open", at, "", accounts[0], 0, accounts[1], accounts[2])
    if tag in (16, 18) and len(data) >= 33 and count >= 2:
        owner = str(Pubkey.from_bytes(data[1:33]))
        return Move("open", at, "", accounts[0], 0, accounts[1], owner)
    if tag in (7, 14) and amount and count >= 3:
        return Move("mint", at, "", accounts[1], _u64(data, 1), accounts[0], accounts[2])
    if tag in (8, 15) and amount and count >= 3:
        return Move("burn", at, accounts[0], "", _u64(data, 1), accounts[1], accounts[2])
    return None


def _batch(at: int, data: bytes, accounts: Sequence[str]) -> Iterator[Move]:
    """Read the token program's Batch: per part one byte of accounts, one of length, the data."""
    place, used = 1, 0
    while place + 2 <= len(data):
        count, length = data[place], data[place + 1]
        part = data[place + 2 : place + 2 + length]
        move = _token(at, part, accounts[used : used + count])
        if move is not None:
            yield move
        place, used = place + 2 + length, used + count


def _parsed_system(at: int, parsed: Mapping[str, Any]) -> Iterator[Move]:
    kind, info = _kind_and_info(parsed)
    if kind == "transfer" or kind == "transferWithSeed":
        yield Move("pay", at, _key(info, "source"), _key(info, "destination"), _lamports(info))
    elif kind == "createAccount" or kind == "createAccountWithSeed":
        yield _parsed_create(at, info)
    elif kind == "createAccountAllowPrefund":
        if "source" in info:
            yield _parsed_create(at, info)
    elif kind == "withdrawFromNonce":
        yield Move(
            "pay", at, _key(info, "nonceAccount"), _key(info, "destination"), _lamports(info)
        )
    elif kind in ("allocate", "assign", "allocateWithSeed", "assignWithSeed"):
        yield Move("claim", at, "", _key(info, "account"), space=_parsed_space(info))


def _parsed_create(at: int, info: Mapping[str, Any]) -> Move:
    source, new = _key(info, "source"), _key(info, "newAccount")
    return Move("create", at, source, new, _lamports(info), space=_parsed_space(info))


def _parsed_space(info: Mapping[str, Any]) -> int | None:
    value = info.get("space")
    return value if type(value) is int and 0 <= value <= U64_MAX else None


def _parsed_token(at: int, parsed: Mapping[str, Any]) -> Iterator[Move]:
    kind, info = _kind_and_info(parsed)
    if kind in ("transfer", "transferChecked", "transferCheckedWithFee"):
        source, dest = _key(info, "source"), _key(info, "destination")
        mint = _key(info, "mint") if "mint" in info else None
        fee = _ui_amount(info.get("feeAmount")) if "feeAmount" in info else 0
        yield Move("token", at, source, dest, _raw(info), mint, _authority(info), fee)
    elif kind == "closeAccount":
        yield Move("close", at, _key(info, "account"), _key(info, "destination"))
    elif kind in ("initializeAccount", "initializeAccount2", "initializeAccount3"):
        account, mint, owner = _key(info, "account"), _key(info, "mint"), _key(info, "owner")
        yield Move("open", at, "", account, 0, mint, owner)
    elif kind in ("mintTo", "mintToChecked"):
        yield Move("mint", at, "", _key(info, "account"), _raw(info), _key(info, "mint"))
    elif kind in ("burn", "burnChecked"):
        yield Move("burn", at, _key(info, "account"), "", _raw(info), _key(info, "mint"))


def _kind_and_info(parsed: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    kind, info = parsed.get("type"), parsed.get("info")
    if not isinstance(kind, str):
        raise Undecodable("a parsed instruction has no type")
    return kind, info if isinstance(info, dict) else {}


def _key(info: Mapping[str, Any], name: str) -> str:
    value = info.get(name)
    if not isinstance(value, str) or not value:
        raise Undecodable(f"a parsed instruction has no {name}")
    return value


def _authority(info: Mapping[str, Any]) -> str | None:
    value = info.get("authority", info.get("multisigAuthority"))
    return value if isinstance(value, str) else None


def _lamports(info: Mapping[str, Any]) -> int:
    value = info.get("lamports")
    if type(value) is not int or not 0 <= value <= U64_MAX:
        raise Undecodable("a parsed instruction has no valid lamports")
    return value


def _raw(info: Mapping[str, Any]) -> int:
    if "amount" in info:
        return raw_amount(info["amount"])
    return _ui_amount(info.get("tokenAmount"))


def _ui_amount(value: object) -> int:
    if not isinstance(value, dict):
        raise Undecodable("a parsed instruction has no token amount")
    return raw_amount(value.get("amount"))


def raw_amount(value: object) -> int:
    """Read a raw token amount: a string of digits below 2^64; raises `Undecodable` otherwise."""
    if type(value) is not str or len(value) > 20 or not _DECIMAL.issuperset(value) or not value:
        raise Undecodable("a token amount is not a string of digits")
    number = int(value)
    if number > U64_MAX:
        raise Undecodable("a token amount exceeds 64 bits")
    return number
