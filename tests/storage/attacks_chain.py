"""The tamper corpus on manifests, and on records with everything behind them recomputed so that it fits again."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable

from attacks import attack
from tampering import Victim, edited, forged, redigested, without_digests

# -- manifests -------------------------------------------------------------------------------------


@attack("manifest_gap")
def manifest_in_the_middle_dropped(victim: Victim) -> None:
    victim.head_path(3).unlink()
    victim.leaves_path(3).unlink()


@attack("manifest_gap")
def first_manifest_dropped(victim: Victim) -> None:
    victim.head_path(1).unlink()
    victim.leaves_path(1).unlink()


@attack("missing_file")
def leaves_dropped(victim: Victim) -> None:
    victim.leaves_path(3).unlink()


@attack("manifest_number")
def manifests_exchanged(victim: Victim) -> None:
    for one, other in ((victim.head_path(2), victim.head_path(3)), (victim.leaves_path(2), victim.leaves_path(3))):
        first, second = one.read_bytes(), other.read_bytes()
        one.write_bytes(second)
        other.write_bytes(first)


def another_digit(found: re.Match[bytes]) -> bytes:
    return found[1] + b"%d" % ((int(found[2]) + 1) % 10)


def _head_edited(name: str, kind: str, pattern: bytes, into: bytes | Callable[[re.Match[bytes]], bytes]) -> None:
    def act(victim: Victim) -> None:
        raw = victim.head_path(3).read_bytes()
        victim.head_path(3).write_bytes(re.sub(pattern, into, raw, count=1))

    act.__name__ = name
    attack(kind)(act)


_head_edited("manifest_written_with_blanks", "manifest_format", rb",", b", ")
_head_edited("manifest_with_a_key_more", "manifest_format", rb'"tool"', b'"sooth":1,"tool"')
_head_edited("manifest_with_a_key_twice", "manifest_format", rb'"number":', b'"number":9,"number":')
_head_edited("manifest_that_names_a_file_outside", "manifest_format", rb'"file":"', b'"file":"../')
_head_edited("manifest_cut", "manifest_format", rb'"tool".*', b"")
_head_edited("manifest_with_its_root_edited", "root", rb'"root":"..', b'"root":"00')
_head_edited("manifest_with_its_date_edited", "chain", rb'("sealed_at":".{20})(.)', another_digit)
_head_edited("manifest_with_its_rules_edited", "chain", rb'"rules":"[^"]*"', b'"rules":"' + b"ab" * 32 + b'"')
_head_edited("manifest_dated_before_its_forerunner", "retimed", rb'"sealed_at":"\d{4}', b'"sealed_at":"2020')
_head_edited("manifest_with_another_predecessor", "chain", rb'"previous":"..', b'"previous":"00')
_head_edited("manifest_with_its_demand_edited", "chain", rb'"demand":"sealed"', b'"demand":"stamped"')


@attack("leaves")
def leaf_edited(victim: Victim) -> None:
    leaves = victim.leaves(3)
    leaves[2]["sha256"] = "00" * 32
    victim.put_leaves(3, leaves)


@attack("leaves")
def leaves_reordered(victim: Victim) -> None:
    leaves = victim.leaves(3)
    victim.put_leaves(3, leaves[::-1])


@attack("leaves")
def leaf_written_otherwise(victim: Victim) -> None:
    raw = victim.leaves_path(3).read_bytes()
    victim.leaves_path(3).write_bytes(raw.replace(b'"length":', b'"length": ', 1))


@attack("chain")
def record_replaced_leaf_and_root_recomputed_but_not_the_chain(victim: Victim) -> None:
    at = victim.place("response")
    raw = victim.head_path(4).read_bytes()
    victim.recompute(at, redigested(victim.packed(at), lambda body: body.upper()))
    victim.head_path(4).write_bytes(raw)


def _leaves_relinked(name: str, kind: str, number: int, change: object) -> None:
    """The leaves changed, and everything after recomputed."""

    def act(victim: Victim) -> None:
        leaves = victim.leaves(number)
        change(leaves)  # type: ignore[operator]
        victim.put_leaves(number, leaves)
        victim.rebind(number)
        victim.relink(number)

    act.__name__ = name
    attack(kind)(act)


def _swap(leaves: list[dict[str, object]]) -> None:
    leaves[2], leaves[3] = leaves[3], leaves[2]


def _rename(leaves: list[dict[str, object]]) -> None:
    leaves[2]["id"] = "00000000-0000-4000-8000-000000000000"


def _retype(leaves: list[dict[str, object]]) -> None:
    leaves[1]["type"] = "resource"


def _revive(leaves: list[dict[str, object]]) -> None:
    next(leaf for leaf in leaves if leaf["to"] == -1)["sha256"] = "00" * 32


def _misplace(leaves: list[dict[str, object]]) -> None:
    leaf = leaves[-1]
    leaf["to"] = int(str(leaf["to"])) + 1


def _silence(leaves: list[dict[str, object]]) -> None:
    leaf = next(leaf for leaf in leaves if leaf["to"] == -1)
    leaf["id"] = "00000000-0000-4000-8000-000000000000"


_leaves_relinked("leaves_reordered_and_all_recomputed", "coverage", 3, _swap)
_leaves_relinked("leaf_dropped_and_all_recomputed", "coverage", 3, lambda leaves: leaves.pop(3))
_leaves_relinked("last_leaf_dropped_and_all_recomputed", "coverage", 3, lambda leaves: leaves.pop())
_leaves_relinked("leaf_repeated_and_all_recomputed", "coverage", 3, lambda leaves: leaves.insert(3, leaves[3]))
_leaves_relinked("leaf_of_another_id_and_all_recomputed", "record_id", 3, _rename)
_leaves_relinked("leaf_of_another_type_and_all_recomputed", "record_id", 3, _retype)
_leaves_relinked("tombstone_edited_and_all_recomputed", "expiry", 4, _revive)
_leaves_relinked("tombstone_of_another_id_and_all_recomputed", "expiry", 4, _silence)
_leaves_relinked("tombstone_dropped_and_all_recomputed", "expiry", 4, lambda leaves: leaves.pop(1))
_leaves_relinked("moved_elsewhere_than_said_and_all_recomputed", "expiry", 4, _misplace)


@attack("coverage")
def extents_overlap_and_all_recomputed(victim: Victim) -> None:
    leaves = victim.leaves(1) + victim.leaves(2)
    extents = victim.head(2)["files"]
    extents[0]["from"] = 0
    victim.put_leaves(2, leaves)
    victim.rebind(2, files=extents)
    victim.relink(2)


@attack("coverage")
def extents_with_a_gap_and_all_recomputed(victim: Victim) -> None:
    leaves = victim.leaves(2)[1:]
    extents = victim.head(2)["files"]
    extents[0]["from"] = leaves[0]["offset"]
    victim.put_leaves(2, leaves)
    victim.rebind(2, files=extents)
    victim.relink(2)


@attack("audit")
def audit_count_lowered_and_all_recomputed(victim: Victim) -> None:
    victim.rebind(5, audit={"count": 0, "head": ""})
    victim.relink(5)


@attack("foreign_manifest")
def manifest_of_another_archive_fitted_in(victim: Victim) -> None:
    victim.rebind(5, archive="00000000-0000-4000-8000-000000000000")
    victim.relink(5)


@attack("fork")
def second_manifest_of_one_number(victim: Victim) -> None:
    other = victim.head(7) | {"rules": "ab" * 32}
    (victim.archive / "manifests" / "0000007.json").write_bytes(
        (json.dumps(other, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()
    )


@attack("not_sealed")
def last_manifest_dropped(victim: Victim) -> None:
    drop_last(victim, 1)


@attack("not_sealed")
def last_three_manifests_dropped(victim: Victim) -> None:
    drop_last(victim, 3)


def drop_last(victim: Victim, count: int, *, with_files: bool = False) -> None:
    for number in range(victim.last, victim.last - count, -1):
        if with_files:
            victim.file(number).unlink()
        for path in (victim.head_path(number), victim.leaves_path(number), victim.token_path(number)):
            path.unlink(missing_ok=True)


# -- records, with everything behind them recomputed -------------------------------------------------


@attack("block_digest")
def body_replaced_and_the_chain_recomputed_but_not_the_record(victim: Victim) -> None:
    at = victim.place("response")
    victim.recompute(at, edited(rb"page \d", b"page x")(victim.packed(at)))


@attack("header")
def digests_stripped_and_the_chain_recomputed(victim: Victim) -> None:
    at = victim.place("response")
    victim.recompute(at, without_digests(victim.packed(at)))


@attack("damaged_record")
def bytes_hidden_in_the_gzip_header_and_the_chain_recomputed(victim: Victim) -> None:
    packed = victim.packed(3)
    victim.recompute(3, packed[:3] + b"\x08" + packed[4:10] + b"hidden\0" + packed[10:])


@attack("header")
def two_lengths_and_the_chain_recomputed(victim: Victim) -> None:
    victim.recompute(3, edited(rb"Content-Length:", b"Content-Length: 3\r\nContent-Length:")(victim.packed(3)))


@attack("damaged_record")
def record_of_warc_1_0_and_the_chain_recomputed(victim: Victim) -> None:
    victim.recompute(3, edited(rb"WARC/1\.1", b"WARC/1.0")(victim.packed(3)))


@attack("manifest_format")
def manifest_of_the_last_year_there_is_and_all_recomputed(victim: Victim) -> None:
    victim.rebind(7, sealed_at="9999-12-31T23:59:59.999999Z")


@attack("link")
def folder_in_the_place_of_a_manifest(victim: Victim) -> None:
    victim.head_path(8).mkdir()


@attack("damaged_record")
def record_cut_inside_and_the_chain_recomputed(victim: Victim) -> None:
    plain = gzip.decompress(victim.packed(3))
    victim.recompute(3, gzip.compress(plain[:-20]))


@attack("damaged_record")
def two_records_in_one_member_and_the_chain_recomputed(victim: Victim) -> None:
    plain = gzip.decompress(victim.packed(3))
    victim.recompute(3, gzip.compress(plain + gzip.decompress(forged(victim.packed(3)))))


@attack("retimed")
def record_dated_after_its_seal_and_the_chain_recomputed(victim: Victim) -> None:
    victim.recompute(3, edited(rb"WARC-Date: \d{4}", b"WARC-Date: 2099")(victim.packed(3)))


@attack("duplicate_record")
def record_of_a_known_id_and_the_chain_recomputed(victim: Victim) -> None:
    known = victim.leaf(1)["id"].encode()
    at = victim.place("resource")
    packed = edited(rb"WARC-Record-ID: <urn:uuid:[^>]+", b"WARC-Record-ID: <urn:uuid:" + known)(victim.packed(at))
    leaves = victim.leaves(3)
    leaves[at]["id"] = known.decode()
    victim.put_leaves(3, leaves)
    victim.recompute(at, packed)


@attack("extra_file")
def expired_file_put_back(victim: Victim) -> None:
    old = victim.head(4)["files"][0]["file"]
    (victim.archive / old).write_bytes(victim.file(4).read_bytes())
