"""`lantian report case|credit`: a typical case as a redacted package, and credit facts as a table."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from casework.reports.credit import CreditFact, credit_facts, write_credit
from casework.reports.grounds import proven_grounds, proven_lead
from casework.reports.period import days
from casework.reports.typical import Told, typical_case
from casework.trust import Trust
from console.cases.case_pictures import UNREDACTED, case_pictures
from console.cases.covering import covered
from console.cases.report_files import new_file, refuse_taken
from console.cases.reports import Typed, between, cites, reading
from console.cases.unnamed import refuse_named
from console.output import harmless, print_json, say
from crawler.errors import EXIT_DONE
from patrol.platforms import label_of
from storage.bulk import batches
from storage.cases.cases import WorkedCases
from storage.cases.figure_rows import FigureRows, Period
from storage.cases.leads import WorkedLeads
from storage.cases.ledger_rows import LedgerRow, LedgerRows
from storage.cases.moves import Step
from storage.cases.shapes import LeadsWanted

MOST_LEADS = 1000
AT_ONCE = 500
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAsked:
    """Which case, how much of it may be told, and who asks."""

    word: str
    anonymous: bool
    pictures: bool
    by: str


def case(asked: CaseAsked, out: Path, *, as_json: bool) -> int:
    """The package of a case: facts, timeline and digests; pictures only when asked for, and then unredacted."""
    refuse_taken(out, ".zip")
    with reading(asked.by) as home:
        found = WorkedCases(home.engine).named(asked.word, home.who.districts)
        proven_grounds(home.engine, found, home.who.districts)
        wanted = LeadsWanted(case_id=found.id, districts=home.who.districts, limit=MOST_LEADS)
        ids = [one.id for one in WorkedLeads(home.engine).leads(wanted)]
        with home.engine.connect() as connection:
            rows = LedgerRows(connection).of(ids)
        told = Told(anonymous=asked.anonymous, label_of=label_of, now=home.now, cite_of=cites(home.who.config))
        files = list(typical_case(found, rows, told).files)
        refuse_named(home.who.config, home.engine, ids, files)
        if asked.pictures:
            files += case_pictures(home.who.config, home.engine, rows)
    with new_file(out, ".zip") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files:
            part = zipfile.ZipInfo(name, _ZIP_DATE)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            packed.writestr(part, content)
    if as_json:
        print_json({"file": str(out), "case": found.number, "files": [name for name, _ in files]})
    say(f"{found.number} 典型案例素材写入 {harmless(str(out))}")
    if asked.pictures:
        say(UNREDACTED)
    return EXIT_DONE


def credit(typed: Typed, out: Path, *, as_json: bool) -> int:
    """Facts about agencies that were approved in these days and still stand."""
    from casework.reports.ledger_columns import Told as Shown

    refuse_taken(out, ".xlsx")
    with reading(typed.by) as home, home.engine.connect() as connection:
        first, last = between(typed, home.now)
        looked = covered(home.engine, first, last, home.now)
        told = Shown(label_of=label_of, mask=home.who.veiled, now=home.now, cite_of=cites(home.who.config))
        with new_file(out, ".xlsx") as file:
            rows = _approved(connection, days(first, last, home.who.districts))
            written = write_credit(file, _proven(Trust(home.engine), credit_facts(rows)), told, looked)
    if as_json:
        print_json({"file": str(out), "facts": written, "from": first.isoformat(), "to": last.isoformat()})
    say(f"信用事实 {written} 条写入 {harmless(str(out))}；名录中没有的主体不在其内")
    return EXIT_DONE


def _proven(trust: Trust, facts: Iterable[CreditFact]) -> Iterator[CreditFact]:
    """The same facts, each once the audit log has proven it."""
    for one in facts:
        proven_lead(trust, one.row.lead)
        yield one


def _approved(connection: Connection, period: Period) -> Iterator[LedgerRow]:
    """The leads that were approved in the period, each once."""
    acts = FigureRows(connection).acts(period)
    ids = list(dict.fromkeys(one.lead_id for one in acts if one.move == Step.APPROVE))
    for some in batches(ids, AT_ONCE):
        yield from LedgerRows(connection).of(some)
