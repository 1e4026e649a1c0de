"""The five work plans and every article of law are no offers: whole, and sentence by sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from examples import listing, screen

from crawler.items import Kind
from detectors.article import all_prefixes, load_articles

PLANS = 5


def test_the_five_plans_yield_no_finding(shared: Path) -> None:
    plans = sorted((shared / "plans").glob("*.txt"))
    assert len(plans) == PLANS
    for plan in plans:
        text = plan.read_text(encoding="utf-8")
        pieces = [text, *re.split(r"[。\n]", text), *re.split(r"[。；，\n]", text)]
        found = [
            (piece[:60], screen().judge(listing(piece, kind=kind)))
            for piece in pieces
            for kind in (Kind.RESULT, Kind.ARTICLE)
        ]
        assert [(piece, finding) for piece, finding in found if finding] == []


def test_articles_of_law_yield_no_finding(shared: Path) -> None:
    articles = json.loads((shared / "legal" / "legal_basis.json").read_text(encoding="utf-8"))
    assert len(articles) > 200
    found = {article["id"]: screen().judge(listing(article.get("text", ""))) for article in articles}
    assert {key: value for key, value in found.items() if value} == {}


@pytest.mark.parametrize("article", load_articles().values(), ids=lambda article: article.id)
def test_articles_that_rules_cite_yield_no_finding(article) -> None:
    assert screen().judge(listing(article.text)) == ()


def test_articles_read_as_the_legal_material_has_them(shared: Path) -> None:
    known = {entry["id"]: entry for entry in json.loads((shared / "legal" / "legal_basis.json").read_text("utf-8"))}
    carried = load_articles(prefixes=all_prefixes())
    assert carried.keys() == known.keys()
    for article in carried.values():
        told = known[article.id]
        assert (article.text, article.verified) == (told.get("text", ""), told["verified"])
        assert (article.law, article.number, article.version) == (told["law"], told["article"], told["version"])
        assert (article.rank, list(article.categories)) == (told["rank"], told["categories"])
        assert article.power == told.get("power", "").replace("—", "", told.get("power") == "—")
        assert str(article.until) == told.get("effective_to", "9999-12-31")
        assert str(article.since) in (told["effective"], told.get("effective_from")) or article.effective
