"""What letters say: each kind with its words and no more, hostile pages quoted as text, contacts hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from casework.law_words import CitedArticle, PlaceKind, Verb
from casework.lawbook.conditions import CATEGORIES
from casework.letters import phrases
from casework.letters.composing import composed, numeral, office_complaints, reminded
from casework.letters.content import LeadIn, OperatorIn, content_read, marked, said_in, written
from casework.letters.letter import Kind, Letter
from casework.letters.letter_list import to_json, to_xlsx
from casework.letters.matters import Addressee, Basis, Matter, Shown, Wanted
from casework.letters.phrases import by_law, titled
from casework.letters.refusing import Complaints
from casework.letters.wording import demand_suspicion
from casework.papers.paper_facts import ChainHead, KeptFile
from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Letters, Office

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
OFFICE = Office(
    name="示例市知识产权局",
    kind="ipo",
    level="city",
    province="山西省",
    code="示知函",
    person="示例",
    phone="0351-0000000",
)
ARTICLE = CitedArticle(
    id="AD-四", cite="广告法第四条", text="广告不得含有虚假的内容。", digest="ab" * 32, purpose="", part="conduct"
)  # fmt: skip
HOSTILE = "{{7*7}}{% raw %}<w:p/>=HYPERLINK(1)\u202e\x07\ud800" + "包授权😀" * 50
FILE = KeptFile(number="c-1", title="网页", url="https://a.example/1", taken_at=NOW, file="x", size=9, sha256="cd" * 32)


def shown(at: int = 1, **changes: object) -> Shown:
    told = Shown(
        id=f"e{at}",
        lead=f"X2026-{at:05}",
        platform="淘宝",
        place=PlaceKind.SHOP,
        categories=("guaranteed_grant",),
        url=f"https://item.taobao.example/{at}",
        account="示例店 13800000000",
        title="发明专利 包授权 电话13800000000",
        quotes=(("包授权", "包授权 13800000000"),),
        first_seen=NOW,
        last_seen=NOW,
        captured_at=NOW,
        sha256="ef" * 32,
        seal="已封存",
        files=(FILE,),
        is_specimen=False,
    )
    return replace(told, **changes)


def matter(at: int = 1, **changes: object) -> Matter:
    lead = LeadIn(
        id=at, number=f"X2026-{at:05}", exhibits=(f"e{at}",), categories=("guaranteed_grant",), decision=1, approval=2
    )  # fmt: skip
    return Matter(lead=lead, shown=(shown(at, **changes),), confirmed_by="甲", approved_by="乙")


def wanted(kind: Kind = Kind.REMOVE, verb: Verb = Verb.ASK, *matters: Matter) -> Wanted:
    return Wanted(
        kind=kind,
        addressee=Addressee(name="杭州示例网络有限公司", operators=(OperatorIn(platform="taobao", entry=1),)),
        matters=matters or (matter(),),
        basis=Basis(verb=verb, articles=(ARTICLE,)),
        office=OFFICE,
        settings=Letters(),
        chain=ChainHead(number=3, sha256="aa" * 32, sealed_at=NOW),
        now=NOW,
    )


def text_of(letter: Letter) -> str:
    return letter.title + "\n".join(one.text for one in letter.paragraphs)


@pytest.mark.parametrize("kind", [one for one in Kind if one is not Kind.REMIND])
def test_every_kind_says_suspected_and_asks_as_it_may(kind: Kind) -> None:
    content = composed(wanted(kind))
    demand_suspicion(replace(marked(content, is_draft=True, is_unread=True), own_number="H2026-00001"))
    told = text_of(content.letter)
    assert "责令" not in told or kind is Kind.ORDER
    assert "《广告法》第四条" in told
    assert content_read(written(content)) == content
    assert marked(content, is_draft=False, is_unread=False).marks == ()


def test_words_follow_the_verb() -> None:
    assert "商请" in composed(wanted()).letter.title
    ordered = text_of(composed(wanted(verb=Verb.ORDER)).letter)
    assert "依法要求你单位" in ordered
    assert "商请" not in ordered
    # An office that is no market supervision asks that they be told too.
    assert "有管辖权的市场监督管理部门" in text_of(composed(wanted()).letter)


def test_contacts_are_hidden_and_quotes_are_short() -> None:
    content = composed(wanted(Kind.REMOVE, Verb.ASK, matter(title=HOSTILE, quotes=(("包授权", HOSTILE),))))
    again = composed(wanted(Kind.REMOVE, Verb.ASK, matter()))
    for one in (*content.listed, *again.listed):
        assert len(one.quote) <= 50
        assert "13800000000" not in one.quote + one.title + one.account
    everything = written(content) + written(again)
    assert "13800000000" not in everything
    assert content_read(written(content)).listed[0].lead == "X2026-00001"
    demand_suspicion(marked(content, is_draft=True, is_unread=False))


def test_a_search_tells_its_words_and_the_place_in_every_list() -> None:
    content = composed(wanted(Kind.REMOVE, Verb.ASK, matter(query="专利 包授权", position=3), matter(2)))
    (first, second) = content.listed
    assert (first.query, first.position) == ("专利 包授权", "第 3 位")
    assert (second.query, second.position) == ("", "")
    (leads, *_) = content.letter.annexes
    addresses = [row[3] for row in leads.blocks[0].rows]
    assert addresses == [
        ("https://item.taobao.example/1", "检索词：专利 包授权", "第 3 位"),
        ("https://item.taobao.example/2",),
    ]
    letter = replace(marked(content, is_draft=True, is_unread=False), own_number="H2026-00001")
    (told, _) = json.loads(to_json(letter, content.listed))["leads"]
    assert (told["query"], told["position"]) == ("专利 包授权", "第 3 位")
    rows = [[cell.value for cell in row] for row in load_workbook(BytesIO(to_xlsx(letter, content.listed)))["线索清单"]]
    named = dict(zip(rows[2], rows[3], strict=True))
    assert (named["检索词"], named["位次"]) == ("专利 包授权", "第 3 位")
    assert dict(said_in(content))["清单第 1 行"].splitlines()[1] == "专利 包授权"
    # What was composed before letters told it is read all the same.
    old = json.loads(written(content))
    for one in old["content"]["listed"]:
        del one["query"], one["position"]
    assert content_read(json.dumps(old)).listed[0].query == ""


def test_a_second_is_told_once() -> None:
    later = replace(matter(), shown=(shown(last_seen=NOW + timedelta(days=1)),))
    (once,), (span,) = (composed(wanted(Kind.REMOVE, Verb.ASK, one)).listed for one in (matter(), later))
    assert once.seen == "2026-11-20 14:00:00"
    assert span.seen == "2026-11-20 14:00:00 至 2026-11-21 14:00:00"


def warned(word: str) -> str:
    return text_of(composed(wanted(Kind.WARN, Verb.ASK, matter(quotes=((word, word),)))).letter)


def test_a_warning_warns_about_what_was_found() -> None:
    false_office = warned("冒用官方名义")
    assert "不以真实发明创造" not in false_office
    assert "要求你方向其指定的机构或者个人交费" in false_office
    assert "www.cnipa.gov.cn" in false_office
    assert "不以真实发明创造活动为基础" in warned("非正常申请")
    assert "创造性贡献" in warned("发明人挂名")
    for one in CATEGORIES.values():
        told = warned(one)
        assert phrases._RISKS[one] in told
        assert "（四）" in told
        assert "专利代理管理系统" in told
        assert "不是行政处罚" in told
        assert "有关规定：" in told


def test_a_law_is_named_once() -> None:
    cites = ("广告法第四条", "反不正当竞争法（2025修订）第九条", "广告法第九条第（三）项", "示例办法")
    assert by_law(cites) == ["《广告法》第四条、第九条第（三）项", "《反不正当竞争法》（2025修订）第九条", "示例办法"]


def test_a_client_learns_of_nobody_else() -> None:
    content = composed(wanted(Kind.WARN))
    told = written(content)
    assert (content.listed, content.pictures) == ((), ())
    assert [one.name for one in content.letter.annexes] == ["所引条文"]
    assert not any(word in told for word in ("taobao.example", "示例店", "发明专利"))


def test_annexes_bear_seal_chain_and_day() -> None:
    (_, evidence, receipt, _) = composed(wanted()).letter.annexes
    assert evidence.foot[0].startswith("制表时间 2026-11-20 14:00:00")
    assert "链首第3号" in evidence.foot[1]
    assert "已封存" in str(evidence.blocks)
    assert "X2026-00001" in str(receipt.blocks)


def test_a_reminder_names_what_is_open_word_for_word() -> None:
    first = composed(wanted(Kind.REMOVE, Verb.ORDER, matter(1), matter(2)))
    content = reminded(replace(first, leads=first.leads[1:]), "H2026-00001", "示知函〔2026〕12号", Letters())
    assert [one.lead for one in content.listed] == ["X2026-00002"]
    assert content.listed[0].quote == first.listed[1].quote
    assert (content.articles, content.reminds) == ((), "H2026-00001")
    demand_suspicion(marked(content, is_draft=True, is_unread=False))
    assert "示知函〔2026〕12号" in text_of(content.letter)


def test_five_hundred_leads_are_one_letter() -> None:
    content = composed(wanted(Kind.REMOVE, Verb.ASK, *(matter(at) for at in range(1, 501))))
    assert (len(content.listed), len(content.leads)) == (500, 500)
    assert content == composed(wanted(Kind.REMOVE, Verb.ASK, *(matter(at) for at in range(1, 501))))
    assert "共500条，涉及线索500件" in text_of(content.letter)


def test_nothing_is_no_letter() -> None:
    with pytest.raises(UserMistake, match="没有可以写进函里的线索"):
        composed(replace(wanted(), matters=()))
    assert office_complaints(OFFICE) == ()
    (said,) = office_complaints(Office(name="示例局"))
    assert "机关代字" in said


def test_complaints_are_told_together_and_broken_evidence_weighs_most() -> None:
    Complaints().settle("没有起草")
    complaints = Complaints()
    complaints.add("甲")
    complaints.add_error("证据项 1", UserMistake("乙"))
    with pytest.raises(UserMistake, match="没有起草：（1）甲；（2）证据项 1：乙"):
        complaints.settle("没有起草")
    complaints.add_error("证据项 2", EvidenceBroken("丙"))
    with pytest.raises(EvidenceBroken, match="（3）证据项 2：丙"):
        complaints.settle("没有起草")


def test_numerals_and_names_of_laws() -> None:
    assert [numeral(at) for at in (1, 10, 11, 20, 21, 99)] == ["一", "十", "十一", "二十", "二十一", "九十九"]
    assert titled("广告法第四条") == "《广告法》第四条"
    assert titled("反不正当竞争法（2025修订）第九条") == "《反不正当竞争法》（2025修订）第九条"
    assert titled("《广告法》第四条") == "《广告法》第四条"
