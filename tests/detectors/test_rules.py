"""Every rule convicts its guilty examples, acquits its innocent ones, and leaves lawful texts alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import LAWFUL, categories, lines, listing, screen

from crawler.items import Kind, Listing
from detectors.rule import CATEGORIES, Rule, load_rules

RULES = load_rules()
GUILTY = [(rule, shown) for rule in RULES for shown in rule.violates]
INNOCENT = [(rule, shown) for rule in RULES for shown in rule.lawful]
LAWFUL_LINES = [(path, line) for path in sorted(LAWFUL.glob("*.txt")) for line in lines(path)]


def name(value: object) -> str:
    if isinstance(value, Rule):
        return value.id
    if isinstance(value, Path):
        return value.stem
    return value.title or value.text[:24] if isinstance(value, Listing) else str(value)[:24]


@pytest.mark.parametrize(("rule", "shown"), GUILTY, ids=name)
def test_rule_convicts_what_violates(rule: Rule, shown: Listing) -> None:
    findings = [finding for finding in screen().judge(shown) if finding.rule == rule.id]
    assert len(findings) == 1
    finding = findings[0]
    assert finding.quote == getattr(shown, finding.field)[finding.start : finding.end]
    assert 0 < len(finding.quote) <= 80
    assert finding.points == sum(points for _, points in finding.pro + finding.contra) >= finding.needs == rule.needs
    assert (finding.category, finding.rule_digest, finding.articles) == (rule.category, rule.digest, rule.articles)


@pytest.mark.parametrize(("rule", "shown"), INNOCENT, ids=name)
def test_no_rule_convicts_what_is_lawful(rule: Rule, shown: Listing) -> None:
    assert screen().judge(shown) == ()


@pytest.mark.parametrize(("path", "line"), LAWFUL_LINES, ids=name)
def test_lawful_lines_stay_silent(path: Path, line: str) -> None:
    for kind in (Kind.RESULT, Kind.ARTICLE, Kind.POST):
        assert screen().judge(listing(line, kind=kind)) == ()
        assert screen().judge(listing(title=line, kind=kind)) == ()


@pytest.mark.parametrize("line", lines(LAWFUL / "offers.txt"))
@pytest.mark.parametrize("kind", [Kind.AD, Kind.PRODUCT, Kind.SHOP])
def test_lawful_offers_stay_silent_in_a_shop(kind: Kind, line: str) -> None:
    assert screen().judge(listing(title=line, kind=kind)) == ()


@pytest.mark.parametrize("path", sorted(LAWFUL.glob("*.txt")), ids=name)
def test_lawful_texts_stay_silent_as_a_whole(path: Path) -> None:
    assert screen().judge(listing(path.read_text(encoding="utf-8"), kind=Kind.ARTICLE)) == ()


def test_statutory_categories_have_a_rule() -> None:
    assert {rule.category for rule in RULES} >= set(CATEGORIES[:4])


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("发明专利包授权 不过全额退款", "guaranteed_grant"),
        ("专利加急内部渠道 7天下证", "green_channel"),
        ("国家知识产权局官方申请平台", "official_impersonation"),
        ("发明专利第一发明人挂名 有名额", "inventor_listing"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.AD, Kind.PRODUCT, Kind.SHOP])
def test_bare_title_in_a_shop_is_enough(title: str, category: str, kind: Kind) -> None:
    assert categories(listing(title=title, kind=kind)) == {category}


def test_trial_rules_are_silent_unless_asked_for(tmp_path: Path) -> None:
    from detectors.screen import load_screen

    source = Path(__file__).parents[2] / "detectors" / "rules" / "guaranteed_grant_promise.toml"
    on_trial = source.read_text(encoding="utf-8").replace('state = "active"', 'state = "trial"')
    (tmp_path / source.name).write_text(on_trial, encoding="utf-8")
    guilty = listing(title="专利包授权", kind=Kind.AD)
    assert load_screen(folder=tmp_path).judge(guilty) == ()
    assert [finding.state for finding in load_screen(with_trial=True, folder=tmp_path).judge(guilty)] == ["trial"]
