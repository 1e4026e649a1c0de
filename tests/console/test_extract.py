"""Two officers extract: whoever is not proved is refused; what the page shows by then is what the record says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority, serving
from paper_specimens import SURROUNDINGS
from people_specimens import office, token_by
from storage_specimens import T0, exchange, finding

from casework.credentials import Login, with_password
from casework.granting import disable
from casework.papers.extraction import facts_read
from console.extraction_facts import surroundings_troubles
from console.specimen import load
from console.specimen_server import SpecimenServer
from crawler.captures import PictureVerdict
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_NOT_CLEAN, EXIT_USAGE
from crawler.items import Exhibit, Exhibits, Page, Sightings
from crawler.tables import Browser as BrowserSettings
from pipelines.browser import BrowserTrouble, find_chromium
from pipelines.room import TOOL
from spiders.wuba import Wuba
from storage.archive import FolderArchive
from storage.audit import AuditLog
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.people import People
from storage.seal import Sealer, State
from storage.shapes import PlannedRun
from storage.visits import read_facts
from tests.console.conftest import ROOT, Ran

Here = Callable[..., Ran]
PASSWORDS = {"王一": "xing-he 2026 一", "李二": "xing-he 2026 二", "张三": "xing-he 2026 三"}
QUOTE = "专利包授权"
LIST = """<!doctype html><html><head><meta charset="utf-8"><title>专利代理 - 示例同城</title></head><body>
<ul class="list-main"><li logr="gz_2_1_57565992294195_0_0">
<div class="des"><h2 class="title"><a href="https://bj.58.com/shangbiaozhli/57565992294195x.shtml">{title}</a></h2>
<p class="infor">发明、实用新型，上门签约。</p><p class="seller"><span>星河知产</span></p></div>
<div class="price">1500元起</div></li></ul></body></html>"""
GONE = "<!doctype html><html><head><title>404</title></head><body>您访问的页面不存在</body></html>"
SERVED = {
    "same.html": LIST.format(title=f"{QUOTE} 不成退款"),
    "changed.html": LIST.format(title="专利代理 面谈"),
    "gone.html": GONE,
    "robots.html": "User-agent: *\nDisallow: /forbidden\n",
}
MANIFEST = "version = 1\n" + "".join(
    f'[[page]]\nhost = "bj.58.com"\npath = "/{name}"\nfile = "{name}.html"\nstatus = {status}\n'
    for name, status in (("same", 200), ("changed", 200), ("gone", 404))
)
MANIFEST += "".join(
    f'[[page]]\nhost = "sh.58.com"\npath = "/{path}"\nfile = "{file}"\n'
    for path, file in (("robots.txt", "robots.html"), ("forbidden", "same.html"))
)


@dataclass(frozen=True, slots=True)
class Place:
    """A home with two officers and one exhibit a page."""

    home: Path
    exhibits: dict[str, str]
    login: Path


def _exhibit(archive: FolderArchive, store: ExhibitStore, name: str) -> str:
    """What a round once saw at this address: the flagged listing, as its own spider read it."""
    url = f"https://{'sh' if name == 'forbidden' else 'bj'}.58.com/{name}"
    body = SERVED["same.html"].encode()
    capture = archive.keep(exchange(body, url=url, is_specimen=True))
    reading = Wuba().read(Page(url=url, body=body, content_type="text/html; charset=utf-8"))
    (listing,) = reading.listings
    store.plan(
        store.begin_round(T0, TOOL, ""), [planned := PlannedRun(id=name, platform="wuba", query="专利", planned_at=T0)]
    )
    store.open_runs([planned], T0)
    found = finding(start=0, end=len(QUOTE), quote=QUOTE)
    exhibit = Exhibit(id=f"{name}-exhibit", listing=listing, findings=(found,))
    sightings = Sightings(
        run=name, platform="wuba", query="专利", page_number=1, requested_url=url, url=url, seen_at=T0,
        reading=reading, capture=capture,
    )  # fmt: skip
    store.record(Exhibits(sightings=sightings, exhibits=(exhibit,)))
    return exhibit.id


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Path]]:
    """The place, with the web it was seen on being served, and that web's hosts file."""
    root = tmp_path_factory.mktemp("extract")
    home, web = root / "home", root / "web"
    web.mkdir()
    for name, text in {**SERVED, "manifest.toml": MANIFEST}.items():
        (web / name).write_text(text, encoding="utf-8")
    engine = open_database(home / "lantian.db")
    (home / "lantian.toml").write_text("[crawl]\ndelay = 0\n", encoding="utf-8")
    with FolderArchive(home / "archive", tool=TOOL) as archive:
        store = ExhibitStore(engine)
        exhibits = {name: _exhibit(archive, store, name) for name in ("same", "changed", "gone", "empty", "forbidden")}
    office(engine, PASSWORDS)
    people = People(engine)
    founder = with_password(people, Login(name="王一", password=PASSWORDS["王一"]), T0)
    disable(people, founder, "张三", T0)
    engine.dispose()
    login = root / "login"
    login.write_text("".join(f"{name}:{password}\n" for name, password in PASSWORDS.items()), encoding="utf-8")
    login.chmod(0o600)
    with SpecimenServer(load(web)) as server:
        yield Place(home, exhibits, login), server.hosts_file(root / "hosts")


@pytest.fixture
def place(prepared: tuple[Place, Path], here: Here, monkeypatch: pytest.MonkeyPatch) -> Place:
    """`here` runs in this place's home, not in one of its own."""
    place, hosts = prepared
    monkeypatch.setenv("LANTIAN_HOME", str(place.home))
    monkeypatch.setenv("LANTIAN_HOSTS", str(hosts))
    monkeypatch.setenv("LANTIAN_BROWSER_AS_ROOT", "1")
    return place


@pytest.fixture
def chromium() -> None:
    try:
        find_chromium(Config(home=Path(), browser=BrowserSettings(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")


def words_of(docx: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as parts:
        return re.sub("<[^>]+>", "", parts.read("word/document.xml").decode())


@pytest.mark.usefixtures("chromium")
def test_what_the_page_shows_is_taken_home_sealed_and_written_down(place: Place, here: Here) -> None:
    officers = ("--officers", "王一,李二", "--login-file", place.login)
    ran = here("extract", place.exhibits["same"], *officers, "--place", "示例局 402 室", "--json")
    assert ran.code == EXIT_DONE, ran.err
    (told,) = ran.lines
    assert (told["verdict"], told["reason"], told["specimen"]) == ("shows_quote", "", True)
    assert told["officers"] == ["王一", "李二"]
    assert told["seal"]["number"] >= 1
    assert any("LANTIAN_HOSTS" in one for one in told["troubles"])
    assert any("偏差不明" in one for one in told["troubles"])
    assert not any(password in ran.out + ran.err for password in PASSWORDS.values())
    engine = open_database(place.home / "lantian.db")
    (done,) = People(engine).extractions_of(place.exhibits["same"])
    facts = facts_read(done.facts)
    assert (done.outcome, done.place, list(done.visits)) == ("shows_quote", "示例局 402 室", told["visits"])
    assert [when for when, _ in facts.steps] == sorted(when for when, _ in facts.steps)
    assert facts.started_at <= facts.steps[0][0] <= facts.ended_at
    kept = ExhibitStore(engine).browser_capture(told["visits"][0])
    sealer = Sealer(place.home / "archive", engine, tool=TOOL, demand="sealed")
    assert all(sealer.state_of(one).state is State.SEALED for one in (kept.picture, kept.dom, kept.facts) if one)
    assert done.seal == told["seal"]["number"] == sealer.state_of(kept.facts).number
    assert {one.sha256 for one in facts.files} >= {kept.dom.sha256, kept.facts.sha256}
    acts = [(one.act, one.who) for one in AuditLog(engine).entries() if one.subject == place.exhibits["same"]]
    assert acts[-2:] == [("extraction_begun", "王一、李二"), ("extracted", "王一、李二")]
    engine.dispose()
    record = words_of((place.home / "extractions" / done.id / "电子数据提取笔录.docx").read_bytes())
    for words in (
        "豫示例000",
        "豫示例001",
        "示例局 402 室",
        QUOTE,
        kept.dom.sha256,
        "样本",
        told["seal"]["sha256"][:0],
    ):
        assert words in record or words == "样本"
    assert [Path(name).suffix for name in told["files"]] == [".docx", ".pdf"] * 2


@pytest.mark.usefixtures("chromium")
def test_what_robots_forbids_is_opened_only_when_somebody_signed(
    place: Place, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = place.exhibits["forbidden"]
    officers = ("--officers", "王一,李二", "--login-file", place.login, "--json")
    refused = here("extract", exhibit, *officers)
    assert refused.code == EXIT_USAGE, refused.out
    assert "Disallow: /forbidden" in refused.err
    assert "lantian override sign wuba" in refused.err
    engine = open_database(place.home / "lantian.db")
    assert People(engine).extractions_of(exhibit) == ()
    assert AuditLog(engine).entries()[-1].act == "extraction_refused"
    assert here("override", "sign", "wuba", "--person", "王一", "--reason", "年度专项").code == EXIT_USAGE
    monkeypatch.setenv("LANTIAN_TOKEN", token_by(engine, "王一", PASSWORDS["王一"]))
    assert here("override", "sign", "wuba", "--reason", "年度专项").code == EXIT_DONE
    ran = here("extract", exhibit, *officers)
    assert ran.code == EXIT_DONE, ran.err
    (told,) = ran.lines
    kept = ExhibitStore(engine).browser_capture(told["visits"][0])
    facts = read_facts(FolderArchive(place.home / "archive", tool=TOOL), kept)
    engine.dispose()
    assert facts.override == "override 1: Disallow: /forbidden"
    record = words_of(next(Path(name) for name in told["files"] if name.endswith("笔录.docx")).read_bytes())
    assert "查看 robots.txt：禁止（Disallow: /forbidden），已由例外第 1 号放行" in record
    (free,) = here("extract", place.exhibits["same"], *officers).lines
    record = words_of(next(Path(name) for name in free["files"] if name.endswith("笔录.docx")).read_bytes())
    assert "查看 robots.txt：允许" in record


@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize(
    ("page", "verdict", "words"),
    [
        ("changed", PictureVerdict.DIFFERS, "引文"),
        ("gone", PictureVerdict.DIFFERS, "HTTP 状态是 404"),
        ("empty", PictureVerdict.FAILED, "没有打开"),
    ],
)
def test_a_page_that_is_another_by_now_is_told_as_it_is(
    place: Place, here: Here, page: str, verdict: PictureVerdict, words: str
) -> None:
    ran = here("extract", place.exhibits[page], "--officers", "王一、李二", "--login-file", place.login, "--json")
    assert ran.code == EXIT_NOT_CLEAN, ran.err
    (told,) = ran.lines
    assert told["verdict"] == verdict
    assert any(words in one for one in told["troubles"])
    assert told["seal"]["number"] >= 1
    (record,) = [Path(name) for name in told["files"] if name.endswith("笔录.docx")]
    assert words in words_of(record.read_bytes())


def test_without_a_browser_the_officers_act_is_still_written_down(
    place: Place, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_BROWSER", "/nonexistent")
    ran = here("extract", place.exhibits["same"], "--officers", "王一,李二", "--login-file", place.login, "--json")
    assert ran.code == EXIT_NOT_CLEAN, ran.err
    (told,) = ran.lines
    assert (told["verdict"], told["visits"]) == ("failed", [])
    assert len(told["files"]) == 4
    record = words_of(next(Path(name) for name in told["files"] if name.endswith("笔录.docx")).read_bytes())
    assert "https://bj.58.com/same" in record
    assert "没有生成文件" in record
    assert "重新读取" not in record
    assert "号清单" not in record


@pytest.mark.usefixtures("chromium")
@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
def test_where_an_authority_is_named_the_record_has_its_time_or_says_why_not(
    place: Place, here: Here, tmp_path: Path
) -> None:
    authority, settings = LocalAuthority(tmp_path / "authority"), place.home / "lantian.toml"
    before = settings.read_text("utf-8")
    login = ("--officers", "王一,李二", "--login-file", place.login, "--json")
    try:
        with serving(authority) as url:
            settings.write_text(f'{before}[[authority]]\nurl = "{url}"\nca = "{authority.root}"\n', encoding="utf-8")
            (told,) = here("extract", place.exhibits["same"], *login).lines
        assert told["seal"]["stamped"] is True
        (again,) = here("extract", place.exhibits["same"], *login).lines
        assert again["seal"]["stamped"] is False
        assert any("本次的清单还没有时间戳" in one for one in again["troubles"])
    finally:
        settings.write_text(before, encoding="utf-8")
    engine = open_database(place.home / "lantian.db")
    chains = {one.id: facts_read(one.facts).chain for one in People(engine).extractions_of(place.exhibits["same"])}
    engine.dispose()
    stamped, bare = chains[told["extraction"]], chains[again["extraction"]]
    assert stamped is not None
    assert stamped.stamped_at is not None
    assert bare is not None
    assert bare.stamped_at is None


def test_a_broken_chain_is_told_and_the_act_is_written_down_all_the_same(
    place: Place, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_BROWSER", "/nonexistent")
    copy = tmp_path / "copy"
    shutil.copytree(place.home, copy)
    monkeypatch.setenv("LANTIAN_HOME", str(copy))
    login = ("--officers", "王一,李二", "--login-file", place.login, "--json")
    assert here("extract", place.exhibits["same"], *login).code == EXIT_NOT_CLEAN
    (head,) = sorted((copy / "archive" / "manifests").glob("??????.json"))[-1:]
    head.write_bytes(head.read_bytes().replace(b'"kind"', b'"kinb"'))
    with FolderArchive(copy / "archive", tool=TOOL) as archive:
        archive.keep(exchange(b"something new to seal"))
    ran = here("extract", place.exhibits["same"], *login)
    assert ran.code == EXIT_EVIDENCE, ran.err
    (told,) = ran.lines
    assert told["seal"] is None
    assert any("没有封存成功" in one for one in told["troubles"])
    engine = open_database(copy / "lantian.db")
    assert told["extraction"] in {one.id for one in People(engine).extractions_of(place.exhibits["same"])}
    engine.dispose()


@pytest.fixture
def copy(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place's home, to be broken; no browser opens anything."""
    shutil.copytree(place.home, tmp_path / "copy")
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "copy"))
    monkeypatch.setenv("LANTIAN_BROWSER", "/nonexistent")
    return tmp_path / "copy"


def changed(home: Path, *statements: str) -> None:
    engine = open_database(home / "lantian.db")
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows_of(home: Path, exhibit: str) -> set[str]:
    engine = open_database(home / "lantian.db")
    found = {one.id for one in People(engine).extractions_of(exhibit)}
    engine.dispose()
    return found


@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
def test_a_stamp_that_fails_is_not_told_as_a_seal_that_failed(
    place: Place, here: Here, copy: Path, tmp_path: Path
) -> None:
    ca = LocalAuthority(tmp_path / "authority").root
    (copy / "lantian.toml").write_text(f'[[authority]]\nurl = "http://127.0.0.1:9/"\nca = "{ca}"\n', encoding="utf-8")
    (copy / "archive" / "manifests").mkdir(exist_ok=True)
    shutil.rmtree(copy / "archive" / "manifests" / "authorities", ignore_errors=True)
    (copy / "archive" / "manifests" / "authorities").write_bytes(b"in the way")
    ran = here("extract", place.exhibits["same"], "--officers", "王一,李二", "--login-file", place.login, "--json")
    assert ran.code == EXIT_NOT_CLEAN, ran.err
    (told,) = ran.lines
    assert told["seal"]["stamped"] is False
    assert not any("没有封存成功" in one for one in told["troubles"])
    assert any("已封存，没有取得时间戳" in one for one in told["troubles"])
    record = words_of(next(Path(name) for name in told["files"] if name.endswith("笔录.docx")).read_bytes())
    assert "没有封存成功" not in record


@pytest.mark.skipif(not OPENSSL, reason=WITHOUT_OPENSSL)
def test_a_manifest_found_tampered_with_while_stamping_is_exit_4(
    place: Place, here: Here, copy: Path, tmp_path: Path
) -> None:
    login = ("--officers", "王一,李二", "--login-file", place.login, "--json")
    for body in (b"one", b"two"):
        with FolderArchive(copy / "archive", tool=TOOL) as archive:
            archive.keep(exchange(body))
        here("extract", place.exhibits["same"], *login)
    former, _ = sorted((copy / "archive" / "manifests").glob("??????.json"))[-2:]
    former.write_bytes(former.read_bytes().replace(b'"sealed"', b'"stampe"', 1))
    authority = LocalAuthority(tmp_path / "authority")
    with serving(authority) as url:
        settings = f'[[authority]]\nurl = "{url}"\nca = "{authority.root}"\n'
        (copy / "lantian.toml").write_text(settings, encoding="utf-8")
        ran = here("extract", place.exhibits["same"], *login)
    assert ran.code == EXIT_EVIDENCE, ran.err
    (told,) = ran.lines
    assert any(f"证据不完整，没有盖时间戳：第 {int(former.stem)} 号清单" in one for one in told["troubles"])
    assert not any("没有封存成功" in one or "还没有时间戳" in one for one in told["troubles"])
    assert told["extraction"] in rows_of(copy, place.exhibits["same"])


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("ALTER TABLE extractions RENAME TO elsewhere", EXIT_USAGE),
        (
            "CREATE TRIGGER refused BEFORE INSERT ON extractions BEGIN SELECT RAISE(ABORT, 'refused'); END",
            EXIT_EVIDENCE,
        ),
    ],
)
def test_a_database_that_refuses_the_row_leaves_the_papers_and_it_is_said(
    place: Place, here: Here, copy: Path, refusal: str, code: int
) -> None:
    changed(copy, refusal)
    ran = here("extract", place.exhibits["same"], "--officers", "王一,李二", "--login-file", place.login, "--json")
    assert ran.code == code, ran.err
    (told,) = ran.lines
    assert len(told["files"]) == 4
    (why,) = [one for one in told["troubles"] if "本次提取没有登记" in one]
    assert "INSERT" not in why
    record = words_of(next(Path(name) for name in told["files"] if name.endswith("笔录.docx")).read_bytes())
    assert "本次提取没有登记" in record


def test_a_database_that_seals_nothing_still_gets_the_row(place: Place, here: Here, copy: Path) -> None:
    changed(copy, "ALTER TABLE sealed_extents RENAME TO elsewhere")
    ran = here("extract", place.exhibits["same"], "--officers", "王一,李二", "--login-file", place.login, "--json")
    assert ran.code == EXIT_EVIDENCE, ran.err
    (told,) = ran.lines
    assert any("没有封存成功：数据库不能读写" in one for one in told["troubles"])
    assert told["extraction"] in rows_of(copy, place.exhibits["same"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clock_offset": None, "clock_source": "unknown"}, "偏差不明"),
        ({"clock_offset": -1.2}, "相差 -1.200 秒"),
        ({"proxies": ("HTTP_PROXY",)}, "HTTP_PROXY"),
        ({"hosts_entries": ("127.0.0.1 www.xinghe.example",)}, "hosts 文件里有该域名的行：127.0.0.1"),
        ({"dns": (("www.xinghe.example", ()),)}, "没有解析结果"),
        ({"host_map": True}, "LANTIAN_HOSTS"),
        ({"as_root": True}, "系统管理员"),
    ],
)
def test_whatever_is_out_of_order_is_told(changes: dict[str, object], words: str) -> None:
    assert surroundings_troubles(SURROUNDINGS) == ()
    (trouble,) = surroundings_troubles(replace(SURROUNDINGS, **changes))
    assert words in trouble


@pytest.mark.parametrize(
    ("officers", "spoilt", "words", "why"),
    [
        ("王一,王一", "", "两名不同的执法人员", "same_person"),
        ("王一,张三", "", "张三 已停用", "disabled"),
        ("王一,赵四", "", "没有用户 '赵四'", "unknown"),
        ("李二,王一", "王一:xing-he 2026 二\n", "王一 的口令不对", "wrong_password"),
    ],
)
def test_whoever_is_not_proved_is_refused_by_name(  # noqa: PLR0917
    place: Place, here: Here, tmp_path: Path, officers: str, spoilt: str, words: str, why: str
) -> None:
    lines = [f"{name}:{password}" for name, password in PASSWORDS.items() if name != spoilt.partition(":")[0]]
    login = tmp_path / "login"
    login.write_text("\n".join([*lines, spoilt]), encoding="utf-8")
    login.chmod(0o600)
    ran = here("extract", place.exhibits["empty"], "--officers", officers, "--login-file", login)
    assert ran.code == EXIT_USAGE
    assert words in ran.err
    assert not any(password in ran.out + ran.err for password in PASSWORDS.values())
    engine = open_database(place.home / "lantian.db")
    last = AuditLog(engine).entries()[-1]
    assert (last.act, json.loads(last.detail)["why"]) == ("refused", why)
    assert why in last.detail
    engine.dispose()


@pytest.mark.parametrize("officers", ["王一", "王一,", "王一,李二,张三", ""])
def test_two_names_are_wanted(place: Place, here: Here, officers: str) -> None:
    ran = here("extract", place.exhibits["same"], "--officers", officers, "--login-file", place.login)
    assert ran.code == EXIT_USAGE
    assert "两名执法人员" in ran.err


def test_a_login_file_that_others_can_read_is_refused(place: Place, here: Here, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(place.login)
    shared, pipe = tmp_path / "shared", tmp_path / "pipe"
    shared.write_bytes(place.login.read_bytes())
    shared.chmod(0o640)
    os.mkfifo(pipe, 0o600)
    for file, words in ((shared, "chmod 600"), (link, "读不了"), (tmp_path, "读不了"), (pipe, "不是普通文件")):
        ran = here("extract", place.exhibits["same"], "--officers", "王一,李二", "--login-file", file)
        assert (ran.code, words in ran.err) == (EXIT_USAGE, True), ran.err


def test_a_password_is_typed_without_echo_and_never_taken_from_a_pipe() -> None:
    """Typed twice on a terminal of its own; from a pipe it is refused."""
    asking = "from console.passwords import new_password; print('got', new_password('王一')[::-1])"
    command, environ = [sys.executable, "-c", asking], {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    piped = subprocess.run(
        command, cwd=ROOT, env=environ, input=b"xing-he\nxing-he\n", capture_output=True, start_new_session=True,
        check=False,
    )  # fmt: skip
    assert "在终端上输入" in piped.stderr.decode()
    assert piped.returncode != 0
    typed = [typing(command, environ, *answers) for answers in (("xing-he", "xing-he"), ("xing-he", "another"))]
    assert "got eh-gnix" in typed[0]
    assert "两次输入的口令不同" in typed[1]
    assert not any("xing-he" in shown for shown in typed)


def typing(command: list[str], environ: dict[str, str], *answers: str) -> str:
    """What a terminal shows while these answers are typed, each at its prompt."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execve(command[0], command, environ)
    shown = b""
    for answer in answers:
        while not shown.endswith("：".encode()):
            shown += os.read(terminal, 4096)
        os.write(terminal, answer.encode() + b"\n")
        shown += b"."
    with contextlib.suppress(OSError):  # the other end goes away
        while rest := os.read(terminal, 4096):
            shown += rest
    os.waitpid(pid, 0)
    return shown.decode()
