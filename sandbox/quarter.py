"""The bazaar's ground: hundreds of small coins, the strangers who trade them, and its dice."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle
from math import exp, log
from random import Random
from typing import TYPE_CHECKING

from sandbox.addresses import PLATFORMS, TOKEN, TOKEN22, ata, invented
from sandbox.builder import Tables
from sandbox.ground import Ground
from sandbox.plots import KINDS, Plot
from sandbox.tokens import MINUTE, Token, curve_of
from sandbox.venues import TOTAL_SUPPLY, Curve
from sandbox.wallets import CHARACTERS, SOL, Wallet

if TYPE_CHECKING:
    from sandbox.world import World

# Numbers of the usual market's coins and blockhashes must never meet those of the bazaar.
FIRST_COIN, FIRST_BUILT = 1_000_000, 10**9
LEAST_STRANGERS, MOST_STRANGERS = 260, 560
ELDERS, ELDERS_EACH, CREATORS = 120, 28, 12
CURVE_SHARE, RAYDIUM_SHARE = 0.12, 0.25
# A pool as the migration of a curve leaves it; as its price goes, base times quote stays.
GRADUATED_QUOTE, GRADUATED_BASE = 85 * SOL, 206_900_000_000_000
MEAN_GAP = (3.6 * MINUTE, 5.4 * MINUTE)
# In SOL: how deep the pools are that plots of a kind are kept for.
DEPTHS: dict[str, tuple[int, int]] = {
    "high_volume": (400, 700), "top_gainers": (130, 300), "deep_liquidity": (180, 300),
    "micro_caps": (95, 170), "price_momentum": (150, 350), "whale_confluence": (500, 900),
    "dip_reversal": (900, 1_400), "": (78, 1_800),
}  # fmt: skip
STAGED = tuple(kind for kind in KINDS if kind in DEPTHS)
DAY = 24 * 60 * MINUTE


@dataclass(slots=True)
class Stall:
    """A coin of the bazaar and how it is traded. Prices are lamports per raw unit.

    Everyday trade goes round `fair`, which strays a little and returns to `home`. `dust` are
    holders too small to be kept an account for. `turn` tells its valid entry in the agenda.
    """

    token: Token
    home: float
    fair: float
    gap: float
    size: float
    elders: list[str]
    dust: int
    role: str
    holders: list[str] = field(default_factory=list)
    lean: int = 0
    turn: int = 0
    plot: Plot | None = None
    judged: Plot | None = None
    # Market time at which nobody wants it any more; None is never.
    closes: int | None = None
    rested: int = 0

    @property
    def price(self) -> float:
        """Give lamports per raw unit."""
        lamports, units = self.token.venue.price()
        return lamports / units


class Quarter(Ground):
    """Shares accounts, keys and books with the usual market and nothing that decides."""

    def __init__(self, world: World, coins: int) -> None:
        super().__init__(
            world.seed, Random(f"{world.seed}/bazaar"), bank=world.bank, keyring=world.keyring,
            ledger=world.ledger, tables=Tables(label="bazaar table"),
        )  # fmt: skip
        self.launched, self.built = FIRST_COIN, FIRST_BUILT
        self.exchange = self.airdropper = self._person("exchange", 40_000_000 * SOL, "tourist")
        # The wallets worth following visit with their own keys and money, and with other notes.
        self.guests = {
            who: Wallet(who, world.wallets[who].nickname, world.wallets[who].kind, -1)
            for who in world.named
        }
        self.stalls: dict[str, Stall] = {}
        self.authorities: dict[str, tuple[str | None, str | None]] = {}
        self.plots: list[Plot] = []
        self._settle(coins)

    def _person(self, label: str, funds: int, kind: str) -> str:
        # Nobody asks for a stranger's key, and real signatures would cost an eighth of the market.
        address = invented(f"{self.seed}/bazaar/{label}")
        self.bank.grant(address, funds)
        uses = self.rng.random() < CHARACTERS[kind].platform_share
        platform = self.rng.randrange(len(PLATFORMS)) if uses else -1
        self.wallets[address] = Wallet(address, "", kind, platform)
        return address

    def _settle(self, coins: int) -> None:
        rng = self.rng
        number = max(LEAST_STRANGERS, min(MOST_STRANGERS, coins * 3 // 2))
        self.strangers = [
            self._person(f"stranger/{place}", rng.randrange(300, 900) * SOL,
                         "bot" if rng.random() < 0.2 else "tourist")
            for place in range(number)
        ]  # fmt: skip
        self.elders = [self._person(f"elder/{place}", 20 * SOL, "tourist")
                       for place in range(ELDERS)]  # fmt: skip
        self.creators = [self._person(f"creator/{place}", 400 * SOL, "creator")
                         for place in range(CREATORS)]  # fmt: skip
        self.providers = {kind: self._person(f"provider/{kind}", 60_000 * SOL, "tourist")
                          for kind in ("deep_liquidity",)}  # fmt: skip
        staged = max(1, min(7, coins // 45)) * len(STAGED)
        for place, role in zip(range(min(staged, coins)), cycle(STAGED), strict=False):
            self._open(place, role)
        for place in range(staged, coins):
            if rng.random() < CURVE_SHARE:
                self._open_curve()
            else:
                self._open(place, "")

    def _open(self, place: int, role: str) -> None:
        rng, bank = self.rng, self.bank
        raydium = role != "deep_liquidity" and rng.random() < RAYDIUM_SHARE
        program = TOKEN if raydium or rng.random() < 0.3 else TOKEN22
        token = self.coin(program, graduated=True, creator=rng.choice(self.creators))
        least, most = DEPTHS[role]
        deep = exp(rng.uniform(log(least), log(most)))
        more = 1.0 if role else rng.uniform(0.8, 1.6)
        quote = int(deep * SOL)
        base = int(GRADUATED_BASE * (GRADUATED_QUOTE / quote) * more**2)
        self.open_pool(token, base, quote, raydium=raydium, salt=place)
        token.born = token.pair_born = -rng.randrange(DAY // 3, 300 * DAY)
        left = TOTAL_SUPPLY - base
        if role == "deep_liquidity":
            left -= self._hand_out(token, self.providers[role], base * 3 // 4)
        plain = not role and rng.random() < 0.05
        elders = self._old_holders(token, left, crooked=plain)
        if raydium and not role and rng.random() < 0.12:
            who = token.creator
            self.authorities[token.mint] = rng.choice(((who, None), (None, who), (who, who)))
        self._admit(token, elders, role)
        bank.begin()

    def _open_curve(self) -> None:
        rng = self.rng
        token = self.coin(TOKEN22, graduated=False, creator=rng.choice(self.creators))
        sold = self.open_curve(token, int(rng.uniform(19, 66) * SOL))
        elders = rng.sample(self.elders, ELDERS_EACH)
        vault = curve_of(token).vault
        for place, elder in enumerate(elders):
            raw = sold // len(elders) + (sold % len(elders) if not place else 0)
            self.bank.move(vault, self._account(token, elder), raw)
            self.ledger.receive(elder, token.mint, raw)
        token.born = token.pair_born = -rng.randrange(DAY // 8, 3 * DAY)
        self._admit(token, elders, "")

    def _admit(self, token: Token, elders: list[str], role: str) -> None:
        rng = self.rng
        self.register(token)
        dust = rng.randrange(240, 420) if role == "micro_caps" else int(exp(rng.uniform(5, 8)))
        lamports, units = token.venue.price()
        price = lamports / units
        self.stalls[token.mint] = Stall(
            token, price, price, rng.uniform(*MEAN_GAP), rng.uniform(0.0015, 0.004), elders, dust,
            role,
        )  # fmt: skip

    def adopt(self, token: Token) -> Stall:
        """Give a coin that was launched just now its place in the bazaar."""
        self._admit(token, [], "recent_listings")
        stall = self.stalls[token.mint]
        stall.dust, stall.closes = 0, self.now + DAY + 2 * 60 * MINUTE
        return stall

    def _account(self, token: Token, owner: str) -> str:
        key = ata(owner, token.mint, token.program)
        if key not in self.bank.tokens:
            self.bank.open(key, token.mint, owner, None)
        return key

    def _hand_out(self, token: Token, owner: str, raw: int) -> int:
        self.bank.issue(token.mint, self._account(token, owner), raw)
        self.ledger.receive(owner, token.mint, raw)
        return raw

    def _old_holders(self, token: Token, left: int, *, crooked: bool) -> list[str]:
        """Share what the pool does not hold; crooked is the share of one who holds too much."""
        rng = self.rng
        elders = rng.sample(self.elders, ELDERS_EACH)
        weights = [rng.uniform(0.7, 1.3) for _ in elders]
        if crooked:
            weights[0] = 14.0
        total = sum(weights)
        for elder, weight in zip(elders[1:], weights[1:], strict=True):
            left -= self._hand_out(token, elder, int(left * weight / total))
            total -= weight
        self._hand_out(token, elders[0], left)
        return elders

    def depth(self, stall: Stall) -> int:
        """Give the lamports on the quote side, on a curve the virtual ones."""
        venue = stall.token.venue
        return venue.virtual_sol if isinstance(venue, Curve) else venue.quote

    def held(self, stall: Stall, owner: str) -> int:
        """Give the raw units an owner holds of the stall's coin."""
        token = stall.token
        return self.bank.balance(owner, token.mint, ata(owner, token.mint, token.program))
