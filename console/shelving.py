"""Putting files on the shelf as a round or a command asks for it; what could not be put there is said."""

from __future__ import annotations

from sqlalchemy import Engine

from console.homelocks import only_shelving
from console.output import harmless, progress, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE
from storage.shelf import Shelf, ShelfUnreachable, open_shelf
from storage.shelving import Shelver, Shelving


def shelve_round(config: Config, engine: Engine) -> int:
    """What a round has sealed. A store that does not answer loses nothing: the files stay and wait."""
    shelf = open_shelf(config)
    if shelf is None:
        return EXIT_DONE
    try:
        with only_shelving(config.home):
            return EXIT_EVIDENCE if put_on(shelf, config, engine).troubles else EXIT_DONE
    except (ShelfUnreachable, OSError) as away:
        say(f"{harmless(str(away))}；文件留在本机，稍后运行 lantian evidence shelve")
        return EXIT_DONE


def put_on(shelf: Shelf, config: Config, engine: Engine) -> Shelving:
    """All that waits, told as it goes."""
    shelver = Shelver(config.archive, engine, shelf)
    waiting = shelver.waiting()
    with progress("放上存储", len(waiting)) as tell:
        shelving = shelver.shelve(clock.now(), tell, waiting)
    for trouble in shelving.troubles:
        say(f"没有放上存储，须由人查看：{harmless(trouble)}")
    if shelving.files:
        say(f"已放上 {shelf.label}：{shelving.files} 个文件，{shelving.bytes} 字节，都已读回核对")
    return shelving
