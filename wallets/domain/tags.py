"""A user's own words for wallets, written one way so that equal ones are equal."""

import unicodedata
from collections.abc import Iterable
from typing import Final

TAG_LENGTH: Final = 24
MOST_TAGS: Final = 12


def normal_tag(text: str) -> str:
    """Write a tag its one way: lower case, single spaces, no leading #; may come out empty.

    Raises ValueError when it is too long or holds invisible characters or a comma, which
    separates tags.
    """
    # Lower case may undo the normal form, so it comes first.
    folded = unicodedata.normalize("NFKC", text.casefold())
    tidy = " ".join(folded.split()).lstrip("#").strip()
    if len(tidy) > TAG_LENGTH:
        raise ValueError(f"a tag has at most {TAG_LENGTH} characters")
    if "," in tidy or not tidy.isprintable():
        raise ValueError("a tag holds only printable characters and no comma")
    return tidy


def normal_tags(given: Iterable[str]) -> list[str]:
    """Write tags their one way, each once, in alphabetical order; empty ones are left out.

    Raises ValueError for one that is no tag, and for too many.
    """
    tags = sorted({tag for text in given if (tag := normal_tag(text))})
    if len(tags) > MOST_TAGS:
        raise ValueError(f"a wallet has at most {MOST_TAGS} tags")
    return tags
