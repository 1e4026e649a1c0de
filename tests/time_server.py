"""A server of time of our own, over UDP on loopback: right, wrong, unsynchronised, or talking nonsense."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Self

import ntplib


class TimeServer:
    """Tells the time over UDP on loopback, `ahead` seconds wrong if asked to; `garbage` is sent instead."""

    def __init__(self, *, ahead: float = 0.0, stratum: int = 2, leap: int = 0, garbage: bytes | None = None) -> None:
        self.ahead, self.stratum, self.leap, self.garbage = ahead, stratum, leap, garbage
        self.asked = 0
        self._stop = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.source = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                question, whence = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            self._socket.sendto(self._answer(question) if self.garbage is None else self.garbage, whence)

    def _answer(self, question: bytes) -> bytes:
        now = ntplib.system_to_ntp_time(time.time() + self.ahead)
        stamp = struct.pack("!II", int(now), int((now % 1) * 2**32))
        head = struct.pack("!BBBbII4s", self.leap << 6 | 4 << 3 | 4, self.stratum, 6, -20, 0, 0, b"TEST")
        return head + stamp + question[40:48] + stamp + stamp
