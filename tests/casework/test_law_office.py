"""An office's own articles: what it may change, and every wrong edit refused with the file and the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from casework.law import Book, choose, digest_of
from casework.law_words import ActorKind, Level, OfficeKind, PlaceKind, Situation
from casework.lawbook.conditions import read_conditions
from casework.lawbook.lines import lines_of
from casework.lawbook.powers import load_powers
from casework.lawbook.rows import FOLDER, load_rows
from crawler.errors import RuleInvalid
from detectors.strict import Table

NEW = """# 本局的条文

[[article]]
id = "PAR-四"
caution = "本局提醒"

[[article]]
id = "SX-十"
law = "示例省知识产权条例"
article = "第十条"
cite = "示例省知识产权条例第十条"
version = "2026年示例"
rank = "地方性法规"
from = 2026-01-01
power = "县级以上市场监督管理部门"
verified = true
source = "示例省人大公报"
text = '''
示例条文。
id = "看起来像键"
第二款。'''
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "laws.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_office_overrides_and_adds(tmp_path: Path) -> None:
    ours, theirs = Book.load(), Book.load(written(tmp_path, NEW))
    assert theirs.articles["PAR-四"].caution == "本局提醒"
    assert theirs.articles["PAR-四"].text == ours.articles["PAR-四"].text
    assert theirs.articles["SX-十"].text.endswith("第二款。")
    assert len(theirs.articles) == len(ours.articles) + 1
    assert Book.load(tmp_path / "none.toml").articles == ours.articles


USE = """
[[use]]
articles = ["SX-十"]
categories = ["guaranteed_grant"]
places = ["ads"]
part = "power"
orders = true
why = "示例"
source = "本局法制"
"""


def test_an_office_says_when_its_article_is_cited(tmp_path: Path) -> None:
    asked = Situation(
        category="guaranteed_grant",
        actor=ActorKind.PATENT_AGENCY,
        place=PlaceKind.SHOP,
        office=OfficeKind.AMR,
        level=Level.CITY,
        on=date(2026, 11, 20),
    )
    without, having = Book.load(written(tmp_path, NEW)), Book.load(written(tmp_path, NEW + USE))
    assert "SX-十" not in {one.id for one in choose(asked, without).articles}
    assert "SX-十" in {one.id for one in choose(asked, having).articles}
    stranger = choose(replace(asked, office=OfficeKind.IPO), having)
    assert "独立的知识产权局" in {one.id: one.why for one in stranger.refused}["SX-十"]
    early = choose(replace(asked, on=date(2025, 12, 31)), having)
    assert "SX-十" not in {one.id for one in early.articles}


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ('"SX-十"]', '"SX-九十"]', 24, "没有条文 SX-九十"),
        ('part = "power"', 'part = "guess"', 27, "part 应为"),
        ('places = ["ads"]', 'places = ["moon"]', 26, "places 不认识 moon"),
        ("orders = true", 'orders = "yes"', 28, "orders 应为 bool"),
        ('why = "示例"\n', "", 23, "缺少 why"),
    ],
)
def test_a_wrong_use_is_refused_with_its_line(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    path = written(tmp_path, NEW + USE.replace(old, new))
    with pytest.raises(RuleInvalid, match=why) as refused:
        Book.load(path)
    assert f"{path} 第 {line} 行：" in str(refused.value)


def test_an_edited_text_is_another_version(tmp_path: Path) -> None:
    edit = '[[article]]\nid = "AUC25-九"\ntext = "改过的文字"\nsource = "国家法律法规数据库"\n'
    ours, theirs = Book.load(), Book.load(written(tmp_path, edit))
    digests = [digest_of(one.articles["AUC25-九"]) for one in (ours, theirs)]
    assert digests[0] != digests[1]
    asked = Situation(
        category="guaranteed_grant",
        actor=ActorKind.PATENT_AGENCY,
        place=PlaceKind.SEARCH_AD,
        office=OfficeKind.AMR,
        level=Level.CITY,
        on=date(2026, 11, 20),
    )
    cited = {one.id: one for one in choose(asked, theirs, {("AUC25-九", digests[0]): "示例法制"}).articles}
    assert (cited["AUC25-九"].text, cited["AUC25-九"].confirmed_by) == ("改过的文字", "")


def test_a_version_may_end_where_the_next_begins(tmp_path: Path) -> None:
    turned = """[[article]]
id = "EC-二十九"
until = 2026-12-31

[[article]]
id = "EC27-二十九"
law = "电子商务法"
article = "第二十九条"
cite = "电子商务法（示例修订）第二十九条"
version = "示例修订"
rank = "法律"
from = 2027-01-01
verified = true
source = "示例"
text = "示例"
"""
    assert Book.load(written(tmp_path, turned)).articles["EC27-二十九"].since == date(2027, 1, 1)
    with pytest.raises(RuleInvalid, match=r"laws\.toml 第 3 行：.*与 EC27-二十九 重叠"):
        Book.load(written(tmp_path, turned.replace("until = 2026-12-31", "until = 2027-01-01")))


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("[[article]]\nid = PAR-四\n", 2, "不是 TOML"),
        ('x = 1\n[[article]]\nid = "PAR-四"\n', 1, "不认识的键 x"),
        ('[[article]]\nid = "PAR-四"\n\n[[rule]]\nid = "a"\n', 4, "不认识的键 rule"),
        ('[article]\nid = "PAR-四"\n', 1, r"\[\[article\]\]"),
        ('[[article]]\nid = "PAR-四"\nuse = "甲"\nwho = "乙"\n', 4, "不认识的键 who"),
        ('[[article]]\nid = "条例四"\n', 2, "要像 PAR-四"),
        ('[[article]]\nuse = "甲"\n', 1, "缺少 id"),
        ('[[article]]\nid = "PAR-四"\n\nfrom = "2020"\n', 4, "from 应为 date"),
        ('[[article]]\nid = "PAR-四"\nuntil = 2019-02-28\n', 3, "until 早于 from"),
        ('[[article]]\nid = "PAR-四"\ntext = "改"\n', 3, "要同时写 source"),
        ('[[article]]\nid = "PAR-四"\nverified = false\n', 3, "未核的不能有"),
        ('[[article]]\nid = "PAR-四"\npower = "某某"\n', 3, "power 要是这些之一"),
        ('[[article]]\nid = "PAR-四"\nuse = "甲"\n[[article]]\nid = "PAR-四"\n', 5, "出现两次"),
        ('[[article]]\nid = "SX-十"\nlaw = "示例"\n', 1, "缺少"),
        (NEW + '[[article]]\nid = "SX-十一"\nwhat = 1\n', 22, "缺少"),
        (
            '[[article]]\nid = "UNV-网络反不正当竞争暂行规定-全文"\nverified = true\ntext = "甲"\n',
            4,
            "要同时写 source",
        ),
    ],
)
def test_a_wrong_edit_is_refused_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(RuleInvalid, match=why) as refused:
        Book.load(path)
    assert f"{path} 第 {line} 行：" in str(refused.value)


def test_lines_are_those_of_the_file() -> None:
    lines = lines_of(NEW)
    assert lines.of("article", 1, "PAR-四 的 caution 不对") == 5
    assert lines.of("article", 2, "from、until 与别的重叠") == 14
    assert lines.of("article", 2, "没有名字的毛病") == 7
    assert ("article", 2, "id") in lines.at
    assert lines.at["article", 2, "id"] == 8


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("uses.toml", 'actors = ["trademark"]', 'actors = ["trademarks"]', "actors 不认识 trademarks"),
        ("uses.toml", 'articles = ["TMA-三十一"]', 'articles = ["TMA-三百"]', "没有条文 TMA-三百"),
        ("uses.toml", 'part = "conduct"', 'part = "guess"', "part 应为"),
        ("uses.toml", 'source = "四 guaranteed_grant"\n', "", "缺少 source"),
        ("uses.toml", 'paragraph = "第（二）项"', 'paragraphs = "第（二）项"', "不认识的键 paragraphs"),
        ("uses.toml", 'articles = ["TMA-三十一"]', 'articles = ["TMA-三十一", "TMA-十"]', "只能用于一条"),
        ("refusals.toml", "pitfall = true", "trap = true", "不认识的键 trap"),
        ("notes.toml", 'actors = ["unknown"]', 'actors = ["nobody"]', "actors 不认识 nobody"),
        ("powers.toml", 'who = "market"', 'who = "everybody"', "who 应为"),
        ("powers.toml", 'opens = ["PAM-四十三"]\n', "", "缺少 opens"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, name: str, old: str, new: str, why: str) -> None:
    for path in FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    known = Book.load().articles
    assert load_rows(known, tmp_path).uses
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleInvalid, match=why):
        load_powers(tmp_path) if name == "powers.toml" else load_rows(known, tmp_path)


def test_a_condition_of_no_row_is_seen() -> None:
    with pytest.raises(RuleInvalid, match="levels 不认识 village"):
        read_conditions(Table({"levels": ["village"]}, file="x.toml"), {})
