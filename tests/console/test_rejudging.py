"""Findings in pictures before they leave: held against the text that was read, and judged again by today's rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from empty_home import laid
from storage_specimens import T0, capture, finding, listing

from console.rejudging import Rejudging, words_of
from crawler.config import Config
from crawler.errors import EvidenceBroken
from crawler.items import Exhibit, Finding, Outcome
from crawler.pictures import PictureLine, PictureText
from detectors.picture_verdict import judge_picture
from pipelines.judge import packaged_screen
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import ExhibitDetail, RunRow

IMAGE = "ab" * 32
SEEN = listing("1", title="企业服务套餐", text="")
TEXT = PictureText(
    width=400,
    height=100,
    lines=(PictureLine(text="发明专利 包授权 不授权全额退款", score=0.99, box=(0, 0, 400, 40)),),
)
OLD = finding(field="image", image=IMAGE, start=5, end=8, quote="包授权", box=(0, 0, 40, 20))


def detail_of(*findings: Finding) -> ExhibitDetail:
    run = RunRow(id="r", round=None, platform="taobao", query="专利", planned_at=T0, started_at=T0,
                 ended_at=T0, outcome=Outcome.OK, reason="", detail="", pages=1, listings=1, lost=0, total=1,
                 captures=1)  # fmt: skip
    return ExhibitDetail(
        exhibit=Exhibit(id="e", listing=SEEN, findings=findings), run=run, page_number=1, page_url="", requested_url="",
        seen_at=T0, capture=capture("c"), picture=None, first_seen=T0, last_seen=T0, sightings=1,
    )  # fmt: skip


@pytest.fixture
def rejudging(tmp_path: Path) -> Rejudging:
    store = ExhibitStore(open_database(laid(tmp_path / "lantian.db")))
    store.keep_picture_text(IMAGE, "an older engine", TEXT, T0)
    return Rejudging(Config(home=tmp_path), store)


def test_what_an_older_rule_found_in_a_picture_goes_out_with_words(rejudging: Rejudging) -> None:
    assert rejudging.check(detail_of(OLD), SEEN, [IMAGE]) == {OLD: words_of(OLD)}


@pytest.mark.parametrize(
    ("found", "images", "words"),
    [
        (OLD, [], "图片没有固定"),
        (OLD, ["cd" * 32], "图片没有固定"),
        (replace(OLD, quote="包下证"), [IMAGE], "不在固定的图片上"),
        (replace(OLD, start=0, end=3), [IMAGE], "不在固定的图片上"),
        (replace(OLD, quote=""), [IMAGE], "不在固定的图片上"),
        (replace(OLD, image="cd" * 32), ["cd" * 32], "没有保存识别出的文字"),
    ],
)
def test_what_does_not_stand_in_its_picture_is_refused(
    rejudging: Rejudging, found: Finding, images: list[str], words: str
) -> None:
    with pytest.raises(EvidenceBroken, match=words):
        rejudging.check(detail_of(found), SEEN, images)


def test_todays_rules_must_find_the_same_in_the_picture(rejudging: Rejudging) -> None:
    found = judge_picture(packaged_screen(None), SEEN, TEXT, IMAGE)
    assert found
    assert rejudging.check(detail_of(*found), SEEN, [IMAGE]) == {}
    for changed, word in ((replace(found[0], points=99), "分数"), (replace(found[0], box=(1, 2, 3, 4)), "位置"),
                          (replace(found[0], category="stolen_identity"), "类别")):  # fmt: skip
        with pytest.raises(EvidenceBroken, match=word):
            rejudging.check(detail_of(changed), SEEN, [IMAGE])
