"""The doctor's looks at what the office decides and waits for: patrol, time stamps, notices, people, operators, law."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine

from console.cases.addressees import proposals
from console.cases.law import book_of, confirmations_in
from console.doubts import written_ahead
from console.upkeep.archive_checks import ago
from console.upkeep.checks import Check, Health, Look, Patient, bad, good, unknown, warning
from crawler.tables import Authority
from storage.alarms import Alarms
from storage.cases.operators import Operators
from storage.handover import is_worker
from storage.notices import Notices
from storage.roster import Roster
from storage.upkeep.vitals import Vitals

CONNECTS = 3.0  # seconds an authority has to answer the door
LATE = timedelta(hours=1)
TWO = 2


def looks(patient: Patient, engine: Engine, told: Vitals) -> tuple[Look, ...]:
    return (
        Look(name="patrol", make=lambda: _patrol(patient, engine, told), fix="看 journalctl -u lantian-patrol"),
        Look(
            name="authority",
            make=lambda: _authorities(patient),
            fix="检查 lantian.toml 的 [[authority]] 和它的 ca 证书",
            otherwise=Health.WARN,
        ),
        Look(
            name="notify",
            make=lambda: _notify(patient, engine),
            fix="检查环境变量 LANTIAN_NOTIFY；lantian notify test",
            otherwise=Health.WARN,
        ),
        Look(name="alarms", make=lambda: _alarms(engine), fix="lantian alarms list"),
        Look(name="tasks", make=lambda: _tasks(patient, told), fix="lantian tasks list"),
        Look(name="users", make=lambda: _users(told), fix="lantian user list"),
        Look(name="operators", make=lambda: _operators(engine), fix="lantian letter operator list"),
        Look(
            name="articles",
            make=lambda: _articles(patient),
            fix="改正数据目录里的 laws.toml：lantian law list",
            otherwise=Health.WARN,
        ),
        Look(name="overrides", make=lambda: _overrides(told), fix="lantian override list"),
    )


def _patrol(patient: Patient, engine: Engine, told: Vitals) -> Iterator[Check]:
    config, now = patient.config, patient.now
    if is_worker(config.home):
        yield good("patrol", "这里是工作机，由巡查主机排计划")
        return
    if not told.watches:
        yield unknown("patrol", "没有进行中的巡查任务", "lantian watch add")
        return
    if told.planned_until and (why := written_ahead([told.planned_until], now)):
        yield bad("patrol", why, "校准时钟，或 lantian watch put-back --by 姓名")
        return
    waiting = Roster(engine).waiting(now)
    lag = now - min((one.since for one in waiting), default=now)
    last = f"名册写到 {ago(told.planned_until, now)}" if told.planned_until else "名册还没有写过"
    if not _is_held(patient):
        yield warning("patrol", f"lantian patrol 没有运行；{last}", "systemctl start lantian-patrol")
    elif lag > LATE:
        fix = "看 journalctl -u lantian-patrol；必要时加大 [patrol] children"
        yield warning(
            "patrol", f"有 {sum(one.rows for one in waiting)} 项已等了 {lag.total_seconds() / 3600:.1f} 小时", fix
        )
    else:
        yield good("patrol", f"正在运行，{last}")


def _is_held(patient: Patient) -> bool:
    """Whether a patrol of this home goes on: it holds its lock as long as it lives."""
    path = patient.config.home / "patrol.lock"
    if not path.exists():
        return False
    with path.open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _authorities(patient: Patient) -> Iterator[Check]:
    config = patient.config
    if not config.authorities:
        yield unknown("authority", "没有设置时间戳服务：证据只封存，不盖时间戳", "lantian.toml 的 [[authority]]")
        return
    for one in config.authorities:
        yield _asked(patient, one) if patient.in_full else _answers(one)


def _answers(one: Authority) -> Check:
    parts = urlsplit(one.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECTS).close()
    except OSError as wrong:
        why = f"{one.place} 连不上（{type(wrong).__name__}）"
        return warning("authority", why, "检查到该地址的网络；恢复后 lantian evidence stamp")
    return good("authority", f"{one.place} 连得上（--full 时真要一个时间戳）")


def _asked(patient: Patient, one: Authority) -> Check:
    from crawler.errors import NotStamped
    from storage.stamp import stamp_bytes

    try:
        stamp_bytes(b"lantian doctor", (one,), patient.now)
    except NotStamped as wrong:
        return warning("authority", f"{one.place}：{wrong}", "检查该服务和 ca 证书；恢复后 lantian evidence stamp")
    return good("authority", f"{one.place} 给的时间戳验证无误")


def _notify(patient: Patient, engine: Engine) -> Iterator[Check]:
    addresses = patient.config.secrets.notify
    if not addresses:
        yield warning("notify", "没有通知地址：警报和日报没有人收到", "环境变量 LANTIAN_NOTIFY，再 lantian notify test")
        return
    import apprise

    wrong = [place for place, one in enumerate(addresses, 1) if not apprise.Apprise().add(one)]
    last = Notices(engine).listed(limit=1)
    if wrong:
        yield bad(
            "notify", f"第 {'、'.join(map(str, wrong))} 个地址写得不对", "改正 LANTIAN_NOTIFY，再 lantian notify test"
        )
    elif last and last[0].error:
        yield warning("notify", "最近一条通知没有全部送到", "lantian notify list；lantian notify test")
    else:
        yield good("notify", f"{len(addresses)} 个地址（要真发一条：lantian notify test）")


def _alarms(engine: Engine) -> Iterator[Check]:
    standing = [one for one in Alarms(engine).standing() if one.acked_at is None]
    if standing:
        yield warning("alarms", f"{len(standing)} 个警报没有人确认", "lantian alarms list")
    else:
        yield good("alarms", "没有待确认的警报")


def _tasks(patient: Patient, told: Vitals) -> Iterator[Check]:
    if told.tasks and told.task_since:
        words = f"{told.tasks} 个被拦的页面等人查看，最早的在 {ago(told.task_since, patient.now)}"
        yield warning("tasks", words, "lantian tasks list")
    else:
        yield good("tasks", "没有等人查看的拦截页")


def _users(told: Vitals) -> Iterator[Check]:
    if not told.users:
        yield warning(
            "users", "还没有用户：任何名字都能办事，函件发不出去", "lantian user add 姓名 --badge 证号 --unit 单位"
        )
    elif told.users < TWO or told.reviewers < 1:
        words = f"用户 {told.users} 人，其中有复核权的 {told.reviewers} 人：一件事要两个人，办不成"
        yield warning("users", words, "lantian user add；lantian user grant 姓名 复核")
    elif told.reviewers < TWO:
        yield warning("users", "有复核权的只有一人：他初审的没有人能复核", "lantian user grant 姓名 复核")
    else:
        yield good("users", f"用户 {told.users} 人，其中有复核权的 {told.reviewers} 人")


def _operators(engine: Engine) -> Iterator[Check]:
    known = {name for one in Operators(engine).current() for name in one.platforms}
    left = sorted(set(proposals()) - known)
    if left:
        fix = f"lantian letter operator confirm --platform {left[0]} --name 名称 --seat 住所地"
        words = f"{len(left)} 个平台的经营者没有人核对过（{'、'.join(left[:5])} 等）：给平台的函写不成"
        yield warning("operators", words, fix)
    else:
        yield good("operators", f"{len(known)} 个平台的经营者已核对")


def _articles(patient: Patient) -> Iterator[Check]:
    from casework.law import digest_of

    book, known = book_of(patient.config), confirmations_in(patient.config)
    used = {use.article for use in book.rows.uses}
    left = [one for one in book.articles.values() if one.id in used and (one.id, digest_of(one)) not in known]
    if left:
        fix = f"lantian law list --unconfirmed；lantian law confirm {left[0].id} --source 出处"
        yield warning("articles", f"{len(left)} 条函件可能引用的条文没有法制人员核对", fix)
    else:
        yield good("articles", f"{len(used)} 条函件可能引用的条文都已核对")


def _overrides(told: Vitals) -> Iterator[Check]:
    if told.overrides:
        yield good("overrides", f"{told.overrides} 个平台有签署的 robots.txt 例外（lantian override list）")
    else:
        yield good("overrides", "没有 robots.txt 例外")
