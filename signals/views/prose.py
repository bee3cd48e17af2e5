"""Our own documents as HTML: the part of Markdown they are written in, everything escaped."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

_INLINE: Final = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*]+)\*|\[(?P<words>[^\]]+)\]\((?P<to>[^)]+)\)"
)
_ITEM: Final = re.compile(r"^(?:[-*]|\d+\.) +")


@lru_cache(maxsize=8)
def page_of(name: str) -> SafeString:
    """Return a document of `docs/` as HTML, without its title; FileNotFoundError without it."""
    return html_of((Path(settings.BASE_DIR) / "docs" / name).read_text())


def html_of(text: str) -> SafeString:
    """Return Markdown as HTML: headings, paragraphs, lists, tables, code blocks, inline marks.

    The title is left out; the other headings go down a level and get an anchor each.
    """
    return mark_safe("\n".join(_block(lines) for lines in _blocks(text)))  # noqa: S308  # escaped


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield blocks of lines that an empty line, a heading or a new kind of block ends."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        ends = not line.strip() or line.startswith("#") or (block and block[0].startswith("#"))
        if ends and block:
            yield block
            block = []
        if line.strip():
            block.append(line)


def _block(lines: list[str]) -> SafeString:
    first = lines[0]
    if first.startswith("# "):
        return mark_safe("")
    if first.startswith("#"):
        words = first.lstrip("#").strip()
        level = min(4, 1 + len(first) - len(first.lstrip("#")))
        return format_html('<h{0} id="{1}">{2}</h{0}>', level, slugify(words), _inline(words))
    if first.startswith("    "):
        return format_html("<pre><code>{}</code></pre>", "\n".join(line[4:] for line in lines))
    if first.startswith("|"):
        return _table(lines)
    if _ITEM.match(first):
        return _list(lines)
    return format_html("<p>{}</p>", _inline(" ".join(line.strip() for line in lines)))


def _list(lines: list[str]) -> SafeString:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line))
        else:
            items[-1] += f" {line.strip()}"
    kind = "ol" if lines[0][0].isdigit() else "ul"
    rows = format_html_join("", "<li>{}</li>", ((_inline(item),) for item in items))
    return format_html("<{0}>{1}</{0}>", kind, rows)


def _table(lines: list[str]) -> SafeString:
    rows = [_cells(line) for line in lines if not re.fullmatch(r"[|\s:-]+", line)]
    head = format_html_join("", '<th scope="col">{}</th>', ((_inline(c),) for c in rows[0]))
    body = format_html_join("", "<tr>{}</tr>", ((_row(rows[0], row),) for row in rows[1:]))
    return format_html(
        '<div class="table-box scrolls"><table><thead><tr>{}</tr></thead><tbody>{}</tbody>'
        "</table></div>",
        head, body,
    )  # fmt: skip


def _row(heads: list[str], cells: list[str]) -> SafeString:
    first = format_html('<th scope="row">{}</th>', _inline(cells[0]))
    rest = zip(heads[1:], cells[1:], strict=False)
    others = format_html_join(
        "", '<td data-label="{}">{}</td>', ((head, _inline(cell)) for head, cell in rest)
    )
    return first + others


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _inline(text: str) -> SafeString:
    """Escape a text and mark code, strong, emphasis and links that lead outside."""
    parts: list[str] = []
    end = 0
    for found in _INLINE.finditer(text):
        parts.append(conditional_escape(text[end : found.start()]))
        parts.append(_marked(found))
        end = found.end()
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  # every part is escaped


def _marked(found: "re.Match[str]") -> SafeString:
    if found["code"]:
        return format_html("<code>{}</code>", found["code"])
    if found["strong"]:
        return format_html("<strong>{}</strong>", _inline(found["strong"]))
    if found["em"]:
        return format_html("<em>{}</em>", found["em"])
    if not found["to"].startswith(("https://", "http://")):
        return format_html("{}", found["words"])
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', found["to"], found["words"])
