"""Like leads are one group: whatever their order, without comparing all, and with numbers that stay."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from storage_specimens import T0, finding, listing, on_sqlite, page_of
from test_leads import FULL_SCAN, paged, plan_of, statements, steps

from crawler.items import Entity, Exhibits, Listing
from detectors.likeness import VALUES, signature
from storage.care_shapes import Likeness
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.models import ListingRow
from storage.shapes import LeadFilter, Order, PlannedRun
from storage.tables.care import Exemplar, GroupHead, LeadGroup

GRANT, LANE = (finding(),), (finding("green_channel"),)
OFFER = (
    "本店专业办理各类发明专利实用新型外观设计申请，内部渠道包授权，不授权全额退款，量大从优，欢迎新老客户咨询洽谈合作"
)
OTHER = "高新技术企业认定一站式服务，软件著作权快速登记，双软评估，贯标辅导，项目申报，费用面议，先办理后付款"


def offer(item: str, words: str = OFFER, **changes: object) -> Listing:
    return listing(item, **{"title": f"专利代办{item}", "text": words, **changes})


def record(store: ExhibitStore, listings: Sequence[Listing], number: int, **found: object) -> Exhibits:
    """A page of these, all flagged, with their likenesses."""
    findings = found.get("findings") or {one.item_id: GRANT for one in listings}
    page = page_of(tuple(listings), number=number, findings=findings)
    entities = found.get("entities", ())
    exhibits = tuple(replace(one, entities=entities) for one in page.exhibits)
    page = replace(page, exhibits=exhibits)
    alike = [Likeness(exhibit=one.id, signature=signature(one.listing)) for one in exhibits if one.findings]
    store.record(page, likenesses=alike)
    return page


def partition(store: ExhibitStore) -> set[frozenset[str]]:
    """Which items are together, by group."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    with store.engine.connect() as connection:
        for row in connection.execute(select(ListingRow.group_id, ListingRow.item_id).where(ListingRow.points > 0)):
            assert row.group_id is not None
            found[row.group_id].add(row.item_id)
    return {frozenset(items) for items in found.values()}


def check_books(store: ExhibitStore) -> None:
    """Sizes and heads are what the listings say, however they came about."""
    with store.engine.connect() as connection:
        flagged = connection.execute(
            select(ListingRow.group_id, ListingRow.platform, ListingRow.flagged_id, ListingRow.points).where(
                ListingRow.flagged_id.is_not(None)
            )
        ).all()
        sizes = {row.id: row.size for row in connection.execute(select(LeadGroup.id, LeadGroup.size))}
        heads = {
            (row.group_id, row.platform): (row.newest, row.points)
            for row in connection.execute(select(*GroupHead.__table__.columns))
        }
    expected: dict[tuple[int, str], tuple[int, int]] = {}
    counted = dict.fromkeys(sizes, 0)
    for row in sorted(flagged, key=lambda one: one.flagged_id):
        counted[row.group_id] += 1
        for platform in ("", row.platform):
            expected[row.group_id, platform] = (row.flagged_id, row.points)
    assert sizes == counted
    assert heads == expected


def test_fifty_listings_of_one_seller_are_one_lead(planned: ExhibitStore) -> None:
    record(planned, [offer(str(number)) for number in range(50)], 1)
    record(planned, [offer("x", OTHER)], 2)
    leads = planned.leads(LeadFilter(by_group=True))
    assert [lead.group_size for lead in leads] == [1, 50]
    assert len(planned.leads(LeadFilter(limit=100))) == 51
    assert {lead.group for lead in planned.leads(LeadFilter(limit=100))} == {lead.group for lead in leads}
    check_books(planned)


def test_other_sellers_need_almost_the_same_words(planned: ExhibitStore) -> None:
    ours, copied = offer("1"), offer("2", seller="远山知产", seller_id="7002", title="专利代办1")
    like = offer("3", OFFER.replace("量大从优", "价格优"), seller="松陵知产", seller_id="7003")
    share = sum(a == b for a, b in zip(signature(ours), signature(like), strict=True)) / VALUES
    assert 0.7 <= share < 0.9, "the third is like the first, and no copy"
    for number, one in enumerate((ours, copied, like), 1):
        record(planned, [one], number)
    assert partition(planned) == {frozenset("12"), frozenset("3")}
    newest, copies = planned.leads(LeadFilter(by_group=True))
    assert (copies.group_size, copies.group_sellers, newest.group_sellers) == (2, 2, 1)


def test_a_shared_contact_is_as_good_as_a_shared_seller(planned: ExhibitStore) -> None:
    phone = Entity(kind="mobile", value="13800000000", field="text", start=0, end=11)
    like = offer("2", OFFER.replace("量大从优", "价格优"), seller="松陵知产", seller_id="7003")
    record(planned, [offer("1")], 1, entities=(phone,))
    record(planned, [like], 2, entities=(phone,))
    assert partition(planned) == {frozenset("12")}


def test_other_categories_are_another_group(planned: ExhibitStore) -> None:
    record(planned, [offer("1")], 1)
    record(planned, [offer("2")], 2, findings={"2": LANE})
    record(planned, [offer("3")], 3, findings={"3": LANE + GRANT})
    assert len(partition(planned)) == 3


def test_without_a_likeness_a_lead_stays_alone(planned: ExhibitStore) -> None:
    many = tuple(listing(str(number)) for number in range(5))
    planned.record(page_of(many, findings={one.item_id: GRANT for one in many}))
    assert len(partition(planned)) == 5
    assert [lead.group_size for lead in planned.leads(LeadFilter(by_group=True))] == [1] * 5
    check_books(planned)


def test_a_lead_seen_again_keeps_its_group(planned: ExhibitStore) -> None:
    record(planned, [offer("1"), offer("2")], 1)
    before = {lead.listing: lead.group for lead in planned.leads()}
    with planned.engine.connect() as connection:
        remembered = connection.execute(select(Exemplar.id)).all()
    record(planned, [offer("2"), offer("1")], 2)
    assert {lead.listing: lead.group for lead in planned.leads()} == before
    with planned.engine.connect() as connection:
        assert connection.execute(select(Exemplar.id)).all() == remembered
    check_books(planned)


def test_a_lead_that_offers_something_else_moves(planned: ExhibitStore) -> None:
    record(planned, [offer("1"), offer("2"), offer("3", OTHER)], 1)
    record(planned, [offer("2", OTHER)], 2)
    assert partition(planned) == {frozenset("1"), frozenset("23")}
    check_books(planned)


def test_a_lead_alone_keeps_its_number_when_its_words_change(planned: ExhibitStore) -> None:
    record(planned, [offer("1")], 1)
    (before,) = planned.leads()
    record(planned, [offer("1", OTHER)], 2)
    (after,) = planned.leads()
    assert after.group == before.group
    check_books(planned)


def test_what_joins_two_groups_makes_them_one(planned: ExhibitStore) -> None:
    """Two sellers' offers, then one listing that names both contacts."""
    first = Entity(kind="mobile", value="13800000001", field="text", start=0, end=11)
    second = Entity(kind="mobile", value="13800000002", field="text", start=0, end=11)
    record(planned, [offer("1", seller_id="1"), offer("2", seller_id="1")], 1, entities=(first,))
    other = OFFER.replace("量大从优", "价格优")
    record(planned, [offer("3", other, seller_id="2")], 2, entities=(second,))
    groups = {lead.listing: lead.group for lead in planned.leads()}
    assert len(partition(planned)) == 2
    record(planned, [offer("4", seller_id="4")], 3, entities=(first, second))
    assert partition(planned) == {frozenset("1234")}
    (joined,) = planned.leads(LeadFilter(by_group=True))
    assert joined.group == min(groups.values()), "the larger group keeps its number"
    with planned.engine.connect() as connection:
        into = select(LeadGroup.merged_into).where(LeadGroup.id == max(groups.values()))
        assert connection.execute(into).scalar_one() == joined.group
    check_books(planned)


def clusters(chance: random.Random) -> list[Listing]:
    """Offers of a few sellers, each in slightly different words, and far from one another."""
    letters = [chr(0x4E00 + chance.randrange(8000)) for _ in range(900)]
    made = []
    for number in range(6):
        base = "".join(letters[number * 150 : number * 150 + 150])
        for variant in range(chance.randint(1, 6)):
            place = chance.randrange(100)
            words = base[:place] + chance.choice("甲乙丙丁戊") + base[place:]
            made.append(offer(f"{number}-{variant}", words, title="", seller_id=str(number)))
    return made


@pytest.mark.parametrize("seed", range(6))
def test_order_does_not_decide_who_is_together(tmp_path: Path, seed: int) -> None:
    """Where all of an offer's variants are like each other, as those of a template are."""
    chance = random.Random(seed)
    made = clusters(chance)
    found = []
    for order in range(3):
        store = ExhibitStore(open_database(tmp_path / f"{order}.db"))
        store.open_runs([PlannedRun(id="run-1", platform="taobao", query="q", planned_at=T0)], T0)
        for number, one in enumerate(chance.sample(made, len(made)), 1):
            record(store, [one], number)
        check_books(store)
        found.append(partition(store))
        store.engine.dispose()
    expected: defaultdict[str, set[str]] = defaultdict(set)
    for one in made:
        expected[one.item_id[0]].add(one.item_id)
    assert found == [set(map(frozenset, expected.values()))] * 3


def test_sizes_and_heads_hold_under_chance(planned: ExhibitStore) -> None:
    chance = random.Random(7)
    words = (OFFER, OTHER, OFFER.replace("量大从优", "价格优"), OFFER[:30] + OTHER[:30])
    for number in range(1, 80):
        items = chance.sample(range(20), chance.randint(1, 4))
        page = [
            offer(
                str(item), chance.choice(words), seller_id=chance.choice("12"), platform=chance.choice(("jd", "wuba"))
            )
            for item in items
        ]
        record(planned, page, number, findings={one.item_id: chance.choice((GRANT, LANE)) for one in page})
        if number % 10 == 0:
            check_books(planned)


# -- what it costs -------------------------------------------------------------------------------


def work(store: ExhibitStore, count: int, first: int, words: str) -> int:
    """SQLite's steps for recording one page of twenty when `count` like it are there."""
    for start in range(0, count, 100):
        record(store, [offer(f"{first}-{start + at}", words) for at in range(100)], first + start // 100)
    page = [offer(f"{first}-new-{at}", words) for at in range(20)]
    return steps(store, lambda asked: record(asked, page, first + count // 100 + 1))


@on_sqlite
def test_five_thousand_of_one_offer_cost_no_more_than_five_hundred(planned: ExhibitStore) -> None:
    small = work(planned, 500, 1, OFFER)
    large = work(planned, 4500, 1000, OFFER)
    assert large < small * 1.5
    leads = planned.leads(LeadFilter(by_group=True))
    assert [lead.group_size for lead in leads] == [5040]


def test_pages_of_groups_join_without_gap_or_repeat(planned: ExhibitStore) -> None:
    chance = random.Random(1)
    for number in range(1, 30):
        page = [
            offer(
                f"{number}-{at}", OFFER, seller_id=str(chance.randrange(12)), platform=chance.choice(("jd", "taobao"))
            )
            for at in range(4)
        ]
        page = [replace(one, text=OFFER + one.seller_id * 40) for one in page]
        record(planned, page, number)
    for platform in ("", "jd"):
        for order in Order:
            wanted = LeadFilter(by_group=True, platform=platform, order=order, limit=3)
            whole = [lead.listing for lead in planned.leads(replace(wanted, limit=500))]
            assert len(whole) > 3
            assert paged(planned, wanted) == whole
            groups = [lead.group for lead in planned.leads(replace(wanted, limit=500))]
            assert len(set(groups)) == len(groups)
            assert not platform or {lead.platform for lead in planned.leads(wanted)} == {platform}


@on_sqlite
def test_asking_for_groups_reads_no_whole_table_and_does_not_grow(planned: ExhibitStore) -> None:
    asked = {
        (order, platform): LeadFilter(by_group=True, limit=5, order=order, platform=platform)
        for order in Order
        for platform in ("", "taobao")
    }

    def lone(first: int, count: int) -> None:
        for number in range(first, first + count):
            one = listing(str(number))
            planned.record(page_of((one,), number=number, findings={one.item_id: GRANT}))

    lone(1, 60)
    for wanted in asked.values():
        with statements(planned) as said:
            planned.leads(wanted)
        for statement, parameters in said:
            plan = plan_of(planned, statement, parameters)
            assert not [line for line in plan if FULL_SCAN.match(line)], plan
            assert not [line for line in plan if "ORDER BY" in line and "FROM findings" not in statement], plan
    before = {name: steps(planned, lambda store, of=wanted: store.leads(of)) for name, wanted in asked.items()}
    lone(100, 600)
    after = {name: steps(planned, lambda store, of=wanted: store.leads(of)) for name, wanted in asked.items()}
    assert {name for name in asked if after[name] > before[name] * 1.1} == set()


def test_the_books_check_is_seen_to_fail(planned: ExhibitStore) -> None:
    record(planned, [offer("1")], 1)
    for edit in ("UPDATE lead_groups SET size = 2", "DELETE FROM group_heads WHERE platform = ''"):
        with planned.engine.begin() as connection:
            connection.execute(text(edit))
        with pytest.raises(AssertionError):
            check_books(planned)
