"""What follows when planned runs have ended, in this order; each part is handed the store and the moment.

Run by each crawl of a claim at its end, and once a day by the patrol: `python -m console.following`. It crawls nothing.
"""

from __future__ import annotations

import sys
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from casework.follow import follow as follow_letters
from console import inbox
from console.archive.saved import ask_saved
from console.logs import speak_to_log
from console.notifying import notify
from console.output import harmless, say, speak_any_locale
from console.sealing import sealer_of
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, UserMistake
from patrol.calendar import load_calendar
from patrol.health import watch_over
from patrol.recheck import conclude_ended
from storage.db import open_database
from storage.landings import Landings
from storage.seal import State


def follow(config: Config, database: Engine, now: datetime) -> None:
    """Hand on what planned runs came to: leads and letters, the watch over spiders, and what saved
    searches find in it, so that it can be told."""
    Landings(database, config.patrol.lease).write_off(now)
    sealer = sealer_of(config, database)
    conclude_ended(database, lambda capture: sealer.state_of(capture).state is not State.OPEN, config.recheck.days)
    inbox.fill(config, database, now)
    follow_letters(database, config.letters, load_calendar(database), now)
    watch_over(database, config.alarms, now)
    ask_saved(config, database, now)
    notify(config, database, now)


def main() -> int:
    """What is to be said goes to stderr, which the patrol keeps in its log."""
    speak_any_locale()
    try:
        config = Config.load()
        speak_to_log(config)
        database = open_database(config.database)
        try:
            follow(config, database, clock.now())
        finally:
            database.dispose()
    except UserMistake as mistake:
        say(harmless(str(mistake)))
        return EXIT_USAGE
    except EvidenceBroken as broken:
        say(f"证据不完整：{harmless(str(broken))}")
        return EXIT_EVIDENCE
    except (OSError, OperationalError) as wrong:
        say(f"读写失败：{harmless(str(wrong))}")
        return EXIT_USAGE
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
