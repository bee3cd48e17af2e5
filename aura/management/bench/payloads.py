"""Transactions to measure with: recorded, from a running sandbox, or kept by this installation."""

import csv
import io
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from solders.signature import Signature

from aura.core import exact
from aura.core.errors import ProviderError, Refused
from aura.core.http import request_text
from aura.management.bench.report import Report
from wallets.domain.decode import decode
from wallets.domain.parse import parse
from wallets.domain.sources import Payload
from wallets.domain.values import Undecodable
from wallets.models import RawTransaction
from wallets.providers import transaction_source

A_WALLET: Final = 40
RECORDED, SANDBOX, KEPT = "recorded", "sandbox", "kept"


def gather(options: Mapping[str, Any], report: Report) -> dict[str, list[Payload]]:
    """Return the payloads there are, by where they come from; what is missing becomes a note.

    Options: `data` (folder of recorded data), `from_database`, `transactions` (how many at most
    from the sandbox or the database). Raises Refused when there is nothing at all.
    """
    folder, limit = options["data"] or os.environ.get("AURA_DATA", ""), options["transactions"]
    found = {RECORDED: recorded(Path(folder)) if folder else []}
    if not found[RECORDED]:
        report.note("no recorded transactions: name their folder by --data or AURA_DATA")
    if options["from_database"]:
        found[KEPT] = kept(limit)
    else:
        try:
            found[SANDBOX] = from_sandbox(limit)
        except ProviderError as error:
            report.note(f"no transactions of a sandbox: {error}")
    found = {name: payloads for name, payloads in found.items() if payloads}
    if not found:
        raise Refused(
            "No transactions to measure with: start bin/run in the sandbox world, or give --data "
            "or --from-database."
        )
    return found


def recorded(folder: Path) -> list[Payload]:
    """Return the transactions of a folder of recorded data, each in a file of its own."""
    files = sorted((folder / "transactions").glob("*.json"))
    contents = (exact.loads(path.read_bytes()) for path in files)
    return [content for content in contents if isinstance(content, dict) and "meta" in content]


def from_sandbox(limit: int) -> list[Payload]:
    """Return the latest transactions of the sandbox's whales, some of each."""
    if not settings.SANDBOX_URL:
        return []
    text = request_text("sandbox", "GET", settings.SANDBOX_URL, "/wallets.csv")
    source, found = transaction_source(), {}
    for whale in csv.DictReader(io.StringIO(text)):
        page = source.page_latest(whale["address"], cursor=None, limit=A_WALLET)
        for item in page.items:
            found[parse(item).signature] = item
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def kept(limit: int) -> list[Payload]:
    """Return the latest transactions this installation has kept."""
    rows = RawTransaction.objects.order_by("-pk")[:limit]
    return [exact.loads(zlib.decompress(row.payload)) for row in rows]


@dataclass(frozen=True, slots=True)
class Template:
    """A transaction to deliver again and again, each time under another signature."""

    signature: str
    text: str
    payer: str
    slot: int
    failed: bool
    is_trade: bool

    def copy(self) -> tuple[str, str]:
        """Return a signature nobody has seen, and the JSON of the transaction under it."""
        fresh = str(Signature.from_bytes(os.urandom(64)))
        return fresh, self.text.replace(self.signature, fresh)


# A new transaction: its signature, what it was made from, its JSON.
Made = tuple[str, Template, str]


def templates(payloads: Sequence[Payload]) -> list[Template]:
    """Return those of the payloads that a webhook could tell under another signature.

    One whose signature lies in the bytes of its transaction cannot; one without a time did not
    come by a webhook.
    """
    found = (_template(payload) for payload in payloads)
    return [template for template in found if template is not None]


def fresh(made: Sequence[Template], count: int) -> list[Made]:
    """Return so many new transactions, made from each template in turn."""
    chosen = (made[number % len(made)] for number in range(count))
    return [(signature, each, text) for each in chosen for signature, text in [each.copy()]]


def _template(payload: Payload) -> Template | None:
    try:
        read = parse(payload)
        # A webhook tells the place; without it the watcher would ask a node for each of our slots.
        placed = payload if read.tx_index is not None else {**payload, "indexWithinBlock": 0}
        text = json.dumps(placed, separators=(",", ":"), default=str)
        meaning = decode(read)
        payer = read.signers[0]
        is_trade = any(swap.owner == payer for swap in meaning.swaps)
        template = Template(read.signature, text, payer, read.slot or 0, read.failed, is_trade)
        fresh, copied = template.copy()
        is_renamed = parse(json.loads(copied)).signature == fresh
        return template if is_renamed and read.block_time is not None else None
    except Undecodable:
        return None


def body_of(texts: Sequence[str]) -> bytes:
    """Return the body of a raw webhook: an array of transactions."""
    return f"[{','.join(texts)}]".encode()
