"""Packages: written in one form only, verified by code that did not write them, and by hand as VERIFY.md says."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority
from package_specimens import MADE_AT, contents, package, sealed_archive
from package_tampering import files_of, relisted, write

from crawler.errors import EvidenceBroken, UserMistake
from storage import wacz
from storage.packaging import cdx
from storage.sealing.proofs import Proof
from storage.verifier import index as verify_index
from storage.verifier.package import verify_package
from storage.verifier.tokens import anchors

BLOCK = re.compile(r"```sh\n(.*?)```", re.S)


def test_a_package_is_sealed(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    report = verify_package(package(packed, tmp_path / "X.wacz"))
    assert report.broken == ()
    assert (report.state, report.checked, report.chain.number) == ("sealed", 12, 3)


def test_a_package_is_stamped(tmp_path: Path) -> None:
    authority = LocalAuthority(tmp_path / "authority")
    packed = sealed_archive(tmp_path / "home" / "archive", authority)
    path = package(packed, tmp_path / "X.wacz")
    report = verify_package(path, anchors(authority.root.read_bytes()), "stamped")
    assert report.broken == ()
    assert (report.state, report.anchored) == ("stamped", True)
    # Whoever trusts nobody is told less, and nothing wrong.
    assert (verify_package(path).state, verify_package(path).broken) == ("sealed", ())


def test_the_same_contents_are_the_same_bytes(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    one, other = (
        package(packed, tmp_path / folder / "X.wacz") for folder in ("a", "b") if not _made(tmp_path / folder)
    )
    assert one.read_bytes() == other.read_bytes()


def _made(folder: Path) -> None:
    folder.mkdir()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    out = tmp_path / "X.wacz"
    out.write_bytes(b"mine")
    with pytest.raises(UserMistake, match="已经存在"):
        package(packed, out)

    def made_meanwhile(path: Path, sha256: str) -> None:
        (tmp_path / "Y.wacz").write_bytes(b"mine")

    with pytest.raises(UserMistake, match="已经存在"):
        wacz.write_package(tmp_path / "Y.wacz", contents(packed), approve=made_meanwhile)
    assert [path.read_bytes() for path in sorted(tmp_path.glob("*.wacz"))] == [b"mine", b"mine"]
    assert list(tmp_path.glob(".*")) == []


def test_what_is_not_approved_gets_no_name(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    seen: list[str] = []

    def refuse(path: Path, sha256: str) -> None:
        seen.append(hashlib.sha256(path.read_bytes()).hexdigest())
        assert seen == [sha256]
        raise EvidenceBroken("no")

    with pytest.raises(EvidenceBroken, match="no"):
        wacz.write_package(tmp_path / "X.wacz", contents(packed), approve=refuse)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_record_that_is_not_its_leafs_is_not_written(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")

    def other(proof: Proof) -> bytes:
        member = packed.read(proof)
        return member[:40] + bytes([member[40] ^ 1]) + member[41:] if proof.type == "response" else member

    with pytest.raises(EvidenceBroken, match="与封存时不同"):
        package(packed, tmp_path / "X.wacz", read=other)
    assert not (tmp_path / "X.wacz").exists()


def test_what_does_not_fit_a_zip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    monkeypatch.setattr(wacz, "LARGEST", 5000)
    with pytest.raises(UserMistake, match="4 GB"):
        package(packed, tmp_path / "X.wacz")


ADDRESSES = (
    ("https://www.zbj.com/fw/?k=%E4%B8%93&p=1", "com,zbj)/fw?k=%e4%b8%93&p=1"),
    ("http://WWW2.Example.com:8080/A/B/../c//d/?b=2&a=1&a=", "com,example:8080)/a/c/d?a=&a=1&b=2"),
    ("https://a.example", "example,a)/"),
    ("https://a.example/?", "example,a)/"),
    ("https://a.example/x?sid=0123456789abcdef0123456789abcdef&y=1", "example,a)/x?y=1"),
    ("https://s.example/search?q=%25E4&x=%7E%2F%3d", "example,s)/search?q=%e4&x=~/="),
    ("https://user:pw@h.example:443/p#frag", "example,h)/p"),
    ("https://h.example/?a&b=&&c=1", "example,h)/?&a&b=&c=1"),
    ("http://[::1", "http://[::1"),
    ("urn:text:https://a.example/A b", "urn:text:https://a.example/A%20b"),
)


@pytest.mark.parametrize(("address", "key"), ADDRESSES)
def test_keys_of_the_index(address: str, key: str) -> None:
    assert (cdx.key(address), verify_index._key(address)) == (key, key)


def test_both_hands_agree_on_any_address() -> None:
    chance = random.Random(7)
    alphabet = "aA0./?&=%25eE4;:@#[]-_~ sid"
    for _ in range(3000):
        address = "https://www.h.example/" + "".join(chance.choices(alphabet, k=chance.randrange(40)))
        assert cdx.key(address) == verify_index._key(address), address


# -- by hand ---------------------------------------------------------------------------------------


def by_hand(path: Path, only: int = 0) -> list[tuple[int, str]]:
    """Every block of VERIFY.md in bash, as it stands: how it ended and what it showed. `only` unpacks and runs one."""
    folder = path.parent / "by-hand"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(path, folder / path.name)
    with zipfile.ZipFile(path) as archive:
        text = archive.read(wacz.VERIFY).decode()
    ran = []
    for number, block in enumerate(BLOCK.findall(text)):
        if only and number not in (0, only):
            continue
        where = folder / "unpacked" if number else folder
        ended = subprocess.run(["bash", "-c", block], cwd=where, capture_output=True, text=True, check=False)
        ran.append((ended.returncode, ended.stdout))
    return ran


@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
@pytest.mark.skipif(not shutil.which("unzip"), reason="the unzip program is not there")
class TestByHand:
    """What VERIFY.md says works in a shell, and sees what was changed."""

    def test_the_instructions_work(self, tmp_path: Path) -> None:
        packed = sealed_archive(tmp_path / "home" / "archive", LocalAuthority(tmp_path / "authority"))
        path = package(packed, tmp_path / "O'Brien 证据.wacz")
        ran = by_hand(path)
        assert [code for code, _ in ran] == [0] * 8
        words = "".join(shown for _, shown in ran)
        for wanted in ("files: OK", "list: OK", "12 records: OK", "chain: OK, head ", "Verification: OK", "stamps: OK"):
            assert wanted in words
        assert words.count("Verification: OK") == 2
        assert "样本" not in zipfile.ZipFile(path).read(wacz.VERIFY).decode()

    def test_without_stamps_they_say_so(self, tmp_path: Path) -> None:
        path = package(sealed_archive(tmp_path / "home" / "archive"), tmp_path / "X.wacz", is_specimen=True)
        assert [code for code, _ in by_hand(path)] == [0] * 6
        text = zipfile.ZipFile(path).read(wacz.VERIFY).decode()
        assert "没有可信时间戳" in text
        assert "样本" in text

    @pytest.mark.parametrize(
        ("name", "block"),
        [
            ("pictures/", 1),
            (wacz.DATAPACKAGE, 2),
            (wacz.RECORDS, 3),
            (wacz.PROOFS, 4),
            ("chain/000002.json", 5),
            ("chain/000002.tsr", 7),
            ("chain/000001.tsr", 6),
            (wacz.DIGEST, 6),
        ],
    )
    def test_they_see_what_was_changed(self, tmp_path: Path, name: str, block: int) -> None:
        packed = sealed_archive(tmp_path / "home" / "archive", LocalAuthority(tmp_path / "authority"))
        path = package(packed, tmp_path / "X.wacz")
        files = files_of(path)
        place = next(one for one in files if one.startswith(name))
        raw = files[place]
        at = 700 if name in (wacz.RECORDS, wacz.PROOFS) else len(raw) // 5
        changed = files | {place: raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]}
        write(path, changed if block in (1, 2) or name == wacz.DIGEST else relisted(changed))
        assert [code == 0 for code, _ in by_hand(path, block)] == [True, False]

    def test_they_see_a_file_that_is_not_listed(self, tmp_path: Path) -> None:
        path = package(sealed_archive(tmp_path / "home" / "archive"), tmp_path / "X.wacz")
        write(path, files_of(path) | {"documents/more.pdf": b"%PDF-1.7"})
        assert [code == 0 for code, _ in by_hand(path, 1)] == [True, False]

    def test_they_see_a_file_that_is_gone(self, tmp_path: Path) -> None:
        path = package(sealed_archive(tmp_path / "home" / "archive"), tmp_path / "X.wacz")
        write(path, {name: raw for name, raw in files_of(path).items() if not name.startswith("texts/")})
        assert [code == 0 for code, _ in by_hand(path, 1)] == [True, False]

    @pytest.mark.parametrize("place", ["before", "behind", "half"])
    def test_they_see_bytes_without_a_proof(self, tmp_path: Path, place: str) -> None:
        path = package(sealed_archive(tmp_path / "home" / "archive"), tmp_path / "X.wacz")
        files = files_of(path)
        raw, lines = files[wacz.RECORDS], files[wacz.PROOFS].splitlines(keepends=True)
        changed = {
            "before": {wacz.RECORDS: gzip.compress(b"other", mtime=0) + raw},
            "behind": {wacz.RECORDS: raw + gzip.compress(b"other", mtime=0)},
            "half": {wacz.PROOFS: b"".join(lines[:3] + lines[4:])},
        }[place]
        write(path, relisted(files | changed))
        assert [code == 0 for code, _ in by_hand(path, 4)] == [True, False]

    def test_manifests_without_a_stamp_are_named_and_no_others_may_be_without(self, tmp_path: Path) -> None:
        packed = sealed_archive(tmp_path / "home" / "archive", LocalAuthority(tmp_path / "authority"))
        (packed.manifests / "000003.tsr").unlink()
        path = package(packed, tmp_path / "X.wacz")
        assert [code for code, _ in by_hand(path)] == [0] * 8
        text = zipfile.ZipFile(path).read(wacz.VERIFY).decode()
        assert "Manifests without a time stamp: chain/000003.json。" in text
        files = files_of(path)
        write(path, relisted({name: raw for name, raw in files.items() if name != "chain/000002.tsr"}))
        assert [code == 0 for code, _ in by_hand(path, 7)] == [True, False]

    def test_a_package_without_a_stamp_of_its_own_says_so(self, tmp_path: Path) -> None:
        packed = sealed_archive(tmp_path / "home" / "archive", LocalAuthority(tmp_path / "authority"))
        path = package(replace(packed, authority=None), tmp_path / "X.wacz")
        assert [code for code, _ in by_hand(path)] == [0] * 8
        text = zipfile.ZipFile(path).read(wacz.VERIFY).decode()
        assert "本包自身没有时间戳" in text
        assert "Manifests without a time stamp: 无 none" in text

    def test_one_authority_of_two_is_enough(self, tmp_path: Path) -> None:
        packed = sealed_archive(tmp_path / "home" / "archive", LocalAuthority(tmp_path / "authority"))
        other = LocalAuthority(tmp_path / "other", name="Fremd")
        (packed.manifests / "authorities" / f"{'cd' * 8}.pem").write_bytes(other.root.read_bytes())
        assert [code for code, _ in by_hand(package(packed, tmp_path / "X.wacz"))] == [0] * 8


def test_the_date_is_told(tmp_path: Path) -> None:
    packed = sealed_archive(tmp_path / "home" / "archive")
    path = package(packed, tmp_path / "X.wacz", created=MADE_AT)
    assert "2026-12-01 09:02:03" in zipfile.ZipFile(path).read(wacz.VERIFY).decode()
