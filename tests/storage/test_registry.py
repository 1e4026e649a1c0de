"""The office's list of agencies: read as it is, or refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.agencies import Agency, RegistryView
from crawler.errors import UserMistake
from storage.registry import CsvRegistry

ENGLISH = (
    "name,code,kind,status\n"
    "星河知识产权代理有限公司,99001,专利代理机构,正常\n"
    "示例（北京）商标事务所,,商标代理机构,吊销\n"
)
CHINESE = "序号,状态,机构代码,机构名称,类型\n1,正常,99001,星河知识产权代理有限公司,专利代理机构\n"


def written(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "registry.csv"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("content", [ENGLISH, CHINESE, ENGLISH.replace("\n", "\r\n"), "\n" + ENGLISH + "\n,,,\n"])
def test_agency_is_found_by_its_name(tmp_path: Path, content: str, encoding: str) -> None:
    registry: RegistryView = CsvRegistry.load(written(tmp_path, content, encoding))
    agency = Agency(name="星河知识产权代理有限公司", code="99001", kind="专利代理机构", status="正常")
    assert registry.find("星河知识产权代理有限公司") == agency
    assert registry.find(" 星河知识产权\u3000代理有限公司\n") == agency
    assert registry.find("星河知识产权代理") is None
    assert registry.find("") is None


def test_width_is_folded_on_both_sides(tmp_path: Path) -> None:
    registry = CsvRegistry.load(written(tmp_path, ENGLISH))
    for name in ("示例（北京）商标事务所", "示例(北京)商标事务所", "示例 (北京) 商标事务所"):
        found = registry.find(name)
        assert found is not None
        assert found.name == "示例（北京）商标事务所", "the name stays as the office wrote it"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "空的"),
        ("\n\n", "空的"),
        ("name,code,kind\n", "第 1 行：列 status"),
        ("name,name,code,kind,status\n", "第 1 行：列 name"),
        ("机构名称,name,code,kind,status\n", "第 1 行：列 name"),
        (ENGLISH + "甲,1,乙\n", "第 4 行: 有 3 格，列名有 4 个"),
        (ENGLISH + "甲,1,乙,丙,丁\n", "第 4 行: 有 5 格"),
        (ENGLISH + " ,99009,乙,丙\n", "第 4 行: 机构没有名称"),
        (ENGLISH + "星河知识产权 代理有限公司,99009,乙,丙\n", "第 4 行: .*出现了两次"),
        (ENGLISH + "甲,99001,乙,丙\n", "第 4 行: 代码 99001 与第 2"),
        (ENGLISH + '"甲,1,乙,丙\n', "行"),
        (ENGLISH + '"甲"x,1,乙,丙\n', "第 4 行"),
    ],
)
def test_wrong_registry_is_refused_with_its_line(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(UserMistake, match=why):
        CsvRegistry.load(written(tmp_path, content))


def test_agencies_without_a_code_do_not_collide(tmp_path: Path) -> None:
    registry = CsvRegistry.load(written(tmp_path, ENGLISH + "丙所,,商标代理机构,正常\n"))
    assert registry.find("丙所")


def test_unreadable_registry_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="No such file"):
        CsvRegistry.load(tmp_path / "absent.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UserMistake, match="既不是 UTF-8，也不是 GB18030"):
        CsvRegistry.load(path)
    with pytest.raises(UserMistake):
        CsvRegistry.load(tmp_path)


def test_quoted_lines_count_as_an_editor_counts(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="第 5 行"):
        CsvRegistry.load(written(tmp_path, 'name,code,kind,status\n"甲\n所",1,乙,丙\n丁,2,乙,丙\n戊,2,乙,丙\n'))
