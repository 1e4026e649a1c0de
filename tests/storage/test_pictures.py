"""Pictures wait in the database, end once, and make their listings leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from storage_specimens import PHONE, T0, capture, finding, listing, page_of
from test_leads import FULL_SCAN, plan_of, statements

from crawler.items import Exhibits
from crawler.pictures import Fate, Mark, PictureLine, PictureText, WantedPicture
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureCounts, PictureEnd, total_counts
from storage.shapes import LeadFilter

ONE, TWO = "https://img.xinghe.example/1.jpg", "https://img.xinghe.example/2.jpg"
IN_PICTURE = finding(points=65, field="image", image="ab" * 32, box=(1, 2, 3, 4), start=0, end=3)
TEXT = PictureText(
    width=400,
    height=300,
    lines=(
        PictureLine(text="包授权", score=0.99, box=(1, 2, 30, 40)),
        PictureLine(text="退", score=0.5, box=(1, 50, 9, 60), goes_on=True),
    ),
    marks=(Mark(box=(0, 0, 9, 9), view="grey", hash="0f" * 32),),
)


def wanting(exhibits: Exhibits, *urls: str, skipped: str = "") -> tuple[WantedPicture, ...]:
    return tuple(WantedPicture(exhibit=one.id, url=url, skipped=skipped) for one in exhibits.exhibits for url in urls)


def record(
    store: ExhibitStore, *items: str, number: int = 1, urls: tuple[str, ...] = (ONE,), **more: object
) -> Exhibits:
    exhibits = page_of(tuple(listing(name) for name in items), number=number, **more)
    store.record(exhibits, wanting(exhibits, *urls))
    return exhibits


def end(store: ExhibitStore, url: str, fate: Fate = Fate.READ, **changes: object) -> int:
    told = [replace(PictureEnd(row=one.row, fate=fate, at=T0), **changes) for one in store.shown(url)]
    return store.end_pictures(told)


def test_pictures_wait_from_the_moment_their_page_is_recorded(planned: ExhibitStore) -> None:
    exhibits = record(planned, "1", "2", urls=(ONE, TWO))
    assert [one.url for one in planned.waiting(9)] == [ONE, TWO]
    assert [one.listing.item_id for one in planned.shown(ONE)] == ["1", "2"]
    assert planned.waiting(9)[0].is_specimen
    assert planned.pictures_waiting() == 4
    planned.record(exhibits, wanting(exhibits, ONE, "https://img.xinghe.example/3.jpg"))
    assert planned.pictures_waiting() == 4, "a page that is recorded already queues nothing"


def test_one_address_ends_for_every_exhibit_that_waits_for_it(planned: ExhibitStore) -> None:
    record(planned, "1", "2", urls=(ONE, TWO))
    kept = capture("image-capture")
    assert end(planned, ONE, capture=kept, sha256="ab" * 32, findings=(IN_PICTURE,), entities=(PHONE,)) == 2
    assert [one.url for one in planned.waiting(9)] == [TWO]
    leads = planned.leads()
    assert len(leads) == 2
    assert all(lead.findings == (IN_PICTURE,) and lead.points == 65 for lead in leads)
    assert [one.capture for one in leads[0].images if one.url == ONE] == [kept]
    detail = planned.exhibit(leads[0].exhibit)
    assert {one.url: one.fate for one in detail.images} == {ONE: Fate.READ, TWO: Fate.PENDING}
    assert PHONE in detail.exhibit.entities


def test_what_has_ended_does_not_end_again(planned: ExhibitStore) -> None:
    record(planned, "1")
    waiting = planned.shown(ONE)
    told = PictureEnd(row=waiting[0].row, fate=Fate.READ, at=T0, findings=(IN_PICTURE,), entities=(PHONE,))
    assert planned.end_pictures([told]) == 1
    assert planned.end_pictures([told, told]) == 0
    assert planned.end_pictures([replace(told, fate=Fate.FAILED, reason="late")]) == 0
    lead = planned.leads()[0]
    assert lead.findings == (IN_PICTURE,)
    assert planned.exhibit(lead.exhibit).images[0].fate is Fate.READ


def test_an_end_that_fails_leaves_nothing_of_any(planned: ExhibitStore) -> None:
    record(planned, "1", urls=(ONE, TWO))
    good = PictureEnd(row=planned.shown(ONE)[0].row, fate=Fate.READ, at=T0, findings=(IN_PICTURE,))
    bad = replace(good, row=planned.shown(TWO)[0].row, findings=(replace(IN_PICTURE, category=None),))  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.?null"):
        planned.end_pictures([good, bad])
    assert planned.pictures_waiting() == 2
    assert planned.leads() == ()


def test_a_lead_weighs_what_its_heaviest_finding_does(planned: ExhibitStore) -> None:
    record(planned, "1", urls=(ONE, TWO), findings={"1": (finding(points=70),)})
    end(planned, ONE, findings=(IN_PICTURE,))
    assert planned.leads()[0].points == 70
    end(planned, TWO, findings=(replace(IN_PICTURE, points=95),))
    assert planned.leads()[0].points == 95
    assert [one.points for one in planned.leads()[0].findings] == [95, 70, 65]


def test_the_latest_flagged_sighting_stays_the_lead(planned: ExhibitStore) -> None:
    record(planned, "1", number=1)
    record(planned, "1", number=2, urls=(TWO,), findings={"1": (finding(points=80),)})
    newest = planned.leads()[0].exhibit
    end(planned, ONE, findings=(replace(IN_PICTURE, points=95),))
    assert (planned.leads()[0].exhibit, planned.leads()[0].points) == (newest, 80)
    assert len(planned.leads(LeadFilter(limit=9))) == 1


def test_what_was_never_read_comes_first(planned: ExhibitStore) -> None:
    record(planned, "1")
    end(planned, ONE)
    record(planned, "2", number=2, urls=(ONE, TWO))
    assert [one.url for one in planned.waiting(9)] == [TWO, ONE]
    assert [one.url for one in planned.waiting(1)] == [TWO]
    assert [one.url for one in planned.waiting(9, besides={TWO})] == [ONE]
    assert planned.still_waiting([ONE, "https://img.xinghe.example/9.jpg"]) == (ONE,)


def test_a_text_is_remembered_by_digest_and_engine(store: ExhibitStore) -> None:
    assert store.picture_text("ab", "one 1") is None
    store.keep_picture_text("ab", "one 1", TEXT, T0)
    assert store.picture_text("ab", "one 1") == TEXT
    assert store.picture_text("ab", "one 2") is None
    store.keep_picture_text("ab", "one 2", replace(TEXT, lines=()), T0)
    assert store.picture_text("ab", "one 2") == replace(TEXT, lines=())
    assert store.picture_text("ab", "one 1") is None


def test_hostile_text_has_a_place_in_the_database(planned: ExhibitStore) -> None:
    odd = PictureText(
        width=1, height=1, lines=(PictureLine(text="包\ud83d\u202e授\x00权", score=1.0, box=(0, 0, 1, 1)),)
    )
    planned.keep_picture_text("cd", "one 1", odd, T0)
    kept = planned.picture_text("cd", "one 1")
    assert kept is not None
    assert len(kept.text) == len(odd.text)
    record(planned, "1")
    end(planned, ONE, findings=(replace(IN_PICTURE, quote="包\ud83d授"),), detail="\ud83d")
    assert planned.leads()[0].findings[0].quote == "包\ufffd授"


def test_counts_say_what_became_of_them(planned: ExhibitStore) -> None:
    exhibits = record(planned, "1", "2", urls=(ONE,))
    end(planned, ONE, findings=(IN_PICTURE,))
    more = page_of((listing("3"), listing("4")), number=2)
    planned.record(more, (*wanting(more, TWO), *wanting(more, "https://img.xinghe.example/3.jpg", skipped="page_cap")))
    record(planned, "5", number=3, urls=("https://img.xinghe.example/5.jpg",))
    end(planned, TWO, Fate.FAILED, reason="http_404")
    counts = planned.picture_counts([exhibits.sightings.run])["run-1"]
    assert (counts.read, counts.hits, counts.pending, counts.skipped, counts.failed) == (2, 2, 1, 2, 2)
    assert dict(counts.reasons) == {"http_404": 2, "page_cap": 2}
    assert planned.picture_counts(["no such run"]) == {}
    assert total_counts([counts, counts, PictureCounts()]).read == 4
    assert total_counts([]) == PictureCounts()


def test_what_waits_too_long_is_given_up_with_a_reason(planned: ExhibitStore) -> None:
    record(planned, "1")
    assert planned.expire_pictures(T0 - timedelta(days=30), T0) == 0
    assert planned.expire_pictures(T0 + timedelta(days=30), T0) == 1
    assert planned.pictures_waiting() == 0
    assert dict(planned.picture_counts(["run-1"])["run-1"].reasons) == {"expired": 1}


def test_no_question_about_pictures_reads_a_whole_table(planned: ExhibitStore) -> None:
    for number in range(1, 30):
        record(planned, *"123", number=number, urls=(f"https://img.xinghe.example/{number}.jpg",))
    for number in range(1, 20):
        end(planned, f"https://img.xinghe.example/{number}.jpg")
    with planned.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
    with statements(planned) as asked:
        planned.waiting(5)
        planned.shown("https://img.xinghe.example/25.jpg")
        planned.still_waiting(["https://img.xinghe.example/25.jpg"])
        planned.pictures_waiting()
        planned.picture_text("ab", "one 1")
        planned.picture_counts(["run-1"])
        end(planned, "https://img.xinghe.example/25.jpg", findings=(IN_PICTURE,), entities=(PHONE,))
        planned.leads()
    assert len(asked) >= 10
    for statement, parameters in asked:
        for line in plan_of(planned, statement, parameters):
            assert not FULL_SCAN.match(line), f"{statement}: {line}"
