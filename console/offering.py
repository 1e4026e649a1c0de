"""The engine of a patrol with a message broker: runs go to workers elsewhere. Refuses a worker's own home."""

from __future__ import annotations

from collections.abc import Callable

from console.patrol_told import Broker
from crawler.config import Config
from patrol.engines import Engine
from storage.handover import refuse_worker

ONLY_OFFERED = "--once 只把到时间的派给工作机，不等它们查完；结果见 lantian roster"


def offers(config: Config, tell: Callable[[Broker], None]) -> Engine:
    """Celery is loaded only where it is asked for."""
    from patrol.broker import Offers, application

    refuse_worker(config.home)
    broker = config.secrets.broker
    return Offers(application(broker, config.patrol), broker, config.patrol, lambda words: tell(Broker(words=words)))
