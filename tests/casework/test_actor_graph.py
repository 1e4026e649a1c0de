"""The picture of an actor: every reason drawn, nothing of a stranger's obeyed, nothing hidden left readable."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from storage_specimens import T0

from casework.actors.drawing import cut, dot, printable, svg
from casework.actors.graph import Bond, Drawn, Graph, graph_of
from casework.actors.words import Veil, reason_words
from storage.cases.actor_shapes import Identity, Join, ShownContact

PHONE, WECHAT = ("mobile", "13800000001"), ("wechat", "xinghe_zc01")
HOSTILE = (
    '<script>alert("x")</script>',
    "\u202e\u2066倒过来\x1b[31m\0\ufffe",
    "]]>&amp;<!--",
    "示" * 10_000,
    "e" + "\u0301" * 9_000,
    "示例店铺",
    "示例店铺",
    '"; } graph evil { "\\',
)


def identity(number: int, name: str = "") -> Identity:
    told = {"kind": "seller", "platform": "taobao", "key": f"id:{number}", "first_seen": T0, "last_seen": T0}
    return Identity(id=number, actor_id=1, name=name or f"示例{number}店", **told)


def contact(of: int, value: tuple[str, str], *, is_common: bool = False) -> ShownContact:
    told = {"exhibit": f"exhibit-{of}", "seen_at": T0, "is_common": is_common}
    return ShownContact(id=of, identity_id=of, kind=value[0], value=value[1], **told)


def join(number: int, pair: tuple[int, int], value: tuple[str, str], *, undone: bool = False) -> Join:
    told = {"at": T0, "by": "示例甲", "entry": None, "undone_entry": None, "reason": "", "undone_by": "示例乙"}
    ended = T0 + timedelta(days=1) if undone else None
    return Join(id=number, one_id=pair[0], other_id=pair[1], kind=value[0], value=value[1], undone_at=ended, **told)


def graph(
    identities: Sequence[Identity],
    contacts: Sequence[ShownContact] = (),
    joins: Sequence[Join] = (),
    limit: int = 200,
    is_open: bool = False,
) -> Graph:
    drawn = Drawn(
        title="ZT-000001",
        subtitle="示例",
        identities=identities,
        platforms=["淘宝"] * len(identities),
        contacts=contacts,
        joins=joins,
        total=len(identities),
    )
    return graph_of(drawn, Veil(contacts, is_open=is_open), limit)


def test_every_reason_is_a_node_and_every_line_says_what_it_means() -> None:
    contacts = [
        contact(1, PHONE),
        contact(2, PHONE),
        contact(2, WECHAT),
        contact(3, WECHAT),
        contact(3, ("qq", "12345")),
    ]
    joins = [join(1, (1, 2), PHONE), join(2, (2, 3), WECHAT, undone=True), join(3, (1, 3), ("person", "同一办公室"))]
    made = graph([identity(1), identity(2), identity(3)], contacts, joins)
    assert {one.words for one in made.reasons} == {"138****01", "xin****01", "同一办公室"}
    bonds = {
        (one.identity, one.reason.partition(":")[2].partition(":")[0] or one.reason): one.bond for one in made.lines
    }
    assert bonds == {
        ("i1", "mobile"): Bond.JOINS,
        ("i2", "mobile"): Bond.JOINS,
        ("i2", "wechat"): Bond.UNDONE,
        ("i3", "wechat"): Bond.UNDONE,
        ("i1", "j3"): Bond.JOINS,
        ("i3", "j3"): Bond.JOINS,
    }
    assert made.left_out == 0


def test_what_too_many_show_is_drawn_as_no_reason() -> None:
    made = graph([identity(1), identity(2)], [contact(1, PHONE, is_common=True), contact(2, PHONE, is_common=True)])
    assert {one.bond for one in made.lines} == {Bond.SHOWN}
    assert "不据此关联" in made.reasons[0].note


def test_one_alone_shows_all_he_shows() -> None:
    assert [one.words for one in graph([identity(1)], [contact(1, PHONE)]).reasons] == ["138****01"]


def test_contacts_are_hidden_in_names_and_reasons_without_the_right() -> None:
    contacts = [contact(1, WECHAT), contact(2, WECHAT)]
    named, said = identity(1, "找xinghe_zc01包授权"), join(1, (1, 2), ("person", "电话13800000001一致"))
    for is_open in (False, True):
        made = graph([named, identity(2)], contacts, [said], is_open=is_open)
        for text in (svg(made), dot(made)):
            assert ("xinghe_zc01" in text) is is_open
            assert ("13800000001" in text) is is_open
    veil = Veil(contacts, is_open=False)
    assert reason_words(join(1, (1, 2), PHONE), veil) == "手机相同：138****01"
    assert reason_words(said, veil) == "示例甲 认定：电话138****01一致"
    assert veil.value("picture", "ab" * 32) == "ab" * 6


def test_strangers_words_are_text_and_stay_in_their_box() -> None:
    several = [identity(number, name) for number, name in enumerate(HOSTILE, 1)]
    made = graph(several, [contact(number, PHONE) for number in range(1, len(several) + 1)])
    drawn = svg(made)
    root = ET.fromstring(drawn)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} == {"svg", "style", "rect", "text", "path"}
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    assert max(len(one.text or "") for one in root.iter() if one.tag.endswith("text")) < 100
    assert not re.search(r"[\0-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", drawn)
    assert svg(made) == drawn
    written = dot(made)
    assert written.count("graph actor {") == 1
    assert written.rstrip().endswith("}")
    for line in written.splitlines()[1:-1]:
        assert re.fullmatch(r'  n\d+ (?:\[shape=\w+, label="(?:[^"\\]|\\.)*"\]|-- n\d+ \[style=\w+\]);', line), line


@pytest.mark.parametrize(
    ("text", "wide", "shown"), [("示例", 4, "示例"), ("示例店", 4, "示…"), ("abcde", 4, "abc…"), ("", 4, "")]
)
def test_text_is_cut_to_its_width(text: str, wide: int, shown: str) -> None:
    assert cut(text, wide) == shown


def test_piled_marks_and_unassigned_characters_do_not_show() -> None:
    assert len(printable("e" + "\u0301" * 300)) <= 4
    assert printable("\ufffe\u0378") == "��"


def test_what_is_left_out_is_said() -> None:
    several = [identity(number) for number in range(1, 301)]
    contacts = [contact(number, ("mobile", f"1380000{number // 2:04d}")) for number in range(1, 301)]
    made = graph(several, contacts, limit=200)
    assert len(made.identities) + len(made.reasons) <= 200
    assert made.left_out > 0
    assert f"另有 {made.left_out} 项未画出" in svg(made)


def test_boxes_do_not_lie_over_each_other() -> None:
    several = [identity(number) for number in range(1, 41)]
    contacts = [contact(number, ("mobile", f"1380000{number % 7:04d}")) for number in range(1, 41)]
    root = ET.fromstring(svg(graph(several, contacts)))
    boxes = [(float(one.attrib["x"]), float(one.attrib["y"])) for one in root.iter() if one.attrib.get("rx")]
    assert len(boxes) == 47
    for column in {x for x, _ in boxes}:
        tops = sorted(y for x, y in boxes if x == column)
        assert all(lower - upper >= 82 for upper, lower in pairwise(tops))
    assert max(y for _, y in boxes) + 66 < float(root.attrib["height"]) - 40
