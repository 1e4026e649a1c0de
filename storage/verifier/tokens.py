"""Time stamps (RFC 3161) as the verifier sees them: is this token over these bytes, from an authority we trust, when.

Only what the caller trusts is an anchor. Certificates that came along, in the token or beside it, lead to one or to
nothing. A certificate has to be valid when the token was made, not today.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from storage.verifier.report import Broken

SHA256 = "2.16.840.1.101.3.4.2.1"
MOST_TOKEN = 1 << 20
# A token tells whole seconds by the authority's clock, a head microseconds by ours.
TOLERANCE = timedelta(seconds=60)
LONGEST_CHAIN = 10
CERTIFICATES = 0xA0
# What cryptography raises for certificates that are none, or not of the kinds it knows.
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    UnsupportedAlgorithm,
    CryptographyDeprecationWarning,
    x509.DuplicateExtension,
    x509.InvalidVersion,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A token that holds: `at` is the authority's time, `authority` the name in its certificate."""

    at: datetime
    authority: str
    nonce: int | None


def anchors(pem: bytes) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file; `ValueError` where there is none or one cannot be read."""
    return tuple(x509.load_pem_x509_certificates(pem))


def check_token(
    token: bytes, over: bytes, trusted: Sequence[x509.Certificate], *, part: str, sealed_at: datetime | None = None
) -> Stamp | Broken:
    """The stamp that `token` (TimeStampResp, DER) puts on the bytes `over`, or what is wrong with it.

    `part` is the name to complain under. Over a head, `sealed_at` must not lie behind the stamp.
    """
    try:
        return _Token(token).stamp(over, trusted, sealed_at)
    except _Wrong as wrong:
        return Broken(kind=wrong.kind, part=part, detail=wrong.detail)
    except UNREADABLE as wrong:
        # Much of a certificate is only parsed where it is looked at.
        return Broken(kind="token_unreadable", part=part, detail=str(wrong)[:200])


class _Wrong(Exception):
    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _Token:
    """A token that could be read; raises `_Wrong` or one of `UNREADABLE`."""

    def __init__(self, der: bytes) -> None:
        if len(der) > MOST_TOKEN:
            raise _Wrong("token_unreadable", f"{len(der)} 字节，太大")
        self.response = _decoded(der)
        if self.response.status != PKIStatus.GRANTED:
            raise _Wrong("token_unreadable", f"不是时间戳，是拒绝（状态 {self.response.status}）")
        self.said = self.response.tst_info
        self.at = self.said.gen_time
        self.certificates = _loaded(self.response.signed_data.certificates)
        self.signers = [(one.issuer, one.serial_number) for one in self.response.signed_data.signer_infos]

    def stamp(self, over: bytes, trusted: Sequence[x509.Certificate], sealed_at: datetime | None) -> Stamp:
        imprint = self.said.message_imprint
        if imprint.hash_algorithm.dotted_string != SHA256 or imprint.message != hashlib.sha256(over).digest():
            raise _Wrong("token_mismatch", "时间戳上的摘要与文件的不同")
        signer = self._signer(trusted)
        self._verify(over, trusted, signer)
        if sealed_at is not None and self.at < sealed_at - TOLERANCE:
            raise _Wrong("retimed", f"时间戳 {self.at.isoformat()} 早于封存 {sealed_at.isoformat()}")
        return Stamp(at=self.at, authority=_name(signer), nonce=self.said.nonce)

    def _signer(self, trusted: Sequence[x509.Certificate]) -> x509.Certificate:
        """The certificate that the signature names, out of the token, or out of what the caller trusts."""
        if len(self.signers) != 1:
            raise _Wrong("token_unreadable", f"有 {len(self.signers)} 个签名")
        for offered in (self.certificates, trusted):
            named = [one for one in dict.fromkeys(offered) if (one.issuer, one.serial_number) == self.signers[0]]
            if len(named) > 1:
                raise _Wrong("token_untrusted", "几个证书用同一编号")
            if named:
                return named[0]
        raise _Wrong("token_untrusted", "时间戳中没有签发者的证书，所信任的证书中也没有")

    def _verify(self, over: bytes, trusted: Sequence[x509.Certificate], signer: x509.Certificate) -> None:
        if not trusted:
            raise _Wrong("token_untrusted", "没有给出所信任的证书")
        # Whatever the library is given, as "intermediate" or as the signer's certificate, ends a chain where it is
        # self-signed. So it is given nothing out of the token: OpenSSL finds that there, and uses it for the way only.
        own = signer if signer in trusted and signer not in self.certificates else None
        verifier = VerifierBuilder(roots=list(dict.fromkeys(trusted)), tsa_certificate=own).build()
        try:
            verifier.verify_message(self.response, over)
        except (VerificationError, *UNREADABLE) as wrong:
            if self._has_expired(signer, trusted):
                raise _Wrong("token_expired", f"证书在 {self.at.isoformat()} 不是有效的") from None
            raise _Wrong("token_untrusted", _reason(wrong)) from None

    def _has_expired(self, signer: x509.Certificate, trusted: Sequence[x509.Certificate]) -> bool:
        """Whether the chain does lead to an anchor, only not at that time."""
        chain = [signer]
        while chain[-1] not in trusted:
            issuer = next((one for one in (*trusted, *self.certificates) if _issued(chain[-1], one)), None)
            if issuer is None or issuer in chain or len(chain) == LONGEST_CHAIN:
                return False
            chain.append(issuer)
        # To OpenSSL a certificate is over in its last second already.
        return not all(one.not_valid_before_utc <= self.at < one.not_valid_after_utc for one in chain)


def _loaded(ders: Iterable[bytes]) -> list[x509.Certificate]:
    with warnings.catch_warnings():
        # Of what it will soon refuse, such as a serial number below 1, the library only warns.
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        return [x509.load_der_x509_certificate(one) for one in ders]


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def _name(certificate: x509.Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except UNREADABLE:
        return "?"


def _reason(wrong: Exception) -> str:
    """OpenSSL's own words out of the library's."""
    _, found, words = str(wrong).rpartition("Verify error: ")
    return words.partition('"')[0] if found else str(wrong)[:200]


def _decoded(der: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(der)
    except ValueError as wrong:
        if "InvalidSetOrdering" not in str(wrong):
            raise
        return decode_timestamp_response(_in_order(der))


def _in_order(der: bytes) -> bytes:
    """The same token with its certificates in the order that DER wants of a set.

    Some authorities (openssl ts with `certs =`) write them as they please, and the library refuses them. No signature
    covers their order, and no length changes.
    """
    token = _inner(der, _inner(der, _Element(0, 0, 0, len(der)), 0), 1)
    signed = _inner(der, _inner(der, token, 1), 0)
    certificates = next((one for one in _children(der, signed) if one.tag == CERTIFICATES), None)
    if certificates is None:
        return der
    each = sorted(der[one.start : one.end] for one in _children(der, certificates))
    return der[: certificates.inside] + b"".join(each) + der[certificates.end :]


@dataclass(frozen=True, slots=True)
class _Element:
    """One DER element: where it starts, where its content does, where both end."""

    tag: int
    start: int
    inside: int
    end: int


def _inner(der: bytes, element: _Element, number: int) -> _Element:
    children = _children(der, element)
    if len(children) <= number:
        raise ValueError("a part is missing")
    return children[number]


def _children(der: bytes, element: _Element) -> list[_Element]:
    """What an element contains, one after the other; `ValueError` where it does not fit."""
    found, start = [], element.inside
    while start < element.end:
        found.append(_element(der, start, element.end))
        start = found[-1].end
    return found


def _element(der: bytes, start: int, end: int) -> _Element:
    head = der[start : min(start + 6, end)]
    if len(head) < 2:
        raise ValueError("DER ends too early")
    more = head[1] - 0x80 if head[1] > 0x7F else 0
    if more > 4 or len(head) < 2 + more or head[1] == 0x80:
        raise ValueError("a length that DER does not have")
    inside = start + 2 + more
    length = int.from_bytes(head[2 : 2 + more], "big") if more else head[1]
    if inside + length > end:
        raise ValueError("DER ends too early")
    return _Element(head[0], start, inside, inside + length)
