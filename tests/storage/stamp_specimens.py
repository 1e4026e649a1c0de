"""What the tests of asking for time stamps share: addresses, answers without a socket, authorities as settings."""

from __future__ import annotations

from datetime import UTC, datetime

import requests
import responses
from authority import LocalAuthority

from crawler.tables import Authority

OVER = b'{"format":"lantian-manifest/1","number":1}\n'
FIRST, SECOND = "http://tsa1.example/", "https://tsa2.example/stamp"


def at(authority: LocalAuthority, url: str = FIRST, timeout: float = 120.0) -> Authority:
    return Authority(url=url, ca=authority.root, timeout=timeout)


def answers(web: responses.RequestsMock, url: str, authority: LocalAuthority) -> None:
    """The authority's own answers, without a socket."""

    def reply(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        assert request.headers["Content-Type"] == "application/timestamp-query"
        assert isinstance(request.body, bytes)
        return 200, {"Content-Type": "application/timestamp-reply"}, authority.reply(request.body)

    web.add_callback(responses.POST, url, callback=reply)


def now() -> datetime:
    return datetime.now(UTC)
