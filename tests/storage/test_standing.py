"""What a look at the archive costs, and when a house has what it demands."""

from __future__ import annotations

from pathlib import Path

import pytest
from empty_home import laid
from sqlalchemy import event, insert
from storage_specimens import T0

from storage.db import open_database, writing
from storage.standing import Count, Standing, ends_on
from storage.tables.sealing import ExtentRow, SealRow


def standing(**changes: object) -> Standing:
    nothing = {"open_captures": 0, "open_files": 0, "open_bytes": 0, "open_finished": 0, "troubles": ()}
    return Standing(**{**nothing, "sealed": Count(), "stamped": Count(), **changes})  # type: ignore[arg-type]


ONE = Count(manifests=1, records=3)


@pytest.mark.parametrize(
    ("now", "demand", "is_met"),
    [
        (standing(), "sealed", True),
        (standing(), "stamped", True),
        (standing(sealed=ONE), "sealed", True),
        (standing(sealed=ONE), "stamped", False),
        (standing(stamped=ONE), "stamped", True),
        (standing(sealed=ONE, stamped=ONE), "stamped", False),
        (standing(sealed=ONE, open_files=1, open_bytes=9), "sealed", True),
        (standing(stamped=ONE, open_files=1, open_bytes=9), "stamped", False),
        (standing(sealed=ONE, open_files=1, open_bytes=9, open_finished=1), "sealed", False),
    ],
)
def test_whether_a_demand_is_met(now: Standing, demand: str, is_met: bool) -> None:
    assert now.is_as(demand) is is_met


def test_one_step_into_the_index_a_file(tmp_path: Path) -> None:
    """However many seals a file took, and however many files there once were."""
    engine = open_database(laid(tmp_path / "lantian.db"))
    seal = {
        **dict.fromkeys(("kind", "sha256", "sm3", "previous", "rules", "audit_head", "demand"), ""),
        "number": 1,
        "leaves": 1,
        "audit_count": 0,
    }
    spans = [
        {"file": f"{name}.warc.gz", "from_": at * 10, "to": at * 10 + 10, "number": 1}
        for name in ("a", "b", "gone")
        for at in range(300)
    ]
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    with writing(engine).begin() as connection:
        connection.execute(insert(SealRow).values(seal | {"sealed_at": T0}))
        connection.execute(insert(ExtentRow), spans)
        statements.clear()
        names = ["b.warc.gz", "new.warc.gz", "a.warc.gz", "no text \udcff.warc.gz", "it's.warc.gz"]
        assert ends_on(connection, names) == {"b.warc.gz": 3000, "a.warc.gz": 3000}
        assert ends_on(connection, []) == {}
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[0]}", ("[]", 1, 0))
        said = [row.detail for row in plan]
    engine.dispose()
    assert any(one.startswith("SEARCH sealed_extents USING") and "(file=?)" in one for one in said), said
    assert not any("SCAN sealed_extents" in one or "TEMP B-TREE" in one for one in said), said
