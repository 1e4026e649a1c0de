"""The engine of many machines: what may begin is told to a message broker, and workers elsewhere take it.

A message only says where there is work. It may come twice, late or never: whose the runs are is decided in the roster
alone, so a broker that is away or forgets everything delays a crawl and loses none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from crawler.errors import UserMistake
from crawler.tables import Patrol
from storage.roster_shapes import Waiting

ASK = "lantian.ask"
QUEUE = "lantian"
REDIS, RABBIT = ("redis", "rediss"), ("amqp", "amqps", "pyamqp")
PATIENCE = 5  # seconds a broker has to answer
AFTERWARDS = 3600.0  # seconds for what comes after the longest crawl: sealing, handing over
LONGEST_PAUSE = timedelta(hours=6)  # between two offers of the same work


class BrokerAway(UserMistake):
    """The broker does not answer, or not to us."""


def application(broker: str, patrol: Patrol) -> Celery:
    """Celery as both sides use it. Opens no connection; `UserMistake` where the address is none of a broker's."""
    scheme, is_address, _ = broker.partition("://")
    if not is_address or scheme not in (*REDIS, *RABBIT):
        raise UserMistake("LANTIAN_BROKER 要以 redis://、rediss://、amqp:// 或 amqps:// 开头")
    longest = patrol.minutes * 60 + AFTERWARDS
    app = Celery("lantian", broker=broker, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        task_default_queue=QUEUE,
        task_queues=[_queue(longest)],
        broker_connection_timeout=PATIENCE,
        broker_connection_retry_on_startup=False,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(scheme, longest),
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
    )
    return app


def _queue(longest: float) -> Queue:
    """RabbitMQ closes a channel whose message waits half an hour for its acknowledgement, unless told otherwise."""
    arguments = {"x-consumer-timeout": int(longest * 1000)}
    exchange = Exchange(QUEUE, type="direct")  # type: ignore[no-untyped-call]
    return Queue(QUEUE, exchange, routing_key=QUEUE, queue_arguments=arguments)  # type: ignore[no-untyped-call]


def _transport(scheme: str, longest: float) -> dict[str, object]:
    once = {"max_retries": 1, "interval_start": 0}  # the next tick tries again
    if scheme in RABBIT:
        return {**once, "confirm_publish": True, "read_timeout": PATIENCE * 6, "write_timeout": PATIENCE * 6}
    return {
        **once,
        # Redis gives a message to somebody else when it was not acknowledged for so long.
        "visibility_timeout": int(longest),
        "socket_connect_timeout": PATIENCE,
        "socket_timeout": PATIENCE * 6,
        "socket_keepalive": True,
    }


def shown(broker: str) -> str:
    """The address as people may see it: without user and password."""
    parts = urlsplit(broker)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def must_answer(app: Celery, broker: str) -> None:
    """`BrokerAway` unless the broker answers now."""
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=PATIENCE)
    except (OperationalError, OSError) as wrong:
        raise BrokerAway(f"消息代理不可达：{shown(broker)}（{type(wrong).__name__}）") from None


class Offers:
    """Tells workers where there is work. It claims nothing itself, and looks after nobody: workers keep their leases.

    `tell` hears, once each time, that the broker has gone or has come back.
    """

    def __init__(self, app: Celery, broker: str, patrol: Patrol, tell: Callable[[str], None]) -> None:
        self._app, self._broker, self._tell = app, broker, tell
        self._pause = timedelta(seconds=patrol.lease)
        self._offered: dict[tuple[int, int, str], tuple[datetime, timedelta]] = {}
        self._is_away = False

    def tend(self, now: datetime) -> None:
        """Nobody of ours works here."""

    def offer(self, waiting: Sequence[Waiting], now: datetime) -> int:
        """A message for each watch version and platform that was not offered lately; how many runs those are.

        What nobody took is offered again after a lease, and then ever more seldom: the message may be lost, or the
        workers are busy.
        """
        waits = {(one.watch_id, one.version, one.platform): one.rows for one in waiting}
        self._offered = {batch: when for batch, when in self._offered.items() if batch in waits}
        offered = 0
        for batch, rows in waits.items():
            pause = self._pause_after(batch, now)
            if not pause:
                continue
            if not self._sent(batch):
                break
            self._offered[batch] = (now, pause)
            offered += rows
        return offered

    def _pause_after(self, batch: tuple[int, int, str], now: datetime) -> timedelta:
        """How long not to offer it after this time; nothing when it was offered too lately for that."""
        if batch not in self._offered:
            return self._pause
        then, pause = self._offered[batch]
        # A clock that was put back says nothing of how long ago that was.
        return timedelta(0) if timedelta(0) <= now - then < pause else min(pause * 2, max(LONGEST_PAUSE, self._pause))

    def _sent(self, batch: tuple[int, int, str]) -> bool:
        try:
            self._app.send_task(ASK, args=list(batch), queue=QUEUE, retry=False)
        except (OperationalError, OSError) as wrong:
            if not self._is_away:
                self._tell(
                    f"消息代理不可达：{shown(self._broker)}（{type(wrong).__name__}）；应巡的都在名册里，恢复后再派"
                )
            self._is_away = True
            return False
        if self._is_away:
            self._tell(f"消息代理恢复：{shown(self._broker)}")
        self._is_away = False
        return True
