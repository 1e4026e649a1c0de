"""`lantian registry` as a person types it: lists taken whole or refused, and not being found is no verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from registry_specimens import AGENCY, BRANCH, COLUMNS, FIRM, ROWS, TRADEMARK, as_office_saves, table, workbook, written

from console.cli import main
from tests.console.conftest import Ran

Run = Callable[..., Ran]
SAID = ("--as-of", "2026-01-31", "--source", "测试来源", "--by", "测试员")


@pytest.fixture
def lantian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, which is quick; how it ends and what it says is the same."""

    def run(*arguments: str | Path, **environ: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lantian", *map(str, arguments)])
        for name, value in ({"LANTIAN_HOME": str(tmp_path / "home")} | environ).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ran(int(ended.value.code or 0), told.out, told.err)

    return run


@pytest.fixture
def imported(lantian: Run, tmp_path: Path) -> Ran:
    return lantian("registry", "import", written(tmp_path, table(*ROWS)), *SAID)


def test_an_import_tells_what_it_read_and_what_it_did_not(imported: Ran, lantian: Run) -> None:
    assert (imported.code, imported.out) == (0, "")
    assert "没有读入、也不会保存的个人信息列：性别" in imported.err
    assert "已导入为版本 1（截至 2026-01-31）：专利代理机构 2（吊销 1、在业 1），分支机构 1" in imported.err
    listed = lantian("registry", "list", "--json").lines
    assert [(one["version"], one["is_current"], one["rows"], one["imported_by"]) for one in listed] == [
        (1, True, 5, "测试员")
    ]
    assert {"kind": "tm_agency", "status": "在业", "rows": 1} in listed[0]["counts"]
    shown = lantian("registry", "list")
    assert "1*" in shown.out
    assert "测试来源" in shown.out


def test_the_same_file_again_is_said(imported: Ran, lantian: Run, tmp_path: Path) -> None:
    again = lantian("registry", "import", tmp_path / "registry.csv", "--json")
    assert again.code == 0
    assert "导入为版本 1，没有再建版本" in again.err
    assert (again.lines[0]["is_new"], again.lines[0]["version"]) == (False, 1)
    assert len(lantian("registry", "list", "--json").lines) == 1


def test_a_dry_run_writes_nothing(lantian: Run, tmp_path: Path) -> None:
    tried = lantian("registry", "import", written(tmp_path, table(*ROWS)), "--dry-run", "--json")
    assert (tried.code, tried.lines[0]["dry_run"], tried.lines[0]["version"]) == (0, True, None)
    assert lantian("registry", "list", "--json").out == ""


@pytest.mark.parametrize("is_dry", [True, False])
def test_every_wrong_place_is_named_and_nothing_is_written(lantian: Run, tmp_path: Path, is_dry: bool) -> None:
    path = tmp_path / "a.xlsx"
    wrong = [("专利代理机构", f"第{at}所", "", "1", "", "在业") for at in range(60)]
    as_office_saves(workbook(path, 机构=(COLUMNS, *ROWS, *wrong)))
    ran = lantian("registry", "import", path, "--json", *(("--dry-run",) if is_dry else ()))
    told = ran.err.strip().splitlines()
    assert (ran.code, ran.out, len(told)) == (2, "", 52)
    assert told[0] == "机构!D7 机构代码：机构代码 「1」 不是五位数字"
    assert told[50] == "还有 10 处"
    assert told[51].endswith("60 处不对，整份没有导入，什么都没有写入")
    assert lantian("registry", "list", "--json").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "/nonexistent.csv"),
        ("import", __file__, "--as-of", "2026-02-30"),
        ("import", __file__, "--as-of", "2999-01-01"),
        ("import", __file__, "--by", "测\n试"),
        ("find", "星河"),
        ("list",),
        ("use", "1"),
        ("template", __file__),
        ("template", "/nonexistent/a.csv"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(lantian: Run, arguments: tuple[str, ...]) -> None:
    ran = lantian("registry", *arguments)
    assert (ran.code, ran.out, len(ran.err.strip().splitlines())) == (2, "", 1)
    assert ran.err.startswith("lantian: ")


def test_what_is_not_found_is_not_matched_and_nothing_worse(imported: Ran, lantian: Run) -> None:
    ran = lantian("registry", "find", "南京星河专利事务所")
    assert "南京星河专利事务所：未在导入名录（截至 2026-01-31）中匹配" in ran.out
    assert "相近的" in ran.out
    assert AGENCY[1] in ran.out
    for word in ("无此商标代理公司", "南京星河专利事务所", "99555", TRADEMARK[1], "测试甲"):
        told = lantian("registry", "find", word)
        assert told.code == 0
        assert not [bad for bad in ("无资质", "没有资质", "无证", "未取得") if bad in told.out + told.err]


def test_what_is_found_tells_how(imported: Ran, lantian: Run) -> None:
    filed = lantian("registry", "find", TRADEMARK[1])
    assert "商标代理机构是备案，不是许可" in filed.out
    assert "以曾用名匹配" in lantian("registry", "find", "旧星河所").out
    branch = lantian("registry", "find", "星河知识产权代理有限公司南京分公司")
    assert "有它所属的机构" in branch.out
    told = json.loads(lantian("registry", "find", "99002", "--json").out)
    assert (told["entry"]["name"], told["entry"]["status"], told["as_of"]) == (FIRM[1], "吊销", "2026-01-31")
    person = lantian("registry", "find", "测试甲")
    assert "同名不等于同一人" in person.out
    assert "9912345" not in person.out


def test_an_earlier_version_may_be_used_again(imported: Ran, lantian: Run, tmp_path: Path) -> None:
    lantian("registry", "import", written(tmp_path, table(TRADEMARK)))
    assert "未在导入名录（截至日期未写明）中匹配" in lantian("registry", "find", "99001").out
    used = lantian("registry", "use", "1", "--by", "测试员")
    assert used.code == 0
    assert AGENCY[1] in lantian("registry", "find", "99001").out
    assert lantian("registry", "use", "7").code == 2


def test_the_template_is_a_list_that_lacks_only_rows(lantian: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    assert lantian("registry", "template", path).code == 0
    assert "只有列名" in lantian("registry", "import", path).err
    columns = path.read_text(encoding="utf-8-sig").strip().split(",")
    filled = [dict(zip(COLUMNS, [*row, *[""] * 9], strict=False)) for row in (AGENCY, BRANCH, TRADEMARK)]
    rows = [",".join(row.get(name, "") for name in columns) for row in filled]
    path.write_text("\n".join([",".join(columns), *rows]), encoding="utf-8-sig")
    assert lantian("registry", "import", path).code == 0


@pytest.mark.parametrize("name", ["registry.csv", "registry.xlsx"])
def test_screen_takes_a_list_in_either_form_and_no_home(lantian: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".csv":
        written(tmp_path, table(*ROWS))
    else:
        workbook(path, 机构=(COLUMNS, *ROWS))
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"id": 1, "text": "今天天气很好"}\n', encoding="utf-8")
    home = tmp_path / "elsewhere"
    ran = lantian("screen", texts, "--registry", path, LANTIAN_HOME=str(home))
    assert (ran.code, ran.lines) == (0, [{"id": 1, "findings": []}])
    assert not home.exists()
    path.write_bytes(b"name,code,kind,status\n,1,x,y\n")
    refused = lantian("screen", texts, "--registry", path)
    assert (refused.code, refused.out, len(refused.err.strip().splitlines())) == (2, "", 1)
