"""What pages of figures read from the URL; nonsense is the default."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.http import QueryDict

from wallets.domain.addresses import is_address
from wallets.domain.statistics import Window
from wallets.domain.statistics.following import DELAYS, SIZES_USD, USUAL_DELAY, USUAL_SIZE
from wallets.forms import read_id
from wallets.queries.ranking import RANKS, USUAL_RANK

WINDOWS: Final = (
    (Window.DAY, "24 h", "24 hours"),
    (Window.WEEK, "7 d", "7 days"),
    (Window.MONTH, "30 d", "30 days"),
    (Window.ALL, "All", "all time"),
)
STYLES: Final = ("flipper", "scalper", "day", "swing", "holder")
MOST_COMPARED: Final = 5
_BY_NAME: Final = {window.value: window for window in Window}
_MOST_CLOSED: Final = 1_000_000


def read_window(sent: QueryDict) -> Window:
    """Read `window`."""
    return _BY_NAME.get(sent.get("window", ""), Window.ALL)


def read_month(text: str) -> date | None:
    """Read a month (2026-11) and return its first day."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def read_count(text: str, usual: int) -> int:
    """Read a number of things."""
    number = read_id(text)
    return usual if number is None else number


def read_follower(sent: QueryDict) -> tuple[int, int]:
    """Read `delay` in seconds and `size` in USD, of those that are offered."""
    delay = read_count(sent.get("delay", ""), USUAL_DELAY)
    size = read_count(sent.get("size", ""), USUAL_SIZE)
    return (
        delay if delay in DELAYS else USUAL_DELAY,
        size if size in SIZES_USD else USUAL_SIZE,
    )


def read_addresses(sent: QueryDict) -> list[str]:
    """Read the addresses named by `w`, each once, in order; what is no address is left out."""
    named = dict.fromkeys(text.strip()[:64] for text in sent.getlist("w"))
    return [text for text in named if is_address(text)]


@dataclass(frozen=True, slots=True)
class BoardChoice:
    """What a leaderboard shows: `sort` is a key of RANKS, with a minus for the highest first."""

    window: Window
    sort: str
    least: int
    character: str
    style: str

    @property
    def rank(self) -> str:
        """The key of RANKS."""
        return self.sort.removeprefix("-")

    @property
    def narrows(self) -> bool:
        """Whether ranked wallets may be missing."""
        return bool(self.least or self.character or self.style)


def read_board(sent: QueryDict) -> BoardChoice:
    """Read `window`, `sort`, `least` (closed positions), `character` and `style`."""
    sort = sent.get("sort", "")
    style = sent.get("style", "")
    return BoardChoice(
        window=read_window(sent),
        sort=sort if sort.removeprefix("-") in RANKS else f"-{USUAL_RANK}",
        least=min(read_count(sent.get("least", ""), 0), _MOST_CLOSED),
        character=sent.get("character", "").replace("\x00", "").strip()[:16],
        style=style if style in STYLES else "",
    )
