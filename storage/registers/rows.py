"""One row of a list of agencies: its cells checked and made an entry, or complaints that name the column.

Complaints never repeat what may be a person's number.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from crawler.agencies import ATTORNEY, BRANCH, PATENT_AGENCY, Agency
from storage.registers.names import NAME_AT_MOST, name_norm
from storage.registers.words import (
    CUT_NUMBER,
    KIND_WORDS,
    STATUSES,
    agency_code,
    credit_code,
    day,
    has_check_digit,
    is_identity_number,
    kinds,
    last_four,
    plain,
    statuses,
)

TEXT_AT_MOST = 300  # characters of a cell
_BETWEEN_NAMES = re.compile(r"[;；、，,|/]+")
_ERROR_VALUES = frozenset(("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"))
_CODES = ("code", "parent_code", "credit_code", "qualification")


class RowCheck:
    """The cells of one row by field. `kind` is what the sheet's name says, for sheets without such a column."""

    def __init__(self, cells: dict[str, str], kind: str, today: date) -> None:
        self._cells = {name: _tidy(name, cell) if cell else "" for name, cell in cells.items()}
        self._kind, self._today = kind, today
        self.complaints: list[tuple[str, str]] = []
        self.warnings: list[tuple[str, str]] = []

    def agency(self) -> Agency | None:
        """The entry, or `None` when there are complaints."""
        for name, cell in self._cells.items():
            if cell:
                self._readable(name, cell)
        if self.complaints:
            return None
        kind, status = self._kind_said(), self._status()
        found = self._attorney(status) if kind == ATTORNEY else self._firm(kind, status)
        return None if self.complaints else found

    def _firm(self, kind: str, status: str) -> Agency:
        name = self._name("name")
        code, parent = self._code("code", kind), self._code("parent_code", PATENT_AGENCY) if kind == BRANCH else ""
        if kind == BRANCH and not parent:
            self._warn("parent_code", "分支机构没有写所属机构代码")
        return Agency(
            name=name, code=code, kind=kind, status=status, parent_code=parent,
            credit_code=self._credit_code(), former_names=self._former_names(name), province=self._said("province"),
            status_date=self._day("status_date"), license_no=self._said("license_no"),
            website=self._said("website"), icp=self._said("icp"),
        )  # fmt: skip

    def _attorney(self, status: str) -> Agency:
        """Name, status, agency and the last four digits: nothing else of a person is taken out of the row."""
        name = self._name("person" if self._said("person") else "name")
        if any(one.isdigit() for one in name):
            self._complain("person" if self._said("person") else "name", "姓名里有数字")
        agency = self._code("parent_code" if self._said("parent_code") else "code", ATTORNEY)
        if not agency:
            self._warn("parent_code", "代理师没有写执业机构代码")
        return Agency(name=name, code="", kind=ATTORNEY, status=status, parent_code=agency, last_four=self._last_four())

    # -- fields --------------------------------------------------------------------------------

    def _said(self, name: str) -> str:
        return self._cells.get(name, "")

    def _name(self, column: str) -> str:
        name = self._said(column)
        if len(name) > NAME_AT_MOST:
            self._complain(column, f"名称超过 {NAME_AT_MOST} 字")
        elif not name_norm(name):
            self._complain(column, "没有名称")
        return name

    def _former_names(self, name: str) -> tuple[str, ...]:
        several = (one.strip() for one in _BETWEEN_NAMES.split(self._said("former_names")))
        return tuple(dict.fromkeys(one for one in several if one != name and name_norm(one)))

    def _kind_said(self) -> str:
        said = self._said("kind")
        if not said and self._kind:
            return self._kind
        if plain(said) not in kinds():
            self._complain("kind", f"类型 {_shown(said)} 认不出；可以写：{'、'.join(KIND_WORDS.values())}")
            return ""
        return kinds()[plain(said)]

    def _status(self) -> str:
        said = self._said("status")
        if plain(said) not in statuses():
            self._complain("status", f"状态 {_shown(said)} 认不出；可以写：{'、'.join(STATUSES)}")
            return ""
        return statuses()[plain(said)]

    def _code(self, column: str, kind: str) -> str:
        said = self._said(column)
        code = agency_code(said, kind) if said else ""
        if said and not code:
            self._complain(column, f"机构代码 {_shown(said)} 不是五位数字")
        return code

    def _credit_code(self) -> str:
        said = self._said("credit_code")
        code = credit_code(said) if said else ""
        if said and not code:
            self._complain("credit_code", f"{_shown(said)} 不是 18 位统一社会信用代码（没有字母 I、O、S、V、Z）")
        elif code and not has_check_digit(code):
            self._warn("credit_code", f"{code} 的校验位不对，照原样导入，请核对")
        return code

    def _day(self, column: str) -> str:
        said = self._said(column)
        if not said:
            return ""
        try:
            found = day(said)
        except ValueError:
            self._complain(column, f"{_shown(said)} 不是日期；请写成 2026-01-31")
            return ""
        if found > self._today:
            self._complain(column, f"{found.isoformat()} 在今天之后")
        return found.isoformat()

    def _last_four(self) -> str:
        said = self._said("qualification")
        kept = last_four(said) if said else ""
        if said and not kept:
            self._complain("qualification", "不是资格证号（四到十二位，以数字结尾）")
        return kept

    # -- any cell ------------------------------------------------------------------------------

    def _readable(self, name: str, cell: str) -> None:
        """Complaints over what no column may hold."""
        if len(cell) > TEXT_AT_MOST:
            self._complain(name, f"有 {len(cell)} 字，最多 {TEXT_AT_MOST} 字")
        elif not cell.isprintable():
            self._complain(name, "含有控制字符")
        elif cell[0] in "=#" and (cell[0] == "=" or cell in _ERROR_VALUES):
            self._complain(name, f"{_shown(cell)} 是公式或错误值；请粘贴为值")
        elif name in _CODES and CUT_NUMBER.fullmatch(cell):
            self._complain(name, "被表格软件当成了数字，后几位已经丢失；请把这一列设为文本，重新填写")
        elif len(cell) >= 18 and is_identity_number(cell):
            self._complain(name, "像身份证号码；名录不收，请删去")

    def _complain(self, name: str, what: str) -> None:
        self.complaints.append((name, what))

    def _warn(self, name: str, what: str) -> None:
        self.warnings.append((name, what))


def _tidy(name: str, cell: str) -> str:
    """On one line, without what cannot be seen; former names may stand one a line."""
    if name == "former_names":
        cell = cell.replace("\n", "；")
    if not cell.isprintable():
        cell = "".join(one for one in cell if unicodedata.category(one) != "Cf")
    return " ".join(cell.split())


def _shown(said: str) -> str:
    return f"「{said[:30]}{'…' if len(said) > 30 else ''}」" if said else "是空的，"
