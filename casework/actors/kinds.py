"""What kind of actor the law asks about: what a person confirmed, else what the registry surely says, else unknown.

The registry alone never makes anybody unlicensed or unfiled: names change, branches differ, lists grow old.
"""

from __future__ import annotations

from casework.law_words import ActorKind
from crawler.agencies import ACTIVE, PATENT_AGENCY, TRADEMARK_AGENCY
from crawler.errors import UserMistake
from storage.cases.shapes import WorkedActor

CONFIRMABLE = (ActorKind.UNLICENSED, ActorKind.TM_UNFILED, ActorKind.PATENT_AGENCY, ActorKind.TM_AGENCY)
KIND_WORDS = {
    ActorKind.PATENT_AGENCY: "持证专利代理机构",
    ActorKind.UNLICENSED: "无专利代理机构执业许可证（人工确认）",
    ActorKind.TM_AGENCY: "已备案商标代理机构",
    ActorKind.TM_UNFILED: "未备案从事商标代理（人工确认）",
    ActorKind.UNKNOWN: "主体资格不明",
}
NAME, CODE, MENTION, PERSON, SEVERAL = "name", "code", "mention", "person", "several"
MATCH_WORDS = {
    NAME: "名称一致",
    CODE: "出示的代码一致",
    MENTION: "文中提及登记册中的机构，是否本人待人工确定",
    PERSON: "人工匹配",
    SEVERAL: "对应多家机构，待人工确定",
}


def actor_kind(actor: WorkedActor) -> ActorKind:
    """What to ask `casework.law` about."""
    if actor.kind:
        return ActorKind(actor.kind)
    is_sure = actor.matched_as in (NAME, CODE, PERSON) and actor.agency_status == ACTIVE
    if is_sure and actor.agency_kind == PATENT_AGENCY:
        return ActorKind.PATENT_AGENCY
    if is_sure and actor.agency_kind == TRADEMARK_AGENCY:
        return ActorKind.TM_AGENCY
    return ActorKind.UNKNOWN


def confirmable(word: str) -> ActorKind:
    """A kind that a person may confirm; `UserMistake` for another word."""
    if word not in CONFIRMABLE:
        raise UserMistake(f"类别要是 {'、'.join(CONFIRMABLE)} 之一")
    return ActorKind(word)


def registry_words(actor: WorkedActor, as_of: str) -> str:
    """What the imported registry says of an actor, as an officer reads it; `as_of` is of the version he goes by."""
    day = f"截至 {as_of}" if as_of else "名录日期不明"
    if actor.agency:
        return f"{actor.agency}（{actor.agency_status or '状态不明'}，{MATCH_WORDS[actor.matched_as]}；{day}）"
    if actor.registry_version is None:
        return "尚未与登记册比对"
    if actor.matched_as in (SEVERAL, MENTION):
        return f"{MATCH_WORDS[actor.matched_as]}（{day}）"
    if actor.matched_as == PERSON:
        return f"人工认定不是登记册中的机构（{day}）"
    return f"未在导入登记册（{day}）中匹配；未匹配不等于无资质"
