"""The states of a letter and the steps between them: the one table. What it does not allow, nobody can do."""

from __future__ import annotations

from collections.abc import Mapping

LETTER_WORDS = {
    "draft": "草稿",
    "approved": "已复核",
    "sent": "已发出",
    "delivered": "已送达",
    "answered": "已反馈",
    "closed": "已办结",
    "withdrawn": "已撤回",
}
STEP_WORDS = {
    "draft": "起草",
    "approve": "复核",
    "send": "发出",
    "deliver": "送达",
    "answer": "反馈",
    "withdraw": "撤回",
    "close": "办结",
    "remind_due": "应催办",
    "remind": "催办",
    "escalate": "应上报",
}
LIVE = ("draft", "approved", "sent", "delivered", "answered")
OUT = ("sent", "delivered", "answered")
# Before which states a step may be taken, and where it leads: empty is where the letter already is.
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "approve": (("draft",), "approved"),
    "withdraw": (("draft", "approved"), "withdrawn"),
    "send": (("approved",), "sent"),
    "deliver": (("sent",), "delivered"),
    "answer": (OUT, ""),
    "close": (OUT, "closed"),
    "remind_due": (OUT, ""),
    "remind": (OUT, ""),
    "escalate": (OUT, ""),
}
