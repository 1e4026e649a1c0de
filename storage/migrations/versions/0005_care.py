"""Groups of like leads, and what re-judging changed."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
