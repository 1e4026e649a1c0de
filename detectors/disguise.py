"""The distinctive words that are understood in disguise wherever a rule uses them; how is for sound.py."""

from __future__ import annotations

from pathlib import Path

from detectors.strict import read_table

WORDS = Path(__file__).parent / "lexicon" / "disguise.toml"


def load_distinctive(path: Path = WORDS) -> frozenset[str]:
    """The list of words; RuleInvalid names file and place."""
    table = read_table(path)
    words = frozenset(table.texts("words"))
    table.finish()
    return words
