"""Judged again: history stays, what stands is one thing, and a death in between neither loses nor doubles anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from storage_specimens import PHONE, T0, finding, listing, on_sqlite, page_of
from test_groups import check_books, offer, partition
from test_leads import steps

from crawler.errors import EvidenceBroken
from crawler.items import Finding
from crawler.pictures import Fate, PictureLine, PictureText, WantedPicture
from detectors.likeness import signature
from storage.care_shapes import Archived, ArchiveFilter, Likeness, Rejudging, Verdict
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureEnd
from storage.shapes import LeadFilter
from storage.tables.care import Rejudgement

PROMISE, LANE = finding(), finding("green_channel", 80)
WHO = Rejudging(at=T0 + timedelta(days=9), by="测试员", tool="lantian/0.1.0", rules_digest="ab" * 32, asked="")


def archived(store: ExhibitStore, item: str) -> Archived:
    """The newest exhibit of an item."""
    return next(one for one in store.archived(1000) if one.listing.item_id == item)


def judged(one: Archived, *findings: Finding) -> Verdict:
    """All that stood gives way to these."""
    rows = tuple(held.row for held in one.findings)
    return Verdict(row=one.row, stood=rows, replaced=rows, findings=findings, entities=(PHONE,))


def apply(store: ExhibitStore, verdicts: Sequence[Verdict], likenesses: Sequence[Likeness] = ()) -> int:
    number = store.begin_rejudgement(WHO)
    assert store.rejudge(number, len(verdicts), verdicts, likenesses) == ()
    store.end_rejudgement(number, WHO.at)
    return number


def contents(store: ExhibitStore) -> dict[str, list[tuple[object, ...]]]:
    tables = ("findings", "exhibits", "listings", "entities", "pictures", "lead_groups", "group_heads", "exemplars")
    with store.engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in tables}


def test_a_new_finding_makes_a_lead(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),)))
    apply(planned, [judged(archived(planned, "1"), LANE)])
    (lead,) = planned.leads()
    assert (lead.findings, lead.points, lead.group_size) == ((LANE,), 80, 1)
    assert planned.exhibit(lead.exhibit).exhibit.entities == (PHONE,)
    check_books(planned)


def test_what_falls_away_stays_in_history(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), findings={"1": (PROMISE,)}))
    (lead,) = planned.leads()
    number = apply(planned, [judged(archived(planned, "1"))])
    assert planned.leads() == ()
    assert planned.leads(LeadFilter(by_group=True)) == ()
    detail = planned.exhibit(lead.exhibit)
    assert detail.exhibit.findings == ()
    (told,) = detail.rejudgements
    assert (told.id, told.by, told.replaced) == (number, "测试员", (PROMISE,))
    check_books(planned)


def test_what_changed_is_shown_once_and_kept_twice(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), findings={"1": (PROMISE, LANE)}))
    one = archived(planned, "1")
    old = next(held for held in one.findings if held.finding == PROMISE)
    heavier = replace(PROMISE, points=95, rule_digest="ef" * 32)
    apply(planned, [Verdict(row=one.row, stood=tuple(held.row for held in one.findings), replaced=(old.row,),
                            findings=(heavier,), entities=())])  # fmt: skip
    (lead,) = planned.leads()
    assert (lead.findings, lead.points) == ((heavier, LANE), 95)
    assert planned.leads(LeadFilter(category=PROMISE.category))
    with planned.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM findings")) == 3


def test_a_category_that_gave_way_is_not_found_by_it(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), findings={"1": (PROMISE,)}))
    apply(planned, [judged(archived(planned, "1"), LANE)])
    for by_group in (True, False):
        assert planned.leads(LeadFilter(category=PROMISE.category, by_group=by_group)) == ()
        assert len(planned.leads(LeadFilter(category=LANE.category, by_group=by_group))) == 1


def test_the_lead_falls_back_to_the_sighting_that_still_stands(planned: ExhibitStore) -> None:
    for number in (1, 2, 3):
        planned.record(page_of((listing("1", title=f"第 {number} 次"),), number=number, findings={"1": (PROMISE,)}))
    for expected in ("第 2 次", "第 1 次"):
        newest = next(one for one in planned.archived(10) if one.findings)
        apply(planned, [judged(newest)])
        (lead,) = planned.leads()
        assert lead.title == expected
        check_books(planned)


def test_seen_and_changed_are_written_down_each_time(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"), listing("2"))))
    number = planned.begin_rejudgement(WHO)
    planned.rejudge(number, 2, [judged(archived(planned, "1"), LANE)])
    with planned.engine.connect() as connection:
        row = connection.execute(select(*Rejudgement.__table__.columns)).one()
    assert (row.id, row.seen, row.changed, row.by, row.ended_at) == (number, 2, 1, "测试员", None)
    planned.end_rejudgement(number, WHO.at)
    with planned.engine.connect() as connection:
        assert connection.execute(select(Rejudgement.ended_at)).scalar_one() == WHO.at


def test_what_changed_meanwhile_is_left_alone(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"), listing("2")), findings={"1": (PROMISE,), "2": (PROMISE,)}))
    verdicts = [judged(archived(planned, item), LANE) for item in ("1", "2")]
    apply(planned, verdicts[:1])
    before = contents(planned)
    number = planned.begin_rejudgement(WHO)
    assert planned.rejudge(number, 1, verdicts[:1]) == (verdicts[0].row,)
    assert contents(planned) == before
    assert planned.rejudge(number, 2, verdicts) == (verdicts[0].row,)
    assert {lead.findings for lead in planned.leads()} == {(LANE,)}


def test_half_a_batch_is_never_written(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"), listing("2")), findings={"1": (PROMISE,)}))
    before = contents(planned)
    wrong = replace(judged(archived(planned, "2"), LANE), row=999)
    number = planned.begin_rejudgement(WHO)
    with pytest.raises(Exception, match=r"(?i)foreign key|No row"):
        planned.rejudge(number, 2, [judged(archived(planned, "1")), replace(wrong, stood=())])
    assert contents(planned) == before


def test_leads_of_an_earlier_version_are_grouped(planned: ExhibitStore) -> None:
    """They were recorded without a likeness."""
    many = tuple(offer(str(number)) for number in range(6))
    planned.record(page_of(many, findings={one.item_id: (PROMISE,) for one in many}))
    assert len(partition(planned)) == 6
    alike = [Likeness(exhibit=one.exhibit, signature=signature(one.listing)) for one in planned.archived(10)]
    number = planned.begin_rejudgement(WHO)
    planned.rejudge(number, 6, [], alike)
    assert len(partition(planned)) == 1
    check_books(planned)
    before = contents(planned)
    planned.rejudge(number, 6, [], alike)
    assert contents(planned) == before


def test_other_categories_are_another_group_from_then_on(planned: ExhibitStore) -> None:
    many = tuple(offer(str(number)) for number in range(4))
    page = page_of(many, findings={one.item_id: (PROMISE,) for one in many})
    alike = [Likeness(exhibit=one.id, signature=signature(one.listing)) for one in page.exhibits]
    planned.record(page, likenesses=alike)
    assert len(partition(planned)) == 1
    moved = [judged(archived(planned, item), LANE) for item in ("1", "2")]
    number = planned.begin_rejudgement(WHO)
    planned.rejudge(number, 4, moved, alike)
    assert partition(planned) == {frozenset("03"), frozenset("12")}
    check_books(planned)


# -- giving out ------------------------------------------------------------------------------------


def test_every_exhibit_is_given_out_once_and_the_newest_first(planned: ExhibitStore) -> None:
    for number in range(1, 8):
        items = tuple(listing(f"{number}-{at}", platform=("jd", "wuba")[at % 2]) for at in range(3))
        planned.record(page_of(items, number=number, findings={f"{number}-0": (PROMISE,)}))
    for wanted, count in (
        (ArchiveFilter(), 21),
        (ArchiveFilter(platform="wuba"), 7),
        (ArchiveFilter(since=T0 + timedelta(seconds=5)), 9),
        (ArchiveFilter(since=T0 + timedelta(days=5)), 0),
        (ArchiveFilter(since=T0 + timedelta(seconds=5), platform="jd"), 6),
    ):
        assert planned.archived_count(wanted) == count
        found, going = [], wanted
        while batch := planned.archived(4, going):
            found += [one.row for one in batch]
            going = replace(wanted, before=batch[-1].exhibit)
            assert planned.archived_count(going) == count - len(found)
        assert found == sorted(set(found), reverse=True)
        assert len(found) == count


@on_sqlite
def test_what_is_recent_costs_no_walk_over_what_is_old(planned: ExhibitStore) -> None:
    def ask(store: ExhibitStore, since: int) -> None:
        wanted = ArchiveFilter(since=T0 + timedelta(seconds=since))
        assert store.archived_count(wanted) == len(store.archived(50, wanted)) == 1

    planned.record(page_of((listing("old"),), number=1))
    planned.record(page_of((listing("new"),), number=10_000))
    small = steps(planned, lambda store: ask(store, 10_000))
    for number in range(2, 200):
        planned.record(page_of((listing(f"old {number}"),), number=number))
    planned.record(page_of((listing("newer"),), number=20_000))
    assert steps(planned, lambda store: ask(store, 20_000)) < small * 1.5


def test_pictures_come_with_their_text_and_keep_their_findings(planned: ExhibitStore) -> None:
    page = page_of((listing("1"),), findings={"1": (PROMISE,)})
    urls = [f"https://img.example/{name}.jpg" for name in "ab"]
    planned.record(page, [WantedPicture(exhibit=page.exhibits[0].id, url=url) for url in urls])
    read = PictureText(width=10, height=10, lines=(PictureLine(text="包授权", score=0.9, box=(0, 0, 9, 9)),))
    planned.keep_picture_text("aa" * 32, "engine", read, T0)
    for url, digest in zip(urls, ("aa", "bb"), strict=True):
        (shown,) = planned.shown(url)
        seen = replace(LANE, field="image", image=digest * 32, box=(0, 0, 9, 9), quote="包授权")
        end = PictureEnd(row=shown.row, fate=Fate.READ, at=T0, findings=(seen,), sha256=digest * 32)
        planned.end_pictures([end])
    one = archived(planned, "1")
    assert [(picture.sha256, picture.text) for picture in one.pictures] == [("aa" * 32, read)]
    words = tuple(held.row for held in one.findings if not held.finding.image)
    rows = tuple(held.row for held in one.findings)
    apply(planned, [Verdict(row=one.row, stood=rows, replaced=words, findings=(), entities=())])
    (lead,) = planned.leads()
    assert {finding.image for finding in lead.findings} == {"aa" * 32, "bb" * 32}
    first = archived(planned, "1").findings[0]
    rows = tuple(held.row for held in archived(planned, "1").findings)
    apply(planned, [Verdict(row=one.row, stood=rows, replaced=(first.row,), findings=(), entities=())])
    assert [image.findings for image in planned.exhibit(lead.exhibit).images] == [0, 1]


def test_a_severity_without_a_word_is_broken_evidence(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), findings={"1": (PROMISE,)}))
    with planned.engine.begin() as connection:
        connection.execute(text("UPDATE findings SET severity = 9"))
    with pytest.raises(EvidenceBroken):
        planned.leads()
