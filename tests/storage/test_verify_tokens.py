"""The verifier's view of time stamps: what holds, and each way not to, by name."""

from __future__ import annotations

import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from authority import OPENSSL, PAST, LocalAuthority, valid_for

from storage.verifier.report import Broken
from storage.verifier.tokens import MOST_TOKEN, Stamp, anchors, check_token

OVER = b'{"format":"lantian-manifest/1","number":1}\n'


def checked(token: bytes, trusted: Path, over: bytes = OVER, sealed_at: datetime | None = None) -> Stamp | Broken:
    return check_token(token, over, anchors(trusted.read_bytes()), part="000001.tsr", sealed_at=sealed_at)


def kind(token: bytes, trusted: Path, over: bytes = OVER) -> str:
    found = checked(token, trusted, over)
    assert isinstance(found, Broken)
    assert found.part == "000001.tsr"
    return found.kind


def test_a_token_that_holds_says_when_and_who(authority: LocalAuthority) -> None:
    stamp = checked(authority.stamp(OVER), authority.root)
    assert isinstance(stamp, Stamp)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(seconds=30)
    assert stamp.authority == "CN=Shili stamping,O=Shili"
    assert stamp.nonce


@pytest.mark.parametrize("ordered", [True, False])
def test_intermediates_in_the_token_lead_to_the_anchor_in_whatever_order(make_authority, ordered: bool) -> None:
    authority = make_authority(intermediate=True, ordered=ordered)
    assert isinstance(checked(authority.stamp(OVER), authority.root), Stamp)
    assert kind(authority.stamp(OVER), make_authority("b", name="Qita").root) == "token_untrusted"


@pytest.mark.parametrize("ordered", [True, False])
def test_openssl_agrees(make_authority, ordered: bool, tmp_path: Path) -> None:
    authority = make_authority(intermediate=True, ordered=ordered)
    token, over = tmp_path / "t.tsr", tmp_path / "head.json"
    token.write_bytes(authority.stamp(OVER))
    over.write_bytes(OVER)
    command = [OPENSSL, "ts", "-verify", "-in", token, "-data", over, "-CAfile", authority.root]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    over.write_bytes(OVER + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_other_bytes(authority: LocalAuthority) -> None:
    assert kind(authority.stamp(OVER), authority.root, OVER + b" ") == "token_mismatch"


def test_another_authority(authority: LocalAuthority, make_authority) -> None:
    assert kind(make_authority(name="Shili").stamp(OVER), authority.root) == "token_untrusted"


def test_no_anchor_at_all(authority: LocalAuthority) -> None:
    found = check_token(authority.stamp(OVER), OVER, (), part="000001.tsr")
    assert isinstance(found, Broken)
    assert found.kind == "token_untrusted"


def test_a_part_of_the_chain_is_no_anchor(make_authority) -> None:
    authority = make_authority(intermediate=True)
    assert kind(authority.stamp(OVER), authority.folder / "chain.pem") == "token_untrusted"
    assert kind(authority.stamp(OVER), authority.folder / "signer.pem") == "token_untrusted"


def test_a_token_that_brings_its_own_root_is_not_trusted_for_that(authority: LocalAuthority, make_authority) -> None:
    """Also where root and signer are one certificate, signed by itself."""
    forger = make_authority("b", name="Shili")
    (forger.folder / "chain.pem").write_bytes(forger.top.pem)
    config = forger.folder / "tsa.cnf"
    config.write_text(config.read_text() + f"certs = {forger.folder}/chain.pem\n")
    assert isinstance(checked(forger.stamp(OVER), forger.root), Stamp)
    assert kind(forger.stamp(OVER), authority.root) == "token_untrusted"
    alone = make_authority("c", self_signed=True)
    assert isinstance(checked(alone.stamp(OVER), alone.root), Stamp)
    assert kind(alone.stamp(OVER), authority.root) == "token_untrusted"


def test_a_certificate_that_was_over_when_the_token_was_made(authority: LocalAuthority, make_authority) -> None:
    for late in (
        make_authority("a", valid=PAST),
        make_authority("b", root_valid=PAST),
        make_authority("c", valid=PAST, intermediate=True),
    ):
        assert kind(late.stamp(OVER), late.root) == "token_expired"
        assert kind(late.stamp(OVER), authority.root) == "token_untrusted"


def test_a_certificate_that_is_over_today_was_not_then(make_authority) -> None:
    for seconds in (4, 30, 120):  # a slow machine may take longer than that to make its token
        begun = datetime.now(UTC)
        authority = make_authority(f"valid for {seconds}", valid=valid_for(seconds, begun))
        token, over = authority.stamp(OVER), begun + timedelta(seconds=seconds)
        if datetime.now(UTC) < over:
            break
    time.sleep(max(0, (over - datetime.now(UTC)).total_seconds()))
    assert isinstance(checked(token, authority.root), Stamp)
    assert kind(authority.stamp(OVER), authority.root) == "token_expired"


def test_a_certificate_for_something_else(make_authority) -> None:
    authority = make_authority(usage=False)
    assert kind(authority.stamp(OVER), authority.all_certificates) == "token_untrusted"


def test_a_token_without_certificates_needs_them_from_the_caller(make_authority) -> None:
    authority = make_authority(embedded=False)
    token = authority.stamp(OVER)
    assert isinstance(checked(token, authority.all_certificates), Stamp)
    assert kind(token, authority.root) == "token_untrusted"
    assert kind(token, authority.folder / "signer.pem") == "token_untrusted"


def test_a_refusal_is_no_token(make_authority) -> None:
    authority = make_authority(refusing=True)
    assert kind(authority.stamp(OVER), authority.root) == "token_unreadable"


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"<html>",
        bytes(MOST_TOKEN + 1),
        b"\x30\x05\x30\x03\x02\x01\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80\x00\x00",
    ],
)
def test_bytes_that_are_no_token(token: bytes, authority: LocalAuthority) -> None:
    assert kind(token, authority.root) == "token_unreadable"


def test_a_token_that_is_cut_or_followed_by_more(authority: LocalAuthority) -> None:
    token = authority.stamp(OVER)
    assert kind(token + b"\0", authority.root) == "token_unreadable"
    for end in range(0, len(token), 13):
        assert kind(token[:end], authority.root) == "token_unreadable"


def test_a_stamp_before_the_seal_contradicts_it(authority: LocalAuthority) -> None:
    token, now = authority.stamp(OVER), datetime.now(UTC)
    assert isinstance(checked(token, authority.root, sealed_at=now + timedelta(seconds=30)), Stamp)
    late = checked(token, authority.root, sealed_at=now + timedelta(seconds=90))
    assert isinstance(late, Broken)
    assert late.kind == "retimed"


@pytest.mark.parametrize("ordered", [True, False])
def test_a_flipped_bit_never_changes_what_a_token_says(make_authority, ordered: bool, is_torture: bool) -> None:
    """Every answer is a stamp with the same time and name, or a complaint; nothing else is raised."""
    authority = make_authority(intermediate=True, ordered=ordered)
    token = authority.stamp(OVER)
    whole = checked(token, authority.root)
    assert isinstance(whole, Stamp)
    places = range(len(token) * 8)
    chosen = places if is_torture else random.Random(4).sample(places, 1500)
    complained = 0
    for place in chosen:
        bent = bytearray(token)
        bent[place // 8] ^= 1 << place % 8
        found = checked(bytes(bent), authority.root)
        assert isinstance(found, Broken) or (found.at, found.authority) == (whole.at, whole.authority), place
        complained += isinstance(found, Broken)
    assert complained > len(chosen) * 0.9
