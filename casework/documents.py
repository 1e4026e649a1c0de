"""The papers that go with evidence, as DOCX and PDF of the same content. What is not known stays an empty line."""

from __future__ import annotations

from casework.paper_facts import Documents, EvidenceList, ExtractionFacts, MonitoringFacts


def extraction_record(facts: ExtractionFacts) -> Documents:
    """电子数据提取笔录, to be signed by the two officers."""
    raise NotImplementedError


def evidence_list(listed: EvidenceList) -> Documents:
    """电子数据证据清单: a row each file."""
    raise NotImplementedError


def monitoring_record(facts: MonitoringFacts) -> Documents:
    """技术监测记录: how a round captured it, where no officer has extracted it."""
    raise NotImplementedError
