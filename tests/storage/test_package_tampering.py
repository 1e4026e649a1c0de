"""Every tampering of the corpus is caught by its name; the package it was made of passes."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import tracemalloc
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import package_retellings
import pytest
from package_tampering import (
    TAMPERINGS,
    Tampering,
    Victim,
    edit,
    files_of,
    lines,
    members,
    of_how,
    proofs,
    relisted,
    victim,
    write,
)

from storage.canonical import canonical
from storage.verifier.package import verify_package
from storage.verifier.tokens import anchors
from storage.wacz import DATAPACKAGE, DIGEST, PACKAGE, PAGES, PROOFS, RECORDS

assert package_retellings.__doc__, "importing it enters its attacks"

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    return victim(tmp_path_factory.mktemp("victim"))


@pytest.fixture
def at(whole: Victim, tmp_path: Path) -> Victim:
    return replace(whole, path=Path(shutil.copy(whole.path, tmp_path / "X.wacz")))


def trusted(at: Victim) -> tuple[object, ...]:
    assert at.packed.authority
    return anchors(at.packed.authority.root.read_bytes())


def test_untouched_it_passes(at: Victim) -> None:
    assert verify_package(at.path, trusted(at), "stamped").ok
    assert verify_package(at.path).ok


def test_a_head_on_paper_must_be_in_its_chain(at: Victim) -> None:
    chain = verify_package(at.path).chain
    other = "ab" * 32
    assert verify_package(at.path, known=((chain.number, chain.head),)).ok
    for number, kind in ((chain.number, "fork"), (chain.number + 1, "chain_cut")):
        assert [broken.kind for broken in verify_package(at.path, known=((number, other),)).broken] == [kind]


@pytest.mark.parametrize("one", TAMPERINGS, ids=lambda one: one.name)
def test_it_is_caught_by_name(one: Tampering, at: Victim) -> None:
    before = at.path.read_bytes()
    one.act(at)
    assert at.path.read_bytes() != before
    report = verify_package(at.path, trusted(at))
    found = {broken.kind for broken in report.broken}
    assert found & set(one.kinds), report.broken
    if one.needs_stamp:
        assert report.state != "stamped"
    else:
        # Whoever trusts no authority sees it too.
        assert {broken.kind for broken in verify_package(at.path).broken} & set(one.kinds)


def test_any_byte_flipped_is_seen(at: Victim, is_torture: bool) -> None:
    whole, chance = at.path.read_bytes(), random.Random(4)
    places = range(len(whole)) if is_torture else sorted(chance.sample(range(len(whole)), 150))
    for place in places:
        at.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :])
        report = verify_package(at.path, trusted(at), "stamped")
        assert report.broken, place
        assert not report.is_consistent, place


def test_any_cut_is_seen(at: Victim, is_torture: bool) -> None:
    whole, chance = at.path.read_bytes(), random.Random(5)
    for length in range(len(whole)) if is_torture else sorted(chance.sample(range(len(whole)), 60)):
        at.path.write_bytes(whole[:length])
        assert [broken.kind for broken in verify_package(at.path).broken] == ["zip_structure"], length


def test_a_record_that_unpacks_for_ever_is_seen(at: Victim) -> None:
    files = files_of(at.path)
    told, packed = proofs(files), members(files)
    place = of_how(files, "facts")
    packed[place] = gzip.compress(b"WARC/1.1\r\nContent-Length: 1\r\n\r\n" + bytes(1 << 26), 1)
    data = b"".join(packed)
    for one, start, member in zip(told, accumulate(map(len, packed), initial=0), packed, strict=False):
        one |= {"offset": start, "length": len(member)}
    edit(at, **{RECORDS: data, PROOFS: lines(told)})
    kinds = {broken.kind for broken in verify_package(at.path).broken}
    assert {"digest", "damaged_record"} & kinds


def test_memory_stays_small_whatever_the_packages_size(at: Victim) -> None:
    edit(at, **{"documents/large.pdf": bytes(1 << 26)})
    tracemalloc.start()
    verify_package(at.path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 24


def test_the_document_names_every_attack(whole: Victim) -> None:
    table = (ROOT / "docs" / "tampering.md").read_text(encoding="utf-8").partition("<!-- packages -->")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == [one.name.replace("_", " ") for one in TAMPERINGS]
    for (_, knows, word), one in zip(rows, TAMPERINGS, strict=True):
        assert knows == ("a trusted authority" if one.needs_stamp else "the package alone")
        assert word.strip("`") in one.kinds


STRANGE = (None, True, 0, -1, 1 << 70, 1.5, "", "x", [], {}, [[]], {"a": {}}, "\x00", ["x", 1])


def _bent(value: object, chance: random.Random) -> object:
    """The same JSON with one thing in it that nobody expects."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        return value | {key: _bent(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], _bent(value[at], chance), *value[at + 1 :]]
    return chance.choice([one for one in STRANGE if type(one) is not type(value) or one != value])


def test_whatever_is_told_strangely_is_named_and_no_crash(at: Victim, is_torture: bool) -> None:
    chance, files = random.Random(6), files_of(at.path)
    names = [PACKAGE, PROOFS, PAGES, DATAPACKAGE, DIGEST, "chain/000002.json"]
    for _ in range(10_000 if is_torture else 240):
        name = chance.choice(names)
        told = files[name].splitlines(keepends=True)
        place = chance.randrange(len(told))
        told[place] = canonical(_bent(json.loads(told[place]), chance))
        changed = files | {name: b"".join(told)}
        write(at.path, changed if name in (DATAPACKAGE, DIGEST) else relisted(changed))
        report = verify_package(at.path, trusted(at), "stamped")
        assert report.broken, (name, told[place])
        assert not report.is_consistent, (name, told[place])
