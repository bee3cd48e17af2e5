"""Start the sandbox: python -m sandbox --port 8899 --state FOLDER --seed 7 --faults all."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import uvicorn

from sandbox.chain import Chain
from sandbox.faults import BadFaultsError, Faults
from sandbox.server import Server
from sandbox.serving import config
from sandbox.wallets import USUAL_WALLETS

MOST_HOURS, MOST_WALLETS, MOST_COINS = 240, 20_000, 2_000
USUAL_COINS = 350
# Most of what is made is kept for long; looking through it all the time costs a fifth of the start.
FEW_COLLECTIONS = (50_000, 20, 50)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--state", type=Path, help="folder of the world; memory when not given")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--hours", type=float, default=6.0, help="hours of history at first start")
    parser.add_argument("--wallets", type=int, default=USUAL_WALLETS, help="how many actors")
    parser.add_argument("--stretch", type=int, default=1, help="the history takes so much longer")
    parser.add_argument("--coins", type=int, default=USUAL_COINS, help="coins of the bazaar")
    parser.add_argument("--fresh", action="store_true", help="throw an existing world away")
    parser.add_argument("--faults", help="what goes wrong: all, or a JSON file as for /faults")
    chosen = parser.parse_args()
    if not 0 < chosen.speed <= 10_000:
        parser.error("speed must be above 0")
    if chosen.stretch < 1 or not 0 <= chosen.hours <= MOST_HOURS * chosen.stretch:
        parser.error(f"hours must be from 0 to {MOST_HOURS} times the stretch of at least 1")
    if not USUAL_WALLETS <= chosen.wallets <= MOST_WALLETS:
        parser.error(f"wallets must be from {USUAL_WALLETS} to {MOST_WALLETS}")
    if not 0 <= chosen.coins <= MOST_COINS:
        parser.error(f"coins must be from 0 to {MOST_COINS}")
    return chosen


def take_faults(faults: Faults, chosen: str) -> None:
    """Switch faults on from the start; ends the program when they make no sense."""
    try:
        told = {"all": True} if chosen == "all" else json.loads(Path(chosen).read_text())
        faults.update(told)
    except (OSError, ValueError, BadFaultsError) as error:
        sys.exit(f"sandbox: --faults {chosen}: {error}")


def main() -> None:
    """Make or wake the world, then serve until SIGTERM."""
    chosen = arguments()
    if chosen.fresh and chosen.state is not None:
        for name in ("sandbox.sqlite3", "sandbox.sqlite3-wal", "sandbox.sqlite3-shm"):
            (chosen.state / name).unlink(missing_ok=True)
    gc.set_threshold(*FEW_COLLECTIONS)
    began = time.monotonic()
    chain = Chain(
        seed=chosen.seed, speed=chosen.speed, hours=chosen.hours, folder=chosen.state,
        wallets=chosen.wallets, stretch=chosen.stretch, coins=chosen.coins,
    )  # fmt: skip
    if chosen.faults is not None:
        take_faults(chain.faults, chosen.faults)
    print(
        f"sandbox: world of seed {chain.world.seed} with {chain.store.last_id} transactions ready "
        f"in {time.monotonic() - began:.1f} s, serving on http://{chosen.host}:{chosen.port}",
        flush=True,
    )
    # uvicorn raises the signal again once it has shut down; that is a clean end here.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = config(Server(chain).app, host=chosen.host, port=chosen.port)
    server = uvicorn.Server(settings)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)


if __name__ == "__main__":
    main()
