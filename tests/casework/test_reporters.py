"""A reporter: shown to nobody, found in every spelling, sealed for one lead, under a key kept outside."""

from __future__ import annotations

import copy
import pickle
import stat
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from reporter_specimens import IDENTITY, KEY_ONE, KEY_TWO, MAIL, NAME, NOW, PHONE, REPORTER, WORDS

from casework.incoming.keys import key_at, make_key
from casework.incoming.reporter import BLOCK, FIELD_WORDS, Reporter, checked, seal, unseal
from casework.incoming.reports import alike, redacted, refuse_naming, report_of
from casework.incoming.spellings import REDACTED, spellings, together
from console.passwords import private_text
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake

KNOWN = spellings(REPORTER)


# -- the type, and its sealing ---------------------------------------------------------------------


def test_a_reporter_shows_itself_to_nobody() -> None:
    shown = [repr(REPORTER), str(REPORTER), f"{REPORTER}", repr([REPORTER]), repr(KNOWN), repr(KEY_ONE), repr(report())]
    for one in shown:
        assert NAME not in one
        assert PHONE not in one
        assert "111" not in one
    assert not Reporter().is_known


def report(**changes: str) -> object:
    told = {"url": "https://a.example/1", "title": "网店声称包授权", "summary": "写有保证授权", **changes}
    return report_of(told | {"reporter": {"name": NAME, "phone": PHONE, "words": WORDS}}, ["taobao"], NOW)


def test_what_is_sealed_opens_for_its_lead_and_key_alone() -> None:
    sealed = seal(REPORTER, "X2026-00001", KEY_ONE)
    assert unseal(sealed, "X2026-00001", KEY_ONE) == REPORTER
    assert NAME.encode() not in sealed
    assert seal(REPORTER, "X2026-00001", KEY_ONE) != sealed
    with pytest.raises(EvidenceBroken, match="打不开"):
        unseal(sealed, "X2026-00002", KEY_ONE)
    with pytest.raises(EvidenceBroken, match="打不开"):
        unseal(sealed, "X2026-00001", KEY_TWO)
    with pytest.raises(EvidenceBroken, match="损坏"):
        unseal(sealed[:20], "X2026-00001", KEY_ONE)


@pytest.mark.parametrize("at", [0, 20, 40, -1])
def test_a_changed_byte_opens_nothing_and_tells_nothing(at: int) -> None:
    broken = bytearray(seal(REPORTER, "X2026-00001", KEY_ONE))
    broken[at] ^= 1
    with pytest.raises(EvidenceBroken) as caught:
        unseal(bytes(broken), "X2026-00001", KEY_ONE)
    told = "".join(traceback.format_exception(caught.value))
    assert NAME not in told
    assert PHONE not in told


def test_the_length_of_what_is_sealed_tells_little() -> None:
    short, longer = (seal(Reporter(name=name), "X", KEY_ONE) for name in ("示例", "示例示例示例示例"))
    assert len(short) == len(longer)
    assert len(seal(REPORTER, "X", KEY_ONE)) - len(short) >= BLOCK


def test_too_long_a_field_is_named_and_not_told() -> None:
    with pytest.raises(UserMistake, match="举报人的姓名最多 200 字") as caught:
        checked(Reporter(name=NAME * 60))
    assert NAME not in str(caught.value)


# -- spellings -------------------------------------------------------------------------------------

SPELT = [
    NAME,
    " ".join(NAME),
    NAME[0] + "·" + NAME[1:],
    "鐘示例丁",
    f"由{NAME}反映",
    PHONE,
    "138 0000 0719",
    "138-0000-0719",
    "１３８０００００７１９",
    "一三八零零零零零七一九",
    "壹叁捌零零零零零柒壹玖",
    "幺三八洞洞洞洞洞拐幺勾",
    "①③⑧00000719",
    "I38OOOOO7l9",
    "+86 138,0000,0719",
    "(0086)13800000719",
    MAIL,
    MAIL.upper(),
    "zhongshiliding 艾特 mail 点 example",
    "微信 zhongshiliding",
    IDENTITY.lower(),
    "110000 19900101 003x",
    "https://a.example/?from=" + quote(NAME),
    "https://a.example/?from=" + quote(NAME.encode("gbk")),
    "https://a.example/?from=" + quote(quote(NAME)),
    "&#38047;&#31034;例丁",
    "1\u200b3800000719",
    "住在示例省样本市甲乙路十九号",
]
NOT_SPELT = [
    "包授权，不过全退",
    "13800000720",
    "钟。示例丁表",
    "示例",
    "138",
    "xzhongshilidingx 公司",
    "https://a.example/13800000",
]


@pytest.mark.parametrize("text", SPELT)
def test_every_spelling_is_found_and_redacted(text: str) -> None:
    assert KNOWN.found(text), text
    hidden = KNOWN.redacted(f"前文 {text} 后文")
    assert REDACTED in hidden
    assert not KNOWN.found(hidden)


@pytest.mark.parametrize("text", NOT_SPELT)
def test_what_names_nobody_stays(text: str) -> None:
    assert KNOWN.found(text) == ()
    assert KNOWN.redacted(text) == text


def test_a_landline_is_found_without_its_city() -> None:
    assert spellings(Reporter(phone="0351-1234567")).found("电话 1234567") == ("phone",)


def test_one_character_and_three_digits_are_no_name_and_no_number() -> None:
    assert spellings(Reporter(name="钟", phone="110")).found("钟表 110") == ()


def test_long_pieces_of_the_own_words_are_found_and_short_ones_are_not() -> None:
    assert KNOWN.copies("据称，" + WORDS[5:40])
    assert not KNOWN.copies("样本网店写着包授权不成功全额退款")


HINTS = [
    (f"{NAME[0]}先生反映", "name"),
    (f"来电人 {NAME[0]} 女 士", "name"),
    (f"{NAME[1:]}说的", "name"),
    ("电话 138****0719", "phone"),
    ("电话 １３８＊＊＊＊０７１９", "phone"),
    ("138xxxx19", "phone"),
]


@pytest.mark.parametrize(("text", "field"), HINTS)
def test_an_officers_words_may_not_hint_at_the_reporter(text: str, field: str) -> None:
    assert KNOWN.hinted(text) == (field,)
    assert KNOWN.found(text) == (), "a page may say as much of somebody else"
    for name in ("title", "summary"):
        with pytest.raises(UserMistake, match=f"写有举报人的{FIELD_WORDS[field]}"):
            refuse_naming(report(**{name: text}))  # type: ignore[arg-type]
        hidden, changed = redacted(report(**{name: text}))  # type: ignore[arg-type]
        refuse_naming(hidden)
        assert len(changed) == 1
    refuse_naming(report(seller=text))


@pytest.mark.parametrize("text", ["李先生反映", "138****0720", "139****0719", f"{NAME[0]}表先生", "先生", "示例"])
def test_what_hints_at_nobody_stays(text: str) -> None:
    assert KNOWN.hinted(text) == ()


def test_hints_of_a_surname_of_two_characters() -> None:
    known = spellings(Reporter(name="司徒样本"))
    assert known.hinted("司徒先生") == known.hinted("样本所说") == ("name",)
    assert known.hinted("司先生") == ()


def test_a_shorter_piece_of_the_own_words_is_told_and_not_refused() -> None:
    piece = report(summary=f"据反映，{WORDS[10:24]}")
    refuse_naming(piece)
    assert alike(piece) == ("摘要",)
    assert alike(report(summary=WORDS[10:21])) == ()


def test_several_reporters_are_looked_for_at_once() -> None:
    both = together([KNOWN, spellings(Reporter(name="李样本"))])
    assert both.found("李样本") == both.found(NAME) == ("name",)


# -- what an officer writes ------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "summary", "seller", "district"])
def test_a_report_that_names_its_reporter_is_refused_without_saying_how(field: str) -> None:
    with pytest.raises(UserMistake, match="写有举报人的电话") as caught:
        refuse_naming(report(**{field: "来电 138 0000 0719"}))  # type: ignore[arg-type]
    assert "0719" not in str(caught.value)


def test_an_address_that_names_the_reporter_is_refused_or_hidden() -> None:
    told = report(url=f"https://a.example/?u={PHONE}")
    with pytest.raises(UserMistake, match="网址里写有"):
        refuse_naming(told)  # type: ignore[arg-type]
    hidden, fields = redacted(told)  # type: ignore[arg-type]
    assert fields == ("网址",)
    refuse_naming(hidden)


def test_copied_words_are_refused_or_hidden() -> None:
    told = report(summary=WORDS[:40])
    with pytest.raises(UserMistake, match="照抄"):
        refuse_naming(told)  # type: ignore[arg-type]
    hidden, fields = redacted(told)  # type: ignore[arg-type]
    assert (hidden.summary, fields) == ("〔照抄原话，已隐去〕", ("摘要",))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"title": "t"}, "要有网址"),
        ({"url": "u"}, "要有标题"),
        ({"url": "u", "title": "t", PHONE: "x"}, "没有这些项：1 项"),
        ({"url": "u", "title": "t", "reporter": {PHONE: "x"}}, "没有这些项：1 项"),
        ({"url": "u", "title": "t", "reporter": PHONE}, "要是一个表"),
        ({"url": "u", "title": "t", "reporter": {"phone": 13800000719}}, "举报人的电话要是文字"),
        ({"url": "u", "title": "t", "platform": "x"}, "没有这个平台"),
        ({"url": "u", "title": "t", "seen": "2026-11-09"}, "今天以后"),
        ({"url": "u", "title": "t", "seen": PHONE}, "seen 要写成"),
        ({"url": "u", "title": "t", "categories": "x"}, "类别要写成"),
        ({"url": "u", "title": "t" * 201}, "标题最多"),
    ],
)
def test_a_report_file_that_cannot_be_is_refused_and_not_repeated(told: dict[str, object], why: str) -> None:
    with pytest.raises(UserMistake, match=why) as caught:
        report_of(told, ["taobao"], NOW)
    assert "719" not in str(caught.value)


# -- the key file ----------------------------------------------------------------------------------


def test_a_key_is_made_once_for_us_alone(tmp_path: Path) -> None:
    path, home = tmp_path / "config" / "lantian" / "reporter.key", tmp_path / "home"
    key = make_key(path, [home])
    assert key_at(path, [home]) == make_key(path, [home]) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["reporter.key"]
    assert key.secret.hex() not in repr(key)
    assert key.id not in key.secret.hex()


def test_a_missing_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="密钥文件不在"):
        key_at(tmp_path / "reporter.key", [])


def test_a_key_in_the_home_is_refused_by_whatever_way(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (tmp_path / "way").symlink_to(home / "deep")
    for path in (
        home / "reporter.key",
        home / "deep" / "k",
        tmp_path / "way" / "k",
        tmp_path / "x" / ".." / "home" / "k",
    ):
        with pytest.raises(UserMistake, match="不能放在"):
            make_key(path, [home])
    with pytest.raises(UserMistake, match="不能放在"):
        make_key(tmp_path / "shelf" / "k", [home, tmp_path / "shelf"])


def test_a_linked_key_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "real.key", [])
    (tmp_path / "link.key").symlink_to(tmp_path / "real.key")
    for use in (key_at, make_key):
        with pytest.raises(UserMistake, match="链接"):
            use(tmp_path / "link.key", [])


def test_a_key_with_a_second_name_is_refused(tmp_path: Path) -> None:
    """A hard link may lie in the home, and goes into a backup there."""
    path, home = tmp_path / "reporter.key", tmp_path / "home"
    home.mkdir()
    make_key(path, [home])
    (home / "other").hardlink_to(path)
    for use in (key_at, make_key):
        with pytest.raises(UserMistake, match="硬链接"):
            use(path, [home])
    (home / "other").unlink()
    assert key_at(path, [home])
    path.rename(home / "other")
    path.hardlink_to(home / "other")
    with pytest.raises(UserMistake, match="硬链接"):
        private_text(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    make_key(tmp_path / "reporter.key", [])
    (tmp_path / "reporter.key").chmod(mode)
    with pytest.raises(UserMistake, match="chmod 600"):
        key_at(tmp_path / "reporter.key", [])


@pytest.mark.parametrize(
    "content", [b"", b"x" * 300, b"lantian-reporter-key/1 zz\n", b"lantian-reporter-key/1 " + b"G" * 64]
)
def test_another_file_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reporter.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserMistake, match="不是举报人密钥文件"):
        key_at(path, [])


def test_where_the_key_lies_by_default(tmp_path: Path) -> None:
    home = {"LANTIAN_HOME": str(tmp_path)}
    assert Config.load(home | {"LANTIAN_REPORTER_KEY": "/k"}).reporter_key == Path("/k")
    assert Config.load(home | {"XDG_CONFIG_HOME": "/c"}).reporter_key == Path("/c/lantian/reporter.key")
    usual = Path("~/.config/lantian/reporter.key").expanduser()
    assert Config.load(home | {"XDG_CONFIG_HOME": "rel"}).reporter_key == usual
    assert Config(home=tmp_path).reporter_key == usual


def test_a_copy_is_as_silent() -> None:
    assert NAME not in repr(copy.copy(REPORTER))
    assert pickle.loads(pickle.dumps(REPORTER)) == REPORTER
