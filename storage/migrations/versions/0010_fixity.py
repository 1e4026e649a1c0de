"""How far the archive was read again, file by file."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Filled by its owner."""
