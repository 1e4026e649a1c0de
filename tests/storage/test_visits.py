"""A visit is kept whole or not at all, and every record of it comes back by what its facts say."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from storage_specimens import SNAPSHOT, T0, archive_in, keep_snapshot
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from crawler.captures import Box, BrowserCapture, Chain, Frame, Message, Place, Surroundings, Visit, VisitRecord
from crawler.errors import EvidenceBroken
from crawler.items import How
from storage import warc, warcfile
from storage.archive import FolderArchive
from storage.visits import keep_page, keep_visit, read_facts

PAGE = "https://www.xinghe.example/s?wd=专利&pn=1"
MESSAGE = Message(
    url=PAGE,
    method="GET",
    request_headers=(("Host", "www.xinghe.example"),),
    request_body=b"",
    status=200,
    reason="OK",
    protocol="h2",
    response_headers=(("content-type", "text/html"), ("content-encoding", "br"), ("content-length", "7")),
    body="<p>星河</p>".encode(),
    ip_address="127.0.0.1",
    at=T0,
    initiator="document",
    is_specimen=True,
)
VISIT = Visit(
    id="0b1d6d0e-8e0f-4a2b-9d0c-7a36a1e0d101",
    requested_url="https://www.xinghe.example/s",
    url=PAGE,
    redirects=("https://www.xinghe.example/s",),
    status=200,
    title="星河知产 \udcff",
    started_at=T0,
    ended_at=T0 + timedelta(seconds=2),
    browser="chromium/156",
    picture=b"\x89PNG picture",
    dom="<html>星河</html>".encode(),
    text="星河".encode(),
    mhtml=b"MIME-Version: 1.0",
    frame=Frame(
        width=1280,
        height=2000,
        places=(Place(exhibit="e1", quote="星河", box=Box(left=1, top=2, right=3, bottom=4)),),
        query_box=Box(left=1, top=1, right=9, bottom=9),
    ),
    messages=(
        replace(MESSAGE, url="https://www.xinghe.example/s", status=302, body=b"", missing="redirect"),
        MESSAGE,
        replace(MESSAGE, url="https://www.xinghe.example/big", body=b"", missing="too_large"),
        replace(MESSAGE, url="https://www.xinghe.example/gone", status=0, reason="net::ERR_X", missing="failed"),
    ),
    chains=(Chain(host="www.xinghe.example", certificates=(b"leaf", b"middle")),),
    ip_address="127.0.0.1",
    sockets=("wss://www.xinghe.example/live 3",),
    refused=("10.0.0.1:80",),
    steps=((T0, "打开页面"),),
    troubles=(("load", "unfinished"),),
    is_specimen=True,
)
SURROUNDINGS = Surroundings(
    machine="x86_64",
    system="Linux",
    python="3.11",
    tools=(("lantian", "0.3.0"),),
    proxies=("http_proxy",),
    hosts_file="ab" * 32,
    hosts_entries=(),
    resolvers=("192.0.2.1",),
    dns=(("www.xinghe.example", ("192.0.2.7",)),),
    clock_source="ntp.example",
    clock_offset=0.25,
    clock_at=T0,
)


def records_of(archive: FolderArchive, kept: BrowserCapture) -> tuple[VisitRecord, ...]:
    """All records of the visit in the order they lie in its file, the facts last."""
    facts = kept.facts
    last = VisitRecord(
        id=facts.id,
        type="resource",
        how="facts",
        uri=warc.visit_uri(How.FACTS, facts.url),
        offset=facts.offset,
        length=facts.length,
        sha256=facts.sha256,
    )
    return (*read_facts(archive, kept).records, last)


def test_an_override_stands_in_the_facts_and_on_the_request_it_let_out(tmp_path: Path) -> None:
    override = "override 3: Disallow: /s"
    visit = replace(VISIT, override=override, requested_url=f"{MESSAGE.url}#part")
    with archive_in(tmp_path) as archive:
        kept = keep_visit(archive, visit, SURROUNDINGS)
        assert read_facts(archive, kept).override == override
        records = records_of(archive, kept)
    (path,) = tmp_path.iterdir()
    raw = path.read_bytes()
    read = [warc.read_member(raw[one.offset : one.offset + one.length]) for one in records]
    marked = [one.field("WARC-Target-URI") for one in read if one.field("Lantian-Override")]
    assert marked == [warc.uri(MESSAGE.url)]


def test_every_part_and_every_record_comes_back(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        keep_snapshot(archive, SNAPSHOT)
        kept = keep_visit(archive, VISIT, SURROUNDINGS)
        facts, records = read_facts(archive, kept), records_of(archive, kept)
        parts = [archive.produce(one) for one in (kept.picture, kept.dom, kept.text, kept.mhtml)]
    assert parts == [VISIT.picture, VISIT.dom, VISIT.text, VISIT.mhtml]
    assert (facts.frame, facts.surroundings, facts.records) == (VISIT.frame, SURROUNDINGS, records[:-1])
    assert (facts.troubles, facts.steps, facts.url) == (VISIT.troubles, VISIT.steps, VISIT.url)
    assert facts.title == "星河知产 \ufffd"
    (path,) = tmp_path.iterdir()
    raw, end = path.read_bytes(), kept.offset
    for record in records:
        read = warc.read_member(raw[record.offset : record.offset + record.length])
        assert record.offset == end
        end += record.length
        assert warc.payload_of(read).sha256 == record.sha256
        said = (read.field("WARC-Record-ID"), read.field("WARC-Target-URI"), read.field("Lantian-How"))
        assert said == (warc.urn(record.id), record.uri, record.how)
        assert read.field("Lantian-Visit") == VISIT.id
    assert (end, len(records)) == (kept.offset + kept.length, kept.records) == (len(raw), 14)
    assert [one.how for one in records][-1] == "facts"


def test_the_addresses_say_which_part_and_the_messages_are_true_of_their_bodies(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        keep_visit(archive, VISIT, SURROUNDINGS)
    (path,) = tmp_path.iterdir()
    with path.open("rb") as file:
        seen = [(one.rec_type, one.rec_headers, one.http_headers, one.content_stream().read()) for one in
                ArchiveIterator(file)]  # fmt: skip
    said = [headers.get_header("WARC-Target-URI") for _, headers, _, _ in seen]
    page = warc.uri(PAGE)
    for part in ("screenshot", "dom", "text", "mhtml", "facts"):
        assert f"urn:{part}:{page}" in said
    assert "urn:certificate:www.xinghe.example/2" in said
    answers = [(http, body, headers) for kind, headers, http, body in seen if kind == "response"]
    moved, found, large = answers
    assert (moved[0].get_statuscode(), moved[2].get_header("Lantian-Missing")) == ("302", "redirect")
    assert found[1] == MESSAGE.body
    assert found[0].get_header("content-encoding") is None
    assert found[0].get_header("x-archive-orig-content-encoding") == "br"
    assert found[0].get_header("content-length") == str(len(MESSAGE.body))
    assert (large[2].get_header("Lantian-Missing"), large[2].get_header("WARC-Truncated")) == ("too_large", "length")
    (lonely,) = [headers for kind, headers, _, _ in seen if kind == "request" and "gone" in
                 headers.get_header("WARC-Target-URI")]  # fmt: skip
    assert (lonely.get_header("Lantian-Failure"), lonely.get_header("WARC-Concurrent-To")) == ("net::ERR_X", None)


def test_warcio_finds_nothing_wrong(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        keep_visit(archive, VISIT, SURROUNDINGS)

    class Arguments:
        verbose, inputs = False, [str(path) for path in tmp_path.iterdir()]

    checker = Checker(Arguments)
    checker.process_all()
    assert checker.exit_value == 0


def test_the_facts_are_canonical(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_visit(archive, VISIT, SURROUNDINGS)
        raw = archive.produce(kept.facts)
    again = json.dumps(json.loads(raw), ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    assert again.encode() == raw
    assert json.loads(raw)["started_at"] == "2026-08-01T02:30:15.123456Z"


def test_a_visit_without_a_picture_keeps_the_rest(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_visit(archive, replace(VISIT, picture=b"", mhtml=b"", chains=(), messages=()), SURROUNDINGS)
        assert (kept.picture, kept.mhtml, kept.records) == (None, None, 3)
        assert archive.produce(kept.dom) == VISIT.dom


def test_a_rendered_page_is_a_capture_of_its_own_with_all_that_was_loaded_for_it(tmp_path: Path) -> None:
    visit = replace(VISIT, override="override 3: Disallow: /s", requested_url=PAGE)
    with archive_in(tmp_path) as archive:
        page = keep_page(archive, visit, SURROUNDINGS)
        assert (page.id, page.url, page.how) == (VISIT.id, VISIT.url, How.BROWSER)
        assert archive.produce(page) == VISIT.dom
    (path,) = tmp_path.iterdir()
    with path.open("rb") as file:
        read = [one.rec_headers for one in ArchiveIterator(file, no_record_parse=True)][1:]
    document, *others = read
    assert (document.get_header("WARC-Target-URI"), document.get_header("Lantian-Visit")) == (warc.uri(PAGE), None)
    assert {one.get_header("Lantian-Visit") for one in others} == {page.id}
    assert [one.get_header("Lantian-How") for one in others] == ["network"] * (len(others) - 1) + ["facts"]
    assert len(others) == 8
    assert [bool(one.get_header("Lantian-Override")) for one in others].count(True) == 1


def test_a_failed_write_leaves_nothing_of_the_visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = os.pwrite
    full = OSError(28, "No space left on device")
    with archive_in(tmp_path) as archive:
        keep_snapshot(archive, SNAPSHOT)
        (path,) = tmp_path.iterdir()
        before = path.read_bytes()

        def fails(fd: int, raw: bytes, offset: int) -> int:
            if offset > len(before):
                raise full
            return written(fd, raw[:100], offset)

        monkeypatch.setattr(warcfile.os, "pwrite", fails)
        with pytest.raises(OSError, match="No space"):
            keep_visit(archive, VISIT, SURROUNDINGS)
        monkeypatch.setattr(warcfile.os, "pwrite", written)
        assert path.read_bytes() == before
        assert archive.produce(keep_visit(archive, VISIT, SURROUNDINGS).dom) == VISIT.dom


def test_a_visit_is_never_split_over_two_files(tmp_path: Path) -> None:
    with archive_in(tmp_path, rotate_at=9_000) as archive:
        kept = [keep_visit(archive, replace(VISIT, id=f"visit-{number}"), SURROUNDINGS) for number in range(3)]
        for one in kept:
            assert len(records_of(archive, one)) == one.records
    assert len({one.file for one in kept}) == 3


def test_a_part_is_not_taken_for_another(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_visit(archive, VISIT, SURROUNDINGS)
        alone = keep_snapshot(archive, SNAPSHOT)
        with pytest.raises(EvidenceBroken, match="means of capture"):
            archive.produce(replace(kept.dom, how=How.TEXT))
        with pytest.raises(EvidenceBroken, match="address"):
            archive.produce(replace(kept.dom, url="https://www.xinghe.example/other"))
        with pytest.raises(EvidenceBroken, match="address"):
            archive.produce(replace(alone, url=f"urn:screenshot:{alone.url}"))


def test_facts_that_are_something_else_are_refused(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_visit(archive, VISIT, SURROUNDINGS)
        for body in (b"{}", b"[]", b"\xff", b'{"visit":1}'):
            other = keep_snapshot(archive, replace(SNAPSHOT, how=How.FACTS, body=body))
            with pytest.raises(EvidenceBroken, match="facts"):
                read_facts(archive, replace(kept, facts=other))
