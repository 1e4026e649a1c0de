"""A time-stamping authority of our own (RFC 3161) for tests and benchmarks: real certificates, real tokens, made
with `openssl ts`; over loopback HTTP, or asked directly. Everything it writes lies in the folder it is given.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OPENSSL = shutil.which("openssl") or ""
WITHOUT_OPENSSL = "the openssl program is not there (Debian: apt-get install openssl)"
LONG = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC))
PAST = (datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC))
COMMENT = x509.ObjectIdentifier("2.16.840.1.113730.1.13")
CONFIG = """
[tsa]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.59999.1
digests = {digests}
accuracy = secs:1
ordering = no
ess_cert_id_alg = sha256
{chain}
"""


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass
class LocalAuthority:
    """One authority in `folder`. `root` is what a client has to trust.

    `valid` is its certificate's time; `root_valid` its root's. With `usage` false its certificate is for signing code;
    as openssl makes no such token, it is not embedded and stands in `all_certificates` only. `intermediate` puts one
    certificate more between root and signer and into the token: in the order that DER wants, or, with `ordered`
    false, in the other. `embedded` false keeps certificates out of tokens whatever is asked. `nonce` false answers
    with another nonce; `refusing` says no. `self_signed` is an authority whose one certificate is its root.
    """

    folder: Path
    name: str = "Shili"
    valid: tuple[datetime, datetime] = LONG
    root_valid: tuple[datetime, datetime] = LONG
    usage: bool = True
    intermediate: bool = False
    ordered: bool = True
    embedded: bool = True
    nonce: bool = True
    refusing: bool = False
    self_signed: bool = False
    asked: list[bytes] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.top = _signed(f"{self.name} root", self.root_valid, ca=True)
        self.middle = (
            _signed(f"{self.name} middle", LONG, issuer=self.top, ca=True, long=self.ordered)
            if self.intermediate
            else None
        )
        issuer = self.middle or self.top
        # openssl ts puts the signer's certificate first; in a DER set the longer one is the later.
        self.signer = _signed(f"{self.name} stamping", self.valid, issuer=issuer, long=not self.ordered)
        if self.self_signed:
            self.top = self.signer = _signed(f"{self.name} alone", self.valid)
        self.shown = self.signer if self.usage else _twin(self.signer, issuer)
        self._write()

    @property
    def root(self) -> Path:
        """The root's certificate, PEM."""
        return self.folder / "root.pem"

    @property
    def all_certificates(self) -> Path:
        """Root, intermediate and signer, PEM: for tokens that embed none."""
        return self.folder / "all.pem"

    def reply(self, query: bytes) -> bytes:
        """The DER answer to a DER query."""
        with self._lock:
            self.asked.append(query)
            number = next(self._count)
            asked, answer = self.folder / f"{number}.tsq", self.folder / f"{number}.tsr"
            asked.write_bytes(query if self.nonce and self.embedded and self.usage else self._bent(query))
            _openssl(
                *("ts", "-reply", "-queryfile", asked, "-config", self.folder / "tsa.cnf", "-section", "tsa"),
                *("-out", answer),
            )
            return answer.read_bytes()

    def stamp(self, over: bytes) -> bytes:
        """A token over these bytes, as if they had been asked for."""
        return self.reply(question(over, self.folder))

    def _bent(self, query: bytes) -> bytes:
        """The same digest, asked for with another nonce or without certificates."""
        path = self.folder / "bent.tsq"
        path.write_bytes(query)
        text = _openssl("ts", "-query", "-in", path, "-text").stdout.decode()
        dumped = "".join(line.split(" - ", 1)[1][:48] for line in text.splitlines() if " - " in line)
        digest = "".join(dumped.replace("-", " ").split())
        certificates = ["-cert"] if self.embedded and self.usage else []
        return _openssl("ts", "-query", "-digest", digest, "-sha256", *certificates).stdout

    def _write(self) -> None:
        embedded = [self.middle] if self.middle else []
        (self.folder / "root.pem").write_bytes(self.top.pem)
        (self.folder / "signer.pem").write_bytes(self.signer.pem)
        (self.folder / "chain.pem").write_bytes(b"".join(one.pem for one in embedded))
        (self.folder / "all.pem").write_bytes(b"".join(one.pem for one in [self.top, *embedded, self.shown]))
        (self.folder / "signer.key").write_bytes(
            self.signer.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(
            CONFIG.format(
                folder=self.folder,
                digests="sha512" if self.refusing else "sha256, sha512",
                chain=f"certs = {self.folder}/chain.pem" if embedded else "",
            )
        )


def question(over: bytes, folder: Path) -> bytes:
    """A query for a SHA-256 stamp over the bytes, with nonce, asking for certificates."""
    path = folder / "over"
    path.write_bytes(over)
    return _openssl("ts", "-query", "-data", path, "-sha256", "-cert").stdout


@contextmanager
def serving(authority: LocalAuthority) -> Iterator[str]:
    """The authority on a loopback port; yields its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            is_right = self.headers["Content-Type"] == "application/timestamp-query"
            body = authority.reply(query) if is_right else b"not a timestamp query"
            self.send_response(200 if is_right else 415)
            self.send_header("Content-Type", "application/timestamp-reply" if is_right else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _openssl(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    ran = subprocess.run([OPENSSL, *map(str, arguments)], capture_output=True, check=False)
    if ran.returncode:
        raise AssertionError(ran.stderr.decode())
    return ran


def _signed(
    name: str, valid: tuple[datetime, datetime], *, issuer: Signed | None = None, ca: bool = False, long: bool = False
) -> Signed:
    """A certificate on P-256; `long` makes it longer than the others, which decides its place in a DER set."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Shili"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder(subject_name=subject, public_key=key.public_key())
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_key_usage(ca=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if long:
        builder = builder.add_extension(x509.UnrecognizedExtension(COMMENT, b"\x16\x7f" + b"x" * 127), critical=False)
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Signed(certificate=builder.sign(issuer.key if issuer else key, hashes.SHA256()), key=key)


def _twin(of: Signed, issuer: Signed) -> Signed:
    """The same key, names and number, but for signing code."""
    model = of.certificate
    builder = x509.CertificateBuilder(model.issuer, model.subject, model.public_key(), model.serial_number)
    builder = builder.not_valid_before(LONG[0]).not_valid_after(LONG[1])
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
    return Signed(certificate=builder.sign(issuer.key, hashes.SHA256()), key=of.key)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def valid_for(seconds: float, now: datetime) -> tuple[datetime, datetime]:
    """A certificate's time that began a day ago and ends so many seconds from now."""
    return now - timedelta(days=1), now + timedelta(seconds=seconds)
