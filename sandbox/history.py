"""RPC methods over past transactions, those of Helius included."""

from __future__ import annotations

import hashlib
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from sandbox.chain import Chain
from sandbox.encode import ENCODINGS, error, render
from sandbox.engine import FINALITY_SLOTS
from sandbox.record import Record, unpack
from sandbox.rpc_errors import RpcError, bad_params, unsupported_version
from sandbox.store import ACCOUNT_SEEN, BALANCE_CHANGED, REFERENCED, VISIBLE

Json = dict[str, Any]
OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}
SCOPES = {
    "none": REFERENCED,
    "balanceChanged": REFERENCED | BALANCE_CHANGED,
    "all": REFERENCED | BALANCE_CHANGED | ACCOUNT_SEEN,
}
MOST_ROWS = 1000
MOST_STATUSES = 256
# A node keeps statuses of so many slots; older ones are only searched for when asked.
RECENT_SLOTS = 300


def address(value: object) -> str:
    """Check that a parameter is an address."""
    try:
        return str(Pubkey.from_string(value if isinstance(value, str) else ""))
    except ValueError:
        raise bad_params("Invalid param: WrongSize") from None


def options(params: list[Any], place: int) -> Json:
    """Give the configuration object at a place of the parameters, empty when missing."""
    found = params[place] if len(params) > place else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise bad_params("Invalid params: expected an object.")
    return found


def whole(value: object, name: str, least: int, most: int) -> int:
    """Check that an option is an integer within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_params(f"Invalid {name}: expected an integer from {least} to {most}.")
    return value


def _bounds(filters: Json, name: str) -> list[tuple[str, Any]]:
    bounds = filters.get(name) or {}
    if not isinstance(bounds, dict):
        raise bad_params(f"Invalid filters: {name} must be an object.")
    return list(bounds.items())


class History:
    """Reads the store only, so it may be called from any thread."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.store = chain.store

    def _there(self, config: Json, tip: int) -> tuple[list[str], list[Any]]:
        """Give the conditions of being there at all, at the wanted commitment."""
        return ["tx.slot <= ?", VISIBLE], [self._newest(config, tip), tip, tip]

    def _newest(self, config: Json, tip: int) -> int:
        # One answer knows one tip: read twice, a phantom could be seen as final in between.
        commitment = config.get("commitment", "finalized")
        if commitment == "finalized":
            return tip - FINALITY_SLOTS
        if commitment == "confirmed":
            return tip
        raise bad_params("Method does not support commitment below `confirmed`")

    def _render(self, record: Record, config: Json) -> Json:
        encoding = config.get("encoding", "json")
        if encoding not in ENCODINGS:
            raise bad_params(f"unknown variant `{encoding}`")
        highest = config.get("maxSupportedTransactionVersion")
        if record.version >= 0 and (not isinstance(highest, int) or highest < record.version):
            raise unsupported_version(record.version)
        return render(record, encoding)

    def _config(self, params: list[Any]) -> Json:
        # The RPC also takes the encoding alone as a string.
        if len(params) > 1 and isinstance(params[1], str):
            return {"encoding": params[1]}
        return options(params, 1)

    def get_transaction(self, params: list[Any]) -> Json | None:
        """Answer getTransaction."""
        config, tip = self._config(params), self.chain.tip()
        newest = self._newest(config, tip)
        if not params or not isinstance(params[0], str):
            raise bad_params("Invalid param: WrongSize")
        record = self.store.record(params[0], tip)
        if record is None or record.slot > newest:
            return None
        return self._render(record, config)

    def get_signatures_for_address(self, params: list[Any]) -> list[Json]:
        """Answer getSignaturesForAddress; activity of token accounts alone is not in it."""
        key, config = address(params[0] if params else None), options(params, 1)
        limit, tip = whole(config.get("limit", MOST_ROWS), "limit", 1, MOST_ROWS), self.chain.tip()
        where, values = self._there(config, tip)
        for name, operator in (("before", "<"), ("until", ">")):
            if config.get(name) is not None:
                place = self.store.place(str(config[name]), tip)
                if place is None and name == "before":
                    return []
                where.append(f"tx.id {operator} ?")
                values.append(place or 0)
        rows = self._select(key, REFERENCED, where, values, "DESC", limit)
        return [self._line(unpack(row[3]), tip, indexed=False) for row in rows]

    def _select(
        self, key: str, scope: int, where: list[str], values: list[Any], order: str, limit: int
    ) -> list[tuple[Any, ...]]:
        conditions = " AND ".join(["a.text = ?", "touch.how & ? != 0", *where])
        # The conditions are our own text; every value is bound.
        query = (
            "SELECT tx.id, tx.slot, tx.place, tx.body FROM address a "  # noqa: S608
            "JOIN touch ON touch.address = a.id JOIN tx ON tx.id = touch.tx "
            f"WHERE {conditions} ORDER BY touch.tx {order} LIMIT ?"
        )
        return self.store.rows(query, [key, scope, *values, limit])

    def _line(self, record: Record, tip: int, *, indexed: bool) -> Json:
        final = record.slot <= tip - FINALITY_SLOTS
        line: Json = {
            "signature": record.signature, "slot": record.slot, "err": error(record),
            "memo": None, "blockTime": record.time,
            "confirmationStatus": "finalized" if final else "confirmed",
        }  # fmt: skip
        if indexed:
            line["transactionIndex"] = record.index
        return line

    def get_transactions_for_address(self, params: list[Any]) -> Json:
        """Answer Helius' getTransactionsForAddress."""
        key, config = address(params[0] if params else None), options(params, 1)
        details = config.get("transactionDetails", "signatures")
        if details not in ("signatures", "full"):
            raise bad_params(f"Invalid transactionDetails: {details}")
        order = {"asc": "ASC", "desc": "DESC"}.get(str(config.get("sortOrder", "desc")))
        if order is None:
            raise bad_params("Invalid sortOrder: expected asc or desc.")
        limit, tip = whole(config.get("limit", MOST_ROWS), "limit", 1, MOST_ROWS), self.chain.tip()
        where, values, scope = self._filters(config, tip)
        token = config.get("paginationToken")
        if token is not None:
            slot, place = self._position(token)
            where.append(f"(tx.slot, tx.place) {'>' if order == 'ASC' else '<'} (?, ?)")
            values += [slot, place]
        rows = self._select(key, scope, where, values, order, limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        records = [unpack(row[3]) for row in rows]
        if details == "full":
            data = [{**self._render(r, config), "transactionIndex": r.index} for r in records]
        else:
            data = [self._line(record, tip, indexed=True) for record in records]
        following = f"{rows[-1][1]}:{rows[-1][2]}" if more else None
        return {"data": data, "paginationToken": following}

    def _position(self, token: object) -> tuple[int, int]:
        slot, _, place = str(token).partition(":")
        if not (slot.isdigit() and place.isdigit() and len(slot) < 19 and len(place) < 19):
            raise bad_params("Invalid paginationToken: expected slot:position.")
        return int(slot), int(place)

    def _filters(self, config: Json, tip: int) -> tuple[list[str], list[Any], int]:
        filters = config.get("filters") or {}
        if not isinstance(filters, dict):
            raise bad_params("Invalid filters: expected an object.")
        unknown = set(filters) - {"status", "tokenAccounts", "slot", "blockTime", "signature"}
        if unknown:
            raise bad_params(f"Invalid filters: unknown field {sorted(unknown)[0]}")
        scope = SCOPES.get(str(filters.get("tokenAccounts", "none")))
        status = filters.get("status", "any")
        if scope is None or status not in ("any", "succeeded", "failed"):
            raise bad_params("Invalid filters: status or tokenAccounts.")
        where, values = self._there(config, tip)
        if status != "any":
            where.append("tx.failed = ?")
            values.append(int(status == "failed"))
        for name, column in (("slot", "tx.slot"), ("blockTime", "tx.time")):
            for operator, bound in _bounds(filters, name):
                if operator not in OPERATORS:
                    raise bad_params(f"Invalid filters: {name}.{operator}")
                where.append(f"{column} {OPERATORS[operator]} ?")
                values.append(whole(bound, name, 0, 2**62))
        for operator, bound in _bounds(filters, "signature"):
            place = self.store.place(str(bound), tip)
            if operator not in OPERATORS or place is None:
                raise bad_params("Invalid filters: signature.")
            where.append(f"tx.id {OPERATORS[operator]} ?")
            values.append(place)
        return where, values, scope

    def get_signature_statuses(self, params: list[Any]) -> Json:
        """Answer getSignatureStatuses."""
        wanted = params[0] if params else None
        if not isinstance(wanted, list) or len(wanted) > MOST_STATUSES:
            raise bad_params(f"Too many inputs provided; max {MOST_STATUSES}")
        everywhere = options(params, 1).get("searchTransactionHistory", False)
        tip = self.chain.tip()
        value: list[Json | None] = []
        for signature in wanted:
            record = self.store.record(str(signature), tip)
            if record is None or not (everywhere or record.slot > tip - RECENT_SLOTS):
                value.append(None)
                continue
            settled = record.slot <= tip - FINALITY_SLOTS
            problem = error(record)
            value.append({
                "slot": record.slot, "err": problem,
                "confirmations": None if settled else tip - record.slot,
                "status": {"Ok": None} if problem is None else {"Err": problem},
                "confirmationStatus": "finalized" if settled else "confirmed",
            })  # fmt: skip
        return {"context": {"slot": tip, "apiVersion": "3.1.4"}, "value": value}

    def get_block(self, params: list[Any]) -> Json | None:
        """Answer getBlock; a slot without transactions is an empty block."""
        slot, config = whole(params[0] if params else None, "slot", 0, 2**62), options(params, 1)
        tip = self.chain.tip()
        if slot > self._newest(config, tip):
            raise RpcError(-32004, f"Block not available for slot {slot}")
        first = self.chain.engine.slot_at(self.chain.engine.start_ms)
        if slot < first:
            raise RpcError(-32001, f"Block {slot} cleaned up, does not exist on node.")
        rows = self.store.rows(
            f"SELECT body FROM tx WHERE slot = ? AND {VISIBLE} ORDER BY place",  # noqa: S608
            (slot, tip, tip),
        )
        records = [unpack(row[0]) for row in rows]
        block: Json = {
            "blockHeight": slot - first, "blockTime": self.block_time(slot),
            "blockhash": records[0].blockhash if records else "1" * 32, "parentSlot": slot - 1,
            "previousBlockhash": "1" * 32,
        }  # fmt: skip
        details = config.get("transactionDetails", "full")
        if details == "signatures":
            ours = {record.index: record.signature for record in records}
            block["signatures"] = [
                ours.get(place) or _of_others(slot, place)
                for place in range(max(ours, default=-1) + 1)
            ]
        elif details == "full":
            shown = [self._render(record, config) for record in records]
            block["transactions"] = [
                {"transaction": one["transaction"], "meta": one["meta"], "version": one["version"]}
                for one in shown
            ]
        return block

    def get_first_available_block(self, _params: list[Any]) -> int:
        """Answer getFirstAvailableBlock: the oldest slot still kept."""
        oldest = self.store.rows("SELECT min(slot) FROM tx")[0][0]
        engine = self.chain.engine
        return int(oldest) if self.store.pruned > 1 else engine.slot_at(engine.start_ms)

    def block_time(self, slot: int) -> int:
        """Give the unix seconds of a slot."""
        rows = self.store.rows("SELECT time FROM tx WHERE slot = ? LIMIT 1", (slot,))
        if rows:
            return int(rows[0][0])
        engine = self.chain.engine
        from_start = slot - engine.slot_at(engine.start_ms)
        return (engine.start_ms + from_start * 270) // 1000


def _of_others(slot: int, place: int) -> str:
    """Give the signature of one of the block's transactions that are none of our market's."""
    return str(Signature(hashlib.sha512(f"{slot}/{place}".encode()).digest()))
