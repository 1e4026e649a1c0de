"""Asks time-stamping authorities (RFC 3161) over HTTP, in order, and believes none of them.

An answer counts when the verifier finds that it is over these bytes, with our nonce, from the authority whose
certificate the office trusts, and made just now. Redirects and proxies are refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
import urllib3
from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from crawler.errors import ConfigInvalid, NotStamped
from crawler.tables import Authority
from storage.verifier.report import KINDS, Broken
from storage.verifier.tokens import MOST_TOKEN, Stamp, anchors, check_token

HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": "lantian",
}
CHUNK = 1 << 16
# Further apart, either the authority's clock is wrong or ours is, and a person must see to it.
PLAUSIBLE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An authority's answer, DER as received, and the stamp it was found to be."""

    der: bytes
    stamp: Stamp


def trusted(authority: Authority) -> tuple[x509.Certificate, ...]:
    """The certificates that the office trusts an authority by."""
    try:
        return anchors(authority.ca.read_bytes())
    except (OSError, ValueError) as wrong:
        raise ConfigInvalid(f"{authority.ca} 不是可读的证书：{wrong}") from None


class Asking:
    """The authorities during one piece of work: one that does not answer is not asked again in it."""

    def __init__(self, authorities: Sequence[Authority], now: datetime) -> None:
        self.trust = {authority: trusted(authority) for authority in authorities}
        self.silent: dict[Authority, str] = {}
        self._begun_at = now
        self._begun = time.monotonic()
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    @property
    def now(self) -> datetime:
        """The moment the work began, and what has gone by since."""
        return self._begun_at + timedelta(seconds=time.monotonic() - self._begun)

    @property
    def is_hopeless(self) -> bool:
        """Whether no authority is left that might answer."""
        return len(self.silent) == len(self.trust)

    def token(self, over: bytes, *, part: str, sealed_at: datetime | None = None) -> Token:
        """A token of the first authority that gives one that holds; `NotStamped` says why none did."""
        troubles = dict(self.silent)
        for authority in self.trust:
            if authority not in self.silent:
                try:
                    return self._token_of(authority, over, part, sealed_at)
                except NotStamped as wrong:
                    troubles[authority] = str(wrong)
        raise NotStamped("；".join(f"{authority.place}：{why}" for authority, why in troubles.items()))

    def holds(self, der: bytes, over: bytes, *, part: str, sealed_at: datetime) -> Stamp | Broken:
        """What a token that is there already is worth with these authorities."""
        everybody = [one for several in self.trust.values() for one in several]
        return check_token(der, over, everybody, part=part, sealed_at=sealed_at)

    def _token_of(self, authority: Authority, over: bytes, part: str, sealed_at: datetime | None) -> Token:
        query = TimestampRequestBuilder(data=over, hash_algorithm=HashAlgorithm.SHA256).build()
        der = self._answer(authority, query.as_bytes())
        found = check_token(der, over, self.trust[authority], part=part, sealed_at=sealed_at)
        if isinstance(found, Broken):
            # A seal ahead of the authority's clock is that seal's trouble; all else would be the same for the next.
            raise NotStamped(found.detail) if found.kind == "retimed" else self._silenced(authority, _words(found))
        if found.nonce != query.nonce:
            raise self._silenced(authority, "不是对这次请求的答复（nonce 不同）")
        if abs(found.at - self.now) > PLAUSIBLE:
            away = f"时间戳 {found.at.isoformat()} 与本机时钟 {self.now.isoformat()} 相差太大"
            raise self._silenced(authority, away)
        return Token(der=der, stamp=found)

    def _answer(self, authority: Authority, query: bytes) -> bytes:
        """The body of the answer; `NotStamped` for an answer that is none."""
        try:
            with closing(self._posted(authority, query)) as answer:
                if answer.status_code != 200:
                    raise self._silenced(authority, f"答复的状态是 {answer.status_code}")
                return self._body(answer, authority)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as wrong:
            raise self._silenced(authority, f"连不上（{type(wrong).__name__}）") from None

    def _posted(self, authority: Authority, query: bytes) -> requests.Response:
        return self._session.post(
            authority.url, query, headers=HEADERS, timeout=authority.timeout, allow_redirects=False, stream=True
        )

    def _body(self, answer: requests.Response, authority: Authority) -> bytes:
        """All of the answer, bounded in bytes and in time however slowly it comes."""
        until, body = time.monotonic() + authority.timeout, bytearray()
        while chunk := answer.raw.read1(CHUNK):
            body += chunk
            if len(body) > MOST_TOKEN:
                raise self._silenced(authority, "答复太大")
            if time.monotonic() > until:
                raise requests.ReadTimeout
        return bytes(body)

    def _silenced(self, authority: Authority, why: str) -> NotStamped:
        self.silent[authority] = why
        return NotStamped(why)


def _words(broken: Broken) -> str:
    return f"{KINDS[broken.kind]}（{broken.detail}）"
