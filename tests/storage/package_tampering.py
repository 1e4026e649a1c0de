"""Every way we know to tamper with a package, each as a function over its file, with what it must be called."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from authority import LocalAuthority
from package_specimens import PICTURE, TEXT, URL, VISIT, Packed, package, sealed_archive

from storage import warc
from storage.canonical import canonical
from storage.packaging import cdx
from storage.wacz import DATAPACKAGE, DIGEST, INDEX, PACKAGE, PAGES, PROOFS, RECORDS, STAMP, VERIFY

Files = dict[str, bytes]
OTHER_PICTURE = PICTURE + b"another"


@dataclass(frozen=True)
class Victim:
    """A stamped package, the archive it came from, and another house's archive and authority."""

    path: Path
    packed: Packed
    foreign: Packed
    foreign_package: Path


@dataclass(frozen=True)
class Tampering:
    """One way. `kinds`: what the verifier must call it, one of them at least. `needs_stamp`: only tokens tell."""

    name: str
    kinds: tuple[str, ...]
    act: Callable[[Victim], None]
    needs_stamp: bool = False


TAMPERINGS: list[Tampering] = []


def tampering(*kinds: str, needs_stamp: bool = False) -> Callable[[Callable[[Victim], None]], Callable[[Victim], None]]:
    def entered(act: Callable[[Victim], None]) -> Callable[[Victim], None]:
        TAMPERINGS.append(Tampering(act.__name__, kinds, act, needs_stamp))
        return act

    return entered


def victim(folder: Path) -> Victim:
    """Made once; each tampering gets a copy of the package."""
    packed = sealed_archive(folder / "home" / "archive", LocalAuthority(folder / "authority"))
    foreign = sealed_archive(folder / "other" / "archive", LocalAuthority(folder / "foreign", name="Fremd"), others=3)
    return Victim(
        package(packed, folder / "X.wacz"), packed, foreign, package(foreign, folder / "foreign.wacz")
    )  # fmt: skip


# -- an attacker's tools ---------------------------------------------------------------------------


def files_of(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist()}


def write(path: Path, files: Files) -> None:
    """The one form of a package, whatever is in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            named = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            named.create_system, named.external_attr = 3, 0o100644 << 16
            archive.writestr(named, content)


def relisted(files: Files) -> Files:
    """The same with datapackage.json and its digest computed anew, in the order that they must have."""
    listed = json.loads(files[DATAPACKAGE])
    inside = {name: content for name, content in files.items() if name not in (DATAPACKAGE, DIGEST, STAMP)}
    listed["resources"] = [
        {
            "name": name.replace("/", "-").lower(),
            "path": name,
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "bytes": len(content),
        }
        for name, content in inside.items()
    ]
    raw = canonical(listed)
    digest = canonical({"path": DATAPACKAGE, "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}"})
    last = {STAMP: files[STAMP]} if STAMP in files else {}
    return inside | {DATAPACKAGE: raw, DIGEST: digest} | last


def edit(at: Victim, *, is_relisted: bool = True, drop: tuple[str, ...] = (), **changed: bytes) -> None:
    """Write the package again with other content, by file name; what is new goes where it belongs."""
    files = {name: content for name, content in files_of(at.path).items() if name not in drop}
    files |= changed
    ordered = dict(sorted(files.items(), key=lambda one: _place(one[0])))
    write(at.path, relisted(ordered) if is_relisted else ordered)


def _place(name: str) -> tuple[int, str]:
    fixed = (RECORDS, INDEX, PAGES, PACKAGE, PROOFS, VERIFY)
    folders = ("chain/", "authorities/", "pictures/", "texts/", "documents/")
    if name in fixed:
        return fixed.index(name), name
    if name in (DATAPACKAGE, DIGEST, STAMP):
        return 100 + (DATAPACKAGE, DIGEST, STAMP).index(name), name
    return next((10 + at for at, folder in enumerate(folders) if name.startswith(folder)), 50), name


def named(at: Victim, beginning: str, ending: str = "") -> str:
    return next(name for name in files_of(at.path) if name.startswith(beginning) and name.endswith(ending))


def proofs(files: Files) -> list[dict[str, object]]:
    return [json.loads(line) for line in files[PROOFS].splitlines()]


def lines(several: list[dict[str, object]]) -> bytes:
    return b"".join(map(canonical, several))


def members(files: Files) -> list[bytes]:
    return [files[RECORDS][one["offset"] : one["offset"] + one["length"]] for one in proofs(files)]  # type: ignore[operator, index]


def rebuilt(files: Files, packed: list[bytes], told: list[dict[str, object]]) -> Files:
    """Data, proofs and index out of these members, with every place computed anew."""
    at, index = 0, []
    for member, one in zip(packed, told, strict=True):
        one |= {"offset": at, "length": len(member)}
        index += cdx.lines(warc.read_member(member), at, len(member))
        at += len(member)
    return {RECORDS: b"".join(packed), PROOFS: lines(told), INDEX: "".join(sorted(index)).encode()}


def of_how(files: Files, how: str) -> int:
    return next(at for at, one in enumerate(members(files)) if warc.read_member(one).field("Lantian-How") == how)


def with_other_picture(files: Files) -> tuple[list[bytes], int]:
    """The members, the picture's record written again around another picture, every digest in it right."""
    packed, at = members(files), of_how(files, "picture")
    record = warc.read_member(packed[at])
    payload = warc.Payload(head=b"", body=OTHER_PICTURE)
    names = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "WARC-Target-URI", "Content-Type", "Lantian-How")
    fields = [(name, record.field(name)) for name in (*names, "Lantian-Tool", "Lantian-Visit")]
    packed[at] = warc.member(fields, payload, payload.sha256)
    return packed, at


def patched(at: Victim, change: Callable[[bytearray], None]) -> None:
    raw = bytearray(at.path.read_bytes())
    change(raw)
    at.path.write_bytes(raw)


# -- the zip ---------------------------------------------------------------------------------------


@tampering("zip_structure")
def cut_by_a_byte(at: Victim) -> None:
    at.path.write_bytes(at.path.read_bytes()[:-1])


@tampering("zip_structure")
def cut_in_half(at: Victim) -> None:
    at.path.write_bytes(at.path.read_bytes()[: at.path.stat().st_size // 2])


@tampering("zip_structure")
def emptied(at: Victim) -> None:
    at.path.write_bytes(b"")


@tampering("zip_structure")
def bytes_behind(at: Victim) -> None:
    at.path.write_bytes(at.path.read_bytes() + b"\0")


@tampering("zip_structure")
def bytes_before(at: Victim) -> None:
    at.path.write_bytes(b"#!/bin/sh\n" + at.path.read_bytes())


@tampering("zip_structure")
def another_zip_behind(at: Victim) -> None:
    at.path.write_bytes(at.path.read_bytes() + at.foreign_package.read_bytes())


@tampering("zip_structure")
def a_comment(at: Victim) -> None:
    with zipfile.ZipFile(at.path, "a") as archive:
        archive.comment = b"seen"


@tampering("zip_structure")
def zipped_again(at: Victim) -> None:
    files = files_of(at.path)
    with zipfile.ZipFile(at.path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@tampering("zip_structure")
def deflated(at: Victim) -> None:
    files = files_of(at.path)
    with zipfile.ZipFile(at.path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


@tampering("zip_structure")
def out_of_order(at: Victim) -> None:
    files = files_of(at.path)
    write(at.path, {PAGES: files.pop(PAGES)} | files)


@tampering("zip_structure")
def an_entry_is_a_link(at: Victim) -> None:
    def change(raw: bytearray) -> None:
        central = raw.index(b"PK\1\2")
        raw[central + 38 : central + 42] = struct.pack("<I", 0o120777 << 16)

    patched(at, change)


@tampering("zip_structure")
def headers_disagree(at: Victim) -> None:
    def change(raw: bytearray) -> None:
        local = raw.index(b"lantian/VERIFY.md")
        raw[local : local + 17] = b"lantian/VERIFX.md"

    patched(at, change)


@tampering("zip_structure")
def bytes_between(at: Victim) -> None:
    raw = at.path.read_bytes()
    central = raw.index(b"PK\1\2")
    end = bytearray(raw[-22:])
    end[16:20] = struct.pack("<I", central + 4)
    at.path.write_bytes(raw[:central] + b"evil" + raw[central:-22] + end)


@tampering("zip_duplicate")
def a_name_twice(at: Victim) -> None:
    name = named(at, "pictures/")
    files = files_of(at.path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for one, content in files.items():
            for body in (content, OTHER_PICTURE) if one == name else (content,):
                known = set(archive.NameToInfo)
                archive.NameToInfo.clear()
                archive.writestr(zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0)), body)
                assert known is not None
    at.path.write_bytes(buffer.getvalue())


@tampering("zip_duplicate")
def a_name_in_other_letters(at: Victim) -> None:
    edit(at, **{"lantian/verify.md": b"# nothing to check\n"})


@tampering("zip_path")
def a_path_that_leaves(at: Victim) -> None:
    edit(at, **{"documents/../../evil.sh": b"true"})


@tampering("zip_path")
def an_absolute_path(at: Victim) -> None:
    edit(at, **{"/etc/evil": b"true"})


@tampering("zip_path")
def a_path_with_backslashes(at: Victim) -> None:
    edit(at, **{"documents\\evil.pdf": b"true"})


@tampering("zip_bomb")
def a_bomb(at: Victim) -> None:
    with zipfile.ZipFile(at.path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("documents/bomb.pdf", bytes(1 << 25))


@tampering("zip_bomb")
def entries_over_one_another(at: Victim) -> None:
    raw = at.path.read_bytes()
    end = bytearray(raw[-22:])
    count, size, start = struct.unpack("<H", end[10:12])[0], *struct.unpack("<II", end[12:20])
    listed = raw[start : start + size]
    first = listed[: listed.index(b"PK\1\2", 4)]
    copies = [first.replace(b"archive/data.warc.gz", b"archive/data%04d.gz" % one) for one in range(40)]
    more = b"".join(one[:28] + struct.pack("<H", 19) + one[30:] for one in copies)
    end[8:10] = end[10:12] = struct.pack("<H", count + 40)
    end[12:16] = struct.pack("<I", size + len(more))
    at.path.write_bytes(raw[:start] + listed + more + end)


# -- what is in it ---------------------------------------------------------------------------------


@tampering("package_extra")
def a_file_more(at: Victim) -> None:
    edit(at, **{"lantian/evil.html": b"<script>"})


@tampering("package_extra")
def a_document_more(at: Victim) -> None:
    edit(at, is_relisted=False, **{"documents/more.pdf": b"%PDF"})


@tampering("package_missing")
def a_document_less(at: Victim) -> None:
    edit(at, is_relisted=False, drop=(named(at, "documents/"),))


@tampering("package_missing")
def no_proofs(at: Victim) -> None:
    edit(at, drop=(PROOFS,))


@tampering("package_digest")
def a_document_edited(at: Victim) -> None:
    edit(at, is_relisted=False, **{named(at, "documents/"): b"%PDF-1.7\nexample.\n"})


@tampering("token_mismatch", needs_stamp=True)
def a_document_edited_and_listed(at: Victim) -> None:
    edit(at, **{named(at, "documents/"): b"%PDF-1.7\nexample.\n"})


@tampering("token_mismatch", needs_stamp=True)
def the_instructions_edited_and_listed(at: Victim) -> None:
    edit(at, **{VERIFY: b"# nothing to check\n"})


@tampering("package_digest")
def the_list_edited(at: Victim) -> None:
    edit(at, is_relisted=False, **{DATAPACKAGE: files_of(at.path)[DATAPACKAGE].replace("示例".encode(), b"other")})


@tampering("package_format")
def the_list_in_another_form(at: Victim) -> None:
    listed = json.dumps(json.loads(files_of(at.path)[DATAPACKAGE]), indent=1).encode()
    digest = canonical({"path": DATAPACKAGE, "hash": f"sha256:{hashlib.sha256(listed).hexdigest()}"})
    edit(at, is_relisted=False, **{DATAPACKAGE: listed, DIGEST: digest})


# -- pictures and texts ----------------------------------------------------------------------------


@tampering("package_digest")
def another_picture(at: Victim) -> None:
    edit(at, is_relisted=False, **{named(at, "pictures/"): OTHER_PICTURE})


@tampering("picture")
def another_picture_listed(at: Victim) -> None:
    edit(at, **{named(at, "pictures/"): OTHER_PICTURE})


@tampering("digest")
def another_picture_and_its_record(at: Victim) -> None:
    files = files_of(at.path)
    packed, _ = with_other_picture(files)
    edit(at, **{named(at, "pictures/"): OTHER_PICTURE}, **rebuilt(files, packed, proofs(files)))


@tampering("proof")
def another_picture_its_record_and_leaf(at: Victim) -> None:
    files = files_of(at.path)
    packed, place = with_other_picture(files)
    told = proofs(files)
    leaf = json.loads(str(told[place]["leaf"])) | {
        "length": len(packed[place]),
        "sha256": hashlib.sha256(packed[place]).hexdigest(),
        "sm3": hashlib.new("sm3", packed[place]).hexdigest(),
    }
    told[place]["leaf"] = canonical(leaf).decode().rstrip("\n")
    edit(at, **{named(at, "pictures/"): OTHER_PICTURE}, **rebuilt(files, packed, told))


@tampering("token_untrusted", "token_missing", "not_stamped", needs_stamp=True)
def all_made_anew_without_our_authority(at: Victim) -> None:
    """Another archive, sealed and stamped by somebody else, put in the place of ours."""
    at.path.write_bytes(at.foreign_package.read_bytes())


@tampering("not_stamped", needs_stamp=True)
def all_made_anew_without_stamps(at: Victim) -> None:
    at.path.unlink()
    manifests = at.foreign.manifests
    for token in manifests.glob("*.tsr"):
        token.rename(token.with_suffix(".kept"))
    package(replace(at.foreign, authority=None), at.path)
    for token in manifests.glob("*.kept"):
        token.rename(token.with_suffix(".tsr"))


@tampering("picture")
def a_picture_of_nothing(at: Victim) -> None:
    edit(at, **{f"pictures/{'ab' * 8}.png": OTHER_PICTURE})


@tampering("package_missing")
def no_picture(at: Victim) -> None:
    edit(at, drop=(named(at, "pictures/"),))


@tampering("text")
def another_text(at: Victim) -> None:
    edit(at, **{named(at, "texts/"): TEXT + b"."})


# -- records and proofs ----------------------------------------------------------------------------


@tampering("package_digest")
def a_bit_flipped(at: Victim) -> None:
    files = files_of(at.path)
    edit(at, is_relisted=False, **{RECORDS: _flipped(files[RECORDS])})


@tampering("digest")
def a_bit_flipped_and_listed(at: Victim) -> None:
    edit(at, **{RECORDS: _flipped(files_of(at.path)[RECORDS])})


def _flipped(raw: bytes) -> bytes:
    place = len(raw) // 2
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


@tampering("missing_record")
def a_capture_dropped(at: Victim) -> None:
    _without(at, of_how(files_of(at.path), "text"))


@tampering("missing_record")
def a_network_record_dropped(at: Victim) -> None:
    _without(at, of_how(files_of(at.path), "network"))


def _without(at: Victim, place: int) -> None:
    files = files_of(at.path)
    packed, told = members(files), proofs(files)
    del packed[place], told[place]
    drop = (named(at, "texts/"),) if place == of_how(files, "text") else ()
    edit(at, drop=drop, **rebuilt(files, packed, told))


@tampering("extra_record")
def a_record_without_proof(at: Victim) -> None:
    files = files_of(at.path)
    edit(at, **{RECORDS: files[RECORDS] + members(files)[1]})


@tampering("duplicate_record")
def a_record_twice(at: Victim) -> None:
    files = files_of(at.path)
    packed, told = members(files), proofs(files)
    edit(at, **rebuilt(files, [*packed, packed[1]], [*told, dict(told[1])]))


@tampering("cut_file", "proof")
def the_data_cut(at: Victim) -> None:
    edit(at, **{RECORDS: files_of(at.path)[RECORDS][:-10]})


@tampering("proof")
def proofs_in_another_order(at: Victim) -> None:
    told = proofs(files_of(at.path))
    edit(at, **{PROOFS: lines([told[1], told[0], *told[2:]])})


@tampering("digest", "proof")
def proofs_swapped(at: Victim) -> None:
    told = proofs(files_of(at.path))
    for name in ("leaf", "path", "index"):
        told[1][name], told[2][name] = told[2][name], told[1][name]
    edit(at, **{PROOFS: lines(told)})


@tampering("digest", "proof")
def the_proof_of_another_record(at: Victim) -> None:
    told, others = proofs(files_of(at.path)), proofs(files_of(at.foreign_package))
    told[1] |= {name: others[1][name] for name in ("leaf", "path", "index", "size", "manifest")}
    edit(at, **{PROOFS: lines(told)})


@tampering("proof")
def a_path_cut_short(at: Victim) -> None:
    told = proofs(files_of(at.path))
    told[1]["path"] = list(told[1]["path"])[:-1]  # type: ignore[call-overload]
    edit(at, **{PROOFS: lines(told)})


@tampering("proof")
def a_leaf_at_another_place(at: Victim) -> None:
    told = proofs(files_of(at.path))
    told[1]["index"] = int(str(told[1]["index"])) - 1
    edit(at, **{PROOFS: lines(told)})


@tampering("proof")
def a_leaf_edited(at: Victim) -> None:
    told = proofs(files_of(at.path))
    told[1]["leaf"] = str(told[1]["leaf"]).replace('"offset":', '"offset":1')
    edit(at, **{PROOFS: lines(told)})


@tampering("package_format")
def a_proof_with_more_in_it(at: Victim) -> None:
    told = proofs(files_of(at.path))
    told[1]["note"] = "checked"
    edit(at, **{PROOFS: lines(told)})


# -- the chain and its stamps ----------------------------------------------------------------------


@tampering("proof", "chain", "foreign_manifest")
def a_foreign_chain(at: Victim) -> None:
    foreign = {name: raw for name, raw in files_of(at.foreign_package).items() if name.startswith("chain/")}
    edit(at, **foreign)


@tampering("foreign_manifest")
def one_foreign_manifest(at: Victim) -> None:
    edit(at, **{"chain/000003.json": files_of(at.foreign_package)["chain/000003.json"]})


@tampering("chain")
def a_manifest_edited(at: Victim) -> None:
    edit(
        at, **{"chain/000002.json": files_of(at.path)["chain/000002.json"].replace(b"lantian 0.1.0", b"lantian 0.1.1")}
    )


@tampering("chain")
def the_newest_manifest_edited(at: Victim) -> None:
    edit(
        at, **{"chain/000003.json": files_of(at.path)["chain/000003.json"].replace(b"lantian 0.1.0", b"lantian 0.1.1")}
    )


@tampering("manifest_format")
def a_manifest_in_another_form(at: Victim) -> None:
    head = json.loads(files_of(at.path)["chain/000003.json"])
    edit(at, **{"chain/000003.json": json.dumps(head).encode()})


@tampering("manifest_number")
def a_manifest_renamed(at: Victim) -> None:
    files = files_of(at.path)
    moved = {"chain/000004.json": files["chain/000003.json"]}
    edit(at, drop=("chain/000003.json", "chain/000003.tsr"), **moved)


@tampering("chain")
def the_chain_without_its_end(at: Victim) -> None:
    edit(at, drop=("chain/000003.json", "chain/000003.tsr"))


@tampering("manifest_gap")
def the_chain_without_its_middle(at: Victim) -> None:
    edit(at, drop=("chain/000002.json", "chain/000002.tsr"))


@tampering("proof")
def the_chain_without_its_beginning(at: Victim) -> None:
    edit(at, drop=("chain/000001.json", "chain/000001.tsr"))


@tampering("token_untrusted", needs_stamp=True)
def another_authority(at: Victim) -> None:
    files = files_of(at.path)
    authority = at.foreign.authority
    assert authority
    edit(at, **{"chain/000001.tsr": authority.stamp(files["chain/000001.json"])})


@tampering("token_mismatch")
def the_token_of_another_manifest(at: Victim) -> None:
    files = files_of(at.path)
    edit(at, **{"chain/000001.tsr": files["chain/000002.tsr"]})


@tampering("token_unreadable")
def no_token_but_bytes(at: Victim) -> None:
    edit(at, **{"chain/000001.tsr": b"token"})


@tampering("not_stamped", needs_stamp=True)
def a_token_dropped(at: Victim) -> None:
    edit(at, drop=("chain/000001.tsr",))


@tampering("not_stamped", needs_stamp=True)
def the_packages_token_dropped(at: Victim) -> None:
    edit(at, is_relisted=False, drop=(STAMP,))


@tampering("token_mismatch")
def the_packages_token_of_another(at: Victim) -> None:
    edit(at, is_relisted=False, **{STAMP: files_of(at.foreign_package)[STAMP]})


# -- what is told ----------------------------------------------------------------------------------


def retold(at: Victim, old: str, new: str) -> None:
    raw = files_of(at.path)[PACKAGE]
    assert old.encode() in raw
    edit(at, **{PACKAGE: raw.replace(old.encode(), new.encode())})


@tampering("token_mismatch", needs_stamp=True)
def the_title_retold(at: Victim) -> None:
    retold(at, '"title":"发明专利代写 包授权"', '"title":"发明专利代写 包授权 示例所"')


@tampering("exhibit")
def the_quote_retold(at: Victim) -> None:
    retold(at, '"quote":"包授权"', '"quote":"包下证"')


@tampering("exhibit")
def the_time_retold(at: Victim) -> None:
    retold(at, '"taken_at":"2026-08-01T02:30:15.123456Z"', '"taken_at":"2026-07-01T02:30:15.123456Z"')


@tampering("exhibit")
def the_address_retold(at: Victim) -> None:
    retold(at, f'"url":"{URL}"', '"url":"https://www.shili.example/"')


@tampering("exhibit")
def the_specimen_mark_retold(at: Victim) -> None:
    retold(at, '"specimen":false', '"specimen":true')


@tampering("chain")
def the_chains_head_retold(at: Victim) -> None:
    retold(at, '"number":3', '"number":2')


@tampering("package_format")
def an_exhibit_less(at: Victim) -> None:
    told = json.loads(files_of(at.path)[PACKAGE]) | {"exhibits": []}
    edit(at, **{PACKAGE: canonical(told)})


@tampering("index")
def an_index_line_elsewhere(at: Victim) -> None:
    index = files_of(at.path)[INDEX]
    edit(at, **{INDEX: index.replace(b'"offset": ', b'"offset": 1', 1)})


@tampering("index")
def an_index_line_less(at: Victim) -> None:
    edit(at, **{INDEX: b"".join(files_of(at.path)[INDEX].splitlines(keepends=True)[1:])})


@tampering("index")
def an_index_line_more(at: Victim) -> None:
    edit(at, **{INDEX: files_of(at.path)[INDEX] + b"zz)/ 20260801023015 {}\n"})


@tampering("index")
def a_page_elsewhere(at: Victim) -> None:
    edit(at, **{PAGES: files_of(at.path)[PAGES].replace(URL.encode(), b"https://www.shili.example/")})


@tampering("index")
def a_pages_text_retold(at: Victim) -> None:
    edit(at, **{PAGES: files_of(at.path)[PAGES].replace("不授权全额退款".encode(), "不承诺".encode())})


assert VISIT.text == TEXT
