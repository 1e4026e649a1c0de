"""The record and the list of an extraction as files, and what of it is told on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from casework.papers.documents import evidence_list, extraction_record
from casework.papers.paper_facts import Documents, EvidenceList, ExtractionFacts
from console.extraction_facts import VERDICT_WORDS
from console.output import harmless, print_json, say
from storage.folders import made, save


def papers(facts: ExtractionFacts) -> dict[str, Documents]:
    """The record and its list, by the names of their files."""
    listed = EvidenceList(
        number=facts.id,
        made_at=facts.ended_at,
        files=facts.files,
        matter=f"线索（证据项）{facts.target.exhibit}",
        chain=facts.chain,
        is_specimen=facts.is_specimen,
    )
    return {"电子数据提取笔录": extraction_record(facts), "电子数据证据清单": evidence_list(listed)}


def write_papers(folder: Path, facts: ExtractionFacts) -> None:
    """Whole files or none; they can be printed again from the row at any time."""
    made(folder)
    for name, documents in papers(facts).items():
        for kind, content in (("docx", documents.docx), ("pdf", documents.pdf)):
            save(folder / f"{name}.{kind}", content)


def tell(facts: ExtractionFacts, visits: tuple[str, ...], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(facts, visits, folder))
    why = f"：{facts.reason}" if facts.reason else ""
    say(harmless(f"提取 {facts.id}：{VERDICT_WORDS[facts.verdict]}{why}"))
    for trouble in facts.troubles:
        say(f"  异常：{harmless(trouble)}")
    say(harmless(f"笔录和清单在 {folder}（参考样式，由两名执法人员核对、签名）"))


def _told(facts: ExtractionFacts, visits: tuple[str, ...], folder: Path) -> dict[str, Any]:
    chain = facts.chain
    return {
        "extraction": facts.id,
        "exhibit": facts.target.exhibit,
        "officers": [one.name for one in facts.officers],
        "started_at": facts.started_at.isoformat(),
        "ended_at": facts.ended_at.isoformat(),
        "verdict": facts.verdict.value,
        "reason": facts.reason,
        "visits": list(visits),
        "troubles": list(facts.troubles),
        "seal": {"number": chain.number, "sha256": chain.sha256, "stamped": bool(chain.stamped_at)} if chain else None,
        "specimen": facts.is_specimen,
        "files": sorted(str(path) for path in folder.iterdir()),
    }
