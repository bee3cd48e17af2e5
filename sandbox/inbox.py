"""The inbox where outgoing mail of a sandbox installation arrives, as a page and as JSON."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from html import escape
from typing import Any

from sandbox.store import Store

Json = dict[str, Any]
SHOWN = 50
KEPT = 500
LINK = re.compile(r"https?://[^\s<>&\"']+(?:&amp;[^\s<>&\"']+)*")
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;
color:#1d2330;background:#f6f7f9}article{background:#fff;border:1px solid #dfe3ea;border-radius:8px;
padding:1rem 1.25rem;margin:1rem 0}h1{font-size:1.4rem}h2{font-size:1.05rem;margin:0}
p.meta{color:#5b6475;font-size:.875rem;margin:.25rem 0 .75rem}pre{white-space:pre-wrap;
overflow-wrap:anywhere;font:inherit;margin:0}@media(prefers-color-scheme:dark){body{
background:#12151b;color:#e6e9ef}article{background:#1a1f28;border-color:#2b3240}
p.meta{color:#9aa4b5}a{color:#8ab4ff}}"""


def keep(store: Store, raw: bytes, envelope: str, now: int) -> None:
    """Keep one RFC 822 message; only the latest few hundred stay."""
    store.write(
        "INSERT INTO mail (envelope, received, body) VALUES (?, ?, ?)", (envelope, now, raw)
    )
    store.write("DELETE FROM mail WHERE id <= (SELECT max(id) FROM mail) - ?", (KEPT,))


def read(store: Store) -> list[Json]:
    """Give the latest messages, newest first."""
    rows = store.rows(
        "SELECT id, envelope, received, body FROM mail ORDER BY id DESC LIMIT ?", (SHOWN,)
    )
    return [_parsed(*row) for row in rows]


def _parsed(number: int, envelope: str, received: int, body: bytes) -> Json:
    message = message_from_bytes(body, policy=default)
    try:
        part = message.get_body(preferencelist=("plain", "html"))
        text = str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, KeyError, AttributeError):
        text = body.decode("utf-8", "replace")
    return {
        "id": number, "envelope_to": envelope, "received": received,
        "from": str(message.get("From", "")), "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")), "text": text,
    }  # fmt: skip


def page(mails: list[Json]) -> str:
    """Give the inbox as a page; everything from a mail is escaped, links can be clicked."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Sandbox inbox</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}</style></head><body><main><h1>Sandbox inbox</h1>"
        "<p>Mail that this installation sent. Nothing here left the machine.</p>"
    ]
    if not mails:
        parts.append("<p>No mail yet.</p>")
    for mail in mails:
        text = LINK.sub(_anchor, escape(mail["text"]))
        parts.append(
            f"<article><h2>{escape(mail['subject']) or '(no subject)'}</h2>"
            f"<p class='meta'>to {escape(mail['envelope_to'] or mail['to'])} · "
            f"from {escape(mail['from'])}</p><pre>{text}</pre></article>"
        )
    return "".join(parts) + "</main></body></html>"


def _anchor(found: re.Match[str]) -> str:
    # The text was escaped already, so the address is safe inside a quoted attribute.
    return f'<a href="{found[0]}" rel="noreferrer">{found[0]}</a>'
