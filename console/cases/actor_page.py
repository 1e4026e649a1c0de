"""All that is told of one actor, as whoever looks may see it: JSON and text say the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from casework.actors.in_charge import office_words
from casework.actors.kinds import KIND_WORDS, actor_kind, registry_words
from casework.actors.standing import Standing, standing
from casework.actors.words import CONTACT_WORDS, IDENTITY_WORDS, Veil, reason_words
from console.cases.viewing import Viewer
from console.files import platforms
from console.ledger import plain
from console.output import harmless, print_line
from crawler import clock
from storage.audit import AuditLog
from storage.cases.actor_shapes import History, Identity, Join, ShownContact, Tally
from storage.cases.actors import Actors
from storage.cases.moves import STATE_WORDS, State
from storage.cases.seller_names import seller_names
from storage.cases.shapes import WorkedActor
from storage.registry import StoredRegistry

MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """One actor with all that was read of it."""

    actor: WorkedActor
    identities: tuple[Identity, ...]
    contacts: tuple[ShownContact, ...]
    joins: tuple[Join, ...]
    tally: Tally
    veil: Veil

    @property
    def standing(self) -> Standing:
        return standing(self.tally)


def portrait(views: Viewer, actor: WorkedActor, limit: int) -> Portrait:
    """The actor with its identities, what they show and what joins them, at most so many of each."""
    actors = Actors(views.engine)
    identities = actors.identities(actor.id, limit)
    of = [one.id for one in identities]
    contacts = actors.contacts(of, limit)
    return Portrait(
        actor=actor,
        identities=identities,
        contacts=contacts,
        joins=actors.joins(of, limit),
        tally=actors.tallies([actor.id], views.districts)[actor.id],
        veil=Veil(contacts, is_open=views.sees_contacts),
    )


def platform_word(name: str) -> str:
    """A platform as people call it."""
    known = platforms()
    return known[name].label if name in known else harmless(name)


def actor_told(one: WorkedActor, tally: Tally, veil: Veil, as_of: str) -> dict[str, Any]:
    """What is told of an actor itself, in a list and on its page."""
    judged = standing(tally)
    told = asdict(one) | {"name": veil.text(one.name), "kind": actor_kind(one).value}
    told |= {"kind_words": KIND_WORDS[actor_kind(one)], "is_confirmed": one.kind_entry is not None}
    told |= {"registry": registry_words(one, as_of), "office": office_words(one), "counts": asdict(tally)}
    told |= {"is_gang": judged.is_gang, "gang": judged.gang}
    return told | {"is_repeater": judged.is_repeater, "repeats": list(judged.repeats)}


def as_of_list(views: Viewer) -> str:
    """The day of the list of agencies that this home goes by."""
    registry = StoredRegistry.current(views.config.database)
    return registry.as_of if registry else ""


def page_told(views: Viewer, shown: Portrait, limit: int) -> dict[str, Any]:
    """The whole page."""
    history = Actors(views.engine).history(shown.actor.id, views.districts, limit)
    told = actor_told(shown.actor, shown.tally, shown.veil, as_of_list(views))
    told |= {"joined": list(Actors(views.engine).joined_numbers(shown.actor.id, limit))}
    told |= {"said": _said(views, shown)}
    told |= {"identities": [_identity_told(shown, one) for one in shown.identities]}
    told |= _names_told(views, shown)
    told |= {"contacts": [_contact_told(shown, one) for one in shown.contacts]}
    told |= {"joins": [_join_told(shown, one) for one in shown.joins]}
    told |= {"history": _history_told(history, shown.veil), "is_cut": shown.tally.identities > len(shown.identities)}
    return dict(plain(told))


def _identity_told(shown: Portrait, one: Identity) -> dict[str, Any]:
    words = {"name": shown.veil.name(one), "key": shown.veil.text(one.key)}
    return asdict(one) | words | {"kind_words": IDENTITY_WORDS.get(one.kind, one.kind)}


def _names_told(views: Viewer, shown: Portrait) -> dict[str, Any]:
    """Every name its listings sold under; an identity tells the newest alone."""
    found = seller_names(views.engine, shown.actor.id, views.districts, MOST_NAMES + 1)
    names = [asdict(one) | {"name": shown.veil.text(one.name)} for one in found[:MOST_NAMES]]
    return {"seller_names": names, "is_names_cut": len(found) > MOST_NAMES}


def _contact_told(shown: Portrait, one: ShownContact) -> dict[str, Any]:
    words = {"value": shown.veil.value(one.kind, one.value), "kind_words": CONTACT_WORDS.get(one.kind, one.kind)}
    return asdict(one) | words


def _join_told(shown: Portrait, one: Join) -> dict[str, Any]:
    words = {"value": shown.veil.value(one.kind, one.value), "why": reason_words(one, shown.veil)}
    return asdict(one) | words | {"is_open": one.undone_at is None, "reason": shown.veil.text(one.reason)}


def _history_told(history: History, veil: Veil) -> dict[str, Any]:
    told = asdict(history)
    for lead in told["leads"]:
        lead["title"] = veil.text(lead["title"])
    for letter in told["letters"]:
        letter |= {name: veil.text(letter[name]) for name in ("addressee", "remark")}
    for relapse in told["relapses"]:
        relapse["reason"] = veil.text(relapse["reason"])
    return told


def _said(views: Viewer, shown: Portrait) -> list[dict[str, Any]]:
    """What people confirmed of it, out of the audit log."""
    entries = [one for one in (shown.actor.kind_entry, shown.actor.match_entry) if one]
    found = [one for entry in entries for one in AuditLog(views.engine).entries(entry - 1, 1)]
    return [
        {
            "act": one.act,
            "who": one.who,
            "at": one.at,
            "reason": shown.veil.text(str(json.loads(one.detail).get("reason", ""))),
            "entry": one.id,
        }
        for one in found
    ]


# -- text ------------------------------------------------------------------------------------------


def print_page(told: dict[str, Any]) -> None:
    """The page for a terminal; whatever a stranger wrote is harmless there."""
    for line in (*_head(told), *_bonds(told), *_past(told["history"])):
        print_line(harmless(line))


def _at(moment: str) -> str:
    return clock.in_shanghai(datetime.fromisoformat(moment))


def _head(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['number']} {told['name']}", f"  资格：{told['kind_words']}", f"  登记册：{told['registry']}"]
    lines += [f"  主管：{told['office']}"] if told["office"] else []
    lines += [f"  团伙：{told['gang']}"] if told["gang"] else []
    lines += [f"  累犯：{'；'.join(told['repeats'])}"] if told["repeats"] else []
    lines += [f"  并入本主体的：{'、'.join(told['joined'])}"] if told["joined"] else []
    acts = {"actor_kind": "确认类别", "actor_match": "匹配机构"}
    return lines + [
        f"  {one['who']} {_at(one['at'])} {acts.get(one['act'], '')}：{one['reason']}" for one in told["said"]
    ]


def _bonds(told: dict[str, Any]) -> list[str]:
    names = {one["id"]: f"{platform_word(one['platform'])} {one['name']}" for one in told["identities"]}
    lines = [f"身份 {told['counts']['identities']} 个" + ("（未列全）" if told["is_cut"] else "")]
    lines += [f"  {one['id']:>6} {names[one['id']]}（{one['kind_words']}）" for one in told["identities"]]
    lines += _name_lines(told)
    lines += ["联系方式等"] if told["contacts"] else []
    for one in told["contacts"]:
        common = "，很多身份都有，不据此关联" if one["is_common"] else ""
        lines.append(
            f"  {one['kind_words']} {one['value']}（身份 {one['identity_id']}，证据项 {one['exhibit'][:8]}{common}）"
        )
    lines += ["关联"] if told["joins"] else []
    for one in told["joins"]:
        exhibits = "、".join(exhibit[:8] for exhibit in one["exhibits"])
        seen = f"，证据项 {exhibits}" if exhibits else ""
        undone = "" if one["is_open"] else f"，已由 {one['undone_by']} 撤销：{one['reason']}"
        lines.append(f"  第 {one['id']} 号：身份 {one['one_id']} 与 {one['other_id']}，{one['why']}{seen}{undone}")
    return lines


def _name_lines(told: dict[str, Any]) -> list[str]:
    if len(told["seller_names"]) < 2:
        return []
    lines = ["用过的卖家名称" + (f"（只列最近的 {MOST_NAMES} 个）" if told["is_names_cut"] else "")]
    return lines + [
        f"  {platform_word(one['platform'])} {one['name']}（最近 {_at(one['last_seen'])[:10]}）"
        for one in told["seller_names"]
    ]


def _past(history: dict[str, Any]) -> list[str]:
    lines = []
    for one in history["leads"]:
        again = f"，复发 {one['reopened']} 次" if one["reopened"] else ""
        lines.append(f"线索 {one['number']} {STATE_WORDS[State(one['state'])]} {one['title']}{again}")
    lines += [f"案件 {one['number']} {'办理中' if one['state'] == 'open' else '已结'}" for one in history["cases"]]
    for one in history["letters"]:
        answer = f"，答复 {one['measure']}" if one["measure"] else ""
        back = "，其后又出现" if one["back_at"] else "，复查已消失" if one["gone_at"] else ""
        lines.append(f"函 {one['document'] or one['letter']} 致 {one['addressee']}（线索 {one['lead']}）{answer}{back}")
    return lines + [f"复发 {one['lead']} {_at(one['at'])} {one['reason']}" for one in history["relapses"]]
