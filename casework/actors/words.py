"""Words for what identities show and why they were joined, as officers read them."""

from __future__ import annotations

from collections.abc import Sequence

from casework.masking import CONTACTS, masked, masked_value
from storage.cases.actor_shapes import Identity, Join, ShownContact

IDENTITY_WORDS = {"seller": "店铺或账号", "company": "公司或机构", "site": "自有网站", "listing": "单条信息"}
CONTACT_WORDS = {
    "mobile": "手机",
    "phone": "电话",
    "wechat": "微信",
    "qq": "QQ",
    "mail": "邮箱",
    "icp": "ICP备案",
    "credit_code": "统一社会信用代码",
    "agency_code": "机构代码",
    "company": "机构名称",
    "picture": "图片",
    "person": "人工认定",
}
SHOWN_OF_DIGEST = 12


class Veil:
    """How contacts are shown to one who looks: as they are, or hidden wherever they stand.

    `values` are those known of the actor: a shop may carry its own WeChat in its name.
    """

    def __init__(self, contacts: Sequence[ShownContact], *, is_open: bool) -> None:
        self._is_open = is_open
        self._values = tuple({one.value for one in contacts if one.kind in CONTACTS})

    def text(self, text: str) -> str:
        """Free words."""
        return text if self._is_open else masked(text, self._values)

    def value(self, kind: str, value: str) -> str:
        """A contact's value, or a person's reason; of a digest its beginning."""
        if kind == "picture":
            return value[:SHOWN_OF_DIGEST]
        if kind not in CONTACTS:
            return self.text(value)
        return value if self._is_open else masked_value(kind, value)

    def name(self, one: Identity) -> str:
        """What an identity calls itself."""
        return self.text(one.name)


def reason_words(join: Join, veil: Veil) -> str:
    """Why two identities are one actor."""
    if join.kind == "person":
        return f"{join.by} 认定：{veil.text(join.value)}"
    return f"{CONTACT_WORDS.get(join.kind, join.kind)}相同：{veil.value(join.kind, join.value)}"
