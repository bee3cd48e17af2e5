"""A browser on a real server: daphne in a process of its own, on the tests' database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import global_settings, settings
from pytest_django import Settings

from aura.models import User

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; gone with the module, for its event loop would stop later asynchronous tests."""
    from playwright.sync_api import sync_playwright

    # That loop lives in this thread, which Django takes for an async context.
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM_PATH"], args=["--no-sandbox"]
        )
        yield started
        started.close()


class Server:
    """The web process; it can be stopped and started again at the same address."""

    def __init__(self, state: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {
            **os.environ,
            "AURA_ROLE": "web",
            "AURA_PUBLIC_URL": self.url,
            "AURA_STATE_DIR": str(state),
            "DATABASE_URL": _database_url(),
            "DJANGO_SETTINGS_MODULE": "aura.settings",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def collect(self) -> None:
        """Collect the static files it serves."""
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(command, cwd=ROOT, env=self._env, check=True)

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "aura.asgi:application"], cwd=ROOT, env=self._env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the web process did not start")

    def stop(self) -> None:
        """Stop it the hard way, as an accident would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)


def _database_url() -> str:
    at = settings.DATABASES["default"]
    password = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    login = quote(at["USER"], safe="") + password
    port = f"&port={at['PORT']}" if at["PORT"] else ""
    return f"postgresql://{login}@/{at['NAME']}?host={quote(at['HOST'], safe='')}{port}"


@pytest.fixture(scope="session")
def served(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    web = Server(tmp_path_factory.mktemp("state"))
    web.collect()
    web.start()
    yield web
    web.stop()


@pytest.fixture
def server(served: Server, transactional_db: None) -> Server:
    """The running server, on a database that is emptied after the test."""
    return served


@pytest.fixture
def demo(server: Server, plans: None, settings: Settings) -> User:
    """A member with a confirmed address, so that the login form lets him in."""
    from allauth.account.models import EmailAddress

    # The server is a process of its own and knows nothing of the tests' quick hasher.
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    user = User.objects.create_user("demo@aura.local", "aura-demo-whales")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def page(browser: Any, server: Server, demo: User) -> Iterator[Any]:
    """A page logged in by the login form, in the size of a desk; errors in it fail the test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=server.url, color_scheme="dark"
    )
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security" in said.text else None,
    )
    opened.goto("/accounts/login/")
    opened.click("[data-fill]")
    opened.click("form.stack button[type=submit]")
    opened.wait_for_url(server.url + "/")
    opened.wait_for_selector("#link-state[data-state=on]")
    yield opened
    context.close()
    assert faults == []
