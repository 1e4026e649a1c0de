"""Canonical JSON, the one form in which whatever is digested or sealed is written."""

from __future__ import annotations

import json

from storage.models import encodable


def canonical(told: object) -> bytes:
    """UTF-8, sorted keys, no white space but one line end; a replacement character for each half surrogate pair."""
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{encodable(text)}\n".encode()
