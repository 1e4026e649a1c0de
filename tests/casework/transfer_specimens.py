"""An invented lead in an invented office's package."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from casework.transfer.manifest import Manifest, PackedFile, TransferredExhibit, TransferredLead
from casework.transfer.package import EVIDENCE, write_package

KEY = Ed25519PrivateKey.from_private_bytes(b"7" * 32)
AT = "2026-11-02T02:00:00+00:00"
EXHIBIT = TransferredExhibit(
    id="0123456789ab",
    sha256="0" * 64,
    captured_at=AT,
    title="包授权",
    url="https://shop.xinghe.example/1",
    quotes=("包授权",),
    categories=("guaranteed_grant",),
    laws=("example-1",),
)
LEAD = TransferredLead(
    origin="X2026-00001",
    source="monitoring",
    platform="taobao",
    title="包授权",
    seller="星河网店",
    url="https://shop.xinghe.example/",
    note="",
    district="",
    categories=("guaranteed_grant",),
    found_at=AT,
    state="approved",
    decided_by="示例初审",
    decided_at=AT,
    reason="",
    approved_by="示例复核",
    approved_at=AT,
    exhibits=(EXHIBIT,),
)
MANIFEST_TOLD = Manifest(
    office="示例市局",
    person="示例复核",
    public=KEY.public_key().public_bytes_raw().hex(),
    addressee="示例省局",
    document="示移函〔2026〕7号",
    purpose="hand_over",
    made_at=AT,
    due="",
    has_contacts=False,
    leads=(LEAD,),
    files=(),
)


def package(folder: Path, manifest: Manifest = MANIFEST_TOLD, evidence: bytes | None = None) -> Path:
    path = folder / "p.ltp"
    wacz = None
    if evidence is not None:
        wacz = folder / "e.wacz"
        wacz.write_bytes(evidence)
        packed = PackedFile(name=EVIDENCE, sha256=hashlib.sha256(evidence).hexdigest(), bytes=len(evidence))
        manifest = replace(manifest, files=(packed,))
    with path.open("wb") as out:
        write_package(out, manifest, KEY, wacz)
    return path
