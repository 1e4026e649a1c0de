"""Every check of the house is seen to complain about a bad case, and to leave a good one alone."""

from __future__ import annotations

import conventions
import pytest

LONG_BODY = "".join(f"    a{number} = {number}\n" for number in range(conventions.MAX_FUNCTION))


def test_a_full_init_is_seen() -> None:
    assert conventions.full_inits({"storage/__init__.py": "from storage.db import open_database\n"})
    assert conventions.full_inits({"storage/__init__.py": "", "storage/db.py": "HEAD = 1\n"}) == []


def test_a_missing_docstring_is_seen() -> None:
    assert conventions.without_docstring("a.py", "import os\n")
    assert conventions.without_docstring("a.py", "# a comment is no docstring\nimport os\n")
    assert conventions.without_docstring("a.py", '"""Says what it is for."""\n') == []
    assert conventions.without_docstring("__init__.py", "") == []


def test_long_files_and_functions_are_seen() -> None:
    assert conventions.too_long("a.py", "x = 1\n" * (conventions.MAX_FILE + 1))
    assert conventions.too_long("a.py", "x = 1\n" * conventions.MAX_FILE) == []
    assert conventions.too_long("a.py", f"def long() -> None:\n{LONG_BODY}")
    assert conventions.too_long("a.py", f"class A:\n  async def long(self) -> None:\n{LONG_BODY}")
    assert conventions.too_long("a.py", f"def fits() -> None:\n{LONG_BODY.partition(chr(10))[2]}") == []


@pytest.mark.parametrize(
    "source",
    [
        "data = 1",
        "info: int = 1",
        "for item in range(3): pass",
        "[obj for obj in ()]",
        "with open('a') as data: pass",
        "def process(a): pass",
        "async def handle_page(a): pass",
        "def read(page, *, info): pass",
        "lambda data: data",
        "self.data = 1",
        "class PageManager: pass",
        "class Helpers: pass",
        "def page_utils(): pass",
        "import json as util",
        "def process_item(self, item):\n    data = item",
        "try: pass\nexcept OSError as manager: pass",
        "def f():\n    if (data := 1): pass",
        "match 1:\n    case data: pass",
    ],
)
def test_empty_words_are_seen(source: str) -> None:
    assert conventions.empty_words("a.py", source)


@pytest.mark.parametrize(
    "source",
    [
        "page = 1",
        "def process_item(self, item):\n    return item",
        "def item_scraped(self, item): pass",
        "item_id = response.info",
        "class RobotsMiddleware: pass",
        "spider.crawl(data=1)",
        "logger.info('read')",
        "handler = Handler()",
        "database = updated = 1",
    ],
)
def test_good_names_are_left_alone(source: str) -> None:
    assert conventions.empty_words("a.py", source) == []


def test_rooms_for_leftovers_are_seen() -> None:
    bad = ["storage/utils.py", "common/__init__.py", "crawler/core/page.py", "tests/helpers.py"]
    assert conventions.rooms_without_a_name([*bad, "storage/db.py", "spiders/score.py"]) == bad


def test_a_misnamed_spider_is_seen() -> None:
    assert conventions.misnamed_spider("baidu", "Baidu", "spiders.baidu") == []
    assert conventions.misnamed_spider("baidu", "BaiduSpider", "spiders.baidu")
    assert conventions.misnamed_spider("baidu", "Baidu", "spiders.baidu_web")
    assert conventions.misnamed_spider("baiduweb", "Baidu", "spiders.baidu")


@pytest.mark.parametrize(
    "text",
    [
        "see /wo" + "rk/main/docs",
        "Path('/ro" + "ot/.lantian')",
        "cd /ho" + "me/somebody/lantian",
        "made with Chat" + "GPT",
        "Co-Authored" + "-By: somebody",
        "the previous ses" + "sion left this",
        "an AI assis" + "tant wrote it",
    ],
)
def test_machines_and_makers_are_seen(text: str) -> None:
    assert conventions.foreign_traces("a.md", f"first line\n{text}\n") == [
        complaint for complaint in conventions.foreign_traces("a.md", f"first line\n{text}\n") if "a.md:2:" in complaint
    ]
    assert conventions.foreign_traces("a.md", text)


@pytest.mark.parametrize(
    "text",
    [
        "/ho" + "me/\n",
        '<a href="/ho' + 'me/index">',
        "https://www.zhihu.example/ho" + "me/x",
        "the database session is closed",
        "AI写的专利",
        "a/wo" + "rk/b",
    ],
)
def test_links_and_sessions_of_other_kinds_are_left_alone(text: str) -> None:
    assert conventions.foreign_traces("a.md", text) == []


def test_packages_without_tests_are_seen() -> None:
    files = ["tests/storage/test_db.py", "tests/house/conventions.py"]
    assert conventions.without_tests(["storage", "house"], files) == ["house"]


def test_wrong_package_lists_are_seen() -> None:
    assert conventions.misdeclared(["storage"], ["storage"]) == []
    assert conventions.misdeclared(["storage", "patrol"], ["storage", "console"]) == [
        "console is not declared",
        "patrol is declared and not there",
    ]


def test_files_left_behind_are_seen() -> None:
    patterns = {"detectors": ["rules/*.toml", "laws.toml"]}
    assert conventions.unpacked(patterns, ["detectors/rules/a.toml", "detectors/laws.toml"]) == []
    assert conventions.unpacked(patterns, ["detectors/rules/a.toml", "spiders/queries.toml"]) == [
        "spiders/queries.toml: no package-data pattern",
        "detectors/laws.toml: matches no file",
    ]


def test_undocumented_words_are_seen() -> None:
    assert conventions.undocumented(["--page"], "`--pages N`") == ["--page"]
    assert conventions.undocumented(["--page"], "`--page N`") == []
    assert conventions.undocumented(["make test"], "run `make tests`") == ["make test"]


def test_undocumented_options_are_seen() -> None:
    told = "## `lantian read`\n`--url`\n### `lantian show`\n`--json`\n"
    assert conventions.undocumented_options({"lantian read": ["--url"]}, told) == []
    assert conventions.undocumented_options({"lantian read": ["--url", "--json"]}, told) == ["lantian read --json"]
    assert conventions.undocumented_options({"lantian leads": []}, told) == ["lantian leads: no section"]


def test_invented_commands_are_seen() -> None:
    known = {"lantian read": ["SPIDER", "--url"], "lantian override sign": ["--person"]}
    good = "`lantian read baidu --url U` and `.venv/bin/lantian override sign zhihu --person 姓名`\n"
    assert conventions.invented_options(known, good + "```sh\nA=1 bin/lantian read --help  # --not this\n```\n") == []
    assert conventions.invented_options(known, "the name lantian means a blue sky, `lantian` too") == []
    assert conventions.invented_options(known, "`lantian raed baidu`") == ["no such command: lantian raed baidu"]
    assert conventions.invented_options(known, "`lantian read --uri U`") == ["no such option: lantian read --uri U"]
    assert conventions.invented_options(known, "```\nlantian read --person P\n```\n") == [
        "no such option: lantian read --person P"
    ]


def test_loose_locks_are_seen() -> None:
    pin = "attrs==26.1 \\\n    --hash=sha256:" + "a" * 64
    assert conventions.loose_pins(f"# by hand\n{pin}\n    # via aiohttp\n") == []
    assert conventions.loose_pins(f"{pin}\nattr==1 ; python_version < '3.12' \\\n    --hash=sha256:{'b' * 64}\n") == []
    assert conventions.loose_pins("attrs==26.1\n") == ["no digest: attrs==26.1"]
    assert conventions.loose_pins("attrs>=26.1 \\\n    --hash=sha256:" + "a" * 64)
    assert conventions.loose_pins("attrs==26.1 \\\n    --hash=md5:" + "a" * 32)
    assert conventions.loose_pins(f"--index-url https://pypi.example/simple\n{pin}\n")
    assert conventions.loose_pins(f"{pin}\n# from https://pypi.example/simple\n")
    assert conventions.loose_pins("attrs @ https://pypi.example/attrs.whl\n")


def test_use_of_tools_is_seen() -> None:
    assert conventions.use_of_tools("a.py", "import os\n    from pywb.apps import cli\n") == [
        "a.py: from pywb.apps import cli"
    ]
    assert conventions.use_of_tools("a.py", "from storage import wacz\nrun('pywb')\n") == []


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "GNU General Public License v3 (GPLv3)",
        "AGPL-3.0-or-later",
        "GNU Affero General Public License v3",
        "LGPL-2.1-only OR GPL-3.0-only",
        "SSPL-1.0",
        "MIT AND GPL-2.0-only",
    ],
)
def test_contradicting_licences_are_seen_whatever_the_reason(licence: str) -> None:
    assert conventions.forbidden_licence("a", licence, {"a": "we want it"})


@pytest.mark.parametrize("licence", ["LGPL-3.0-only", "GNU Lesser General Public License v3", "", "Proprietary"])
def test_other_licences_need_a_reason(licence: str) -> None:
    assert conventions.forbidden_licence("a", licence, {})
    assert conventions.forbidden_licence("a", licence, {"a": "loaded as a separate library"}) == []


def test_a_choice_among_licences_needs_a_reason_too() -> None:
    choice = "License :: OSI Approved :: GNU General Public License v2; License :: OSI Approved :: MPL 1.1"
    assert conventions.forbidden_licence("a", choice, {})
    assert conventions.forbidden_licence("a", choice, {"a": "taken under the MPL"}) == []


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "BSD License", "MPL-2.0", "PSF-2.0", "ISC"])
def test_permissive_licences_pass(licence: str) -> None:
    assert conventions.forbidden_licence("a", licence, {}) == []


def test_contracts_that_forget_a_module_are_seen() -> None:
    contract = {"source_modules": ["crawler", "detectors.rule"]}
    modules = ["crawler", "crawler.clock", "detectors.words", "detectors.rule", "detectors.rules"]
    assert conventions.uncovered(contract, modules, "detectors.words") == ["detectors.rules is not held to it"]
    excepting = {"source_modules": ["crawler", "detectors"], "ignore_imports": ["detectors.words -> jieba"]}
    assert conventions.uncovered(excepting, modules, "detectors.words") == []
    excepting["ignore_imports"].append("detectors.rule -> jieba")
    assert conventions.uncovered(excepting, modules, "detectors.words") == ["detectors.rule is excepted"]
