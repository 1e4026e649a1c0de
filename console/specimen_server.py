"""Serves a specimen web on loopback under the real host names, plain and TLS on one port.

It listens on 127.0.0.1 only, signs certificates with an authority that is thrown away with
the server, and writes the host map of `LANTIAN_HOSTS`. It never fetches anything.
"""

from __future__ import annotations

import gzip
import logging
import mimetypes
import socket
import socketserver
import ssl
import tempfile
import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from console.specimen import Specimen, SpecimenPage
from console.specimen_tls import Authority

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 60
STOP_SECONDS = 5
TLS_HANDSHAKE = b"\x16"

_log = logging.getLogger(__name__)


class SpecimenServer:
    """One running specimen web. Use it as a context manager, or `start()` and `stop()`."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self._authority = Authority()

    def start(self) -> None:
        """Listen on a free port; returns as soon as requests are accepted."""
        with tempfile.TemporaryDirectory(prefix="specimen-") as folder:
            contexts = self._authority.contexts(self.specimen.hosts, Path(folder))
        self._listener = _Listener(self.specimen, contexts)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse new requests, break off those that are open, and wait until all threads ended."""
        self._listener.stop()
        self._thread.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    def hosts_file(self, folder: Path) -> Path:
        """Write `specimen-ca.pem` and `specimen-hosts` into `folder`; returns the latter's path."""
        folder.mkdir(parents=True, exist_ok=True)
        authority = folder.resolve() / "specimen-ca.pem"
        authority.write_bytes(self._authority.pem)
        # The map is cut at white space and `#`; a folder so named is reached from the map's own place.
        named = authority.name if set(str(authority)) & set(" \t\r\n#") else str(authority)
        lines = [f"{host} {LOOPBACK}:{self.port} {named}\n" for host in self.specimen.hosts]
        hosts = folder.resolve() / "specimen-hosts"
        hosts.write_text("".join(lines), encoding="utf-8")
        return hosts


class _Listener(socketserver.ThreadingTCPServer):
    """Accepts connections, tells TLS from plain text by the first byte, and can drop them all."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, specimen: Specimen, contexts: dict[str, ssl.SSLContext]) -> None:
        self.specimen = specimen
        self.stopping = threading.Event()
        self.loads: Counter[SpecimenPage] = Counter()
        self.lock = threading.Lock()
        self._contexts = contexts
        self._open: dict[threading.Thread, socket.socket] = {}
        for context in contexts.values():
            context.sni_callback = self._choose
        super().__init__((LOOPBACK, 0), _Answer)

    def _choose(self, channel: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is None:
            return None
        if name not in self._contexts:
            return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        channel.context = self._contexts[name]
        return None

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self.lock:
            self._open[thread] = request
        thread.start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(IDLE_SECONDS)
        connection: socket.socket = request
        try:
            if request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                context = next(iter(self._contexts.values()))
                connection = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
                self._now_open(connection)
                connection.do_handshake()
            if not self.stopping.is_set():
                _Answer(connection, client_address, self)
        finally:
            with self.lock:
                self._open.pop(threading.current_thread(), None)
            connection.close()

    def _now_open(self, connection: socket.socket) -> None:
        with self.lock:
            self._open[threading.current_thread()] = connection

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up, distrusts the certificate or sends garbage is daily life.
        _log.debug("a connection broke off", exc_info=True)

    def next_file(self, page: SpecimenPage, *, counts: bool) -> Path:
        with self.lock:
            turn = self.loads[page]
            self.loads[page] += counts
        return page.files[turn % len(page.files)]

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self.lock:
            still_open = dict(self._open)
        for connection in still_open.values():
            _break_off(connection)
        for thread in still_open:
            thread.join(STOP_SECONDS)


def _break_off(connection: socket.socket) -> None:
    """Wake the thread that reads or writes; the socket's own `shutdown` would pull TLS from under it."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        _log.debug("it was closed already")


class _Answer(BaseHTTPRequestHandler):
    """One connection's requests, answered from the manifest. Header limits are the base class's."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: Nagle would wait 40 ms between them
    server: _Listener

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        _log.debug(format, *args)

    def version_string(self) -> str:
        return "specimen"

    def _answer(self, *, with_body: bool) -> None:
        host, target = self._asked()
        page = self.server.specimen.find(host, target)
        if page.hang:
            self.server.stopping.wait()
        if page.hang or self.server.stopping.wait(page.delay):
            self.close_connection = True
            return
        body, kind = self._body(page, counts=with_body)
        self._send_head(page, kind, len(body))
        if with_body:
            self.wfile.write(body if page.cut < 0 else body[: page.cut])
            self.close_connection = self.close_connection or page.cut >= 0

    def _asked(self) -> tuple[str, str]:
        """Host and target; the target of a request to a proxy carries the host itself."""
        target, host = self.path, self.headers.get("Host", "")
        if not target.startswith("/"):
            try:
                parts = urlsplit(target)
            except ValueError:
                return "", ""
            host, target = parts.netloc, (parts.path or "/") + ("?" + parts.query if parts.query else "")
        return host.rpartition("@")[2].partition(":")[0].rstrip(".").lower(), target

    def _body(self, page: SpecimenPage, *, counts: bool) -> tuple[bytes, str]:
        if not page.files:
            return b"", "text/plain"
        path = self.server.next_file(page, counts=counts)
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return (gzip.compress(body, mtime=0) if page.gzip else body), kind

    def _send_head(self, page: SpecimenPage, kind: str, length: int) -> None:
        phrase = HTTPStatus(page.status).phrase if page.status in list(HTTPStatus) else ""
        self.send_response_only(page.status, phrase)
        told = {name.lower() for name, _ in page.headers}
        ours = [("Date", self.date_time_string()), ("Content-Type", kind)]
        for name, value in [*(pair for pair in ours if pair[0].lower() not in told), *page.headers]:
            # http.server writes Latin-1; UTF-8 bytes pass through it unharmed.
            self.send_header(name, value.encode("utf-8").decode("latin-1"))
        if page.gzip:
            self.send_header("Content-Encoding", "gzip")
        if page.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        if page.cut >= 0:
            self.send_header("Connection", "close")
        self.end_headers()
