"""The tables of lantian.toml as types, each with defaults that are safe and polite. Nothing here reads anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """The `[crawl]` table. `delay` (between two loads from one host) and `timeout` are seconds,
    `pages` a depth in result pages, `contact` an e-mail or web address for those we visit.

    `throttle`: whether a slow host is given more time than `delay`; `cooldown` is how many seconds a host that
    refused us is left alone; `landings` how many advertisers' own pages a round may open, 0 for none.
    """

    delay: float = 3.0
    timeout: float = 30.0
    retries: int = 1
    pages: int = 3
    contact: str = ""
    throttle: bool = True
    cooldown: float = 1800.0
    landings: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The `[browser]` table. `path` is a Chromium; without one the usual places are tried.

    `timeout` is seconds a page may take, `megabytes` what its answers may come to, `requests` how many
    it may make, `pages` how many are open at once; after `recycle` pages a new browser is started.
    `paid_links`: whether a flagged advertisement's own link may be opened. `as_root` is in no table: a browser
    without its sandbox is asked for anew by whoever starts it.
    """

    path: str = ""
    pictures: bool = True
    timeout: float = 30.0
    as_root: bool = field(default=False, metadata={"environ": "LANTIAN_BROWSER_AS_ROOT"})
    pages: int = 1
    recycle: int = 40
    requests: int = 600
    megabytes: int = 64
    paid_links: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The `[pictures]` table: whether text in listings' pictures is read, how many a round at most,
    and how many seconds a round waits for them when its crawls are done."""

    read: bool = True
    per_round: int = 400
    seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The `[seal]` table: after how many captures of a round a manifest is written, and the state
    that letters and exports demand; empty means `stamped` where an authority is named, else `sealed`."""

    every: int = 500
    demand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One `[[authority]]`: a time-stamping authority (RFC 3161) and the certificate it is trusted by.

    `url` is asked with HTTP POST; `ca` is a PEM file, relative to the home; `timeout` is seconds.
    """

    url: str
    ca: Path
    timeout: float = 10.0

    @property
    def place(self) -> str:
        """Scheme, host and port: what may be told of the address. What follows them may be a key."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The `[shelf]` table: where finished files of the archive are put. Without a `url` they stay in the home.

    `url` is `s3://bucket/prefix` or a folder; `endpoint` is the S3 server's address where it is not Amazon's.
    """

    url: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The `[clock]` table: NTP servers our clock is compared with, in order; none means the offset is unknown."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The `[retention]` table: days after which captures without findings, and those with, are removed."""

    unflagged_days: int = 180
    flagged_days: int = 1096


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What is never shown and never written, from the environment alone.

    LANTIAN_S3_KEY and LANTIAN_S3_SECRET: the shelf's key. LANTIAN_DATABASE: a database's URL where it is not the
    home's own file. LANTIAN_BROKER: Celery's broker. LANTIAN_PROFILE_KEY: what login profiles are encrypted with.
    LANTIAN_NOTIFY: apprise addresses, separated by blanks. LANTIAN_TOKEN: the personal token of whoever acts.
    LANTIAN_REPORTER_KEY: the file of the key that reporters' identities are encrypted with.
    """

    s3_key: str = field(default="", repr=False)
    s3_secret: str = field(default="", repr=False)
    database: str = field(default="", repr=False)
    broker: str = field(default="", repr=False)
    profile_key: str = field(default="", repr=False)
    notify: tuple[str, ...] = field(default=(), repr=False)
    token: str = field(default="", repr=False)
    reporter_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patrol:
    """The `[patrol]` table: how planned runs are carried out.

    `children` crawls go on at once, each with at most `megabytes` of memory and `minutes` of time; `lease` is
    how many seconds a claim holds without a sign of life; `tick` seconds lie between two looks at the clock;
    a run that died is asked again until it was tried `tries` times.
    """

    children: int = 1
    megabytes: int = 3072
    minutes: float = 180.0
    lease: float = 600.0
    tick: float = 30.0
    tries: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """The `[alarms]` table: when a spider is called sick.

    The last `runs` runs are looked back on; below `drop` of their median is a fall; a success ratio below
    `success` is an alarm; no advertisement for `ads_days` days, nothing at all for `unseen_days` days.
    """

    runs: int = 10
    drop: float = 0.5
    success: float = 0.7
    ads_days: int = 14
    unseen_days: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """The `[recheck]` table: after how many days a letter's address is looked at again, the last one for ever."""

    days: tuple[int, ...] = (1, 3, 7, 14, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """The `[notify]` table: `digest` is when the daily digest goes out, HH:MM in Shanghai; `at_once` says whether
    grave leads and alarms are told at once, at most `per_day` messages a day."""

    digest: str = "08:30"
    at_once: bool = False
    per_day: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One `[[place]]`: a name of a place and the proxy through which the office is seen to come from there.

    `proxy` is `http://host:port` or `socks5://host:port`.
    """

    name: str
    proxy: str

    @property
    def told(self) -> str:
        """What a record says of it."""
        return f"{self.name} via {self.proxy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The `[office]` table: who we are. Which powers we have follows from it, so that nothing of it is guessed.

    `kind` is `amr` (a market supervision administration that is also the IP office) or `ipo` (an IP office of its
    own); `level` is `province`, `city` or `county`. `letterhead` is the name over a letter, without it the office's
    own; `code` the words before the year in a document number (机关代字). `person` and `phone` are whom an addressee
    may ask; `districts` are those we give leads to.
    """

    name: str = ""
    kind: str = ""
    level: str = ""
    province: str = ""
    city: str = ""
    letterhead: str = ""
    code: str = ""
    person: str = ""
    phone: str = ""
    address: str = ""
    districts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """The `[letters]` table: working days in which an answer is asked for, after how many more a reminder is due,
    and after how many more than that the matter goes up; and the fonts.

    DOCX names `body_font`, `title_font` and `head_font`; PDF embeds what is installed. With `strict_fonts` a PDF whose
    fonts would be others is refused.
    """

    answer_days: int = 10
    remind_days: int = 3
    escalate_days: int = 5
    body_font: str = "仿宋_GB2312"
    title_font: str = "方正小标宋简体"
    head_font: str = "黑体"
    strict_fonts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The `[reports]` table: when the yearly summary is due, MM-DD, to whom; hours that count as 第一时间."""

    summary_due: str = "11-15"
    summary_to: str = ""
    told_hours: float = 24.0
    handled_hours: float = 72.0
    answered_hours: float = 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The `[disk]` table: no crawl begins with less than `free_megabytes` free in the home; a log file that is larger
    than `log_megabytes` is begun anew, and the one before it kept, `log_files` in all."""

    free_megabytes: int = 1024
    log_megabytes: int = 64
    log_files: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The `[log]` table: `format` is `text` for people or `json` for a machine that gathers logs."""

    format: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The `[backup]` table: the folder backups go to, how many of them stay there, and after how many days without a
    tested one the doctor complains."""

    folder: str = ""
    keep: int = 7
    max_days: int = 7
