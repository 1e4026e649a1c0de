"""Homes written by every released version open with the present code, and lose nothing."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from crawler.items import Outcome
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.verify import Wanted, verify

HOMES = Path(__file__).parent / "homes"
VERSIONS = sorted(path.name for path in HOMES.iterdir() if path.is_dir())


@pytest.fixture(params=VERSIONS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOMES / request.param, tmp_path / "home"))


def digests(home: Path) -> dict[str, str]:
    files = [path for path in (home / "archive").rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_first_release_is_kept() -> None:
    assert "0.1.0" in VERSIONS


def test_an_old_home_keeps_its_leads_its_coverage_and_its_bytes(home: Path) -> None:
    before = digests(home)
    store = ExhibitStore(open_database(home / "lantian.db"))
    leads = store.leads()
    assert [(lead.title, lead.categories, lead.sightings) for lead in reversed(leads)] == [
        ("发明专利包授权 不过全额退款", ("guaranteed_grant",), 2),
        ("专利加急内部渠道 七天下证", ("green_channel",), 2),
    ]
    assert {(row.query, row.outcome) for row in store.coverage()} == {("专利", Outcome.OK), ("商标", Outcome.BLOCKED)}
    with FolderArchive(home / "archive", tool="test") as archive:
        for lead in leads:
            detail = store.exhibit(lead.exhibit)
            assert lead.title.encode() in archive.produce(detail.capture)
            assert detail.exhibit.findings[0].quote in lead.title
    store.engine.dispose()
    assert digests(home) == before


@pytest.mark.parametrize("version", [one for one in VERSIONS if one >= "0.3.0"])
def test_what_was_sealed_when_it_was_written_still_verifies(version: str, tmp_path: Path) -> None:
    home = Path(shutil.copytree(HOMES / version, tmp_path / "home"))
    open_database(home / "lantian.db").dispose()
    report = verify(home, Wanted(demand="sealed"))
    assert (report.ok, report.state, report.chain.manifests) == (True, "sealed", 2)
