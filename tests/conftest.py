"""The cast, the recorded data, and a wall: no test reaches beyond this machine."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from aura.models import User
from billing.actions import publish_plans, subscribe_user

DATA = Path(
    os.environ.get("AURA_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data")
)
_recorded_ran = 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs recorded data or a browser where there is none, saying so."""
    no_data = pytest.mark.skip(reason=f"recorded data not found; put it in {DATA} or set AURA_DATA")
    no_browser = pytest.mark.skip(reason="NOT RUN: no Chromium (see README, Tests)")
    for item in items:
        if item.get_closest_marker("recorded") and not DATA.is_dir():
            item.add_marker(no_data)
        if item.get_closest_marker("browser") and not os.environ.get("CHROMIUM_PATH"):
            item.add_marker(no_browser)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the cases over recorded data that really ran."""
    global _recorded_ran
    if report.when == "call" and "recorded" in report.keywords and not report.skipped:
        _recorded_ran += 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many recorded cases ran, and where the data belongs when it is not there."""
    if DATA.is_dir():
        terminalreporter.write_line(f"cases over recorded data: {_recorded_ran} ran")
    else:
        terminalreporter.write_line(
            f"cases over recorded data: none ran; put the data in {DATA} or set AURA_DATA"
        )


@pytest.fixture(autouse=True)
def no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded data."""
    return DATA


@pytest.fixture
def plans(db: None) -> None:
    """The published plans."""
    publish_plans()


def _user(name: str, plan: str | None, **fields: Any) -> User:
    user = User.objects.create_user(f"{name}@example.com", f"{name}-has-a-password", **fields)
    if plan:
        subscribe_user(user, plan=plan)
    return user


@pytest.fixture
def alice(plans: None) -> User:
    """On Pro."""
    return _user("alice", "pro")


@pytest.fixture
def bob(plans: None) -> User:
    """On Free."""
    return _user("bob", None)


@pytest.fixture
def carol(plans: None) -> User:
    """A stranger: follows nothing, owns nothing."""
    return _user("carol", None)


@pytest.fixture
def staff(plans: None) -> User:
    """Staff, with every right in the admin site."""
    return _user("staff", None, is_staff=True, is_superuser=True)


@pytest.fixture(autouse=True)
def plain_settings(settings: Settings) -> None:
    """Name static files as they lie in the repository, and hash passwords quickly."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def clean_redis() -> None:
    """Each test starts with an empty cache and full budgets."""
    from django.core.cache import cache

    cache.clear()
