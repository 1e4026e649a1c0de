"""The words of the law chooser: what it is asked, and what it answers. `casework.law` chooses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ActorKind(StrEnum):
    """Whose conduct it is."""

    PATENT_AGENCY = "patent_agency"  # 持证专利代理机构
    UNLICENSED = "unlicensed"  # 无执业许可证
    TM_AGENCY = "tm_agency"  # 已备案商标代理机构
    TM_UNFILED = "tm_unfiled"  # 未备案商标代理机构
    UNKNOWN = "unknown"


class PlaceKind(StrEnum):
    """Where it was said."""

    SEARCH_AD = "search_ad"
    SHOP = "shop"
    FORUM = "forum"
    OWN_SITE = "own_site"


class OfficeKind(StrEnum):
    """Whether our office is also the market supervision administration."""

    AMR = "amr"
    IPO = "ipo"


class Level(StrEnum):
    """How high our office stands."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class Verb(StrEnum):
    """With which word our office may turn to somebody."""

    ORDER = "责令"
    ASK = "商请"
    ASSIST = "协助"
    TRANSFER = "移送"


class Fact(StrEnum):
    """What an article asks for beyond category, actor and place; nobody takes it as given."""

    EMBLEM = "emblem"  # 页面使用国旗、国徽
    GOVERNMENT_QUERY = "government_query"  # 查询词是国家机关、政务服务网站
    OFFICIAL_SITE = "official_site"  # 网站、账号名称像国家机关
    OFFICIAL_STAFF = "official_staff"  # 以国家机关工作人员的名义
    INVENTOR_CHANGE = "inventor_change"  # 变更发明人、设计人
    UNPUBLISHED = "unpublished"  # 首页未公示执照、许可、备案
    OWN_FILING = "own_filing"  # 代理机构自己申请、受让商标
    UNCHECKED = "unchecked"  # 平台未核验、登记、审核
    PRACTITIONER = "practitioner"  # 从业人员自行接受委托、在两家以上机构从业


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A power another office gave ours: `kind` is delegation (委托) or assignment (交办), `scope` words of powers."""

    number: str
    kind: str
    giver: str
    scope: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the chooser is asked. Seats are provinces or cities by name, empty when unknown; `on` is the last day of
    the conduct, `written` the day of the letter, on which delegations must hold (without it: `on`).

    `measure` is the kind of the letter (`casework.letters.letter.Kind`): only its articles and its word are answered.
    Empty asks for the whole matter: platform and actor, with the strongest word that our office has in it.
    `facts` are those that were seen; what rests on another is refused.
    """

    category: str
    actor: ActorKind
    place: PlaceKind
    office: OfficeKind
    level: Level
    on: date
    delegations: tuple[Delegation, ...] = ()
    office_seat: str = ""
    platform_seat: str = ""
    actor_seat: str = ""
    measure: str = ""
    facts: frozenset[str] = frozenset()
    written: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedArticle:
    """An article that may not be cited here, and why, in words an officer reads."""

    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedArticle:
    """An article that may: `digest` is of the version cited; `confirmed_by` is empty until a legal reviewer read it.

    `part` is its place in a letter (`casework.lawbook.rows.Part`), `purpose` what it is cited for.
    """

    id: str
    cite: str
    text: str
    digest: str
    purpose: str
    part: str
    confirmed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What may be cited, in the order of a letter; with which word; what not. `measures` are letters' kinds that our
    office may write here; `notes` are what a person must look at."""

    articles: tuple[CitedArticle, ...]
    verb: Verb
    refused: tuple[RefusedArticle, ...]
    measures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
