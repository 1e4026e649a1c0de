"""What every test shares: sockets reach loopback only, and the captures are optional."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority, serving

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
pytest_plugins = ["servers"]
LOOPBACK = ("127.", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regold", action="store_true", help="write the golden files of frozen pages, and still fail")
    parser.addoption("--torture", action="store_true", help="the long ones in full; `make torture`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torture: has a long form, which `make torture` runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for one in items:
        if "is_torture" in getattr(one, "fixturenames", ()):
            one.add_marker("torture")


@pytest.fixture(scope="session")
def is_torture(request: pytest.FixtureRequest) -> bool:
    """Whether the long tests run in full, or a small part of them in CI."""
    return bool(request.config.getoption("--torture"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material beside the project; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real material is not there")
    return SHARED


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    """A time-stamping authority of our own, asked directly; `authority.serving` puts it on a port."""
    if not OPENSSL:
        pytest.skip(WITHOUT_OPENSSL)
    return LocalAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def authority_url(authority: LocalAuthority) -> Iterator[str]:
    """Where that authority answers over loopback HTTP."""
    with serving(authority) as url:
        yield url


@pytest.fixture(scope="session")
def _empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file at our schema, which is copied for the same reason as `_template`."""
    from storage.db import open_database

    path = tmp_path_factory.mktemp("empty") / "lantian.db"
    open_database(path).dispose()
    return path


@pytest.fixture(scope="session")
def _template(postgres_url: str) -> str:
    """A database at our schema, which is copied: migrating each anew would take longer than most tests."""
    from storage.db import open_database

    name = "lantian_template"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    open_database(postgres_url.rpartition("/")[0] + f"/{name}").dispose()
    return name


@pytest.fixture
def migrated_database(_template: str, new_database: Callable[..., str]) -> str:
    """The address of a new PostgreSQL database at our schema."""
    return new_database(template=_template)
