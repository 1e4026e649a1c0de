"""`lantian actor graph`: the picture of one actor, as a file that any browser shows, or as lines and JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from casework.actors.drawing import dot, printable, svg
from casework.actors.graph import Bond, Drawn, Graph, graph_of
from console.cases.actor_page import Portrait, platform_word, portrait
from console.cases.viewing import viewer
from console.output import harmless, print_json, print_line, say
from crawler.errors import UserMistake
from storage.cases.actors import Actors

ENDINGS = (".svg", ".json", ".dot")
BOND_WORDS = {Bond.JOINS: "", Bond.SHOWN: "（不据此关联）", Bond.UNDONE: "（已撤销）"}
ROWS_AT_MOST = 1_000


def draw_graph(word: str, out: Path | None, limit: int, by: str, *, as_json: bool) -> None:
    if out is not None and out.suffix not in ENDINGS:
        raise UserMistake(f"--out 的文件名要以 {'、'.join(ENDINGS)} 结尾")
    with viewer(by) as views:
        shown = portrait(views, Actors(views.engine).named(word, views.districts), ROWS_AT_MOST)
        graph = graph_of(_drawn(shown), shown.veil, limit)
    told = _told(graph)
    if out is not None:
        _write(out, graph, told)
        say(harmless(f"已写 {out}" + (f"；另有 {graph.left_out} 项未画出" if graph.left_out else "")))
        told |= {"out": str(out)}
    if as_json:
        print_json(told)
    elif out is None:
        _print(graph)


def _drawn(shown: Portrait) -> Drawn:
    judged = shown.standing
    marks = [f"团伙：{judged.gang}"] if judged.gang else [f"{shown.tally.identities} 个身份"]
    marks += [f"累犯：{'；'.join(judged.repeats)}"] if judged.repeats else []
    return Drawn(
        title=f"{shown.actor.number}　{shown.veil.text(shown.actor.agency or shown.actor.name)}",
        subtitle="　".join(marks),
        identities=shown.identities,
        platforms=[platform_word(one.platform) for one in shown.identities],
        contacts=shown.contacts,
        joins=shown.joins,
        total=shown.tally.identities,
    )


def _told(graph: Graph) -> dict[str, Any]:
    """Its nodes by numbers: their own names hold what may be hidden."""
    nodes = (*graph.identities, *graph.reasons)
    numbers = {one.id: number for number, one in enumerate(nodes)}
    return {
        "title": printable(graph.title),
        "subtitle": graph.subtitle,
        "nodes": [asdict(one) | {"id": numbers[one.id]} for one in nodes],
        "lines": [
            {**asdict(one), "identity": numbers[one.identity], "reason": numbers[one.reason]} for one in graph.lines
        ],
        "left_out": graph.left_out,
    }


def _write(out: Path, graph: Graph, told: dict[str, Any]) -> None:
    if out.suffix == ".json":
        text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    else:
        text = svg(graph) if out.suffix == ".svg" else dot(graph)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise UserMistake(f"不能写 {out}：{wrong.strerror}") from None


def _print(graph: Graph) -> None:
    names = {one.id: one.words for one in (*graph.identities, *graph.reasons)}
    print_line(harmless(f"{graph.title} {graph.subtitle}"))
    for reason in graph.reasons:
        print_line(harmless(f"{reason.head} {reason.words}（{reason.note}）"))
        for line in graph.lines:
            if line.reason == reason.id:
                print_line(harmless(f"  {names[line.identity]}{BOND_WORDS[line.bond]}"))
    if graph.left_out:
        print_line(f"另有 {graph.left_out} 项未列出")
