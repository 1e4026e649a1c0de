"""The tamper corpus of packages, continued: what lantian/package.json tells of records, and what is relisted with it.

Each is listed anew with right digests, so that without a time stamp only the records, the facts and the heads can know.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from package_specimens import MADE_AT, PICTURE, VISIT
from package_tampering import Victim, edit, files_of, lines, members, of_how, proofs, rebuilt, tampering

from storage import warc
from storage.canonical import canonical
from storage.wacz import PACKAGE, PAGES, PROOFS

Change = Callable[[dict[str, Any]], None]


def _retold(name: str, change: Change, *kinds: str, needs_stamp: bool = False) -> None:
    """An attack that changes the exhibit, or the whole where it has no exhibits key."""

    def act(at: Victim) -> None:
        told = json.loads(files_of(at.path)[PACKAGE])
        change(told)
        edit(at, **{PACKAGE: canonical(told)})

    act.__name__ = name.replace(" ", "_")
    tampering(*kinds, needs_stamp=needs_stamp)(act)


def _capture(which: str, /, **changed: object) -> Change:
    def change(told: dict[str, Any]) -> None:
        captures = told["exhibits"][0]["captures"]
        next(one for one in captures if one["part"] == which).update(changed)

    return change


def _exhibit(**changed: object) -> Change:
    return lambda told: told["exhibits"][0].update(changed)


def _inside(key: str, **changed: object) -> Change:
    return lambda told: told["exhibits"][0][key].update(changed)


def first_id(told: dict[str, Any]) -> str:
    return str(told["exhibits"][0]["captures"][0]["id"])


_retold("the servers address retold", _capture("page", ip_address="192.0.2.9"), "exhibit")
_retold("a servers address of a picture", _capture("picture", ip_address="192.0.2.9"), "exhibit")
_retold("the status retold", _capture("page", status=404), "exhibit")
_retold("the status of a document retold", _capture("dom", status=200), "exhibit")
_retold("a status that is no number", _capture("dom", status=False), "exhibit")
_retold("the type retold", _capture("page", mime="application/pdf"), "exhibit")
_retold("the type of a picture retold", _capture("picture", mime="image/jpeg"), "exhibit")
_retold("the means retold", _capture("dom", how="http"), "exhibit")
_retold("the part retold", _capture("text", part="mhtml"), "exhibit")
_retold("the digest retold", _capture("text", sha256="ab" * 32), "exhibit")
_retold("the size retold", _capture("text", size=1), "exhibit")
_retold("a second page", _capture("dom", part="page"), "exhibit")
_retold("the seals manifest retold", _inside("seal", manifest=2), "exhibit")
_retold("the seals head retold", _inside("seal", head="ab" * 32), "exhibit")
_retold("the seals state retold", _inside("seal", state="open"), "package_format")
_retold("another visit", _exhibit(visit="0b1d6d0e-8e0f-4a2b-9d0c-7a36a1e0d999"), "exhibit")
_retold("no visit", _exhibit(visit=""), "exhibit")
_retold("no showing", _exhibit(showing={}), "exhibit")
_retold("the showing failed", _inside("showing", verdict="failed", reason="timeout"), "exhibit")
_retold("the showing with a reason", _inside("showing", reason="listing_gone"), "exhibit")
_retold(
    "the showing weakened", _inside("showing", verdict="differs", reason="x"), "token_mismatch", needs_stamp=True
)  # fmt: skip
_retold("a showing of another kind", _inside("showing", verdict="certain"), "package_format")
_retold("the seller retold", _inside("listing", seller="示例所"), "token_mismatch", needs_stamp=True)
_retold("an exhibit twice", lambda told: told["exhibits"].append(told["exhibits"][0]), "exhibit")
_retold("the chains date retold", lambda told: told["chain"].update(sealed_at=warc.date(MADE_AT)), "chain")
_retold("the chains sm3 retold", lambda told: told["chain"].update(sm3="ab" * 32), "chain")
_retold("the chains stamp retold", lambda told: told["chain"].update(stamped_at="soon"), "package_format")
_retold("the chains archive retold", lambda told: told["chain"].update(archive=VISIT.id), "foreign_manifest")
_retold("a demand of another kind", lambda told: told.update(demand="open"), "package_format")
_retold("made at no time", lambda told: told.update(created="2026"), "package_format")
_retold("a record in it said to be left out", lambda told: told.update(left_out=[first_id(told)]), "exhibit")
_retold("a number too large", _inside("seal", manifest=10**400), "package_format", "exhibit")


@tampering("exhibit")
def a_quote_that_the_picture_has_no_place_for(at: Victim) -> None:
    told = json.loads(files_of(at.path)[PACKAGE])
    exhibit = told["exhibits"][0]
    exhibit["findings"][0]["quote"] = exhibit["listing"]["title"] = "保证下证"
    edit(at, **{PACKAGE: canonical(told)})


@tampering("missing_record")
def an_answer_dropped_and_said_to_be_left_out(at: Victim) -> None:
    files = files_of(at.path)
    place = of_how(files, "network")
    told = json.loads(files[PACKAGE]) | {"left_out": [proofs(files)[place]["id"]]}
    packed, proved = members(files), proofs(files)
    del packed[place], proved[place]
    edit(at, **{PACKAGE: canonical(told)}, **rebuilt(files, packed, proved))


@tampering("index")
def a_page_of_another_time(at: Victim) -> None:
    told = [json.loads(line) for line in files_of(at.path)[PAGES].splitlines()]
    told[1]["ts"] = warc.date(MADE_AT)
    edit(at, **{PAGES: b"".join(map(canonical, told))})


@tampering("package_format")
def lists_in_lists(at: Victim) -> None:
    edit(at, **{PACKAGE: b"[" * 100_000 + b"]" * 100_000 + b"\n"})


@tampering("package_format")
def more_values_than_can_be_read(at: Victim) -> None:
    edit(at, **{PACKAGE: b"[" + b"[]," * (2 << 20) + b"[]]\n"})


@tampering("package_format")
def letters_that_are_none(at: Victim) -> None:
    edit(at, **{PACKAGE: files_of(at.path)[PACKAGE].replace("专利".encode(), b'\\ud800", "x": "')})


@tampering("zip_path")
def a_name_in_another_spelling_of_unicode(at: Victim) -> None:
    edit(at, **{"documents/e\u0301vidence.pdf": PICTURE})


@tampering("package_format")
def a_path_in_capital_letters(at: Victim) -> None:
    told = proofs(files_of(at.path))
    told[1]["path"] = [str(one).upper() for one in told[1]["path"]]
    edit(at, **{PROOFS: lines(told)})
