"""Lists that other offices send (转办、交办), read strictly: a row that cannot be right refuses the whole file.

Complaints name rows and columns and never what stands in them: a cell may name a reporter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import islice
from pathlib import Path

from casework.incoming.reporter import LONGEST, LONGEST_WORDS, Reporter
from casework.incoming.reports import COPIED
from casework.incoming.spellings import Spellings, spellings, together
from crawler.errors import UserMistake
from storage.registers.sheets import Row, Sheet, opened, sheets
from storage.registers.xlsx import column_letters

BYTES_AT_MOST = 30 << 20
ROWS_AT_MOST = 100_000
HEADER_WITHIN = 10
KNOWN_AT_LEAST = 3
SHOWN_AT_MOST = 30
NEEDLES_AT_MOST = 500  # of all reporters of a file; beyond, each row is searched for its own reporter alone
COLUMNS = {
    "origin": ("编号", "线索编号", "来文编号"),
    "platform": ("平台", "平台名称"),
    "url": ("网址", "链接", "链接地址", "url"),
    "seller": ("主体", "发布主体", "主体名称", "店铺", "店铺名称"),
    "wording": ("违规表述", "问题表述", "违规内容", "问题描述"),
    "categories": ("类别", "违规类别", "类型"),
    "due": ("截止日期", "办理期限", "反馈期限"),
    "district": ("区县", "所属区县", "属地"),
    "note": ("备注",),
    "name": ("举报人", "举报人姓名", "投诉人"),
    "phone": ("举报人电话", "举报人手机", "举报人联系电话", "投诉人电话"),
    "mail": ("举报人邮箱",),
    "address": ("举报人地址", "举报人住址"),
    "identity": ("举报人身份证号", "举报人证件号"),
    "contact": ("举报人其他联系方式", "举报人微信"),
    "reply": ("回复意愿", "是否要求回复"),
    "words": ("举报原话", "举报内容"),
}
TITLES = {name: words[0] for name, words in COLUMNS.items()}
PRIVATE = tuple(one.name for one in fields(Reporter))
CLEAR = ("origin", "url", "seller", "wording", "note", "district")
MOST = {"origin": 60, "url": 2000, "seller": 200, "wording": 2000, "note": 2000, "district": 40, "words": LONGEST_WORDS}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?")
_BY_TITLE = {title: name for name, titles in COLUMNS.items() for title in titles}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What words of a list mean here: names of platforms and categories, and which platform an address is of."""

    platforms: Mapping[str, str]
    categories: Mapping[str, str]
    platform_of: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLead:
    """One row. Its readable part names no reporter; `redacted` are columns in which something was hidden."""

    row: int
    origin: str
    platform: str
    url: str
    seller: str
    wording: str
    categories: tuple[str, ...]
    due: date | None
    district: str
    note: str
    reporter: Reporter
    redacted: tuple[str, ...] = ()


def read_list(path: Path, known: Known) -> tuple[ListedLead, ...]:
    """Every row of the file; `UserMistake` with the first complaints where any row is wrong."""
    reading = _Reading(known)
    with opened(path) as file:
        if path.stat().st_size > BYTES_AT_MOST:
            raise UserMistake(f"{path}：大于 {BYTES_AT_MOST >> 20} MB，不像线索清单")
        for sheet in sheets(path, file, _is_header):
            if sheet.is_hidden:
                reading.complain(0, "有隐藏的工作表，请先删除，或取消隐藏")
            else:
                reading.read(sheet)
    if not reading.has_header:
        reading.complain(
            0, f"没有找到列名；要有 {TITLES['origin']}、{TITLES['url']} 等列，见 lantian incoming template"
        )
    elif not reading.rows and not reading.complaints:
        reading.complain(0, "只有列名，没有一行线索")
    if reading.complaints:
        more = f"（共 {reading.total} 处）" if reading.total > 1 else ""
        raise UserMistake(f"{path}：{'；'.join(reading.complaints)}{more}；整份没有导入")
    return _without_reporters(reading.rows)


@dataclass(slots=True)
class _Reading:
    known: Known
    rows: list[ListedLead] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    total: int = 0
    has_header: bool = False
    _rows_of: dict[str, int] = field(default_factory=dict)

    def complain(self, row: int, what: str) -> None:
        self.total += 1
        if len(self.complaints) < SHOWN_AT_MOST:
            self.complaints.append(f"第 {row} 行{what}" if row else what)

    def read(self, sheet: Sheet) -> None:
        rows = (row for row in sheet.rows if not row.is_blank)
        header = next((row for row in islice(rows, HEADER_WITHIN) if _is_header(row.cells)), None)
        if header is None:
            return
        self.has_header = True
        columns = self._columns(header)
        for row in rows:
            if len(self.rows) >= ROWS_AT_MOST:
                raise UserMistake(f"超过 {ROWS_AT_MOST} 行，不像线索清单")
            self._row(row, columns)
        if any(last > header.number for last, _ in sheet.merged):
            self.complain(0, "有合并单元格，请先取消合并并填满")

    def _columns(self, header: Row) -> dict[str, int]:
        columns: dict[str, int] = {}
        for at, title in enumerate(header.cells):
            name = _BY_TITLE.get(_plain(title), "")
            if title and not name:
                self.complain(header.number, f"的 {column_letters(at)} 列列名不认识；见 lantian incoming template")
            elif name in columns:
                self.complain(header.number, f"有两列 {TITLES[name]}")
            elif name:
                columns[name] = at
        if "origin" not in columns:
            self.complain(header.number, f"没有 {TITLES['origin']} 列")
        return columns

    def _row(self, row: Row, columns: Mapping[str, int]) -> None:
        told = {name: row.cells[at] if at < len(row.cells) else "" for name, at in columns.items()}
        before = self.total
        beyond = [at for at, cell in enumerate(row.cells) if cell and at not in columns.values()]
        if beyond and self.has_header:
            self.complain(row.number, f"的 {column_letters(beyond[0])} 列没有列名")
        for name, text in told.items():
            if len(text) > MOST.get(name, LONGEST):
                self.complain(row.number, f"的{TITLES[name]}最多 {MOST.get(name, LONGEST)} 字")
        lead = self._lead(row.number, {name: told.get(name, "") for name in COLUMNS})
        if self.total == before:
            self.rows.append(lead)

    def _lead(self, row: int, told: Mapping[str, str]) -> ListedLead:
        if not told["origin"]:
            self.complain(row, f"没有{TITLES['origin']}")
        elif (first := self._rows_of.setdefault(told["origin"], row)) != row:
            self.complain(row, f"与第 {first} 行{TITLES['origin']}相同")
        if not (told["url"] or told["seller"] or told["wording"]):
            self.complain(row, "网址、主体、违规表述至少要有一项")
        return ListedLead(
            row=row,
            platform=self._platform(row, told),
            categories=tuple(self._categories(row, told["categories"])),
            due=self._day(row, told["due"]),
            reporter=Reporter(**{name: told[name] for name in PRIVATE}),
            origin=told["origin"],
            url=told["url"],
            seller=told["seller"],
            wording=told["wording"],
            note=told["note"],
            district=told["district"],
        )

    def _platform(self, row: int, told: Mapping[str, str]) -> str:
        url, word = told["url"], told["platform"]
        if url and not re.match(r"https?://[^\s/]", url):
            self.complain(row, "的网址要以 http:// 或 https:// 开头")
            return ""
        if word and word not in self.known.platforms:
            self.complain(row, f"的平台不认识；现有：{'、'.join(self.known.platforms)}")
            return ""
        return self.known.platforms[word] if word else self.known.platform_of(url) if url else ""

    def _categories(self, row: int, written: str) -> Iterator[str]:
        for word in filter(None, re.split(r"[、，,;；/\s]+", written)):
            if word in self.known.categories:
                yield self.known.categories[word]
            else:
                self.complain(row, f"的类别不认识；现有：{'、'.join(self.known.categories)}")
                return

    def _day(self, row: int, written: str) -> date | None:
        if not written:
            return None
        found = _DAY.fullmatch(written)
        try:
            return date(*map(int, found.groups())) if found else date.fromisoformat(written)
        except ValueError:
            self.complain(row, "的截止日期要写成 2026-11-30")
            return None


def _is_header(cells: tuple[str, ...]) -> bool:
    return len({_BY_TITLE[word] for word in map(_plain, cells) if word in _BY_TITLE}) >= KNOWN_AT_LEAST


def _plain(title: str) -> str:
    return re.sub(r"[\s*＊（(].*|\s", "", title.strip()).lower()


# -- who reported --------------------------------------------------------------------------------------


def _without_reporters(rows: list[ListedLead]) -> tuple[ListedLead, ...]:
    """Each row without its own reporter; and, in a list that names few, without any of them."""
    own = {one.row: spellings(one.reporter) for one in rows if one.reporter.is_known}
    if not own:
        return tuple(rows)
    every = together(own.values())
    if len(every.letters) + len(every.digits) <= NEEDLES_AT_MOST:
        return tuple(_hidden(one, every) for one in rows)
    return tuple(_hidden(one, own[one.row]) if one.row in own else one for one in rows)


def _hidden(lead: ListedLead, known: Spellings) -> ListedLead:
    if known.found(lead.origin):
        raise UserMistake(f"第 {lead.row} 行的编号里写有举报人信息，不能导入；整份没有导入")
    told = {name: known.redacted(getattr(lead, name)) for name in CLEAR}
    told |= {name: COPIED for name in ("wording", "note") if known.copies(told[name])}
    changed = tuple(TITLES[name] for name in CLEAR if told[name] != getattr(lead, name))
    return replace(
        lead, url=told["url"], seller=told["seller"], wording=told["wording"], note=told["note"],
        district=told["district"], redacted=changed,
    )  # fmt: skip
