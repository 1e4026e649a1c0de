"""The verifier: untouched archives pass, and of the tamper corpus everything is caught, each by its name."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from pathlib import Path

import attacks_beyond
import pytest
from attacks import ATTACKS, Attack
from authority import PAST, LocalAuthority
from keeping_specimens import NOW, home_in, keep_page
from storage_specimens import archive_in, exchange
from tampering import Victim, copy_of, make_home, redigested

from crawler import clock
from storage.verifier.report import Report
from storage.verify import Wanted, check_manifest, verify

assert attacks_beyond.__doc__, "importing it enters its attacks"

HOMES = Path(__file__).parent / "homes"


@pytest.fixture(scope="session")
def sealed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("verify") / "home"
    make_home(home)
    return home


@pytest.fixture(scope="session")
def stamped_home(tmp_path_factory: pytest.TempPathFactory, authority: LocalAuthority) -> Path:
    home = tmp_path_factory.mktemp("verify") / "home"
    make_home(home, demand="stamped")
    for head in sorted((home / "archive" / "manifests").glob("*.json")):
        head.with_suffix(".tsr").write_bytes(authority.stamp(head.read_bytes()))
    return home


@pytest.fixture(scope="session")
def expired_authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("expired"), name="Old", valid=PAST)


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("other"), name="Other")


def verdict(victim: Victim, against: str, authorities: list[LocalAuthority], head: str) -> Report:
    """What the verifier says, with what it can know."""
    if against != "rows":
        (victim.home / "lantian.db").unlink()
    wanted = Wanted()
    if against == "stamped":
        wanted = Wanted(anchors=tuple(one.root.read_bytes() for one in authorities))
    elif against == "head":
        wanted = Wanted(heads=((7, head),))
    return verify(victim.home if against == "rows" else victim.archive, wanted)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_each_attack_is_caught_by_its_name(
    attack: Attack, sealed_home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    home, authorities = sealed_home, []
    if attack.against == "stamped":
        home = request.getfixturevalue("stamped_home")
        authorities = [request.getfixturevalue(name) for name in ("authority", "expired_authority")]
    victim = copy_of(home, tmp_path / "victim")
    if attack.against == "stamped":
        victim.tools = {"expired": authorities[1], "other": request.getfixturevalue("other_authority")}
    head = hashlib.sha256(victim.head_path(7).read_bytes()).hexdigest()
    before = victim.digest()
    attack.act(victim)
    assert victim.digest() != before, "the attack must change something"
    report = verdict(victim, attack.against, authorities, head)
    assert not report.ok
    assert attack.kind in kinds(report), [str(broken) for broken in report.broken]


def kinds(report: Report) -> set[str]:
    return {broken.kind for broken in report.broken}


# -- what is whole passes --------------------------------------------------------------------------


@pytest.mark.parametrize("against", ["archive", "rows", "head"])
def test_an_untouched_archive_passes(sealed_home: Path, tmp_path: Path, against: str) -> None:
    victim = copy_of(sealed_home, tmp_path / "restored")
    head = hashlib.sha256(victim.head_path(7).read_bytes()).hexdigest()
    before = victim.digest()
    report = (
        verify(victim.home, Wanted(heads=((7, head),))) if against == "rows" else verdict(victim, against, [], head)
    )
    assert (report.ok, report.state, report.broken) == (True, "sealed", ())
    assert (report.chain.manifests, report.chain.number, report.chain.head) == (7, 7, head)
    assert (report.unsealed, report.damaged, report.demanded, report.anchored) == (0, 0, "sealed", False)
    leaves = sum(len(victim.leaves(number)) for number in (1, 2, 3, 5, 6, 7))
    assert report.expired > 0
    assert report.checked == leaves - report.expired
    if against == "rows":
        assert victim.digest() == before, "verifying must change nothing"


def test_a_stamped_archive_is_stamped_only_for_those_who_trust_the_authority(
    stamped_home: Path, authority: LocalAuthority, other_authority: LocalAuthority
) -> None:
    trusted = verify(stamped_home, Wanted(anchors=(authority.root.read_bytes(),)))
    assert (trusted.ok, trusted.state, trusted.anchored, trusted.demanded) == (True, "stamped", True, "stamped")
    assert trusted.chain.stamped_at
    nobody = verify(stamped_home)
    assert (nobody.ok, nobody.state, nobody.is_consistent) == (False, "sealed", True)
    assert kinds(nobody) == {"not_stamped"}
    other = verify(stamped_home, Wanted(anchors=(other_authority.root.read_bytes(),)))
    assert (other.ok, kinds(other)) == (False, {"token_untrusted"})


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
def test_homes_of_versions_that_did_not_seal_are_open(version: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(HOMES / version, home)
    for path in (home, home / "archive"):
        report = verify(path, Wanted(expects="sealed"))
        assert (report.ok, report.state, report.unsealed) == (True, "open", report.checked)
        assert report.checked > 0
    demanded = verify(home, Wanted(demand="sealed"))
    assert (demanded.ok, kinds(demanded)) == (False, {"not_sealed"})
    file = next((home / "archive").glob("*.warc.gz"))
    os.truncate(file, file.stat().st_size - 3)
    assert "cut_file" in kinds(verify(home / "archive"))


def test_a_running_round_is_open_and_its_torn_tail_is_no_breakage(tmp_path: Path) -> None:
    with home_in(_made(tmp_path / "home")) as home, archive_in(home.archive) as archive:
        keep_page(home, archive, {"1": True}, NOW)
        home.sealer.seal("", clock.now())
        sealed = verify(home.folder)
        assert (sealed.ok, sealed.state, sealed.unsealed) == (True, "sealed", 0)
        keep_page(home, archive, {"2": True}, NOW)
        running = verify(home.folder)
        assert (running.ok, running.state, running.unsealed) == (True, "open", 2)
        assert kinds(verify(home.folder, Wanted(demand="sealed"))) == {"not_sealed"}
        (path,) = home.archive.glob("*.open")
        size = path.stat().st_size
        copied = shutil.copytree(home.archive, tmp_path / "copied")
        sealed_to = Victim(home=home.folder, elsewhere=copied).head(1)["files"][0]["to"]
        for cut in range(1, size - sealed_to + 1, 31):
            torn = copied / path.name
            torn.write_bytes(path.read_bytes()[: size - cut])
            report = verify(copied)
            assert report.ok, (cut, report.broken)
            assert report.state == ("sealed" if report.unsealed == 0 else "open")


def test_damage_that_was_sealed_as_damage_is_counted_and_held_to_its_bytes(tmp_path: Path) -> None:
    with home_in(_made(tmp_path / "home")) as home:
        with archive_in(home.archive) as archive:
            captures = [archive.keep(exchange(b"page %d" % number)) for number in range(4)]
        path = home.archive / captures[0].file
        for at in (captures[1].offset + 30, captures[2].offset + 30):
            _flip(path, at)
        home.seal()
        whole = verify(home.folder)
        assert (whole.ok, whole.state, whole.damaged, whole.checked) == (True, "sealed", 2, 7), whole.broken
        _flip(path, captures[1].offset + 40)
        (broken,) = verify(home.folder).broken
        assert (broken.kind, broken.offset) == ("damaged_record", captures[1].offset)


def _flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 255
    path.write_bytes(raw)


# -- any byte --------------------------------------------------------------------------------------

OF_FILES = {
    "cut_file", "damaged_record", "digest", "missing_record", "record_id", "block_digest", "header", "moved_record",
    "extra_record",
}  # fmt: skip


def test_a_cut_at_any_byte_is_caught(sealed_home: Path, tmp_path: Path, is_torture: bool) -> None:
    victim = copy_of(sealed_home, tmp_path / "victim")
    (victim.home / "lantian.db").unlink()
    whole = victim.file().read_bytes()
    edges = {leaf["offset"] + step for leaf in victim.leaves(3) for step in (0, 1, 9)}
    cuts = sorted(edges | set(range(0, len(whole), 1 if is_torture else 211)) | {len(whole) - 1})
    for cut in cuts:
        victim.file().write_bytes(whole[:cut])
        report = verify(victim.archive)
        assert [broken.kind for broken in report.broken] == ["cut_file"], cut
        assert report.broken[0].offset == cut


def test_a_flip_of_any_bit_is_caught(sealed_home: Path, tmp_path: Path, is_torture: bool) -> None:
    victim = copy_of(sealed_home, tmp_path / "victim")
    (victim.home / "lantian.db").unlink()
    whole, chance = victim.file().read_bytes(), random.Random(20260801)
    places = range(len(whole)) if is_torture else sorted(chance.sample(range(len(whole)), 60))
    leaves = victim.leaves(3)
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        victim.file().write_bytes(flipped)
        report = verify(victim.archive)
        assert kinds(report), place
        assert kinds(report) <= OF_FILES
        hit = next(leaf for leaf in leaves if leaf["offset"] <= place < leaf["offset"] + leaf["length"])
        assert hit["id"] in {broken.record for broken in report.broken}, (place, report.broken)


def test_a_flip_of_any_bit_of_the_manifests_is_caught(sealed_home: Path, tmp_path: Path, is_torture: bool) -> None:
    victim = copy_of(sealed_home, tmp_path / "victim")
    head = hashlib.sha256(victim.head_path(7).read_bytes()).hexdigest()
    (victim.home / "lantian.db").unlink()
    chance = random.Random(20260802)
    for path in sorted((victim.archive / "manifests").iterdir()):
        whole = path.read_bytes()
        for place in range(len(whole)) if is_torture else chance.sample(range(len(whole)), min(5, len(whole))):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            report = verify(victim.archive, Wanted(heads=((7, head),)))
            assert not report.ok, (path.name, place)
        path.write_bytes(whole)


# -- one manifest, just written --------------------------------------------------------------------


def test_each_manifest_alone_passes_and_what_it_covers_is_read(sealed_home: Path, tmp_path: Path) -> None:
    victim = copy_of(sealed_home, tmp_path / "victim")
    # The first two manifests are of a file that has since been rewritten.
    for number in range(3, 8):
        assert check_manifest(victim.archive, number) == ()
    at = victim.place("resource", 7)
    victim.put(at, redigested(victim.packed(at, 7), lambda body: body[::-1]), 7)
    assert {broken.kind for broken in check_manifest(victim.archive, 7)} == {"digest"}
    assert check_manifest(victim.archive, 6) == ()
    victim.head_path(5).write_bytes(
        victim.head_path(5).read_bytes().replace(b'"rules":""', b'"rules":"%s"' % (b"a" * 64))
    )
    assert {broken.kind for broken in check_manifest(victim.archive, 6)} == {"chain"}
    assert {broken.kind for broken in check_manifest(victim.archive, 9)} == {"missing_file"}


@pytest.mark.parametrize("attack", [one for one in ATTACKS if "tombstone" in one.name or "moved_elsewhere" in one.name])
def test_an_expiry_that_lies_is_caught_before_it_has_a_row(attack: Attack, sealed_home: Path, tmp_path: Path) -> None:
    victim = copy_of(sealed_home, tmp_path / "victim")
    attack.act(victim)
    assert attack.kind in {broken.kind for broken in check_manifest(victim.archive, 4)}


def test_a_second_manifest_of_one_file_is_checked_against_where_the_first_ended(tmp_path: Path) -> None:
    with home_in(_made(tmp_path / "home")) as home, archive_in(home.archive) as archive:
        for number in range(3):
            keep_page(home, archive, {str(number): True}, NOW)
            home.sealer.seal("", clock.now())
        victim = Victim(home=home.folder, elsewhere=tmp_path / "elsewhere")
        assert [check_manifest(home.archive, number) for number in (1, 2, 3)] == [(), (), ()]
        extents = victim.head(3)["files"]
        extents[0]["from"] -= 1
        victim.rebind(3, files=extents)
        assert "coverage" in {broken.kind for broken in check_manifest(home.archive, 3)}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
