"""What exhibits rest on, and whose matter their leads are, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select
from storage_specimens import T0, capture, finding, listing, page_of

from crawler.items import How
from crawler.pictures import Fate, WantedPicture
from storage.db import writing
from storage.exhibits import ExhibitStore
from storage.models import CaptureRow, ExhibitRow
from storage.picture_shapes import PictureEnd
from storage.searching.resting import Matter, matters_of, resting
from storage.tables.leads import LeadRow

LISTINGS = (listing("1"), listing("2"))


def test_an_exhibit_rests_on_its_page_and_on_the_pictures_that_were_read(planned: ExhibitStore) -> None:
    page = page_of(LISTINGS, findings={"1": (finding(),)})
    first, second = (one.id for one in page.exhibits)
    wanted = [WantedPicture(exhibit=one, url=url) for one in (first, second) for url in LISTINGS[0].images]
    planned.record(page, wanted)
    read = replace(capture("image-1", How.HTTP), sha256="ef" * 32)
    waiting = planned.shown(LISTINGS[0].images[0])
    ends = [PictureEnd(row=waiting[0].row, fate=Fate.READ, at=T0, capture=read, sha256=read.sha256)]
    ends.append(PictureEnd(row=waiting[1].row, fate=Fate.FAILED, at=T0, reason="gone"))
    assert planned.end_pictures(ends) == 2
    found = resting(planned.engine, [1, 2, 3])
    assert {row: one.page.id for row, one in found.items()} == {1: "capture-run-1-1", 2: "capture-run-1-1"}
    assert {row: [one.id for one in rests.pictures] for row, rests in found.items()} == {1: ["image-1"], 2: []}
    assert not any(one.is_claimed for one in found.values())
    seen = page.sightings
    assert {(one.url, one.requested_url, one.query) for one in found.values()} == {
        (seen.url, seen.requested_url, "包授权")
    }
    with writing(planned.engine).begin() as connection:
        connection.execute(ExhibitRow.__table__.update().where(ExhibitRow.id == 2).values(page_number=7))
    assert resting(planned.engine, [2])[2].url == "", "there is no such page"
    with writing(planned.engine).begin() as connection:
        connection.execute(CaptureRow.__table__.update().values(how=How.IMPORTED.value))
    assert all(one.is_claimed for one in resting(planned.engine, [1, 2]).values())


@pytest.mark.usefixtures("planned")
def test_a_lead_is_known_by_its_number(engine: Engine) -> None:
    words = ("title", "seller", "url", "note", "unit", "assignee", "reference", "office")
    values: dict[str, object] = dict.fromkeys((*words, "decided_by", "reason", "approved_by"), "")
    values |= dict.fromkeys(("state_at", "found_at", "registered_at"), T0)
    values |= {"source": "monitoring", "platform": "taobao", "categories": [], "points": 0, "reopened": 0}
    with writing(engine).begin() as connection:
        for number, district in (("X2026-00001", "示例甲县"), ("X2026-00002", "")):
            told = {"number": number, "district": district, "state": "new"}
            connection.execute(LeadRow.__table__.insert().values(values | told))
        rows = dict(connection.execute(select(LeadRow.number, LeadRow.id)).all())
    assert matters_of(engine, ["X2026-00001", "X2026-00002", "X2026-00003"]) == {
        "X2026-00001": Matter(lead=rows["X2026-00001"], district="示例甲县"),
        "X2026-00002": Matter(lead=rows["X2026-00002"], district=""),
    }
    assert matters_of(engine, []) == {}
