"""What people do by hand: tasks behind walls, pages they saved and brought in."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nothing yet."""
