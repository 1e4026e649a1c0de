"""The house keeps its written conventions: CONTRIBUTING.md says them, `conventions.py` checks them."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, metadata

import conventions
import pytest
import tree
import typer
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from typer.main import get_command

from console.cli import app
from console.output import CATEGORY_WORDS, OUTCOME_WORDS
from crawler.config import VERSION
from crawler.items import Outcome
from crawler.tables import Alarms, Browser, Crawl, Disk, Letters, Log, Notify, Office, Patrol, Pictures, Reports
from storage.verifier.report import KINDS

PSYCOPG = "LGPL 3: used unchanged, and only where the database is PostgreSQL; anyone may put another in its place"
LICENCES_WITH_A_REASON = {
    "docxtpl": "LGPL 2.1: used unchanged, to fill the office's own Word templates; anyone may put another in its place",
    "pyphen": "offered under GPL, LGPL or MPL, whichever one takes: MPL 1.1; WeasyPrint hyphenates with it",
    "psycopg": PSYCOPG,
    "psycopg-binary": PSYCOPG,
}


def complaints_of(check: object, sources: dict[str, str]) -> list[str]:
    assert callable(check)
    assert sources
    return [complaint for path, source in sources.items() for complaint in check(path, source)]


# -- the source --------------------------------------------------------------------------------


def test_every_init_is_empty() -> None:
    assert conventions.full_inits(tree.sources()) == []


def test_every_module_says_what_it_is_for() -> None:
    assert complaints_of(conventions.without_docstring, tree.sources() | tree.sources("tests")) == []


def test_files_and_functions_are_short() -> None:
    assert complaints_of(conventions.too_long, tree.sources()) == []


def test_names_say_something() -> None:
    assert complaints_of(conventions.empty_words, tree.sources()) == []


def test_no_room_is_named_for_leftovers() -> None:
    assert conventions.rooms_without_a_name([*tree.sources(), *tree.sources("tests")]) == []


def spiders() -> dict[str, type]:
    loader = SpiderLoader(Settings({"SPIDER_MODULES": ["spiders"]}))
    return {name: loader.load(name) for name in loader.list()}


def test_spiders_are_named_once() -> None:
    found = spiders()
    assert found
    wrong = [conventions.misnamed_spider(name, one.__name__, one.__module__) for name, one in found.items()]
    assert [complaint for several in wrong for complaint in several] == []


def test_tracked_files_name_no_machine_and_no_maker() -> None:
    texts = tree.texts()
    assert "pyproject.toml" in texts
    assert complaints_of(conventions.foreign_traces, texts) == []


# -- the tree ----------------------------------------------------------------------------------


def test_every_package_has_tests() -> None:
    assert conventions.without_tests(tree.top_packages(), tree.sources("tests")) == []


def test_pyproject_declares_the_packages_there_are() -> None:
    declared = tree.settings()["tool"]["setuptools"]["packages"]
    assert conventions.misdeclared(declared, tree.packages()) == []
    assert sorted(tree.settings()["tool"]["mypy"]["packages"]) == tree.top_packages()
    assert sorted(tree.settings()["tool"]["importlinter"]["root_packages"]) == tree.top_packages()


def test_pyproject_takes_along_what_lies_beside_the_code() -> None:
    beside = [
        name
        for name in tree.tracked()
        if name.partition("/")[0] in tree.top_packages() and not name.endswith((".py", ".mako", ".md"))
    ]
    assert conventions.unpacked(tree.settings()["tool"]["setuptools"]["package-data"], beside) == []


# -- the documents -----------------------------------------------------------------------------


def commands(group: typer.core.TyperGroup, above: str) -> dict[str, list[str]]:
    """Every command in words, with its options and arguments as a person types them."""
    found: dict[str, list[str]] = {}
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found |= commands(command, f"{above} {name}")
        else:
            words = [[*one.opts, *one.secondary_opts] for one in command.params]
            named = [[one.name.upper()] if one.param_type_name == "argument" else words[at]
                     for at, one in enumerate(command.params)]  # fmt: skip
            found[f"{above} {name}"] = [word for several in named for word in several]
    return found


def test_every_command_and_option_is_documented() -> None:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    found = commands(group, "lantian")
    assert "lantian round" in found
    assert "--pages" in found["lantian round"]
    assert conventions.undocumented_options(found, tree.document("docs/commands.md")) == []


def test_documents_invent_no_command() -> None:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    assert conventions.invented_options(commands(group, "lantian"), tree.documents()) == []


def test_documents_invent_no_make_target() -> None:
    named = set(re.findall(r"`(?:\S+=\S+ )?make ([a-z]+)`", tree.documents()))
    assert named - set(tree.make_targets()) == set()


def test_every_setting_is_documented_with_its_default() -> None:
    told = tree.document("docs/operations.md")
    for table in (Crawl, Browser, Pictures, Patrol, Alarms, Notify, Office, Letters, Reports, Disk, Log):
        rows = conventions.section(told, f"`[{table.__name__.lower()}]`")
        for one in fields(table):
            if one.metadata:  # only the environment decides it
                continue
            default = (
                {True: "true", False: "false"}.get(one.default, one.default) if one.type == "bool" else one.default
            )
            shown = f'"{default}"' if isinstance(one.default, str) else default
            assert f"| `{one.name}` | `{shown}` |" in rows, f"[{table.__name__.lower()}] {one.name} = {shown}"


def test_every_environment_variable_is_documented() -> None:
    words = tree.environment_words()
    assert "LANTIAN_HOME" in words
    assert conventions.undocumented(words, tree.document("docs/operations.md")) == []


@pytest.mark.parametrize("name", ["SPECIMEN", "DEMO_ONCE", "JOBS", "PYTHON"])
def test_every_make_variable_is_documented(name: str) -> None:
    assert conventions.undocumented([name], tree.document("docs/operations.md")) == []


def test_every_make_target_is_documented() -> None:
    targets = [f"make {name}" for name in tree.make_targets()]
    assert "make demo" in targets
    assert conventions.undocumented(targets, tree.document("docs/operations.md")) == []


def test_every_outcome_is_documented_and_has_a_word() -> None:
    assert conventions.undocumented([f"`{one}`" for one in Outcome], tree.document("docs/operations.md")) == []
    assert set(OUTCOME_WORDS) == set(Outcome)


def test_every_reason_is_documented() -> None:
    words = tree.reason_words()
    assert {"captcha", "dns", "lost_listings", "needs_browser"} <= words
    assert conventions.undocumented([f"`{word}`" for word in words], tree.document("docs/operations.md")) == []


def test_every_module_of_the_spiders_that_is_no_spider_is_explained() -> None:
    shared = {name.partition(".")[2] for name in tree.modules() if name.startswith("spiders.")} - set(spiders())
    assert "reading" in shared
    told = tree.document("docs/architecture.md")
    assert conventions.undocumented([f"`{name}.py`" for name in shared], told) == []


def test_every_spider_is_documented() -> None:
    assert conventions.undocumented([f"`{name}`" for name in spiders()], tree.document("docs/platforms.md")) == []


def test_every_kind_of_breakage_is_documented() -> None:
    told = set(re.findall(r"^\| `(\w+)` \| ", tree.document("docs/evidence.md"), re.M))
    assert set(KINDS) <= told


def test_every_rule_and_category_is_documented() -> None:
    rules = sorted(path.stem for path in (tree.ROOT / "detectors" / "rules").glob("*.toml"))
    assert rules
    assert conventions.undocumented([*rules, *CATEGORY_WORDS], tree.document("docs/detection.md")) == []


def test_every_document_is_in_the_index() -> None:
    index = tree.document("docs/README.md")
    found = [path.relative_to(tree.ROOT / "docs").as_posix() for path in (tree.ROOT / "docs").rglob("*.md")]
    left = [name for name in found if name != "README.md" and f"({name})" not in index]
    assert left == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*tree.ROOT.glob("*.md"), *(tree.ROOT / "docs").rglob("*.md")]:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        broken += [f"{path.name}: {link}" for link in links if not (path.parent / link).exists()]
    assert broken == []


def test_the_code_bears_the_projects_version() -> None:
    assert tree.settings()["project"]["version"] == VERSION
    said = [
        name for name, source in tree.sources().items() if f'"{VERSION}"' in source or f"lantian/{VERSION}" in source
    ]
    assert said == ["crawler/config.py"]


def test_the_changelog_knows_this_version() -> None:
    version = tree.settings()["project"]["version"]
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", tree.document("CHANGELOG.md"), re.M)


# -- what we depend on -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock", "requirements-tools.lock"])
def test_lock_pins_everything_and_names_no_place(name: str) -> None:
    text = tree.document(name)
    assert "==" in text
    assert conventions.loose_pins(text) == []


def test_every_dependency_is_locked() -> None:
    project = tree.settings()["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[\w.-]+", one)[0].lower() for one in wanted}  # type: ignore[index]
    assert names - locked() == set()


def locked() -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+)==", tree.document("requirements.lock"), re.M))


def test_no_licence_contradicts_apache() -> None:
    installed = {name: licence for name in locked() if (licence := licence_of(name)) is not None}
    assert "scrapy" in installed
    wrong = [conventions.forbidden_licence(name, told, LICENCES_WITH_A_REASON) for name, told in installed.items()]
    assert [complaint for several in wrong for complaint in several] == []


def test_tools_of_others_are_no_dependency() -> None:
    """pywb is GPL: it runs in a process and an environment of its own, for tests; it is not imported nor shipped."""
    tools = set(re.findall(r"^([a-z0-9._-]+)==", tree.document("requirements-tools.lock"), re.M))
    assert {"pywb", "wacz"} <= tools
    assert {"pywb", "wacz"} & locked() == set()
    assert complaints_of(conventions.use_of_tools, tree.sources() | tree.sources("tests")) == []


def licence_of(name: str) -> str | None:
    """Whatever the installed package says of its licence, together; None where it is not for this platform."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    classifiers = [one for one in told.get_all("Classifier", []) if one.startswith("License")]
    # The field may hold the whole text; its first line names the licence.
    stated = (told.get("License") or "").strip().partition("\n")[0]
    return "; ".join(filter(None, (told.get("License-Expression"), stated, *classifiers)))
