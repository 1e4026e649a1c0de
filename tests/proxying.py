"""Proxies for tests: one that speaks CONNECT, one that speaks SOCKS5; both remember where they were sent."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

PATIENCE = 300.0  # seconds; a loaded machine is slow


class Proxy:
    """A proxy on 127.0.0.1 that passes bytes both ways. `asked` has each host and port it was sent to."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.asked: list[tuple[str, int]] = []
        self._greet: Callable[[socket.socket], tuple[str, int]] = _connect if scheme == "http" else _socks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._serve, args=(near,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket) -> None:
        with near:
            near.settimeout(PATIENCE)
            place = self._greet(near)
            self.asked.append(place)
            try:
                far = socket.create_connection(place, timeout=60)
            except OSError:
                near.sendall(b"HTTP/1.1 502 no\r\n\r\n" if self.scheme == "http" else b"\5\4\0\1\0\0\0\0\0\0")
                return
            near.sendall(b"HTTP/1.1 200 ok\r\n\r\n" if self.scheme == "http" else b"\5\0\0\1\0\0\0\0\0\0")
            with far:
                back = threading.Thread(target=_pour, args=(far, near), daemon=True)
                back.start()
                _pour(near, far)
                back.join(5)


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _connect(near: socket.socket) -> tuple[str, int]:
    head = b""
    while b"\r\n\r\n" not in head:
        head += near.recv(4096)
    host, _, port = head.split(b" ")[1].decode().rpartition(":")
    return host.strip("[]"), int(port)


def _socks(near: socket.socket) -> tuple[str, int]:
    near.recv(2 + 255)
    near.sendall(b"\5\0")
    _, _, _, kind = near.recv(4)
    if kind == 3:
        host = near.recv(near.recv(1)[0]).decode()
    else:
        host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, near.recv(4 if kind == 1 else 16))
    return host, struct.unpack("!H", near.recv(2))[0]
