"""The office's list of agencies: read as it is, or refused with every place that is wrong."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from registry_specimens import (
    AGENCY,
    BRANCH,
    COLUMNS,
    PERSON,
    ROWS,
    TODAY,
    TRADEMARK,
    table,
    written,
)

from crawler.agencies import BRANCH_OF, FORMER_NAME, Agency, RegistryView
from crawler.errors import RegistryInvalid, UserMistake
from detectors.normal import canonical
from storage.registers.names import agency_of_branch, name_norm, trade_name
from storage.registers.reader import read_registry
from storage.registers.words import day, has_check_digit, is_identity_number
from storage.registry import CsvRegistry

ENGLISH = (
    "name,code,kind,status\n"
    "星河知识产权代理有限公司,99001,专利代理机构,正常\n"
    "示例（北京）商标事务所,,商标代理机构,吊销\n"
)
CHINESE = "序号,状态,机构代码,机构名称,类型\n1,正常,99001,星河知识产权代理有限公司,专利代理机构\n"
IDENTITY = "110101199003070310"  # invented; its check digit is right


def refused(folder: Path, content: str) -> tuple[str, ...]:
    with pytest.raises(RegistryInvalid) as caught:
        CsvRegistry.load(written(folder, content), TODAY)
    assert caught.value.complaints[0] in str(caught.value)
    return caught.value.complaints


# -- the fixed interface -----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("content", [ENGLISH, CHINESE, ENGLISH.replace("\n", "\r\n"), "\n" + ENGLISH + "\n,,,\n"])
def test_agency_is_found_by_its_name(tmp_path: Path, content: str, encoding: str) -> None:
    registry: RegistryView = CsvRegistry.load(written(tmp_path, content.encode(encoding)))
    agency = Agency(name="星河知识产权代理有限公司", code="99001", kind="patent_agency", status="在业")
    assert registry.find("星河知识产权代理有限公司") == agency
    assert registry.find(" 星河知识产权\u3000代理有限公司\n") == agency
    assert registry.find_code("99001") == agency
    assert registry.find("星河知识产权代理") is None
    assert registry.find("") is None
    assert registry.find_code("") is None
    assert registry.find("星" * 100_000) is None


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_columns_may_be_parted_otherwise(tmp_path: Path, delimiter: str) -> None:
    registry = CsvRegistry.load(written(tmp_path, table(*ROWS, delimiter=delimiter).replace("；", "、")))
    assert registry.find("星河知识产权代理有限公司")


def test_every_kind_and_state_has_its_word_in_both_languages(tmp_path: Path) -> None:
    rows = (
        "甲专利所,1,patent_agency,active\n乙商标所,,tm_agency,注销\n丙分所,,branch,停业\n丁人,,patent_attorney,已撤销\n"
    )
    told = []
    read_registry(written(tmp_path, "name,code,kind,status\n" + rows.replace(",1,", ",99001,")), TODAY, told.append)
    assert [(one.kind, one.status) for one in told] == [
        ("patent_agency", "在业"),
        ("tm_agency", "注销"),
        ("branch", "停止承接"),
        ("patent_attorney", "撤销"),
    ]


# -- names -------------------------------------------------------------------------------------


@pytest.fixture
def registry(tmp_path: Path) -> CsvRegistry:
    return CsvRegistry.load(written(tmp_path, table(*ROWS)), TODAY)


@pytest.mark.parametrize(
    "name",
    [
        "示例（北京）专利代理事务所（普通合伙）",
        "示例(北京)专利代理事务所",
        "示例北京专利代理事务所",
        "示例（北京）专利代理事务所（特殊普通合伙）",
        "示例【北京】专利代理事务所 有限合伙",
        "示例（北京）專利代理事務所（普通合夥）",
        "示 例 （北京）\u200b专利代理事务所",
    ],
)
def test_a_name_is_one_however_it_is_written(registry: CsvRegistry, name: str) -> None:
    found = registry.find(name)
    assert found is not None
    assert (found.name, found.found_as, found.status) == ("示例（北京）专利代理事务所（普通合伙）", "", "吊销")


@pytest.mark.parametrize(
    "name", ["示例专利代理事务所", "示例（上海）专利代理事务所", "星河", "分公司", "测试甲", "（普通合伙）"]
)
def test_another_name_and_a_person_are_not_found(registry: CsvRegistry, name: str) -> None:
    assert registry.find(name) is None


def test_branches_and_former_names_say_how_they_lead_there(registry: CsvRegistry) -> None:
    own = registry.find("星河知识产权代理有限公司苏州分公司")
    assert own is not None
    assert (own.kind, own.parent_code, own.found_as) == ("branch", "99001", "")
    for name in (
        "星河知识产权代理有限公司南京分公司",
        "星河知识产权代理有限公司（南京分公司）",
        "银河专利事务所无锡分所",
    ):
        found = registry.find(name)
        assert found is not None
        assert (found.code, found.found_as) == ("99001", BRANCH_OF)
    former = registry.find("旧星河所")
    assert former is not None
    assert (former.code, former.found_as) == ("99001", FORMER_NAME)


def test_codes_are_found_as_they_are_written(registry: CsvRegistry) -> None:
    for code in ("99001", " 99001 ", "９９００１", "91990000MA00000019", "91990000ma00000019"):
        found = registry.find_code(code)
        assert found is not None, code
        assert found.code == "99001"
    assert registry.find_code("99009") is None
    assert registry.find_code("9" * 5000) is None


def test_a_licensed_firm_is_found_before_the_same_firm_as_filed(tmp_path: Path) -> None:
    both = CsvRegistry.load(written(tmp_path, table(("商标代理机构", *AGENCY[1:]), AGENCY)))
    found = both.find("星河知识产权代理有限公司")
    assert found is not None
    assert found.kind == "patent_agency"


@pytest.mark.parametrize(
    "name", ["壹诺著名专利代理事务所（普通合伙）", "妳好（上海）商標事務所", "ＡＢＣ知识产权代理有限公司"]
)
def test_a_name_as_detection_reads_it_is_the_same_name(name: str) -> None:
    assert name_norm(canonical(name).text) == name_norm(name) == name_norm(name_norm(name))


def test_what_a_branch_belongs_to_and_what_a_trade_name_is() -> None:
    assert agency_of_branch("星河专利代理事务所上海分所") == "星河专利代理事务所"
    assert agency_of_branch("星河有限公司分公司") == "星河有限公司"
    assert agency_of_branch("星河专利代理事务所") == ""
    assert trade_name("北京星河知识产权代理有限公司") == trade_name("星河专利事务所") == "星河"
    assert trade_name("广东省深圳市星河商标代理有限公司") == "星河"


# -- what is kept of a row ---------------------------------------------------------------------


def test_of_a_person_nothing_is_kept_but_name_agency_and_four_digits(tmp_path: Path) -> None:
    columns = (*COLUMNS[:-1], "执业许可证号", "网址", "证件号码", "备注")
    row = (
        *PERSON[:4],
        "91990000MA00000019",
        *PERSON[5:10],
        "9900112345.1",
        "https://person.example",
        IDENTITY,
        "不保存",
    )
    kept: list[Agency] = []
    told = read_registry(written(tmp_path, table(AGENCY, row, columns=columns)), TODAY, kept.append)
    assert kept[1] == Agency(
        name="测试甲", code="", kind="patent_attorney", status="在业", parent_code="99001", last_four="2345"
    )
    assert told.personal == ("证件号码",)
    assert told.unread == ("备注",)
    assert told.counts == (("patent_agency", "在业", 1), ("patent_attorney", "在业", 1))


@pytest.mark.parametrize("written_as", ["99001", "99001.0", "'99001", "'099001", '="99001"', "９９００１", " 99001 "])
def test_a_code_is_the_same_however_a_spreadsheet_left_it(tmp_path: Path, written_as: str) -> None:
    quoted = '"' + written_as.replace('"', '""') + '"'
    assert CsvRegistry.load(written(tmp_path, ENGLISH.replace("99001", quoted))).find_code("99001")


@pytest.mark.parametrize(
    ("said", "iso"),
    [("2026-01-02", "2026-01-02"), ("2026/1/2", "2026-01-02"), ("2026.1.2", "2026-01-02"), ("20260102", "2026-01-02"),
     ("2026年1月2日", "2026-01-02"), ("2026-01-02 00:00:00", "2026-01-02"), ("２０２６－０１－０２", "2026-01-02")],
)  # fmt: skip
def test_days_are_read_as_people_write_them(said: str, iso: str) -> None:
    assert day(said).isoformat() == iso


@pytest.mark.parametrize("said", ["2026-02-30", "2026-13-01", "去年", "2026", "45000", "1/2/2026", "2026-01-02 12:30"])
def test_what_is_no_day_is_said(said: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        day(said)


def test_check_digits_follow_their_standards() -> None:
    # The example of GB 32100-2015 itself, and GB 11643-1999's.
    assert has_check_digit("91350100M000100Y43")
    assert not has_check_digit("91350100M000100Y44")
    assert is_identity_number(IDENTITY)
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert not is_identity_number("91990000MA00000019")


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "没有找到列名"),
        ("\n\n", "没有找到列名"),
        ("今天天气很好\n", "第 1 行：列 name"),
        ("name,code,kind\n", "第 1 行：列 status"),
        ("name,name,code,kind,status\n", "第 1 行：列 name"),
        ("机构名称,name,code,kind,status\n", "第 1 行：列 name"),
        ("name,code,kind,status\n", "只有列名"),
        (ENGLISH + "甲,1,乙\n", "第 4 行：有 3 格，列名有 4 个"),
        (ENGLISH + "甲所,,专利代理机构,在业,丁\n", "第 4 行：有 5 格"),
        (ENGLISH + " ,99009,专利代理机构,在业\n", "第 4 行 name：没有名称"),
        (ENGLISH + "（）,99009,专利代理机构,在业\n", "第 4 行 name：没有名称"),
        (ENGLISH + "甲所,9900,专利代理机构,在业\n", "第 4 行 code：机构代码 「9900」 不是五位数字"),
        (ENGLISH + "甲所,990011,专利代理机构,在业\n", "不是五位数字"),
        (ENGLISH + "甲所,00991,专利代理机构,在业\n", "不是五位数字"),
        (ENGLISH + "甲所,9.9001E+4,专利代理机构,在业\n", "后几位已经丢失"),
        (ENGLISH + "甲所,=A1,专利代理机构,在业\n", "公式"),
        (ENGLISH + "甲所,#N/A,专利代理机构,在业\n", "错误值"),
        (ENGLISH + "甲所,99009,代理,在业\n", "类型 「代理」 认不出；可以写：专利代理机构"),
        (ENGLISH + "甲所,99009,专利代理机构,很好\n", "状态 「很好」 认不出；可以写：在业"),
        (ENGLISH + "甲所,99009,专利代理机构,\n", "状态 是空的"),
        (ENGLISH + "星河知识产权 代理有限公司,99009,专利代理机构,在业\n", "第 4 行：名称 .*与 第 2 行 相同"),
        (ENGLISH + "甲所,99001,专利代理机构,在业\n", "第 4 行：代码 99001 与 第 2 行 相同"),
        (ENGLISH + f"{'甲' * 121},,专利代理机构,在业\n", "超过 120 字"),
        (ENGLISH + f"{'甲' * 400},,专利代理机构,在业\n", "最多 300 字"),
        (ENGLISH + "甲\x07所,,专利代理机构,在业\n", "控制字符"),
        (ENGLISH + f"甲所,{IDENTITY},专利代理机构,在业\n", "像身份证号码"),
    ],
)
def test_wrong_row_is_refused_with_its_place(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(UserMistake, match=why) as caught:
        CsvRegistry.load(written(tmp_path, content))
    assert IDENTITY not in str(caught.value), "a person's number is not repeated"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((BRANCH[0], "星河知识产权代理有限公司南京分公司", *BRANCH[2:7], "99777"), "所属机构 99777 不在这份名录里"),
        ((*PERSON[:7], "99777", *PERSON[8:]), "执业机构 99777 不在这份名录里"),
        ((*PERSON[:9], IDENTITY), "像身份证号码"),
        ((*PERSON[:9], "资格证"), "不是资格证号"),
        ((*PERSON[:8], "测试123", "9912345"), "姓名里有数字"),
        ((*AGENCY[:1], "甲所", "", "", "91990000MA000000I9", "在业"), "不是 18 位统一社会信用代码"),
        ((*AGENCY[:1], "甲所", "", "", "91990000MA0000001", "在业"), "不是 18 位统一社会信用代码"),
        ((*AGENCY[:1], "甲所", "", "", "9.1990000000000E+17", "在业"), "后几位已经丢失"),
        ((*AGENCY[:1], "甲所", "", "", "91990000MA00000019", "在业"), "统一社会信用代码 .*相同"),
        ((*AGENCY[:1], "甲所", "", "", "", "在业", "2026-11-21"), "2026-11-21 在今天之后"),
        ((*AGENCY[:1], "甲所", "", "", "", "在业", "2026-02-30"), "不是日期"),
        (PERSON, "这位代理师.*相同"),
    ],
)
def test_what_rows_have_to_do_with_each_other_is_checked(tmp_path: Path, row: tuple[str, ...], why: str) -> None:
    with pytest.raises(RegistryInvalid, match=why) as caught:
        CsvRegistry.load(written(tmp_path, table(*ROWS, row)), TODAY)
    assert caught.value.total == 1
    assert IDENTITY not in str(caught.value)


def test_a_branch_may_go_by_its_agencys_code(tmp_path: Path) -> None:
    branches = [("分支机构", f"星河{at}分所", "", "99001", "", "在业", "", "99001") for at in "甲乙"]
    found = CsvRegistry.load(written(tmp_path, table(AGENCY, *branches))).find_code("99001")
    assert found is not None
    assert found.kind == "patent_agency"


def test_all_errors_are_named_and_the_fiftieth_is_the_last_shown(tmp_path: Path) -> None:
    rows = [("专利代理机构", f"甲{at}所", "", "1", "", "在业") for at in range(60)]
    complaints = refused(tmp_path, table(*rows))
    assert len(complaints) == 51
    assert "第 2 行" in complaints[0]
    assert "第 51 行" in complaints[49]
    assert complaints[50] == "还有 10 处"
    two = refused(tmp_path, table(("专利代理机构", "", "", "1", "", "好")))
    assert len(two) == 3, "one row may be wrong in several places"


def test_a_wrong_check_digit_is_said_and_no_reason_to_refuse(tmp_path: Path) -> None:
    told = read_registry(written(tmp_path, table(*ROWS)), TODAY, lambda _: None)
    assert [line for line in told.warnings if "校验位" in line] == [
        "第 2 行 统一社会信用代码：91990000MA00000019 的校验位不对，照原样导入，请核对"
    ]
    right = table((*AGENCY[:4], "91350100M000100Y43", *AGENCY[5:]))
    assert read_registry(written(tmp_path, right), TODAY, lambda _: None).warnings == ()


def test_a_day_to_come_is_judged_by_the_clock_that_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, table((*TRADEMARK, "2026-11-20")))
    CsvRegistry.load(path, TODAY)
    with pytest.raises(RegistryInvalid):
        CsvRegistry.load(path, date(2026, 11, 19))


def test_unreadable_registry_is_one_line(tmp_path: Path) -> None:
    for content, why in (
        (b"\x81\xff\x00\x81", "既不是 UTF-8，也不是 GB18030"),
        (b"\xff\xfe\x00\xd8", "既不是 UTF-8"),
        (b"name\0,code", "二进制"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "旧的 .xls"),
        ((ENGLISH + '"甲,1,乙,丙\n').encode(), "引号或分隔不对"),
        ((ENGLISH + '"甲"x,1,乙,丙\n').encode(), "第 4 行"),
        ((ENGLISH + "," * 300 + "\n").encode(), "最多 200 格"),
        ((ENGLISH + "甲" * 200_000 + "\n").encode(), "第 4 行"),
    ):
        with pytest.raises(UserMistake, match=why):
            CsvRegistry.load(written(tmp_path, content))
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(UserMistake, match="directory"):
            CsvRegistry.load(path)
    with pytest.raises(UserMistake, match="不是普通文件"):
        CsvRegistry.load(Path("/dev/zero"))


def test_half_a_surrogate_pair_of_a_page_is_no_failure(registry: CsvRegistry) -> None:
    assert registry.find("\ud800星河知识产权代理\udfff有限公司")
    assert registry.find("\ud800") is None
    assert registry.find_code("\ud800") is None
    assert registry.find("星河知识产权代理有限公司" + " " * 300) is None, "a whole text is no name"


def test_digits_of_other_scripts_are_no_code(tmp_path: Path) -> None:
    assert "不是五位数字" in refused(tmp_path, ENGLISH + "甲所,٩٩٠٠٩,专利代理机构,在业\n")[0]


def test_memory_does_not_grow_with_what_a_list_says(tmp_path: Path) -> None:
    """Of a row that was read only its place and three digests stay."""
    peaks = []
    for number in (5000, 5000, 15_000):  # the first fills the caches; a file is read by the megabyte
        rows = [("商标代理机构", f"第{at}号{'很长的名称' * 15}所", "", "", "", "在业") for at in range(number)]
        path = written(tmp_path, table(*rows))
        tracemalloc.start()
        read_registry(path, TODAY, lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 10_000 * 150
    assert path.stat().st_size > 15_000 * 250


def test_complaints_before_the_place_where_reading_ends_are_not_lost(tmp_path: Path) -> None:
    complaints = refused(tmp_path, ENGLISH + "甲所,1,专利代理机构,在业\n" + '"乙')
    assert len(complaints) == 2
    assert "引号" in complaints[1]


def test_quoted_lines_count_as_an_editor_counts(tmp_path: Path) -> None:
    rows = '"甲\n所",99002,专利代理机构,在业\n丁所,99003,专利代理机构,在业\n戊所,99003,专利代理机构,在业\n'
    broken = "name,code,kind,status\n" + rows
    assert "第 5 行" in refused(tmp_path, broken)[0]


def test_a_title_and_notes_may_stand_above_the_columns(tmp_path: Path) -> None:
    assert CsvRegistry.load(written(tmp_path, "专利代理机构名录,,,\n截至 2026 年,,,\n" + ENGLISH)).find_code("99001")
