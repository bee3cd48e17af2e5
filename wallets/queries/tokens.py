"""Tokens as a page may show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aura.core.solana import USDC, WSOL, short
from market.models import Token

_LABEL_LENGTH: Final = 12
_NAME_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as a page may show it: names cut short and freed of invisible characters.

    `decimals` is None for a mint nobody has described yet; then only raw units can be shown.
    """

    mint: str
    symbol: str
    name: str
    decimals: int | None

    @property
    def label(self) -> str:
        """The symbol, or the shortened mint where there is none."""
        return self.symbol or short(self.mint)

    @property
    def short(self) -> str:
        """The mint, shortened: a symbol proves nothing, the mint does."""
        return short(self.mint)


# Names only these mints may bear without their address beside them.
_KNOWN: Final = {
    str(WSOL): TokenView(str(WSOL), "SOL", "Solana", 9),
    str(USDC): TokenView(str(USDC), "USDC", "USD Coin", 6),
}


def _visible(text: str, length: int) -> str:
    tidy = "".join(c for c in text if c.isprintable()).strip()
    return tidy if len(tidy) <= length else tidy[: length - 1].rstrip() + "…"


def tokens_of(mints: Iterable[str]) -> dict[str, TokenView]:
    """Return a view of every mint, by mint, in one query."""
    wanted = set(mints)
    views = {mint: _KNOWN.get(mint) or TokenView(mint, "", "", None) for mint in wanted}
    for token in Token.objects.filter(pk__in=wanted - _KNOWN.keys()):
        views[token.mint] = TokenView(
            token.mint,
            _visible(token.symbol, _LABEL_LENGTH),
            _visible(token.name, _NAME_LENGTH),
            token.decimals,
        )
    return views
