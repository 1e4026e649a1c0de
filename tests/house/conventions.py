"""The house's written conventions as functions: each judges what it is given and answers with complaints.

They read sources, lists and metadata and never the project itself, so that each can be fed a
bad case and seen to complain. No complaint is ever silenced here by a file's name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

MAX_FILE, MAX_FUNCTION = 300, 40  # lines
NOT_A_MODULE = frozenset(("common", "core", "helper", "helpers", "lib", "misc", "tools", "util", "utils"))
NOT_A_NAME = frozenset(("data", "helper", "info", "item", "manager", "obj", "process", "util", "utils"))
NOT_IN_A_NAME = frozenset(("handle", "helper", "helpers", "manager", "obj", "util", "utils"))
# Scrapy and the standard library call these by these very names, parameters included.
CALLED_BY_OTHERS = frozenset(("process_item", "scraped", "item_error", "item_scraped", "handle_error"))

_MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|home)/[\w.]")
# One letter of each in a class of its own, so that this file does not itself say what it forbids.
# Products are subjects of real pages too; as makers they come with a preposition.
_MAKERS = r"[c]laude|[a]nthropic|[c]o-authored-by|[c]oding agent|\b(?:by|with|using) (?:[c]hatgpt|[o]penai|[c]opilot)"
_HELPERS = r"\b[A]I (?:assistant|agent|author)|[l]anguage model|\b(?:this|previous|next|last) [s]ession"
_MAKER = re.compile(f"{_MAKERS}|{_HELPERS}", re.I)
_LINKED = re.compile(r"""(?:href|src|url|action)\\?["']?\s*[*^]?[=:]\s*\\?["']?$""", re.I)

_PINNED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*==[^\s;]+(?: ; .+)?$")
_DIGEST = re.compile(r"^--hash=sha256:[0-9a-f]{64}$")
_PERMISSIVE = re.compile(
    r"\b(?:MIT|BSD|Apache|ISC|PSFL?|Python Software|ZPL|Zope Public|Unlicense|CC0|MPL|Mozilla)", re.I
)
_LESSER = re.compile(r"\bLGPL|Lesser General Public|Library General Public", re.I)
_COPYLEFT = re.compile(r"\bA?GPL|\bAffero|(?<!Lesser )(?<!Library )General Public License|\bSSPL|\bEUPL|\bBUSL", re.I)


# -- one source file ---------------------------------------------------------------------------


def without_docstring(path: str, source: str) -> list[str]:
    """A module says what it is for; an empty `__init__.py` has nothing to say."""
    if not source.strip() or ast.get_docstring(ast.parse(source)):
        return []
    return [f"{path}: no module docstring"]


def too_long(path: str, source: str) -> list[str]:
    """Files and functions that no longer fit a reader's head."""
    lines = len(source.splitlines())
    complaints = [f"{path}: {lines} lines, at most {MAX_FILE}"] if lines > MAX_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                complaints.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION}")
    return complaints


def empty_words(path: str, source: str) -> list[str]:
    """Names that say nothing, wherever a name is given: variables, parameters, functions, classes."""
    collector = _Names()
    collector.visit(ast.parse(source))
    return [f"{path}:{line}: {name} says nothing" for name, line in collector.given if _is_empty(name)]


def _is_empty(name: str) -> bool:
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").split("_")
    return "_".join(parts) in NOT_A_NAME or not NOT_IN_A_NAME.isdisjoint(parts)


class _Names(ast.NodeVisitor):
    """Collects every name that this source gives, with its line."""

    def __init__(self) -> None:
        self.given: list[tuple[str, int]] = []

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.given.append((node.id, node.lineno))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Store):
            self.given.append((node.attr, node.lineno))
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.given.append((node.arg, node.lineno))

    def visit_alias(self, node: ast.alias) -> None:
        if node.asname:
            self.given.append((node.asname, node.lineno))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.given.append((node.name or "_", node.lineno))
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.given.append((node.name or "_", node.lineno))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.given.append((node.name, node.lineno))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name in CALLED_BY_OTHERS:
            for statement in node.body:
                self.visit(statement)
        else:
            self.given.append((node.name, node.lineno))
            self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast decides the name


def foreign_traces(path: str, text: str) -> list[str]:
    """Folders of one machine, and the makers of a text, do not belong into it. Links of a page are no folders."""
    found = [match for match in _MACHINE_PATH.finditer(text) if not _LINKED.search(text[: match.start()][-20:])]
    found.extend(_MAKER.finditer(text))
    return [f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}" for match in found]


# -- the tree ----------------------------------------------------------------------------------


def full_inits(sources: Mapping[str, str]) -> list[str]:
    """`__init__.py` files that are not empty."""
    inits = {path: text for path, text in sources.items() if PurePosixPath(path).name == "__init__.py"}
    return [f"{path}: is not empty" for path, text in inits.items() if text]


def rooms_without_a_name(paths: Iterable[str]) -> list[str]:
    """Modules and packages named for being left over."""
    return [path for path in paths if NOT_A_MODULE.intersection(PurePosixPath(path).with_suffix("").parts)]


def misnamed_spider(name: str, class_name: str, module: str) -> list[str]:
    """File, spider and class bear one name."""
    file = module.rpartition(".")[2]
    return [] if name == file == class_name.lower() else [f"spider {name}: file {file}.py, class {class_name}"]


def without_tests(packages: Iterable[str], test_files: Iterable[str]) -> list[str]:
    """Top-level packages that have no test of their own under `tests/<package>/`."""
    tested = {PurePosixPath(path).parts[1] for path in test_files if PurePosixPath(path).name.startswith("test_")}
    return [package for package in packages if package not in tested]


def misdeclared(declared: Sequence[str], found: Sequence[str]) -> list[str]:
    """Packages that pyproject.toml forgot, and those it invents."""
    forgotten = [f"{name} is not declared" for name in found if name not in declared]
    return forgotten + [f"{name} is declared and not there" for name in declared if name not in found]


def unpacked(patterns: Mapping[str, Sequence[str]], files: Iterable[str]) -> list[str]:
    """Files beside the code that no package-data pattern takes along, and patterns that take none."""
    wanted = [f"{package.replace('.', '/')}/{pattern}" for package, several in patterns.items() for pattern in several]
    listed = list(files)
    left = [path for path in listed if not any(fnmatch(path, pattern) for pattern in wanted)]
    idle = [pattern for pattern in wanted if not any(fnmatch(path, pattern) for path in listed)]
    return [f"{path}: no package-data pattern" for path in left] + [f"{pattern}: matches no file" for pattern in idle]


# -- documents and dependencies ----------------------------------------------------------------


def undocumented(words: Iterable[str], text: str) -> list[str]:
    """Words that do not stand in the text by themselves: `--page` is not mentioned by `--pages`."""
    return [word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]


def section(text: str, heading: str) -> str:
    """The part of a Markdown text under exactly this heading, without the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    return found[1] if found else ""


def undocumented_options(commands: Mapping[str, Sequence[str]], text: str) -> list[str]:
    """Commands without a section of their own, and options their section does not name."""
    complaints = []
    for command, options in commands.items():
        told = section(text, f"`{command}`")
        if not told:
            complaints.append(f"{command}: no section")
        else:
            complaints.extend(f"{command} {option}" for option in undocumented(options, told))
    return complaints


def invented_options(commands: Mapping[str, Sequence[str]], text: str) -> list[str]:
    """Command lines in a document that name a command or an option there is not."""
    complaints = []
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S))
    inline = re.findall(r"`((?:\.venv/bin/)?lantian [a-z][^`\n]*)`", text)
    for line in re.findall(r"^(?:\S+=\S+ )?(?:\S+/)?(lantian [a-z][^\n#]*)", "\n".join((fenced, *inline)), re.M):
        words = line.split()
        command = next((one for count in (4, 3, 2) if (one := " ".join(words[:count])) in commands), "")
        groups = {one.rpartition(" ")[0] for one in commands}
        if not command and " ".join(words[:2]) not in groups:
            complaints.append(f"no such command: {line}")
        options = [word for word in words if word.startswith("--")]
        complaints += [
            f"no such option: {line}" for one in options if one not in (*commands.get(command, ()), "--help")
        ]
    return complaints


def loose_pins(text: str) -> list[str]:
    """Lines of a lock file that pin no version, carry no digest, or name a place to load from."""
    complaints = []
    for entry in re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines():
        words = entry.split()
        digests = [word for word in words if word.startswith("--hash=")]
        pin = " ".join(word for word in words if word not in digests)
        if words and not _PINNED.match(pin):
            complaints.append(f"not a pin: {pin}")
        elif words and (not digests or not all(map(_DIGEST.match, digests))):
            complaints.append(f"no digest: {pin}")
    hosts = re.findall(r"\S*(?://|--index-url|--extra-index-url|--find-links|--trusted-host)\S*", text)
    return complaints + [f"names a place: {host}" for host in hosts]


def use_of_tools(path: str, source: str) -> list[str]:
    """Where a program that only runs beside the tests is imported."""
    used = re.findall(r"^\s*(?:import|from) +(?:pywb|wacz)\b.*$", source, re.M)
    return [f"{path}: {one.strip()}" for one in used]


def forbidden_licence(name: str, licence: str, reasons: Mapping[str, str]) -> list[str]:
    """What Apache-2.0 cannot be shipped with; one we do not know, a lesser GPL, or a choice of several needs a reason.

    Several classifiers are a choice, an expression's AND is none.
    """
    offers_another = any(_PERMISSIVE.search(one) and not _COPYLEFT.search(one) for one in licence.split("; "))
    if offers_another and " AND " not in licence and reasons.get(name):
        return []
    if _COPYLEFT.search(_LESSER.sub("", licence)):
        return [f"{name}: {licence}"]
    is_known = _PERMISSIVE.search(licence) and not _LESSER.search(licence)
    return [] if is_known or reasons.get(name) else [f"{name}: {licence or 'no licence stated'}, and no reason given"]


# -- contracts ---------------------------------------------------------------------------------


def uncovered(contract: Mapping[str, Sequence[str]], modules: Iterable[str], allowed: str) -> list[str]:
    """Modules that an "only X may" contract forgets. A source covers itself and what is inside it."""
    excepted = {line.split(" -> ")[0] for line in contract.get("ignore_imports", ())}
    complaints = [f"{module} is excepted" for module in excepted if module != allowed]
    sources = contract["source_modules"]
    for module in modules:
        if module != allowed and not any(f"{module}.".startswith(f"{one}.") for one in sources):
            complaints += [f"{module} is not held to it"]
    return complaints
