"""What the verifier says: what is broken, by kind and place, and the state that may be claimed.

It claims nothing that was not looked at, and `sealed` is no more than it is: whoever holds the disk could have
computed the whole chain anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

OPEN, SEALED, STAMPED, BROKEN = "open", "sealed", "stamped", "broken"
STATES = (OPEN, SEALED, STAMPED)
COMPARED, ABSENT, ELSEWHERE = "compared", "absent", "elsewhere"
MOST_LISTED = 1000

# Every word that `Broken.kind` may be, and what it means to a reader.
KINDS = {
    "missing_file": "文件不见了",
    "extra_file": "多出来的文件",
    "link": "文件是链接或不是普通文件",
    "cut_file": "文件被截短",
    "damaged_record": "字节不成记录",
    "digest": "记录的字节与封存时不同",
    "missing_record": "记录不见了",
    "extra_record": "多出来的记录",
    "moved_record": "记录不在原来的位置",
    "duplicate_record": "同一记录编号出现两次",
    "record_id": "记录编号或类型与清单不同",
    "block_digest": "记录内容与其自带的摘要不符",
    "header": "记录头不合规范",
    "retimed": "时间前后矛盾",
    "manifest_format": "清单格式不对",
    "manifest_number": "清单编号与文件名不同",
    "manifest_gap": "中间缺清单",
    "chain": "清单与前一份接不上",
    "chain_cut": "链条末尾的清单不见了",
    "fork": "同一编号有另一份清单",
    "foreign_manifest": "清单来自另一个档案",
    "root": "默克尔根与清单内容不符",
    "leaves": "清单的明细与清单不符",
    "coverage": "清单覆盖的范围不连续或重叠",
    "expiry": "到期删除的清单与原清单不符",
    "token_unreadable": "时间戳无法读取",
    "token_mismatch": "时间戳不是这份清单的",
    "token_untrusted": "时间戳不是所信任的机构签发的",
    "token_expired": "时间戳签发时证书已过期",
    "token_missing": "没有时间戳",
    "audit": "操作日志的链条不符",
    "rows": "数据库与档案不一致",
    "zip_structure": "压缩包结构不对",
    "zip_duplicate": "压缩包中有重名文件",
    "zip_path": "压缩包中的路径不合法",
    "zip_bomb": "压缩包解开后过大",
    "package_digest": "包内文件与其摘要不符",
    "package_extra": "包内多出文件",
    "package_missing": "包内缺少文件",
    "package_format": "包内文件不是应有的格式",
    "proof": "包含证明不成立",
    "picture": "截图与记录不符",
    "text": "页面文字与记录不符",
    "index": "索引或页面目录与记录不符",
    "exhibit": "所写的证据项与记录不符",
    "not_sealed": "没有全部封存",
    "not_stamped": "没有全部加盖可信时间戳",
}
# These say that a demand is not met, not that anything was tampered with.
UNMET = frozenset({"not_sealed", "not_stamped", "token_missing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One thing that does not hold. `part` is a file's name inside the archive or package, `record` a record's id.

    `offset` is in bytes from the start of the part, `None` where there is no place to point at.
    """

    kind: str
    part: str
    record: str = ""
    offset: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of breakage")

    def __str__(self) -> str:
        where = self.part if self.offset is None else f"{self.part} @ {self.offset}"
        record = f" 记录 {self.record}" if self.record else ""
        detail = f"：{self.detail}" if self.detail else ""
        return f"{self.kind}（{KINDS[self.kind]}）{where}{record}{detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain that was followed: how many manifests, and the newest one's number, digest and moments.

    `head` is the SHA-256 of the newest head's bytes; `stamped_at` the newest trusted token's time, "" without one.
    """

    manifests: int = 0
    number: int = 0
    head: str = ""
    sealed_at: str = ""
    stamped_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict. `checked` counts records whose bytes were read; `broken` is bounded, `total` counts all.

    `expired` are records removed with a tombstone, `damaged` places that a recovery left, `unsealed` records that no
    manifest covers yet. `anchored` says that every manifest has a token of a trusted authority. `rows` says whether the
    database was `compared`; it was not where none lay there (`absent`) or the house keeps it on a server (`elsewhere`).
    A package has none.
    """

    state: str
    checked: int
    broken: tuple[Broken, ...] = ()
    total: int = 0
    expired: int = 0
    damaged: int = 0
    unsealed: int = 0
    anchored: bool = False
    demanded: str = ""
    rows: str = ""
    chain: Chain = field(default_factory=Chain)

    @property
    def ok(self) -> bool:
        return not self.broken

    @property
    def is_consistent(self) -> bool:
        """Nothing contradicts anything, though it may not be sealed or anchored as demanded."""
        return all(broken.kind in UNMET for broken in self.broken)


class Findings:
    """Collects what is broken, in order, the first thousand in words and all of them in number."""

    def __init__(self) -> None:
        self.listed: list[Broken] = []
        self.total = 0
        self.is_tampered = False

    def add(self, broken: Broken) -> None:
        self.total += 1
        self.is_tampered = self.is_tampered or broken.kind not in UNMET
        if len(self.listed) < MOST_LISTED:
            self.listed.append(broken)

    def extend(self, several: Iterable[Broken]) -> None:
        for broken in several:
            self.add(broken)
