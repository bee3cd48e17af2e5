"""How a vendor's items become readings: a bad one is counted and never costs the others."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from aura.core.errors import Garbled, ProviderError
from market.domain.sources import Listed, Told

Reading = TypeVar("Reading")

log = logging.getLogger(__name__)

# So many readings without the one figure all of them should have: the vendor has renamed it.
_TOO_MANY_WITHOUT: Final = 5


class OddError(ValueError):
    """An item that is not what the vendor promises."""


def gathered(
    vendor: str,
    what: str,
    items: Iterable[Any],
    read: Callable[[Any], Reading | None],
    *,
    needed: Callable[[Reading], object] | None = None,
) -> Told[Reading]:
    """Read items one by one; `read` gives None for one not asked for and raises OddError.

    Raises Garbled when none is readable though some are odd, or when five or more readings lack
    what `needed` gives: then it is the shape that has changed, not an item.
    """
    found: list[Reading] = []
    odd = 0
    for item in items:
        try:
            reading = read(item)
        except OddError:
            odd += 1
            continue
        if reading is not None:
            found.append(reading)
    if odd and not found:
        raise Garbled(vendor, f"{what}: none of {odd} is readable")
    if (
        needed is not None
        and len(found) >= _TOO_MANY_WITHOUT
        and all(needed(one) is None for one in found)
    ):
        raise Garbled(vendor, f"{what}: none of {len(found)} tells its price")
    return Told(tuple(found), odd)


def listed(vendor: str, what: str, answer: Any) -> list[Any]:
    """Read a bare list; null is an empty one. Raises Garbled for anything else."""
    if answer is None:
        return []
    if not isinstance(answer, list):
        raise Garbled(vendor, f"{what} answered no list")
    return answer


def from_lists(lists: Mapping[str, Callable[[], Told[str]]]) -> Told[Listed]:
    """Ask for each list by its name; one that cannot be had is left out, logged and counted.

    Raises the last error when none can be had.
    """
    found: list[Listed] = []
    odd = failed = 0
    for name, ask in lists.items():
        try:
            told = ask()
        except ProviderError as error:
            failed += 1
            if failed == len(lists):
                raise
            log.warning("list %r is missing: %s", name, error)
            continue
        found += [Listed(mint, name) for mint in dict.fromkeys(told)]
        odd += told.odd
    return Told(tuple(found), odd + failed)
