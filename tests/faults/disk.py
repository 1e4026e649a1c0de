"""A disk that forgets: the recorded calls of a program replayed onto a folder as they would stand after a power cut.

What counts as safe is what POSIX promises and no more: a file's bytes once it was synced, a name once its
folder was synced. Everything else may be there or not; a seed chooses, or nothing of it is.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"^(?:(?P<pid>\d+) +)?(?P<call>\w+)\((?P<given>.*)\) += (?P<answer>-?\d+)(?P<rest>.*)$")
_FD = re.compile(r"^(?P<fd>\d+)<(?P<path>[^>]*)>")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
TRACED = "openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that succeeded: its name, the numbers and strings it was given, what it answered."""

    name: str
    path: str
    other: str = ""
    content: bytes = b""
    number: int = 0
    flags: str = ""


@dataclass
class Inode:
    """A file's bytes: those that are safe, and what was done since."""

    safe: bytes = b""
    since: list[Call] = field(default_factory=list)


def recorded(log: Path, root: Path) -> list[Call]:
    """The calls on files under `root`, in their order, out of an `strace -f -y -xx -s …` log."""
    calls = []
    pending: dict[str, str] = {}
    for line in log.read_text(encoding="ascii").splitlines():
        pid, _, told = line.partition(" ")
        told = told.strip()
        if told.endswith("<unfinished ...>"):
            pending[pid] = told.removesuffix("<unfinished ...>")
            continue
        if told.startswith("<... "):
            told = pending.pop(pid) + told.partition(" resumed>")[2]
        match = _LINE.match(told)
        if match and int(match["answer"]) >= 0:
            calls += _read(match["call"], match["given"], int(match["answer"]))
    return [call for call in calls if call.path.startswith(str(root))]


def _read(name: str, given: str, answer: int) -> list[Call]:
    strings = [bytes.fromhex(one.replace("\\x", "")) for one in _STRING.findall(given)]
    if name.startswith("rename"):
        return [Call("rename", strings[0].decode(), strings[1].decode())]
    if name.startswith("unlink") or name == "mkdir":
        return [Call(name.removesuffix("at"), strings[0].decode())]
    if name == "openat":
        return [Call("open", strings[0].decode(), flags=given)] if "O_CREAT" in given else []
    fd = _FD.match(given)
    return [_on_file(name, given, _unescaped(fd["path"]), strings[-1][:answer] if strings else b"")] if fd else []


def _on_file(name: str, given: str, path: str, written: bytes) -> Call:
    if name == "write":
        return Call("append", path, content=written)
    if name in ("pwrite64", "ftruncate"):
        place = int(given.rsplit(", ", 1)[1], 0)
        return Call("pwrite" if name == "pwrite64" else "truncate", path, content=written, number=place)
    return Call("sync", path)


def _unescaped(path: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda one: chr(int(one[1], 16)), path)


class Disk:
    """Calls in, and at any moment: what a power cut would leave."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.now: dict[str, Inode] = {}  # names as the program sees them
        self.safe: dict[str, Inode] = {}  # names that a power cut leaves
        self.folders: set[str] = {self.root}  # those whose own name is safe
        self.new_folders: set[str] = set()
        # Since the folder's sync: the folder, and names with what they lead to or that they are gone. A rename is one.
        self.names: list[tuple[str, dict[str, Inode | None]]] = []

    def did(self, call: Call) -> None:
        getattr(self, f"_{call.name}")(call)

    def _mkdir(self, call: Call) -> None:
        self.new_folders.add(call.path)

    def _open(self, call: Call) -> None:
        if call.path not in self.now:
            self._named({call.path: Inode()})
        elif "O_TRUNC" in call.flags:
            self.now[call.path].since.append(Call("truncate", call.path))

    def _rename(self, call: Call) -> None:
        self._named({call.path: None, call.other: self.now[call.path]})

    def _unlink(self, call: Call) -> None:
        self._named({call.path: None})

    def _named(self, names: dict[str, Inode | None]) -> None:
        _settle(self.now, names)
        self.names.append((next(reversed(names)).rpartition("/")[0], names))

    def _sync(self, call: Call) -> None:
        if call.path in self.now:
            inode = self.now[call.path]
            inode.safe, inode.since = content(inode.safe, inode.since), []
            return
        here = {folder for folder in self.new_folders if folder.rpartition("/")[0] == call.path}
        self.folders |= here
        self.new_folders -= here
        for folder, names in self.names:
            if folder == call.path:
                _settle(self.safe, names)
        self.names = [one for one in self.names if one[0] != call.path]

    def _changed(self, call: Call) -> None:
        self.now[call.path].since.append(call)

    _pwrite = _append = _truncate = _changed

    def after_a_cut(self, chance: random.Random | None) -> dict[str, bytes]:
        """Names and bytes that are left. Without `chance` nothing unsynced is; with it, some of it, torn."""
        names = dict(self.safe)
        for _, changed in self.names:
            if chance is not None and chance.random() >= 0.5:
                _settle(names, changed)
        lost = {folder for folder in sorted(self.new_folders) if chance is None or chance.random() < 0.5}
        return {path: _left(one, chance) for path, one in names.items() if not _is_under(path, lost)}


def _settle(names: dict[str, Inode], changed: dict[str, Inode | None]) -> None:
    for path, inode in changed.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _is_under(path: str, folders: set[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _left(inode: Inode, chance: random.Random | None) -> bytes:
    if chance is None:
        return inode.safe
    kept = []
    for call in inode.since:
        if chance.random() < 0.6:
            cut = chance.randrange(len(call.content) + 1) if call.content and chance.random() < 0.2 else None
            kept.append(Call(call.name, call.path, content=call.content[:cut], number=call.number))
    return content(inode.safe, kept)


def content(before: bytes, calls: list[Call]) -> bytes:
    """The bytes after these calls."""
    now = bytearray(before)
    for call in calls:
        if call.name == "truncate":
            now[:] = now[: call.number].ljust(call.number, b"\0")
            continue
        start = len(now) if call.name == "append" else call.number
        if len(now) < start:
            now.extend(bytes(start - len(now)))
        now[start : start + len(call.content)] = call.content
    return bytes(now)


def laid(left: dict[str, bytes], root: Path, onto: Path) -> None:
    """The files as real ones, under another folder."""
    for path, body in left.items():
        place = onto / Path(path).relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
