"""A real database and a store on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import responses
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority
from sqlalchemy import Engine
from storage_specimens import T0, database_of

from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new database is, of either kind."""
    return database_of(request, tmp_path)


@pytest.fixture
def engine(database: Path | str) -> Iterator[Engine]:
    """An engine on it."""
    engine = open_database(database)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> ExhibitStore:
    """A store on it."""
    return ExhibitStore(engine)


@pytest.fixture
def planned(store: ExhibitStore) -> ExhibitStore:
    """The same store with one round of one started run, `run-1`."""
    round_id = store.begin_round(T0, "lantian 0.1.0", "pages=3")
    runs = [PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)]
    store.plan(round_id, runs)
    store.open_runs(runs, T0)
    return store


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """What `requests` is answered; nothing goes out."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def make_authority(tmp_path: Path) -> Callable[..., LocalAuthority]:
    """A time-stamping authority of the kind that is asked for."""
    if not OPENSSL:
        pytest.skip(WITHOUT_OPENSSL)
    return lambda folder="authority", **kind: LocalAuthority(tmp_path / folder, **kind)
