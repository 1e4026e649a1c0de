"""`lantian evidence export`: a package that verifies, or a refusal that says which exhibit or capture, and no file."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority, serving
from empty_home import laid
from package_specimens import SURROUNDINGS, VISIT
from people_specimens import someone, token_of
from storage_specimens import exchange, finding, first_wrong

from casework.papers.extraction import facts_written
from casework.papers.paper_facts import ExtractionFacts, KeptFile, Officer, Target
from console.export import Asked, export
from crawler import clock
from crawler.captures import Box, BrowserCapture, Frame, PictureVerdict, Place
from crawler.config import Config
from crawler.errors import EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, Expired, NotStamped, UserMistake
from crawler.items import Capture, Exhibit, Exhibits, Page, Sightings
from pipelines.judge import packaged_screen
from pipelines.room import TOOL
from pipelines.shown import showings
from pipelines.tie import exhibit_id
from spiders.baidu import Baidu
from storage.archive import FolderArchive
from storage.audit import AuditLog
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.people import Extraction, People
from storage.seal import Sealer
from storage.shapes import PlannedRun
from storage.stamp import stamp_pending
from storage.verifier.package import verify_package
from storage.verifier.tokens import anchors
from storage.visits import keep_visit
from tests.console.conftest import Ran

FROZEN = Path(__file__).parent.parent / "spiders" / "pages" / "baidu" / "web-ads.html"
ADDRESS = Baidu().search_url("专利代理", 1)
WHO = "张示例"


@dataclass
class Kept:
    """A home with one page of exhibits, sealed; `flagged` has a finding and a picture that shows it."""

    home: Path
    flagged: str
    other: str
    capture: Capture
    visit: BrowserCapture

    @property
    def database(self) -> Path:
        return self.home / "lantian.db"

    def write(self, statement: str, *values: object) -> None:
        with sqlite3.connect(self.database) as connection:
            connection.execute(statement, values)
        connection.close()

    def seal(self) -> None:
        engine = open_database(self.database)
        Sealer(self.home / "archive", engine, tool=TOOL, demand="sealed").seal("", clock.now())
        engine.dispose()


def framed(exhibits: tuple[Exhibit, ...]) -> Frame:
    """Where it all stands in the picture: each title by itself, quotes on and below theirs, label and query."""
    places = []
    for row, one in enumerate(exhibits):
        top = 100 + 200 * row
        label = {"label": Box(left=500, top=top, right=530, bottom=top + 20), "label_text": "广告"}
        for quote, at in ((one.listing.title, top), *((found.quote, top + 40) for found in one.findings)):
            begins = top if quote in one.listing.title else at
            box = Box(left=10, top=begins, right=400, bottom=begins + 20)
            places.append(Place(exhibit=one.id, quote=quote, box=box, **label))
    query = Box(left=10, top=10, right=300, bottom=40)
    return Frame(width=1280, height=2000, places=tuple(places), query_box=query)


def kept_in(
    home: Path,
    *,
    is_specimen: bool = False,
    is_sealed: bool = True,
    redirects: tuple[str, ...] = (),
    is_judged: bool = False,
    override: str = "",
) -> Kept:
    """One page of Baidu as its server sent it, packed with gzip, its listings as exhibits, and a visit of it.

    Its finding is of rules that are no more, unless it `is_judged` by today's.
    """
    now, body = clock.now(), FROZEN.read_bytes()
    packed = gzip.compress(body, mtime=0)
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"))
    engine = open_database(laid(home / "lantian.db"))
    with FolderArchive(home / "archive", tool=TOOL) as archive:
        for asked, led_to in pairwise((*redirects, ADDRESS)):
            moved = (("Location", led_to), ("Content-Type", "text/html"))
            archive.keep(exchange(b"moved", url=asked, status=302, response_headers=moved, fetched_at=now))
            archive.keep(exchange(b"other", url="https://other.example/", fetched_at=now))
        capture = archive.keep(
            exchange(
                packed,
                url=ADDRESS,
                response_headers=headers,
                fetched_at=now,
                is_specimen=is_specimen,
                override=override,
            )
        )
        page = Page(url=ADDRESS, body=body, content_type="text/html; charset=utf-8", query="专利代理")
        reading = Baidu().read(page)
        listings = reading.listings
        ids = [exhibit_id(capture.id, one.position, one.key) for one in listings]
        title = listings[0].title
        judged = packaged_screen(None).judge(listings[0]) if is_judged else ()
        found = judged or (finding(start=0, end=4, quote=title[:4]),)
        exhibits = tuple(
            Exhibit(id=name, listing=one, findings=found if place == 0 else ())
            for place, (name, one) in enumerate(zip(ids, listings, strict=True))
        )
        message = replace(VISIT.messages[0], url=ADDRESS, body=body, at=now, is_specimen=is_specimen)
        seen = replace(VISIT, url=ADDRESS, requested_url=ADDRESS, dom=body, messages=(message,), frame=framed(exhibits))
        visit = keep_visit(archive, replace(seen, is_specimen=is_specimen), SURROUNDINGS)
    store = ExhibitStore(engine)
    run = PlannedRun(id="run-1", platform="baidu", query="专利代理", planned_at=now)
    store.plan(store.begin_round(now, TOOL, "pages=1 delay=3"), [run])
    store.open_runs([run], now)
    sightings = Sightings(
        run="run-1",
        platform="baidu",
        query="专利代理",
        page_number=1,
        requested_url=redirects[0] if redirects else ADDRESS,
        url=ADDRESS,
        seen_at=now,
        reading=reading,
        capture=capture,
    )
    shown = showings(exhibits, seen, Baidu(), "专利代理")
    assert [(one.verdict, one.reason) for one in shown] == [(PictureVerdict.SHOWS_QUOTE, "")]
    store.record(Exhibits(sightings=sightings, exhibits=exhibits, visit=visit, showings=shown))
    engine.dispose()
    kept = Kept(home, ids[0], ids[1], capture, visit)
    if is_sealed:
        kept.seal()
    return kept


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def refused(kept: Kept, tmp_path: Path, match: str, kind: type[Exception] = EvidenceBroken) -> None:
    with pytest.raises(kind, match=match):
        export(Asked(exhibits=(kept.flagged,), out=tmp_path / "X.wacz", by=WHO), as_json=False)
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".wacz", ".part")] == []


def told(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("lantian/package.json"))


def test_an_exhibit_goes_out_with_all_that_belongs_to_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, out = kept_in(home), tmp_path / "X.wacz"
    assert export(Asked(exhibits=(kept.flagged[:8], kept.flagged), out=out, by=f" {WHO} "), as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["state"], said["exhibits"], said["specimen"]) == ("sealed", [kept.flagged], False)
    report = verify_package(out)
    assert (report.broken, report.checked) == ((), said["records"])
    # warcinfo, the page with its request, and the whole visit
    assert report.checked == 3 + kept.visit.records
    (exhibit,) = told(out)["exhibits"]  # type: ignore[misc]
    assert [one["part"] for one in exhibit["captures"]] == ["page", "picture", "dom", "text", "mhtml", "facts"]
    assert exhibit["showing"] == {"verdict": "shows_quote", "reason": ""}
    assert exhibit["visit"] == kept.visit.id
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        assert archive.read(f"pictures/{kept.visit.id}.png") == VISIT.picture
        assert archive.read(f"texts/{kept.visit.text.id}.txt") == VISIT.text
        everything = b"".join(archive.read(name) for name in names if not name.startswith("documents/"))
    papers = {
        f"documents/{one}.{kind}" for one in ("evidence-list", f"monitoring-{kept.flagged}") for kind in ("docx", "pdf")
    }
    assert papers <= names
    assert WHO.encode() not in everything
    # The act is in the log, with the package's digest.
    engine = open_database(kept.database)
    (*_, last) = AuditLog(engine).entries()
    assert first_wrong(AuditLog(engine)) == 0
    engine.dispose()
    digest = subprocess.run(["sha256sum", out], capture_output=True, text=True, check=True).stdout[:64]
    assert (last.who, last.act, last.subject) == (WHO, "export", kept.flagged)
    assert json.loads(last.detail)["package"] == digest


def test_several_exhibits_share_their_page_and_the_redirects_to_it(home: Path, tmp_path: Path) -> None:
    asked = ("https://www.baidu.com/s?word=%E4%B8%93%E5%88%A9%E4%BB%A3%E7%90%86", "https://www.baidu.com/s?word=2")
    kept, out = kept_in(home, redirects=asked), tmp_path / "X.wacz"
    export(Asked(exhibits=(kept.flagged, kept.other), out=out, by=WHO), as_json=False)
    exhibits = told(out)["exhibits"]
    assert [one["id"] for one in exhibits] == [kept.flagged, kept.other]  # type: ignore[attr-defined]
    for exhibit in exhibits:  # type: ignore[attr-defined]
        assert [one["url"] for one in exhibit["captures"] if one["part"] == "redirect"] == list(asked)
    assert verify_package(out).checked == 3 + 2 * 2 + kept.visit.records


def extracted(kept: Kept) -> str:
    """Two officers opened the page: their visit is the one that there is. Returns the extraction's id."""
    engine, at = open_database(kept.database), clock.now()
    people, names = People(engine), ("王示例", "李示例")
    first, second = (someone(engine, name).person for name in names)
    text = kept.visit.text
    file = KeptFile(
        number=text.id, title="文字", url=text.url, taken_at=at, file="x", size=text.size, sha256=text.sha256
    )
    facts = ExtractionFacts(
        id="0b1d6d0e8e0f",
        officers=(Officer(name=names[0], badge="1"), Officer(name=names[1], badge="2")),
        started_at=at,
        ended_at=at,
        target=Target(exhibit=kept.flagged, platform="百度", kind="广告", title="专利"),
        verdict=PictureVerdict.SHOWS_QUOTE,
        surroundings=None,
        page=None,
        steps=((at, "打开网页"),),
        files=(file,),
    )
    done = Extraction(
        id=facts.id,
        exhibit=kept.flagged,
        officers=(first.id, second.id),
        started_at=at,
        ended_at=at,
        place="示例市",
        visits=(kept.visit.id,),
        outcome="shows_quote",
        reason="",
        seal=1,
        facts=facts_written(facts),
    )
    people.keep_extraction(done, (first, second))
    engine.dispose()
    return facts.id


def words_of(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(io.BytesIO(archive.read(name))) as paper:
        return paper.read("word/document.xml").decode()


def test_what_officers_extracted_goes_out_with_their_record(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, out = kept_in(home), tmp_path / "X.wacz"
    name = extracted(kept)
    with pytest.raises(UserMistake, match="要用本人的凭据"):
        export(Asked(exhibits=(kept.flagged,), out=out, by="王示例"), as_json=False)
    engine = open_database(kept.database)
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "王示例"))
    engine.dispose()
    with pytest.raises(UserMistake, match="凭据是 王示例 的"):
        export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False)
    export(Asked(exhibits=(kept.flagged,), out=out, by=""), as_json=False)
    assert verify_package(out).ok
    assert "王示例" in words_of(out, f"documents/extraction-{name}.docx")
    assert words_of(out, "documents/evidence-list.docx").count("王示例、李示例") == 1
    assert "王示例" not in words_of(out, f"documents/monitoring-{kept.flagged}.docx")
    monitoring = words_of(out, f"documents/monitoring-{kept.flagged}.docx")
    assert kept.visit.text.id not in monitoring
    assert all(word in monitoring for word in ("两次请求相隔至少 3 秒", "robots 判定", "允许", "请求头"))
    assert "示例市知识产权局" not in json.dumps(told(out), ensure_ascii=False)


def test_specimens_are_marked_everywhere(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, out = kept_in(home, is_specimen=True), tmp_path / "X.wacz"
    export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False)
    assert told(out)["specimen"] is True
    with zipfile.ZipFile(out) as archive:
        assert "样本" in archive.read("lantian/VERIFY.md").decode()
    assert "样本网" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("title", "别的标题", "标题"),
        ("text", "别的正文", "正文"),
        ("seller", "示例所", "卖家"),
        ("url", "https://www.shili.example/", "网址"),
        ("price", "¥1", "价格"),
        ("position", 2, "标题"),
        ("position", 99, "第 99 条"),
        ("is_ad", 0, "广告标志"),
    ],
)
def test_an_edited_row_does_not_get_out(home: Path, tmp_path: Path, column: str, value: object, word: str) -> None:
    kept = kept_in(home)
    kept.write(f"UPDATE exhibits SET {column} = ? WHERE public_id = ?", value, kept.flagged)
    refused(kept, tmp_path, word)


def test_an_edited_quote_does_not_get_out(home: Path, tmp_path: Path) -> None:
    kept = kept_in(home)
    kept.write("UPDATE findings SET quote = '包下证'")
    refused(kept, tmp_path, "引文“包下证”不在固定的网页上")


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("category", "stolen_identity", "类别"),
        ("points", 99, "分数"),
        ("rule", "green_channel_lane", "重新判定"),
        ("severity", 1, "严重程度"),
        ("pro", '[["别的理由", 70]]', "理由"),
        ("articles", '["AD-九"]', "条款"),
    ],
)
def test_an_edited_finding_of_todays_rules_does_not_get_out(
    home: Path, tmp_path: Path, column: str, value: object, word: str
) -> None:
    kept = kept_in(home, is_judged=True)
    kept.write(f"UPDATE findings SET {column} = ? WHERE rule = 'guaranteed_grant_promise'", value)
    refused(kept, tmp_path, word)


def test_what_todays_rules_find_again_is_said_so_and_what_others_found_too(home: Path, tmp_path: Path) -> None:
    kept, out = kept_in(home, is_judged=True), tmp_path / "X.wacz"
    kept.write("UPDATE findings SET rule_digest = ? WHERE rule = 'inventor_listing_slot'", "ef" * 32)
    export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False)
    (exhibit,) = told(out)["exhibits"]  # type: ignore[misc]
    judged = {one["rule"]: one["judged"] for one in exhibit["findings"]}
    older = "按当时规则版本（inventor_listing_slot efefefefefef）认定，未重新判定"
    assert judged.pop("inventor_listing_slot") == older
    assert len(judged) == 4
    assert set(judged.values()) == {"导出时按同一规则版本重新判定，结论相同"}
    assert older in words_of(out, f"documents/monitoring-{kept.flagged}.docx")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE runs SET query = '商标代理'", "查询词“商标代理”"),
        ("UPDATE pages SET number = 2; UPDATE exhibits SET page_number = 2", "第 2 页"),
        ("UPDATE pages SET requested_url = 'https://www.baidu.com/s?wd=x'", "到不了固定的网页"),
        ("UPDATE pages SET url = 'https://www.baidu.com/s?wd=x'", "网址不是固定的网页的"),
        ("UPDATE exhibits SET public_id = 'ffffffffffffffffffff' WHERE position = 1", "编号"),
        ("UPDATE showings SET verdict = 'differs', reason = 'quote_gone'", "核对结果"),
        ("UPDATE showings SET position = 3", "核对结果"),
        ("UPDATE listings SET seller_id = '别家'", "卖家编号"),
        ("UPDATE listings SET item_id = '7'", "商品编号"),
    ],
)
def test_other_edited_rows_do_not_get_out(home: Path, tmp_path: Path, statement: str, word: str) -> None:
    kept = kept_in(home)
    for one in statement.split("; "):
        kept.write(one)
    with sqlite3.connect(kept.database) as connection:
        (name,) = connection.execute("SELECT public_id FROM exhibits WHERE position = 1").fetchone()
    connection.close()
    refused(replace(kept, flagged=name), tmp_path, word)


def test_a_picture_that_shows_less_than_its_row_says_does_not_get_out(home: Path, tmp_path: Path) -> None:
    """The document of the visit does not have the quote."""
    kept = kept_in(home)
    kept.write("UPDATE showings SET exhibit_id = exhibit_id + 1, listing_key = (SELECT listing_key FROM exhibits "
               "WHERE exhibits.id = showings.exhibit_id + 1)")  # fmt: skip
    kept.write("UPDATE findings SET exhibit_id = exhibit_id + 1, quote = '示例事务', start = 0, end = 4")
    refused(replace(kept, flagged=kept.other), tmp_path, "核对结果")


def test_a_request_that_names_who_signed_for_it_stays_at_home(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As older archives wrote it. What names nobody goes along."""
    kept, out = kept_in(home, override="钱虚构（2026-03-01 08:00:00）：年度专项: Disallow: /s"), tmp_path / "X.wacz"
    assert export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=True) == 0
    ran = capsys.readouterr()
    (left,) = json.loads(ran.out)["left_out"]
    assert "没有随包提供" in ran.err
    assert told(out)["left_out"] == [left]
    assert verify_package(out).checked == 2 + kept.visit.records
    with zipfile.ZipFile(out) as archive:
        assert left in archive.read("lantian/VERIFY.md").decode()
        records = gzip.decompress(archive.read("archive/data.warc.gz")).decode("utf-8", "replace")
    assert "钱虚构" not in records
    assert "年度专项" not in records


def test_a_request_that_names_a_number_goes_along(home: Path, tmp_path: Path) -> None:
    kept, out = kept_in(home, override="override 1: Disallow: /s"), tmp_path / "X.wacz"
    export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False)
    assert "left_out" not in told(out)
    assert verify_package(out).checked == 3 + kept.visit.records


def test_what_was_shown_of_an_earlier_sighting_is_not_this_ones(home: Path, tmp_path: Path) -> None:
    kept, out = kept_in(home), tmp_path / "X.wacz"
    # The flagged listing, seen again as the second of its page: only its first sighting was looked at.
    kept.write("UPDATE exhibits SET listing_key = (SELECT listing_key FROM exhibits WHERE position = 1), picture_id = "
               "NULL WHERE position = 3")  # fmt: skip
    with sqlite3.connect(kept.database) as connection:
        (again,) = connection.execute("SELECT public_id FROM exhibits WHERE position = 3").fetchone()
    connection.close()
    engine = open_database(kept.database)
    detail = ExhibitStore(engine).exhibit(again)
    engine.dispose()
    assert detail.shown is not None
    assert detail.shown.exhibit == kept.flagged
    export(Asked(exhibits=(again,), out=out, by=WHO), as_json=False)
    (exhibit,) = told(out)["exhibits"]  # type: ignore[misc]
    assert (exhibit["showing"], exhibit["visit"]) == ({}, "")
    assert [one["part"] for one in exhibit["captures"]] == ["page"]
    paper = words_of(out, f"documents/monitoring-{again}.docx")
    assert "此次没有另拍网页" in paper
    assert kept.flagged in paper
    assert "截图可见" not in paper


def test_what_is_not_sealed_is_refused(home: Path, tmp_path: Path) -> None:
    kept = kept_in(home, is_sealed=False)
    refused(kept, tmp_path, f"固定 {kept.capture.id}：未封存，导出要求已封存")


def test_what_is_not_stamped_is_refused_where_that_is_demanded(home: Path, tmp_path: Path) -> None:
    (home / "lantian.toml").write_text('[seal]\ndemand = "stamped"\n')
    refused(kept_in(home), tmp_path, "导出要求已封存，有时间戳")


def test_a_changed_record_is_refused(home: Path, tmp_path: Path) -> None:
    kept = kept_in(home)
    path = home / "archive" / kept.capture.file
    raw = bytearray(path.read_bytes())
    raw[kept.capture.offset + kept.capture.length // 2] ^= 1
    path.write_bytes(raw)
    refused(kept, tmp_path, kept.capture.id)


def test_a_changed_record_nobody_reads_is_refused(home: Path, tmp_path: Path) -> None:
    """The request goes along too."""
    kept = kept_in(home)
    path = home / "archive" / kept.capture.file
    raw = bytearray(path.read_bytes())
    raw[kept.capture.offset + kept.capture.length + 40] ^= 1
    path.write_bytes(raw)
    refused(kept, tmp_path, "与封存时不同")


def test_a_changed_chain_is_refused(home: Path, tmp_path: Path) -> None:
    kept = kept_in(home)
    path = home / "archive" / "manifests" / "000001.json"
    path.write_bytes(path.read_bytes().replace(TOOL.encode(), b"lantian/9.9.9"))
    refused(kept, tmp_path, "chain")


def test_what_expired_is_refused(home: Path, tmp_path: Path) -> None:
    kept = kept_in(home)
    kept.write("UPDATE captures SET expired_in = 1 WHERE id = ?", kept.capture.id)
    refused(kept, tmp_path, "已按保存期限删除", Expired)


def test_what_is_asked_wrongly_is_refused(home: Path, tmp_path: Path) -> None:
    kept, out = kept_in(home), tmp_path / "X.wacz"
    for asked, match in (
        (Asked(exhibits=(kept.flagged,), out=out, by=" "), "--by"),
        (Asked(exhibits=(), out=out, by=WHO), "--exhibit"),
        (Asked(exhibits=("ffffffff",), out=out, by=WHO), "没有证据项"),
        (Asked(exhibits=(kept.flagged,), out=tmp_path / "X.zip", by=WHO), ".wacz"),
        (Asked(exhibits=(kept.flagged,), out=tmp_path / "nowhere" / "X.wacz", by=WHO), "文件夹"),
    ):
        with pytest.raises(UserMistake, match=match):
            export(asked, as_json=False)
    out.write_bytes(b"mine")
    with pytest.raises(UserMistake, match="已经存在"):
        export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False)
    assert out.read_bytes() == b"mine"


@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
def test_with_an_authority_the_package_is_stamped_or_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = LocalAuthority(tmp_path / "authority")
    kept, out = kept_in(home), tmp_path / "X.wacz"
    with serving(authority) as url:
        (home / "lantian.toml").write_text(f'[[authority]]\nurl = "{url}"\nca = "{authority.root}"\n')
        refused(kept, tmp_path, "导出要求已封存，有时间戳")
        config, engine = Config.load(), open_database(kept.database)
        stamp_pending(home / "archive", engine, config.authorities, clock.now())
        engine.dispose()
        assert export(Asked(exhibits=(kept.flagged,), out=out, by=WHO), as_json=False) == 0
    assert verify_package(out, anchors(authority.root.read_bytes()), "stamped").state == "stamped"
    # The authority is gone now, and nothing goes out without its stamp.
    with pytest.raises(NotStamped):
        export(Asked(exhibits=(kept.flagged,), out=tmp_path / "Y.wacz", by=WHO), as_json=False)
    assert not (tmp_path / "Y.wacz").exists()
    # Where seals are enough, it goes out and says what it lacks.
    with (home / "lantian.toml").open("a") as settings:
        settings.write('[seal]\ndemand = "sealed"\n')
    capsys.readouterr()
    assert export(Asked(exhibits=(kept.flagged,), out=tmp_path / "Y.wacz", by=WHO), as_json=True) == 0
    ran = capsys.readouterr()
    assert "证据包自身没有时间戳" in ran.err
    assert json.loads(ran.out)["unstamped"]
    with zipfile.ZipFile(tmp_path / "Y.wacz") as archive:
        assert "lantian/package-token" not in archive.namelist()
        assert "本包自身没有时间戳" in archive.read("lantian/VERIFY.md").decode()
    assert verify_package(tmp_path / "Y.wacz", anchors(authority.root.read_bytes()), "sealed").ok


def test_it_ends_with_the_code_that_is_meant(home: Path, tmp_path: Path, lantian: Callable[..., Ran]) -> None:
    kept = kept_in(home)
    kept.write("UPDATE exhibits SET title = '别的标题' WHERE public_id = ?", kept.flagged)
    arguments = ("evidence", "export", "--exhibit", kept.flagged, "-o", tmp_path / "X.wacz", "--by", WHO)
    ran = lantian(*arguments)
    assert (ran.code, ran.out) == (EXIT_EVIDENCE, "")
    assert f"证据项 {kept.flagged}：从固定的网页重新读到的标题，与数据库中的不同，不能导出" in ran.err
    (tmp_path / "X.wacz").touch()
    assert lantian(*arguments[:-4], "-o", tmp_path, "--by", WHO).code == EXIT_USAGE
