"""The pictures of a case's exhibits, read again from the archive. They are as they were taken: nothing is hidden."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from crawler.config import TOOL, Config
from crawler.items import Capture
from storage.archive import FolderArchive
from storage.cases.ledger_rows import LedgerRow
from storage.exhibits import ExhibitStore
from storage.handover import open_elsewhere

UNREDACTED = "图片未经遮盖，可能含联系方式和人名：对外使用前须由人处理"


def case_pictures(config: Config, engine: Engine, rows: Sequence[LedgerRow]) -> list[tuple[str, bytes]]:
    """One file a picture, and a note that says what they are; `EvidenceBroken` where the archive has other bytes."""
    archive, store = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config)), ExhibitStore(engine)
    found: list[tuple[str, bytes]] = [("图片/未经遮盖.txt", f"{UNREDACTED}。\n".encode())]
    for row in rows:
        for exhibit in row.exhibits:
            picture = store.exhibit(exhibit.exhibit).picture
            if picture:
                found.append((f"图片/{exhibit.exhibit}{_suffix(picture)}", archive.produce(picture)))
    return found


def _suffix(picture: Capture) -> str:
    return {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}.get(picture.mime, ".bin")
