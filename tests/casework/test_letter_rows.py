"""Letters as they are asked for: no letter twice for the same, and pages that are full for whoever sees few."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from letter_office import DAY, OPERATOR, Post
from review_specimens import office_in
from sqlalchemy import update
from storage_specimens import database_of

from casework.letters.scorecard import scorecard
from storage.cases.letter_shapes import LetterAbout, LettersWanted
from storage.db import writing
from storage.tables.leads import LeadRow

OURS, OTHERS = "示例甲区", "示例乙县"


@pytest.fixture(params=["sqlite", "postgresql"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    office = office_in(database_of(request, tmp_path))
    yield Post(office)
    office.engine.dispose()


def test_a_district_gets_full_pages_and_its_own_score(post: Post) -> None:
    first, second, third, fourth = post.decided("a1", "a2", "a3", "a4")
    with writing(post.engine).begin() as connection:
        for lead, district in ((first, OURS), (second, OTHERS), (third, OURS), (fourth, "")):
            connection.execute(update(LeadRow).where(LeadRow.id == lead.id).values(district=district))
    mine = post.sent(first)
    post.sent(second)
    post.sent(third, fourth)
    reminder = post.drafted(first, reminds=mine.id)
    post.drafted(second, reminds=2)
    ours, all_ = LettersWanted(districts=(OURS,), limit=2), LettersWanted(limit=2)
    assert [one.id for one in post.letters.letters(ours)] == [reminder.id, mine.id]
    assert [one.id for one in post.letters.letters(all_)] == [5, 4]
    both = LettersWanted(districts=(OURS, OTHERS))
    assert [one.id for one in post.letters.letters(both)] == [5, 4, 2, 1], "a lead of no district is nobody's of these"
    assert mine.sent_at is not None
    days = (mine.sent_at - DAY, mine.sent_at + DAY)
    (whole,), (score,) = scorecard(post.letters, *days), scorecard(post.letters, *days, (OURS,))
    assert (whole.figure("sent").value, score.figure("sent").ids) == (3, (mine.id,))
    assert score.figure("leads").ids == (first.id,)


def test_the_same_is_asked_once_and_something_else_may_be_asked_too(post: Post) -> None:
    (lead,) = post.decided("a1")
    draft = post.drafted(lead)
    assert post.letters.about([lead.id], OPERATOR, "remove") == {
        lead.id: LetterAbout(number=draft.number, state="draft")
    }
    assert post.letters.about([lead.id], OPERATOR, "system") == {}
    assert post.letters.about([lead.id], "另一经营者", "remove") == {}
