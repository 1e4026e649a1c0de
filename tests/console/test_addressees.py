"""To whom a letter goes: one letter an operator over all of its platforms, to nobody whose name is only proposed."""

from __future__ import annotations

from pathlib import Path

import pytest
from letter_office import Post
from review_specimens import ANN, office_in

from casework.letters.letter import Kind
from casework.letters.refusing import Proofs
from console.cases.addressees import Addressees, proposals
from console.files import platforms
from crawler.errors import UserMistake
from storage.cases.letter_shapes import NewOperator
from storage.cases.operators import Operators, confirm_on
from storage.cases.shapes import WorkedLead
from storage.db import writing

SAME = {"name": "北京示例网络有限公司", "seat": "北京市海淀区", "credit_code": "", "source": ""}


def test_one_operator_of_several_platforms_gets_one_letter(tmp_path: Path) -> None:
    post = Post(office_in(tmp_path / "lantian.db"))
    (lead,) = post.decided("a1")
    with writing(post.engine).begin() as connection:
        for name, told in (("baidu", SAME), ("tieba", SAME), ("taobao", SAME | {"name": "杭州示例网络有限公司"})):
            sign = post.office.ann.acting.sign
            confirm_on(connection, NewOperator(platform=name, **told), ANN, post.office.later(), sign)
    addressees = Addressees(post.engine, Proofs(post.engine))
    found = {name: addressees.of(Kind.REMOVE, on(lead, name), "") for name in ("baidu", "tieba", "taobao", "baidu")}
    assert found["baidu"] == found["tieba"] != found["taobao"]
    whole = addressees.whole(found["tieba"])
    assert (whole.name, [one.platform for one in whole.operators]) == (SAME["name"], ["baidu", "tieba"])
    # A later confirmation replaces the earlier one, of that platform alone.
    with writing(post.engine).begin() as connection:
        moved = NewOperator(platform="tieba", **SAME | {"seat": "北京市朝阳区"})
        confirm_on(connection, moved, ANN, post.office.later(), post.office.ann.acting.sign)
    kept = {one.platforms: one.seat for one in Operators(post.engine).current()}
    assert kept[("tieba",)] == "北京市朝阳区"
    assert kept[("baidu",)] == SAME["seat"]
    for kind, name, to, why in (
        (Kind.REMOVE, "jd", "", "还没有经具名人员确认"),
        (Kind.REMOVE, "landing", "", "没有平台经营者"),
        (Kind.ORDER, "baidu", "", "主体不明"),
        (Kind.TRANSFER, "baidu", "", "主管机关不明"),
        (Kind.NOTICE, "baidu", " ", "--to"),
    ):
        with pytest.raises(UserMistake, match=why):
            addressees.of(kind, on(lead, name, actor_id=None), to)
    assert addressees.of(Kind.TALK, on(lead, "landing"), "示例代理有限公司").name == "示例代理有限公司"
    post.engine.dispose()


def on(lead: WorkedLead, platform: str, **changes: object) -> WorkedLead:
    from dataclasses import replace

    return replace(lead, platform=platform, **changes)


def test_proposals_are_of_platforms_that_there_are() -> None:
    assert proposals().keys() <= platforms().keys()
    assert {"bing", "shenma"} & proposals().keys() == set(), "whose operators nobody has read anywhere"
