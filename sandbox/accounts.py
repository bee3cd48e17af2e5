"""RPC methods over present accounts: lamports, token accounts, mints, curves and pools."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

from sandbox.addresses import (
    ATA,
    COMPUTE,
    PUMP,
    PUMPSWAP,
    RAYDIUM,
    STANDING,
    SYSTEM,
    TOKEN,
    TOKEN22,
    raw,
)
from sandbox.bank import Mint, TokenAccount
from sandbox.chain import Chain
from sandbox.encode import base58
from sandbox.history import Json, address, options
from sandbox.liquidity import shares_of
from sandbox.parsed import ui_amount
from sandbox.rpc_errors import bad_params
from sandbox.tokens import Token
from sandbox.venues import TOTAL_SUPPLY, Curve, SwapPool

NATIVE_LOADER = "NativeLoader1111111111111111111111111111111"
UPGRADEABLE_LOADER = "BPFLoaderUpgradeab1e11111111111111111111111"
PROGRAMS = {SYSTEM, COMPUTE, TOKEN, TOKEN22, ATA, PUMP, PUMPSWAP, RAYDIUM}
CURVE_ACCOUNT = bytes.fromhex("17b7f83760d8ac60")
POOL_ACCOUNT = bytes.fromhex("f19a6d0411b16dbc")
# u64::MAX, which is what rent-exempt accounts carry.
NEVER = 18_446_744_073_709_551_615
MOST_ACCOUNTS = 100
MOST_HOLDERS = 20


class Accounts:
    """Reads the world; must be called on the event loop, where the engine also runs."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.step = -1
        self.venues: dict[str, Token] = {}

    def _wrap(self, value: object) -> Json:
        context = {"slot": self.chain.tip(), "apiVersion": "3.1.4"}
        return {"context": context, "value": value}

    def account(self, key: str, encoding: str, piece: Json | None = None) -> Json | None:
        """Give one account as the RPC does, None when it does not exist."""
        bank = self.chain.world.bank
        lamports = bank.lamports.get(key, 0)
        if not lamports:
            return None
        owner, data, parsed = SYSTEM, b"", None
        if key in bank.tokens:
            holding = bank.tokens[key]
            owner, data = holding.program, token_bytes(holding)
            parsed = self._parsed_holding(holding)
        elif key in bank.mints:
            mint = bank.mints[key]
            may = self._authorities(key)
            owner, data, parsed = mint.program, mint_bytes(mint, *may), _parsed_mint(mint, *may)
        elif key in PROGRAMS:
            owner = NATIVE_LOADER if key in (SYSTEM, COMPUTE) else UPGRADEABLE_LOADER
        else:
            owner, data = self._venue(key)
        shown: object
        if encoding == "jsonParsed" and parsed is not None:
            name = "spl-token-2022" if owner == TOKEN22 else "spl-token"
            shown = {"program": name, "parsed": parsed, "space": len(data)}
        else:
            cut = data
            if piece:
                start = int(piece.get("offset", 0))
                cut = data[start : start + int(piece.get("length", 0))]
            shown = (
                [base58(cut), "base58"] if encoding == "base58" else
                [b64encode(cut).decode(), "base64"]
            )  # fmt: skip
        return {"data": shown, "executable": key in PROGRAMS or (key in STANDING and not data),
                "lamports": lamports, "owner": owner, "rentEpoch": NEVER,
                "space": len(data)}  # fmt: skip

    def _venue(self, key: str) -> tuple[str, bytes]:
        world = self.chain.world
        if self.step != world.steps:
            known = (*world.graveyard.values(), *world.tokens.values())
            self.step, self.venues = world.steps, {token.venue.address: token for token in known}
        token = self.venues.get(key)
        if token is None:
            return SYSTEM, b""
        if isinstance(token.venue, Curve):
            return PUMP, curve_bytes(token.venue)
        if isinstance(token.venue, SwapPool):
            shares = shares_of(world.bank, token.venue)
            return PUMPSWAP, pool_bytes(token.venue, token.mint, shares)
        return RAYDIUM, bytes(752)

    def _authorities(self, mint: str) -> tuple[str | None, str | None]:
        """Give who may mint and who may freeze."""
        quarter = self.chain.world.quarter
        return quarter.authorities.get(mint, (None, None)) if quarter else (None, None)

    def _parsed_holding(self, holding: TokenAccount) -> Json:
        decimals = self.chain.world.bank.mints[holding.mint].decimals
        native = holding.mint == "So11111111111111111111111111111111111111112"
        info: Json = {
            "isNative": native, "mint": holding.mint, "owner": holding.owner,
            "state": "initialized", "tokenAmount": ui_amount(holding.amount, decimals),
        }  # fmt: skip
        if native:
            info["rentExemptReserve"] = ui_amount(1_488_440, 9)
        if holding.program == TOKEN22:
            info["extensions"] = [{"extension": "immutableOwner"}]
        return {"info": info, "type": "account"}

    def get_account_info(self, params: list[Any]) -> Json:
        """Answer getAccountInfo."""
        key, config = address(params[0] if params else None), options(params, 1)
        encoding = str(config.get("encoding", "base58"))
        return self._wrap(self.account(key, encoding, config.get("dataSlice")))

    def get_multiple_accounts(self, params: list[Any]) -> Json:
        """Answer getMultipleAccounts."""
        wanted, config = params[0] if params else None, options(params, 1)
        if not isinstance(wanted, list) or len(wanted) > MOST_ACCOUNTS:
            raise bad_params(f"Too many inputs provided; max {MOST_ACCOUNTS}")
        encoding = str(config.get("encoding", "base64"))
        piece = config.get("dataSlice")
        return self._wrap([self.account(address(key), encoding, piece) for key in wanted])

    def get_balance(self, params: list[Any]) -> Json:
        """Answer getBalance."""
        key = address(params[0] if params else None)
        return self._wrap(self.chain.world.bank.lamports.get(key, 0))

    def _mint(self, params: list[Any]) -> Mint:
        mint = self.chain.world.bank.mints.get(address(params[0] if params else None))
        if mint is None:
            raise bad_params("Invalid param: not a Token mint")
        return mint

    def get_token_supply(self, params: list[Any]) -> Json:
        """Answer getTokenSupply."""
        mint = self._mint(params)
        return self._wrap(ui_amount(mint.supply, mint.decimals))

    def get_token_largest_accounts(self, params: list[Any]) -> Json:
        """Answer getTokenLargestAccounts: token accounts, not owners."""
        mint = self._mint(params)
        rows = [{"address": held.key, **ui_amount(held.amount, mint.decimals)}
                for held in self.chain.holders.of(mint.address)[:MOST_HOLDERS]]  # fmt: skip
        return self._wrap(rows)

    def get_token_account_balance(self, params: list[Any]) -> Json:
        """Answer getTokenAccountBalance."""
        bank = self.chain.world.bank
        holding = bank.tokens.get(address(params[0] if params else None))
        if holding is None:
            raise bad_params("Invalid param: could not find account")
        return self._wrap(ui_amount(holding.amount, bank.mints[holding.mint].decimals))

    def get_token_accounts_by_owner(self, params: list[Any]) -> Json:
        """Answer getTokenAccountsByOwner by program or by mint."""
        owner = address(params[0] if params else None)
        chosen, config = options(params, 1), options(params, 2)
        if ("mint" in chosen) == ("programId" in chosen):
            raise bad_params("Invalid params: give either mint or programId.")
        bank = self.chain.world.bank
        encoding = str(config.get("encoding", "base64"))
        rows = []
        for key in sorted(bank.owned.get(owner, ())):
            holding = bank.tokens[key]
            if holding.mint == chosen.get("mint") or holding.program == chosen.get("programId"):
                rows.append({"pubkey": key, "account": self.account(key, encoding)})
        return self._wrap(rows)


def _parsed_mint(mint: Mint, minter: str | None, freezer: str | None) -> Json:
    info: Json = {"decimals": mint.decimals, "freezeAuthority": freezer, "isInitialized": True,
                  "mintAuthority": minter, "supply": str(mint.supply)}  # fmt: skip
    if mint.program == TOKEN22:
        info["extensions"] = [
            {"extension": "metadataPointer",
             "state": {"authority": None, "metadataAddress": mint.address}},
        ]  # fmt: skip
    return {"info": info, "type": "mint"}


def token_bytes(holding: TokenAccount) -> bytes:
    """Serialise a token account (165 bytes, 170 under Token-2022)."""
    native = holding.mint == "So11111111111111111111111111111111111111112"
    data = raw(holding.mint) + raw(holding.owner) + struct.pack("<Q", holding.amount)
    data += bytes(36) + b"\x01"
    data += struct.pack("<IQ", 1, 1_488_440) if native else bytes(12)
    data += bytes(8 + 36)
    return data + (b"\x02\x07\x00\x00\x00" if holding.program == TOKEN22 else b"")


def mint_bytes(mint: Mint, minter: str | None, freezer: str | None) -> bytes:
    """Serialise a mint with those who may mint and freeze."""
    data = _option(minter) + struct.pack("<QBB", mint.supply, mint.decimals, 1) + _option(freezer)
    if mint.program != TOKEN22:
        return data
    pointer = struct.pack("<HH", 18, 64) + bytes(32) + raw(mint.address)
    return data + bytes(83) + b"\x01" + pointer


def _option(key: str | None) -> bytes:
    return bytes(36) if key is None else struct.pack("<I", 1) + raw(key)


def curve_bytes(curve: Curve) -> bytes:
    """Serialise a BondingCurve account."""
    data = CURVE_ACCOUNT + struct.pack(
        "<5Q", curve.virtual_tokens, curve.virtual_sol, curve.real_tokens, curve.real_sol,
        TOTAL_SUPPLY,
    )  # fmt: skip
    data += bytes((curve.complete,)) + raw(curve.creator) + b"\x00\x00" + bytes(32)
    return (data + struct.pack("<Q", 30)).ljust(151, b"\x00")


def pool_bytes(pool: SwapPool, mint: str, shares: int) -> bytes:
    """Serialise a PumpSwap Pool account."""
    wrapped = "So11111111111111111111111111111111111111112"
    data = POOL_ACCOUNT + b"\xff\x00\x00" + raw(pool.creator) + raw(mint) + raw(wrapped)
    data += raw(pool.lp_mint) + raw(pool.base_vault) + raw(pool.quote_vault)
    data += struct.pack("<Q", shares) + raw(pool.creator) + b"\x00\x00" + bytes(16)
    return (data + struct.pack("<Q", 30)).ljust(300, b"\x00")
