"""The loader refuses every file that is not exactly a rule, and says where."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from crawler.errors import RuleInvalid
from detectors.article import CITED, all_prefixes, article_ids, load_articles
from detectors.disguise import load_distinctive
from detectors.rule import RULES, lexicon_digest, load_rule, load_rules
from detectors.stance import load_cues, load_speakers
from detectors.words import load_ordinary

GOOD = """id = "made_up"
title = "编的规则"
category = "guaranteed_grant"
state = "trial"
severity = 2
needs = 60
articles = ["AD-四"]
[[words]]
points = 60
any = ["包{授权|下证}"]
[[context]]
any = ["专利"]
points = 20
within = 10
reason = "附近说到专利"
required = true
[[contra]]
any = ["钱包"]
points = -50
within = 10
reason = "说的是钱包"
""" + "".join(f'[[{key}]]\ntext = "专利包授权{n}"\n' for key in ("violates", "lawful") for n in range(5))

REFUSED = {
    "unknown key": (GOOD.replace("[[words]]", "weight = 3\n[[words]]", 1), "不认识的键 weight"),
    "unknown key in words": (GOOD.replace("points = 60", "points = 60\nfuzzy = true"), r"words\[1\]: 不认识的键 fuzzy"),
    "unknown key in an example": (
        GOOD.replace('text = "专利包授权0"', 'body = "专利"', 1),
        r"violates\[1\]: 不认识的键 body",
    ),
    "missing key": (GOOD.replace("needs = 60\n", ""), "缺少 needs"),
    "wrong type": (GOOD.replace("severity = 2", 'severity = "high"'), "severity 应为 int"),
    "truth is no number": (GOOD.replace("severity = 2", "severity = true"), "severity 应为 int"),
    "severity": (GOOD.replace("severity = 2", "severity = 4"), "severity 应为 1 到 3"),
    "needs nothing": (GOOD.replace("needs = 60", "needs = 0"), "needs 应大于 0"),
    "category": (GOOD.replace("guaranteed_grant", "bad_luck"), "category 应为"),
    "state": (GOOD.replace('"trial"', '"maybe"'), "state 应为 trial、active 之一"),
    "article": (GOOD.replace("AD-四", "AD-四百"), "没有条文 AD-四百"),
    "other name": (GOOD.replace("made_up", "another"), "id another 与文件名 made_up 不符"),
    "few guilty": (GOOD.replace('[[violates]]\ntext = "专利包授权4"\n', ""), "violates 至少要 5 个例子，只有 4 个"),
    "few innocent": (GOOD.replace('[[lawful]]\ntext = "专利包授权4"\n', ""), "lawful 至少要 5 个例子，只有 4 个"),
    "part unknown": (GOOD.replace("包{授权|下证}", "包{$grant}"), r"words\[1\]: 没有叫 grant 的部分"),
    "part used before it is told": (
        GOOD.replace("[[words]]", '[parts]\nback = ["{$grant}退"]\ngrant = ["授权"]\n[[words]]', 1),
        "parts: 没有叫 grant 的部分",
    ),
    "part is no list": (GOOD.replace("[[words]]", '[parts]\ngrant = "授权"\n[[words]]', 1), "grant 应为 list"),
    "no words": (GOOD.replace('any = ["包{授权|下证}"]', "any = []"), "any 应为非空文字的列表"),
    "word twice": (GOOD.replace('["专利"]', '["专利", "专利"]'), "any 里有重复"),
    "only supporting words": (GOOD.replace("points = 60", "points = 60\nsupports = true"), "没有能单独成立的写法"),
    "points for nothing": (GOOD.replace("points = 60", "points = 0"), "points 应大于 0"),
    "context against": (GOOD.replace("points = 20", "points = -20"), r"context\[1\]: points 的正负"),
    "contra for": (GOOD.replace("points = -50", "points = 50"), r"contra\[1\]: points 的正负"),
    "never matches": (GOOD.replace("包{授权|下证}", "包，{授权|下证}"), "不是规范形式"),
    "traditional": (GOOD.replace("包{授权|下证}", "包授權"), "不是规范形式"),
    "amount in context": (GOOD.replace('any = ["专利"]', 'any = ["专利<2>¥"]'), "不能带数字"),
    "explodes": (GOOD.replace("包{授权|下证}", "{a|b|c}" * 8), "太多"),
    "doubles and doubles": (
        GOOD.replace(
            "[[words]]",
            '[parts]\na0 = ["包", "过"]\n'
            + "".join(f'a{n + 1} = ["{{$a{n}}}{{$a{n}}}"]\n' for n in range(60))
            + "[[words]]",
            1,
        ),
        "展开后太多或太长",
    ),
    "grows and grows": (
        GOOD.replace(
            "[[words]]",
            '[parts]\na0 = ["包过"]\n'
            + "".join(f'a{n + 1} = ["{{$a{n}}}{{$a{n}}}"]\n' for n in range(60))
            + "[[words]]",
            1,
        ),
        "展开后太多或太长",
    ),
    "many braces": (GOOD.replace("包{授权|下证}", "{包|过}" * 60), "展开后太多或太长"),
    "many slots": (GOOD.replace("包{授权|下证}", "包<9>" * 2000 + "过"), "有 2001 段，太多"),
    "number of nought": (GOOD.replace("包{授权|下证}", "#0:天下证"), "数字应大于 0"),
    "endless number": (GOOD.replace("needs = 60", "needs = " + "9" * 5000), "不是 TOML"),
    "deep": (GOOD + "x = " + "[" * 50_000, "不是 TOML"),
    "deep tables": (GOOD + "x = " + "{a=" * 50_000, "不是 TOML"),
    "as big as a book": (GOOD + "#" * 5_000_000, "太大"),
    "no address": (GOOD.replace('text = "专利包授权0"', 'url = "http://[::"\ntext = "x"', 1), "url 不对"),
    "breaks the line": (GOOD + '"a\\nb\\u001b[31m" = 1\n', "不认识的键 a\ufffdb\ufffd"),
    "kind": (GOOD.replace('text = "专利包授权0"', 'kind = "leaflet"\ntext = "x"', 1), "kind 应为"),
    "example without words": (GOOD.replace('text = "专利包授权0"', 'kind = "ad"', 1), "例子没有文字"),
    "no TOML": ("id = ", "不是 TOML"),
    "not a table": (GOOD.replace('[[violates]]\ntext = "专利包授权0"\n', "", 1) + "[words2]\n", "不认识的键|至少要"),
}


def written(folder: Path, text: str, name: str = "made_up.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_good_rule_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    rule = load_rule(path, {"AD-四"})
    assert (rule.id, rule.state, rule.severity, rule.needs) == ("made_up", "trial", 2, 60)
    assert rule.digest == hashlib.sha256(path.read_bytes() + lexicon_digest()).hexdigest()
    assert rule.words[0].phrases[0].slots == (frozenset({"包授权", "包下证"}),)
    assert rule.context[0].required


def test_a_changed_word_list_changes_every_digest(tmp_path: Path) -> None:
    (tmp_path / "parts.toml").write_text('right = ["专利"]\n', "utf-8")
    before = lexicon_digest(tmp_path)
    lexicon_digest.cache_clear()
    (tmp_path / "parts.toml").write_text('right = ["商标"]\n', "utf-8")
    assert lexicon_digest(tmp_path) != before
    lexicon_digest.cache_clear()


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_rule_is_refused_by_file_and_place(tmp_path: Path, text: str, why: str) -> None:
    assert text != GOOD
    with pytest.raises(RuleInvalid, match=why) as caught:
        load_rule(written(tmp_path, text), {"AD-四"})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    assert str(caught.value).startswith("made_up.toml: ")


def test_parts_are_spelled_out_where_they_are_named(tmp_path: Path) -> None:
    parts = '[parts]\ngrant = ["授权", "下{证|证书}"]\nrefused = ["{不|未}{$grant|过}"]\n[[words]]'
    text = GOOD.replace("[[words]]", parts, 1).replace("包{授权|下证}", "{$refused|驳回}<4>退{款|费}")
    (tmp_path / "made_up.toml").write_text(text, encoding="utf-8")
    (phrase,) = load_rule(tmp_path / "made_up.toml", {"AD-四"}).words[0].phrases
    grants = {f"{no}{done}" for no in "不未" for done in ("授权", "下证", "下证书", "过")}
    assert phrase.slots == (grants | {"驳回"}, {"退款", "退费"})
    assert phrase.gaps == (4,)


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleInvalid, match=r"gone\.toml: 读不了"):
        load_rule(tmp_path / "gone.toml", ())
    (tmp_path / "latin.toml").write_bytes(b"id = '\xff'")
    with pytest.raises(RuleInvalid, match=r"latin\.toml: 不是 UTF-8"):
        load_rule(tmp_path / "latin.toml", ())


def test_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleInvalid, match="没有规则文件"):
        load_rules(tmp_path)


def test_packaged_rules_have_different_wordings_and_known_articles() -> None:
    rules = load_rules()
    assert len({rule.id for rule in rules}) == len(rules) == len(list(RULES.glob("*.toml")))
    assert len({rule.digest for rule in rules}) == len(rules)
    assert all(rule.state == "active" for rule in rules)


ARTICLE = """[[article]]
id = "X-一"
law = "法"
article = "第一条"
cite = "法第一条"
version = "2020"
rank = "法律"
from = 2020-01-02
verified = true
source = "示例"
text = "甲"
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("from = 2020-01-02\n", "", "没有 from"),
        ("from = 2020-01-02", 'from = "2020"', "from 应为 date"),
        ("from = 2020-01-02", "from = 2020-01-02\nuntil = 2020-01-01", "until 早于"),
        ('law = "法"', 'law = "法"\nsays = "省"', "不认识的键 says"),
        ('text = "甲"\n', "", "要有 text"),
        ("verified = true", "verified = false", "未核的不能有"),
        ("verified = true\n", "", "缺少 verified"),
        ('id = "X-一"', 'id = "Y-一"', "不属于 X.toml"),
        ("[[article]]", f"{ARTICLE}[[article]]", "X-一 出现两次"),
    ],
)
def test_bad_article_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    written(tmp_path, ARTICLE, "X.toml")
    assert load_articles(tmp_path, ["X"])["X-一"].text == "甲"
    written(tmp_path, ARTICLE.replace(old, new, 1), "X.toml")
    with pytest.raises(RuleInvalid, match=why):
        load_articles(tmp_path, ["X"])


def test_articles_that_are_cited_can_be_loaded() -> None:
    known = load_articles()
    assert article_ids() == known.keys()
    assert set(CITED) < set(all_prefixes())
    assert {name for rule in load_rules() for name in rule.articles} <= known.keys()


def test_articles_stand_between_their_days() -> None:
    articles = load_articles()
    old, new = articles["TM19-六十八"], articles["TM26-六十七"]
    assert (old.title, new.title) == ("商标法第六十八条", "商标法第六十七条")
    assert (old.stands_on(date(2026, 12, 31)), old.stands_on(date(2027, 1, 1))) == (True, False)
    assert (new.stands_on(date(2026, 12, 31)), new.stands_on(date(2027, 1, 1))) == (False, True)


@pytest.mark.parametrize(
    ("load", "text", "why"),
    [
        (load_cues, '[[cue]]\nid = "x"\nreason = "y"\nscope = "page"\npoints = 1\nany = ["z"]\n', "scope 应为"),
        (load_cues, '[[cue]]\nid = "x"\nreason = "y"\nscope = "after"\npoints = 1\nany = ["#9:a"]\n', "不能带数字"),
        (load_speakers, 'official = ["gov.cn"]\n', "缺少 press"),
        (load_ordinary, "words = []\n", "非空"),
        (load_distinctive, "words = []\n", "非空"),
        (load_distinctive, 'words = ["x"]\n[[character]]\nis = "包"\n', "不认识的键"),
    ],
)
def test_bad_lexicon_is_refused(tmp_path: Path, load, text: str, why: str) -> None:
    with pytest.raises(RuleInvalid, match=why):
        load(written(tmp_path, text, "lexicon.toml"))
