"""The tamper corpus on records and their files: each attack, and the word by which it must be called.

Manifests are attacked in attacks_chain.py, stamps and rows in attacks_beyond.py.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from tampering import Victim, edited, forged, redigested, without_digests


@dataclass(frozen=True)
class Attack:
    """`against` says what the attacked has: only the archive, stamps too, the database too, or a head on paper."""

    name: str
    act: Callable[[Victim], None]
    kind: str
    against: str = "archive"


ATTACKS: list[Attack] = []


def attack(kind: str, against: str = "archive") -> Callable[[Callable[[Victim], None]], Callable[[Victim], None]]:
    def enter(act: Callable[[Victim], None]) -> Callable[[Victim], None]:
        ATTACKS.append(Attack(name=act.__name__, act=act, kind=kind, against=against))
        return act

    return enter


# -- files -----------------------------------------------------------------------------------------


@attack("missing_file")
def file_deleted(victim: Victim) -> None:
    victim.file().unlink()


@attack("missing_file")
def file_renamed(victim: Victim) -> None:
    victim.file().rename(victim.file().with_name("lantian-20200101T000000Z-00000000.warc.gz"))


@attack("duplicate_record")
def file_copied_under_another_name(victim: Victim) -> None:
    shutil.copy(victim.file(), victim.archive / "lantian-20200101T000000Z-00000000.warc.gz")


@attack("extra_file")
def file_added(victim: Victim) -> None:
    (victim.archive / "notes.txt").write_bytes(b"nothing to see")


@attack("extra_file")
def file_both_open_and_finished(victim: Victim) -> None:
    shutil.copy(victim.file(), f"{victim.file()}.open")


@attack("extra_file")
def folder_with_files_added(victim: Victim) -> None:
    (victim.archive / "more").mkdir()
    (victim.archive / "more" / victim.file().name).write_bytes(victim.file().read_bytes())


@attack("link")
def file_replaced_by_a_link_out(victim: Victim) -> None:
    victim.file().rename(victim.elsewhere)
    victim.file().symlink_to(victim.elsewhere)


@attack("link")
def file_replaced_by_a_pipe(victim: Victim) -> None:
    path = victim.file()
    path.unlink()
    os.mkfifo(path)


@attack("link")
def manifests_replaced_by_a_link_out(victim: Victim) -> None:
    folder = victim.archive / "manifests"
    folder.rename(victim.elsewhere)
    folder.symlink_to(victim.elsewhere, target_is_directory=True)


@attack("cut_file")
def file_cut_in_the_middle(victim: Victim) -> None:
    os.truncate(victim.file(), victim.file().stat().st_size // 2)


@attack("cut_file")
def file_cut_by_its_last_record(victim: Victim) -> None:
    os.truncate(victim.file(), victim.leaf(-1)["offset"])


@attack("cut_file")
def file_cut_and_reopened(victim: Victim) -> None:
    path = victim.file()
    os.truncate(path, victim.leaf(-1)["offset"] + 10)
    path.rename(f"{path}.open")


@attack("cut_file")
def file_emptied(victim: Victim) -> None:
    victim.file().write_bytes(b"")


@attack("record_id")
def files_exchanged(victim: Victim) -> None:
    one, other = victim.file(6), victim.file(7)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


@attack("cut_file")
def torn_record_behind_a_finished_file(victim: Victim) -> None:
    with victim.file().open("ab") as file:
        file.write(forged(victim.packed(1))[:-6])


@attack("damaged_record")
def garbage_behind_a_finished_file(victim: Victim) -> None:
    with victim.file().open("ab") as file:
        file.write(b"more" * 50)


# -- whole records ---------------------------------------------------------------------------------


@attack("missing_record")
def record_dropped(victim: Victim) -> None:
    victim.put(3, b"")


@attack("extra_record")
def record_added(victim: Victim) -> None:
    at = victim.leaf(3)["offset"]
    victim.splice(at, at, forged(victim.packed(1)))


@attack("not_sealed")
def record_added_behind_the_last(victim: Victim) -> None:
    with victim.file().open("ab") as file:
        file.write(forged(victim.packed(1)))


@attack("duplicate_record")
def record_repeated(victim: Victim) -> None:
    at = victim.leaf(3)["offset"]
    victim.splice(at, at, victim.packed(1))


@attack("duplicate_record")
def record_repeated_behind_the_last(victim: Victim) -> None:
    with victim.file().open("ab") as file:
        file.write(victim.packed(1))


@attack("moved_record")
def records_reordered(victim: Victim) -> None:
    first, second = victim.leaf(3), victim.leaf(4)
    end = second["offset"] + second["length"]
    victim.splice(first["offset"], end, victim.packed(4) + victim.packed(3))


@attack("moved_record")
def two_of_the_same_length_swapped(victim: Victim) -> None:
    lengths: dict[int, int] = {}
    for at, leaf in enumerate(victim.leaves(3)):
        other = lengths.setdefault(leaf["length"], at)
        if other != at:
            first, second = victim.packed(other), victim.packed(at)
            victim.put(other, second)
            victim.put(at, first)
            return
    raise AssertionError("no two records are of the same length")


@attack("record_id")
def record_replaced_by_a_forged_one(victim: Victim) -> None:
    victim.put(3, forged(victim.packed(3)))


@attack("damaged_record")
def two_records_in_one_member(victim: Victim) -> None:
    first, second = victim.leaf(3), victim.leaf(4)
    both = gzip.decompress(victim.packed(3)) + gzip.decompress(victim.packed(4))
    victim.splice(first["offset"], second["offset"] + second["length"], gzip.compress(both))


@attack("damaged_record")
def one_record_in_two_members(victim: Victim) -> None:
    plain = gzip.decompress(victim.packed(3))
    victim.put(3, gzip.compress(plain[:100]) + gzip.compress(plain[100:]))


@attack("damaged_record")
def record_zeroed(victim: Victim) -> None:
    victim.put(3, bytes(victim.leaf(3)["length"]))


# -- inside a record -------------------------------------------------------------------------------


@attack("damaged_record")
def one_bit_of_the_checksum(victim: Victim) -> None:
    packed = bytearray(victim.packed(3))
    packed[-8] ^= 1
    victim.put(3, bytes(packed))


@attack("digest")
def one_bit_of_the_gzip_header(victim: Victim) -> None:
    packed = bytearray(victim.packed(3))
    packed[4] ^= 1
    victim.put(3, bytes(packed))


@attack("digest")
def only_compressed_anew(victim: Victim) -> None:
    victim.put(3, gzip.compress(gzip.decompress(victim.packed(3)), 1))


def _edit(name: str, pattern: bytes, into: bytes) -> None:
    def act(victim: Victim) -> None:
        at = victim.place("response")
        victim.put(at, edited(pattern, into)(victim.packed(at)))

    act.__name__ = name
    attack("digest")(act)


_edit("date_edited", rb"WARC-Date: \d{4}", b"WARC-Date: 2020")
_edit("address_edited", rb"WARC-Target-URI: https://s\.", b"WARC-Target-URI: https://t.")
_edit("server_edited", rb"WARC-IP-Address: \S+", b"WARC-IP-Address: 192.0.2.7")
_edit("type_edited", rb"WARC-Type: response", b"WARC-Type: metadata")
_edit("field_removed", rb"WARC-IP-Address: \S+\r\n", b"")
_edit("field_added", rb"Content-Length:", b"Lantian-Specimen: yes\r\nContent-Length:")
_edit("status_edited", rb"HTTP/1.1 200", b"HTTP/1.1 404")


@attack("block_digest")
def body_edited(victim: Victim) -> None:
    at = victim.place("response")
    victim.put(at, edited(rb"page \d", b"page x")(victim.packed(at)))


@attack("header")
def digests_stripped_and_body_replaced(victim: Victim) -> None:
    at = victim.place("response")
    victim.put(at, without_digests(victim.packed(at)))


@attack("digest")
def body_replaced_and_digests_in_the_record_recomputed(victim: Victim) -> None:
    at = victim.place("response")
    victim.put(at, redigested(victim.packed(at), lambda body: body.replace(b"page", b"PAGE")))


@attack("digest")
def screenshot_replaced_and_digests_in_the_record_recomputed(victim: Victim) -> None:
    at = victim.place("resource")
    victim.put(at, redigested(victim.packed(at), lambda body: body[::-1]))


@attack("digest")
def request_replaced(victim: Victim) -> None:
    at = victim.place("request")
    victim.put(at, edited(rb"GET ", b"PUT ")(victim.packed(at)))


@attack("digest")
def description_of_the_file_edited(victim: Victim) -> None:
    victim.put(0, redigested(victim.packed(0), lambda body: body.replace(b"software", b"softwear")))
