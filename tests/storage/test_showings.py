"""Complete captures in the ledger: what each is worth for an exhibit, when the next is due, paid links once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from storage_specimens import T0, finding, listing, on_sqlite, page_of, pages_of, visit_of

from crawler.captures import Box, PaidOpening, PictureVerdict, Place, Showing
from crawler.errors import EvidenceBroken
from crawler.items import Exhibits
from storage.exhibits import ExhibitStore
from storage.showing_shapes import ShowingCounts, as_it_stands, total_showings

FLAGGED = {"1": (finding(),)}
BOX = Box(left=10, top=20, right=110, bottom=40)


def page_shown(number: int, verdict: PictureVerdict = PictureVerdict.SHOWS_QUOTE, **changes: object) -> Exhibits:
    """Page `number` with one flagged listing and one innocent one, and what its visit was worth."""
    page = page_of((listing("1", **changes), listing("2")), number=number, findings=FLAGGED)
    is_kept = verdict is not PictureVerdict.FAILED
    visit = visit_of(str(number)) if is_kept else None
    exhibit = page.exhibits[0].id
    showing = Showing(
        exhibit=exhibit,
        verdict=verdict,
        reason="" if verdict is PictureVerdict.SHOWS_QUOTE else "quote_gone",
        detail="虚构的说明",
        visit=visit.id if visit else "",
        width=1280,
        height=2000,
        places=(Place(exhibit=exhibit, quote="包授权", box=BOX, label=BOX, label_text="广告"),) if is_kept else (),
        query_box=BOX if is_kept else None,
        position=3,
    )
    return replace(page, visit=visit, showings=(showing,))


def test_a_showing_comes_back_as_it_was_recorded(planned: ExhibitStore) -> None:
    page = page_shown(1)
    planned.record(page)
    shown = planned.exhibit(page.exhibits[0].id).shown
    assert shown.showing == page.showings[0]
    assert shown.capture == page.visit
    assert (shown.exhibit, shown.seen_at) == (page.exhibits[0].id, page.sightings.seen_at)
    assert planned.leads()[0].shown == shown
    assert planned.browser_capture(page.visit.id) == page.visit


def test_what_is_found_later_is_not_shown_by_the_picture(planned: ExhibitStore) -> None:
    page = page_shown(1)
    planned.record(page)
    detail = planned.exhibit(page.exhibits[0].id)
    shown, same = detail.shown, detail.exhibit.findings
    assert as_it_stands(page.exhibits[0].id, shown, same) == shown
    for new in (finding(quote="绿色通道"), finding(field="image", image="ab" * 32)):
        weaker = as_it_stands(page.exhibits[0].id, shown, (*same, new)).showing
        assert (weaker.verdict, weaker.reason, weaker.detail) == ("differs", "found_later", new.quote)
    assert as_it_stands("another", shown, (finding(quote="绿色通道"),)) == shown


def test_what_failed_has_no_capture_and_says_why(planned: ExhibitStore) -> None:
    page = page_shown(1, PictureVerdict.FAILED)
    planned.record(page)
    detail = planned.exhibit(page.exhibits[0].id)
    assert (detail.shown.showing.verdict, detail.shown.showing.reason) == ("failed", "quote_gone")
    assert detail.shown.capture is None
    assert detail.picture is None
    assert detail.capture == page.sightings.capture, "the HTTP capture is not lost by it"


def test_an_exhibit_without_its_own_names_the_last_of_its_listing(planned: ExhibitStore) -> None:
    first, second = page_shown(1), page_shown(2)
    later = page_of((listing("1"), listing("2")), number=3, findings=FLAGGED)
    for page in (first, second, later):
        planned.record(page)
    assert planned.exhibit(later.exhibits[0].id).shown.exhibit == second.exhibits[0].id
    assert planned.exhibit(first.exhibits[0].id).shown.exhibit == first.exhibits[0].id
    assert planned.exhibit(later.exhibits[1].id).shown is None, "nobody looked at an innocent one"


def test_a_picture_that_broken_bytes_describe_is_still_written(planned: ExhibitStore) -> None:
    page = page_shown(1)
    place = replace(page.showings[0].places[0], quote="包\ud800授权")
    planned.record(replace(page, showings=(replace(page.showings[0], places=(place,), detail="\udfff"),)))
    shown = planned.exhibit(page.exhibits[0].id).shown
    assert shown.showing.places[0].quote == "包\ufffd授权"


def test_a_showing_of_a_visit_that_is_not_recorded_is_refused_with_its_page(planned: ExhibitStore) -> None:
    page = page_shown(1)
    with pytest.raises(IntegrityError):
        planned.record(replace(page, visit=None))
    assert pages_of(planned, "run-1") == ()


def test_a_visit_that_nobody_recorded_is_broken_evidence(planned: ExhibitStore) -> None:
    planned.record_visit(visit_of("alone"))
    assert planned.browser_capture("visit-alone").picture.id == "picture-alone"
    with pytest.raises(EvidenceBroken):
        planned.browser_capture("visit-never")


# -- when the next is due ------------------------------------------------------------------------


def test_what_was_last_seen_of_a_listing(planned: ExhibitStore) -> None:
    key = listing("1").key
    assert planned.last_pictures([key]) == {}
    planned.record(page_shown(1, PictureVerdict.FAILED))
    assert planned.last_pictures([key]) == {}, "a failure is no picture"
    good = page_shown(2)
    planned.record(good)
    assert planned.last_pictures([key])[key].text_digest == good.exhibits[0].listing.text_digest
    assert planned.last_pictures([key])[key].good_at == good.sightings.seen_at
    changed = page_shown(3, PictureVerdict.DIFFERS, text="另一种说法")
    planned.record(changed)
    last = planned.last_pictures([key, "unknown"])[key]
    assert last.text_digest == changed.exhibits[0].listing.text_digest
    assert last.good_at == good.sightings.seen_at, "only one that shows the quote is good"


@on_sqlite
def test_no_question_walks_a_whole_table(planned: ExhibitStore) -> None:
    with planned.engine.connect() as connection:
        for query in (
            "SELECT max(exhibit_id) FROM showings WHERE listing_key IN ('a','b') GROUP BY listing_key, verdict",
            "SELECT id FROM paid_openings WHERE listing_key = 'a' AND opened_at > 0",
            "SELECT verdict FROM showings WHERE run_id = 'a'",
        ):
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
            assert all("SEARCH" in step and "INDEX" in step for step in plan), plan
        scan = connection.exec_driver_sql("EXPLAIN QUERY PLAN SELECT 1 FROM showings WHERE position = 3").one()
        assert "SCAN" in scan[3], "a walk is seen"


# -- paid links ----------------------------------------------------------------------------------


def test_a_paid_link_is_opened_once_in_its_time(planned: ExhibitStore) -> None:
    key, month = listing("1").key, timedelta(days=30)
    first = planned.begin_opening(key, "run-1", T0, T0 - month)
    assert first
    assert planned.begin_opening(key, "run-1", T0 + month / 2, T0 - month / 2) == 0, "even if the first never ended"
    assert planned.begin_opening("another", "run-1", T0, T0 - month)
    later = T0 + month + timedelta(seconds=1)
    assert planned.begin_opening(key, "run-1", later, later - month) not in (0, first)
    assert planned.showing_counts(["run-1"]) == {"run-1": ShowingCounts(openings=3)}


def test_what_was_not_opened_is_not_counted_and_may_be_opened(planned: ExhibitStore) -> None:
    key, month = listing("1").key, timedelta(days=30)
    number = planned.begin_opening(key, "run-1", T0, T0 - month)
    page = page_shown(1)
    planned.record(replace(page, openings=(PaidOpening(number=number, outcome="disallowed"),)))
    assert planned.exhibit(page.exhibits[0].id).shown.openings == 0
    assert planned.showing_counts(["run-1"])["run-1"].openings == 0
    assert planned.begin_opening(key, "run-1", T0, T0 - month)


def test_where_a_paid_link_led_is_a_visit_of_its_own(planned: ExhibitStore) -> None:
    page, landing = page_shown(1), visit_of("landing")
    number = planned.begin_opening(listing("1").key, "run-1", T0, T0)
    planned.record(replace(page, openings=(PaidOpening(number=number, outcome="opened", visit=landing),)))
    assert planned.browser_capture(landing.id) == landing
    assert planned.exhibit(page.exhibits[0].id).shown.openings == 1
    assert planned.exhibit(page.exhibits[0].id).picture.id == "picture-1", "not the landing page's"


# -- counts --------------------------------------------------------------------------------------


def test_counts_by_run_and_together(planned: ExhibitStore) -> None:
    planned.record(page_shown(1))
    planned.record(page_shown(2, PictureVerdict.DIFFERS))
    planned.record(page_shown(3, PictureVerdict.FAILED))
    counts = planned.showing_counts(["run-1", "run-2"])
    assert counts == {"run-1": ShowingCounts(shown=1, differs=1, failed=1, reasons=(("quote_gone", 2),))}
    assert total_showings([*counts.values(), ShowingCounts(shown=2, openings=1)]) == ShowingCounts(
        shown=3, differs=1, failed=1, openings=1, reasons=(("quote_gone", 2),)
    )
