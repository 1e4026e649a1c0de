"""`lantian transfer import` and the rest: packages of other offices, whom we believe, and what there was.

A package is verified to its last byte, and its evidence by itself, before anything of it is registered.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from casework.acting import Grant
from casework.transfer.package import Package, copy_evidence, fingerprint, read_package
from casework.transfer.receiving import Received, distrust, receive, sender_of, trust
from console.acting import acting
from console.homes import home_engine
from console.output import harmless, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.transfers import Transfers
from storage.folders import made, sync_folder
from storage.verifier.package import verify_package

FOLDER = "transfers"
SUFFIX = ".ltp"
DIRECTION_WORDS = {"out": "发出", "in": "收到"}


def take_in(file: Path, district: str, evidence_out: Path | None, *, as_json: bool) -> None:
    """Verify all of a package, then register what is new; a copy of it stays in the home."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        package = read_package(file)
        office = sender_of(engine, package)
        if config.office.name and package.manifest.addressee != config.office.name:
            say(f"注意：这份包写给 {harmless(package.manifest.addressee)}，本单位是 {config.office.name}")
        state = _checked_evidence(config, file, package, evidence_out)
        _keep(config.home / FOLDER, file, package)
        received = receive(engine, package, acts, clock.now(), district)
    _tell(office, package, received)
    if as_json:
        print_json(asdict(received) | {"office": office, "document": package.manifest.document,
                                       "sha256": package.digest, "evidence": state})  # fmt: skip


def _tell(office: str, package: Package, received: Received) -> None:
    words = f"{harmless(office)} {harmless(package.manifest.document)}"
    if not received.is_new:
        say(f"{words}：这份包以前导入过，什么都没有改动")
        return
    say(f"{words}：新登记 {len(received.new)} 条，更新 {len(received.changed)} 条，已有 {received.known} 条")


def _checked_evidence(config: Config, file: Path, package: Package, out: Path | None) -> str:
    """The state of the evidence in it, verified by itself before anything is registered; empty where it has none."""
    if not package.manifest.files:
        if out is not None:
            raise UserMistake("这份包里没有证据包")
        return ""
    path = out or config.home / FOLDER / f".{secrets.token_hex(4)}.wacz"
    made(path.parent)
    try:
        with path.open("xb") as inside:
            copy_evidence(file, inside)
    except FileExistsError:
        raise UserMistake(f"{path} 已经存在，不覆盖") from None
    try:
        report = verify_package(path, (), "sealed")
        if not report.ok:
            path.unlink()
            raise EvidenceBroken(f"转办包里的证据包没有通过核验：{report.broken[0]}")
    finally:
        if out is None:
            path.unlink(missing_ok=True)
    return report.state


def _keep(folder: Path, file: Path, package: Package) -> None:
    """The package as it came, under its digest: its manifest says more than a lead's note can."""
    made(folder)
    place, temp = folder / f"{package.digest}{SUFFIX}", folder / f".{secrets.token_hex(4)}.tmp"
    if place.exists():
        return
    try:
        with file.open("rb") as source, temp.open("xb") as copy:
            digest = hashlib.sha256()
            while piece := source.read(1 << 20):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        if digest.hexdigest() != package.digest:
            raise EvidenceBroken(f"{file} 在导入时变了")
        temp.rename(place)
        sync_folder(folder)
    finally:
        temp.unlink(missing_ok=True)


# -- whom we believe, and what there was -----------------------------------------------------------------


def trust_key(office: str, mark: str, *, as_json: bool) -> None:
    """A named person says whose key this is."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.ADMIN)
        told = trust(engine, office, mark, acts, clock.now())
    say(f"{acts.name} 确认：钥匙 {told} 属于 {harmless(office)}")
    if as_json:
        print_json({"office": office.strip(), "fingerprint": told, "by": acts.name})


def distrust_key(mark: str, reason: str, *, as_json: bool) -> None:
    """Nothing that this key signs is believed from now on."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.ADMIN)
        known = distrust(engine, mark, reason, acts, clock.now())
    say(f"不再信任 {harmless(known.office)} 的钥匙 {known.digest}；此前导入的不变")
    if as_json:
        print_json({"office": known.office, "fingerprint": known.digest})


def show_key(*, as_json: bool) -> None:
    """The fingerprint of whoever acts, to be read to the other office."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine)
        mark = fingerprint(acts.key.public_key().public_bytes_raw().hex())
    if as_json:
        print_json({"person": acts.name, "office": config.office.name, "fingerprint": mark})
        return
    print_line(f"{acts.name}：{' '.join(mark[at : at + 8] for at in range(0, 64, 8))}")
    say("换了口令或令牌，指纹就变，要请对方重新核对")


def list_transfers(direction: str, before: int, limit: int, *, as_json: bool) -> None:
    """Packages that went out and came in, newest first."""
    if direction and direction not in DIRECTION_WORDS:
        raise UserMistake(f"--direction 要是 {'、'.join(DIRECTION_WORDS)} 之一")
    config = Config.load()
    with home_engine(config) as engine:
        acting(config, engine)
        found = Transfers(engine).transfers(direction, before, limit)
    for one in found:
        if as_json:
            told: dict[str, Any] = asdict(one) | {"at": one.at.isoformat(), "leads": list(one.leads)}
            print_json(told)
        else:
            words = f"{DIRECTION_WORDS[one.direction]} {harmless(one.office)}，{len(one.leads)} 条，{one.by}"
            print_line(f"{one.id}  {clock.in_shanghai(one.at)}  {words}  {one.digest[:12]}")
    if not found and not as_json:
        say("没有转办包。")
