"""bin/run: brings AURA up from nothing, keeps it running, and takes it down in order."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from stack import bootstrap, environment, layout, leftovers, ports, processes, services
from stack.house import House
from stack.locks import FileLock
from stack.trouble import Trouble, of_os_error

CHECK_LIMIT = 90.0


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the options of bin/run."""
    parser = argparse.ArgumentParser(prog="bin/run", description="Set AURA up and start it.")
    parser.add_argument("--world", choices=environment.WORLDS, help="kept from the first start on")
    parser.add_argument("--port", type=_port, help="default: 8000, or the next free one")
    parser.add_argument("--host", default="127.0.0.1", help="where the web listens")
    parser.add_argument("--check", action="store_true", help="prove it works, then stop")
    parser.add_argument("--fresh", action="store_true", help="use a temporary state folder")
    parser.add_argument("--speed", type=_positive, default=1.0, help="sandbox time, times real")
    parser.add_argument("--seed", type=int, help="which sandbox market")
    parser.add_argument("--hours", type=_positive, help="sandbox history at the first start")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65_536:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return port


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


def main(argv: list[str]) -> int:
    """Run until Ctrl-C (exit 0), or with --check until the proof is in (exit 0 or 1)."""
    began = float(os.environ.pop("AURA_RUN_BEGAN", "") or time.time())
    options = arguments(argv)
    os.environ["AURA_RUN_BEGAN"] = str(began)
    bootstrap.enter(bootstrap.RUNTIME, "run", argv)
    del os.environ["AURA_RUN_BEGAN"]
    clock = Stopwatch(began)
    if not options.fresh:
        return _run(options, layout.state_dir(), clock, throwaway=False)
    state = layout.claim(Path(tempfile.mkdtemp(prefix="aura-fresh-")))
    try:
        return _run(options, state, clock, throwaway=True)
    finally:
        shutil.rmtree(state, ignore_errors=True)


class Stopwatch:
    """Says how long each step took, counted from the moment the command was given."""

    def __init__(self, began: float) -> None:
        self.began = self.last = began

    def lap(self, step: str) -> str:
        """Return one line with the seconds of the step that just ended."""
        now = time.time()
        spent, self.last = now - self.last, now
        return f"{step:<12} {spent:6.1f} s   (at {now - self.began:.1f} s)"

    @property
    def left(self) -> float:
        """Seconds until --check gives up."""
        return CHECK_LIMIT - (time.time() - self.began)


def _run(options: argparse.Namespace, state: Path, clock: Stopwatch, *, throwaway: bool) -> int:
    running = FileLock(state / "run.lock")
    if not running.take():
        raise Trouble("AURA is running on this state already; stop it, or add --fresh")
    world = environment.choose_world(options.world, state, os.environ)
    copy = state / "log" / "check.log" if options.check else None
    log = processes.to_terminal(copy)
    log.say(clock.lap("environment"))
    supervisor = processes.Supervisor(log, began=clock.began)
    supervisor.catch_signals()
    if options.check:
        supervisor.deadline = clock.began + CHECK_LIMIT
    house = held = None
    try:
        leftovers.clear(state, log.say)
        port = ports.choose(options.host, options.port)
        house = House(state, supervisor, host=options.host, port=port)
        if world == "sandbox":
            programs = environment.for_programs(os.environ)
            house.start_sandbox(
                programs, seed=options.seed, speed=options.speed, hours=options.hours
            )
        held = services.hold(state, os.environ, throwaway=throwaway)
        log.say(clock.lap("services"))
        house.configure(environment.for_processes(state, world, held, env=os.environ))
        return _live(options, house, held, clock)
    except processes.Stopped:
        log.say("stopping")
        return 1 if options.check else 0
    except Trouble as trouble:
        log.say(str(trouble))
        _show_tail(copy)
        return 1
    except OSError as error:
        log.say(str(of_os_error(error, "starting")))
        return 1
    finally:
        if house:
            house.stop()
        if held:
            held.release()
        log.say(f"everything stopped after {time.time() - clock.began:.1f} s")
        running.release()


def _live(
    options: argparse.Namespace, house: House, held: services.Services, clock: Stopwatch
) -> int:
    log, world = house.supervisor.log, house.env["AURA_WORLD"]
    if world == "sandbox":
        house.await_sandbox(speed=options.speed)
        log.say(clock.lap("sandbox"))
    house.open_web()
    log.say(clock.lap("web"))
    house.start_the_rest()
    if options.check:
        return _check(house, clock)
    log.say(f"AURA is up: {house.env['AURA_PUBLIC_URL']}   (world: {world})")
    if world == "sandbox":
        log.say("demo login: demo@aura.local / aura-demo-whales   (staff: staff@aura.local /")
        log.say("            aura-demo-staff; mails: " + house.env["AURA_SANDBOX_URL"] + "/inbox)")
    log.say("Ctrl-C stops everything")

    def mend() -> None:
        for said in held.mend():
            log.say(said)
        house.remember()

    house.supervisor.watch = mend
    house.supervisor.supervise()
    return 0


def _check(house: House, clock: Stopwatch) -> int:
    from stack.check import CheckFailed, Visitor

    log = house.supervisor.log
    if house.env["AURA_WORLD"] != "sandbox":
        raise Trouble("--check logs in as the demo user, who lives only in the sandbox world")
    visitor = Visitor(house.env["AURA_PUBLIC_URL"], idle=lambda: house.supervisor.pump(0.0))
    try:
        visitor.login("demo@aura.local", "aura-demo-whales")
        log.say(clock.lap("login"))
        visitor.await_trade(clock.left)
        log.say(clock.lap("trade"))
    except CheckFailed as failure:
        raise Trouble(f"check failed: {failure}") from None
    log.say(f"check passed in {time.time() - clock.began:.1f} s")
    return 0


def _show_tail(copy: Path | None, lines: int = 40) -> None:
    if copy and copy.exists():
        tail = copy.read_text(errors="replace").splitlines()[-lines:]
        sys.stdout.write("".join(f"  {line}\n" for line in tail))
        sys.stdout.flush()
