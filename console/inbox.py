"""What rounds found goes into the inbox: leads, the actors behind them, and what the registry says of those."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from casework.actors.matching import match_up
from casework.review.intake import Taken, take_in
from crawler.config import Config
from storage.registry import StoredRegistry


def fill(config: Config, database: Engine, now: datetime) -> Taken:
    """Take in what is new and ask the registry about whom it was not asked; again it changes nothing."""
    taken = take_in(database, now)
    match_up(database, StoredRegistry.current(config.database), now)
    return taken
