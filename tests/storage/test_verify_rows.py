"""What the verifier learns from the database: rows that disagree, and manifests that only rows remember."""

from __future__ import annotations

import shutil
from pathlib import Path

from keeping_specimens import NOW, home_in, keep_page
from package_specimens import SURROUNDINGS, VISIT
from storage_specimens import archive_in
from tampering import Victim

from storage.verifier.report import Report
from storage.verify import verify
from storage.visits import keep_visit


def kinds(report: Report) -> set[str]:
    return {broken.kind for broken in report.broken}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_the_rows_of_a_visit_agree_with_its_records(tmp_path: Path) -> None:
    with home_in(_made(tmp_path / "home")) as home:
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {"1": True}, NOW)
            visit = keep_visit(archive, VISIT, SURROUNDINGS)
        home.store.record_visit(visit)
        home.seal()
        whole = verify(home.folder)
        assert (whole.ok, whole.state) == (True, "sealed"), whole.broken
        assert whole.checked > visit.records
        victim = Victim(home=home.folder, elsewhere=tmp_path)
        for wrong in ("length = length - 1", "offset = offset + 1", "file = 'lantian-x.warc.gz'"):
            shutil.copy(victim.home / "lantian.db", tmp_path / "kept.db")
            victim.sql(f"UPDATE browser_captures SET {wrong}")
            (broken,) = verify(home.folder).broken
            assert (broken.kind, broken.record) == ("rows", visit.id)
            shutil.copy(tmp_path / "kept.db", victim.home / "lantian.db")
        victim.sql("UPDATE captures SET how = 'text' WHERE how = 'browser'")
        assert "来源" in verify(home.folder).broken[0].detail


def test_the_only_head_dropped_is_no_archive_that_was_never_sealed(tmp_path: Path) -> None:
    with home_in(_made(tmp_path / "home")) as home:
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {"1": True}, NOW)
        home.seal()
        (home.archive / "manifests" / "000001.json").unlink()
        alone = shutil.copytree(home.archive, tmp_path / "copied")
        assert kinds(verify(home.folder)) == {"chain_cut"}
        assert kinds(verify(alone)) == {"not_sealed"}
