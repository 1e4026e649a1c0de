"""PostgreSQL and Redis, as the tests start them: on free loopback ports, in folders of their own, ended by their ids.

A process of the suite starts each at most once, and only when a test asks. Where a binary is not installed, the tests
that need it are skipped and say so. The kernel ends the servers when the suite dies.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

WITHOUT_POSTGRES = "PostgreSQL (initdb, postgres) is not installed"
WITHOUT_REDIS = "redis-server is not installed"
SECONDS = 180
TRIES = 5
PASSWORD = "wei-mi-38"  # never needed, and must never be shown
_numbers = itertools.count(1)
_kernel = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def postgres_binaries() -> Path | None:
    """The folder with initdb and postgres, the newest where there are several."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*installed, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's address, without a database of ours: `new_database` makes one."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(WITHOUT_POSTGRES)
    with _folder("postgres") as folder:
        user = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
        if user:
            shutil.chown(folder, user)
        _initialise(binaries, folder, user)
        with _started(folder, lambda port: _postgres(binaries, folder, port, user)) as port:
            yield f"postgresql://lantian:{PASSWORD}@127.0.0.1:{port}/postgres"


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[Callable[..., str]]:
    """Makes a database, an empty one unless told otherwise, and gives its address; all are dropped after the test."""
    made: list[str] = []

    def make(template: str = "template0", options: str = "") -> str:
        name = f"lantian_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {options}")  # type: ignore[arg-type]
        made.append(name)
        return postgres_url.rpartition("/")[0] + f"/{name}"

    yield make
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis that keeps nothing, shared by the tests of a process: use a database number or keys of your own."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip(WITHOUT_REDIS)
    with _folder("redis") as folder, _started(folder, lambda port: _redis(binary, folder, port)) as port:
        yield f"redis://127.0.0.1:{port}/0"


def _initialise(binaries: Path, folder: Path, user: str | None) -> None:
    argv = [binaries / "initdb", "-D", folder / "cluster", "-U", "lantian", "-A", "trust", "-E", "UTF8"]
    done = subprocess.run(
        [*argv, "--locale=C", "--no-sync", "--no-instructions"],
        cwd=folder,
        user=user,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _postgres(binaries: Path, folder: Path, port: int, user: str | None) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "timezone": "Asia/Shanghai",  # not UTC, so that whoever relies on the server's is found out
    }
    argv = [str(binaries / "postgres"), "-D", str(folder / "cluster")]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return _child(argv, folder, user, signal.SIGQUIT)


def _redis(binary: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    argv = [binary, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    return _child([*argv, "--dir", str(folder), "--daemonize", "no"], folder, None, signal.SIGKILL)


def _child(argv: list[str], folder: Path, user: str | None, at_our_death: int) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            argv,
            cwd=folder,
            user=user,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A suite ended by a time limit runs no teardown.
            preexec_fn=lambda: _kernel.prctl(PR_SET_PDEATHSIG, at_our_death),  # noqa: PLW1509 - one call into the kernel
        )


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


@contextmanager
def _started(folder: Path, start: Callable[[int], subprocess.Popen[bytes]]) -> Iterator[int]:
    """The port of a server that answers there. Another process may take a free port before us: then another one."""
    for _ in range(TRIES):
        port = _free_port()
        server = start(port)
        try:
            if _comes_up(server, folder / "log"):
                yield port
                return
        finally:
            _end(server)
    raise AssertionError("the server did not start")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _comes_up(server: subprocess.Popen[bytes], log: Path) -> bool:
    """Whether this server has come up; False where it ended instead. Its own log says so, whoever else has the port."""
    until = time.monotonic() + SECONDS
    while server.poll() is None:
        if b"ready to accept connections" in log.read_bytes().lower():
            return True
        assert time.monotonic() < until, log.read_text(errors="replace")
        time.sleep(0.02)
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
    server.wait(SECONDS)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    # Not pytest's own: those are closed to other users, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix=f"lantian-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
