"""Manifests, what they cover, and the audit log."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Filled by its owner."""
