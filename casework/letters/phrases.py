"""What each kind of letter says, in the office's words: 责令, 商请, 协助 or 移送 only as the law's choice allows.

Everything is 涉嫌 and still to be looked into by law; nobody is found guilty here, and no client learns of another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from casework.law_words import Verb
from casework.letters.letter import Kind

LIST, EVIDENCE, RECEIPT, ARTICLES = "线索清单", "电子数据证据清单", "反馈回执", "所引条文"
SUSPECTED = "以上均为监测中发现的涉嫌情形，是否成立尚待依法查证，本函不对任何单位和个人作出认定。"
TO_OPERATOR = (Kind.REMOVE, Kind.CLOSE, Kind.SYSTEM, Kind.ASSIST)
TO_ACTOR = (Kind.ORDER, Kind.TALK)
# The word a letter needs from the choice of law; others follow the verb that is given.
DEMANDED = {Kind.ORDER: Verb.ORDER, Kind.TRANSFER: Verb.TRANSFER}
KIND_WORDS = {
    Kind.REMOVE: "删除链接",
    Kind.CLOSE: "关停店铺",
    Kind.SYSTEM: "健全制度",
    Kind.ORDER: "责令改正",
    Kind.TALK: "约谈",
    Kind.TRANSFER: "线索移送",
    Kind.ASSIST: "协助核查",
    Kind.WARN: "风险提示",
    Kind.NOTICE: "情况通报",
    Kind.REMIND: "催办",
}
SUGGESTED = {
    Kind.REMOVE: "删除、屏蔽或断开链接",
    Kind.CLOSE: "暂停或终止服务",
    Kind.SYSTEM: "删除并完善审核",
    Kind.ORDER: "限期改正",
    Kind.TALK: "约谈后整改",
    Kind.TRANSFER: "依职权处理",
    Kind.ASSIST: "协助核查",
    Kind.WARN: "自行核验",
    Kind.NOTICE: "关注相关申请",
    Kind.REMIND: "反馈处置结果",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the sentences need to know. `days` are working days for the answer, `platforms` and `categories` Chinese."""

    kind: Kind
    verb: Verb
    addressee: str
    platforms: tuple[str, ...]
    categories: tuple[str, ...]
    listings: int
    leads: int
    days: int
    is_ipo: bool
    actor: str = ""
    document: str = ""


_ASKS = {Verb.ORDER: "要求", Verb.ASK: "商请", Verb.ASSIST: "请予协助", Verb.TRANSFER: "提请"}
_TITLES = {
    Kind.REMOVE: "关于{asks}处置涉嫌违法代理业务招揽信息的函",
    Kind.CLOSE: "关于{asks}核查并关停涉嫌违法代理店铺的函",
    Kind.SYSTEM: "关于{asks}健全知识产权代理信息审核制度的函",
    Kind.ASSIST: "关于请予协助核查涉嫌违法代理线索的函",
    Kind.ORDER: "责令限期改正通知书",
    Kind.TALK: "关于约谈{addressee}的通知",
    Kind.TRANSFER: "关于移送涉嫌违法代理线索的函",
    Kind.WARN: "关于知识产权代理服务有关风险的提示函",
    Kind.NOTICE: "关于通报涉嫌违法代理情况的函",
    Kind.REMIND: "关于反馈{document}办理情况的催办函",
}


def title(told: Told) -> str:
    """One line; a letter that may not demand asks."""
    # A name is put in, never read as a pattern.
    return _TITLES[told.kind].format(asks=_ASKS[told.verb], addressee=told.addressee, document=told.document)


def opening(told: Told) -> str:
    """缘由: what was found where, and how much."""
    what, where = "、".join(told.categories), "、".join(told.platforms)
    count = f"{told.listings}条，涉及线索{told.leads}件（见附件1）"
    match told.kind:
        case Kind.WARN:
            return (
                f"我局在知识产权代理行业网络监测中，发现你方委托或者可能委托的代理机构涉嫌存在{what}的情形，"
                "该情形尚待依法查证。为保护你方合法权益，现将有关风险提示如下："
            )
        case Kind.REMIND:
            return (
                f"我局{told.document}所列线索中，尚有{told.leads}件未收到你单位的处置结果（见附件1）。"
                f"该批线索涉嫌{what}，尚待依法查证。"
            )
        case Kind.ORDER | Kind.TALK:
            return f"我局在网络监测中发现，你单位在{where}上发布的信息涉嫌{what}，共{count}。"
        case Kind.TRANSFER | Kind.NOTICE:
            return f"我局在知识产权代理行业网络监测中，发现{where}上有信息涉嫌{what}，共{count}。"
        case _:
            return (
                f"我局在知识产权代理行业网络监测中，发现你单位经营的{where}上有信息涉嫌{what}，共{count}。"
                "现将有关情况函告如下。"
            )


_REQUESTS = {
    Kind.ASSIST: (
        "请协助核实附件1所列信息的发布者名称、统一社会信用代码和联系方式；所得信息仅用于依法履行职责，我局予以保密。",
        "请留存附件1所列信息、广告发布及修改记录、交易记录，保存不少于三年。",
        "请于收到之日起{days}个工作日内，以附件3回执反馈核实情况。",
    ),
    Kind.ORDER: (
        "自收到本通知之日起停止发布附件1所列信息，并于　　　　年　　月　　日前改正。",
        "改正后书面报告我局，并附能够说明改正情况的材料。",
        "如对本通知有异议，可以向我局陈述、申辩；也可以依法申请行政复议或者提起行政诉讼。",
    ),
    Kind.TALK: (
        "请法定代表人（执行事务合伙人、负责人）持本人身份证明按时参加；委托他人的，另附授权书。",
        "时间：　　　　年　　月　　日　　时；地点：　　　　　　　　。",
        "请携带执业许可证或者备案材料、近一年网络推广的合同和账户资料、附件1所列信息的后台记录。",
        "约谈不是行政处罚，不收取任何费用。",
    ),
    Kind.TRANSFER: (
        "提请依职权对附件1所列线索予以核查处理；我局尚未立案，仅移送线索和监测所得材料。",
        "请于收到之日起{days}个工作日内，以附件3回执告知是否受理及承办部门。",
    ),
    Kind.NOTICE: (
        "请在审查、预审、备案等工作中对附件1所列主体予以关注，发现相关情形请及时告知我局。",
        "请于收到之日起{days}个工作日内，以附件3回执告知核对情况。",
    ),
    Kind.REMIND: ("请于收到本函之日起{days}个工作日内反馈附件1所列线索的处置结果；尚未处置的，请说明理由。",),
}


# What a client has to fear, by what his agency is suspected of; the articles behind each come from the law's choice.
_RISKS = {
    "包授权": (
        "专利能否授权、商标能否注册由国家知识产权局依法审查决定，任何机构都不能保证；"
        "对“包授权”“不过全退”之类的承诺请勿轻信。"
    ),
    "绿色通道": (
        "优先审查、快速预审、费用减缴都有公开的条件和程序；声称有“内部渠道”“关系”或者限期必下证的，请勿轻信。"
    ),
    "冒用官方名义": (
        "知识产权管理部门不委托代理机构招揽业务，也不会来电、来函要求你方向其指定的机构或者个人交费；"
        "遇有自称政府部门、审查机构或者其合作单位的，请核对网址。国家知识产权局官方网站为 www.cnipa.gov.cn，"
        "官方费用以该网站公布的标准和缴费方式为准。"
    ),
    "发明人挂名": (
        "发明人、设计人应当是对发明创造的实质性特点作出创造性贡献的人；虚列发明人的，"
        "申请可能按非正常申请处理，申请人也可能受到警告、罚款。"
    ),
    "无资质代理": (
        "专利代理业务须由取得执业许可证的专利代理机构办理；由其他单位、个人代办的，文件质量、保密和追责难有保障。"
    ),
    "挂证": "承办代理业务的应当是在该机构实际执业的代理师；请核对合同、委托书所列代理师与实际承办人是否一致。",
    "非正常申请": (
        "不以真实发明创造活动为基础提交专利申请的，可能不予减缴费用、不计入申请数量统计、被追还资助或者奖励，"
        "申请人也可能受到警告、罚款。"
    ),
    "恶意商标": "不以使用为目的的恶意商标注册申请应当予以驳回；恶意申请的，申请人也可能受到警告、罚款等行政处罚。",
}
_HOW_TO_CHECK = (
    "签约前请在国家知识产权局专利代理管理系统查询代理机构的执业许可证、机构代码和代理师信息；商标代理机构请查询"
    "是否在国家知识产权局商标局备案。合同应当以机构名义书面订立，并核对相对方名称与收款账户，保存合同、付款和沟通记录。"
)
_ADVICE = (
    _HOW_TO_CHECK,
    "已经委托的，请及时核对合同和已经提交的申请文件，保留证据；确有不实的，建议撤回、变更或者补正，并补签合同。",
    "如有线索，可以向我局或者省级知识产权管理部门反映，也可以拨打12345、12315。",
    "本函是风险提示，不是行政处罚，不改变你方的权利义务。",
)


def requests(told: Told) -> tuple[str, ...]:
    """请予事项, each by itself; what our office has no power to demand it asks for."""
    heads = {Verb.ORDER: "依法要求你单位", Verb.TRANSFER: "提请你单位", Verb.ASSIST: "请你单位协助"}
    if told.kind is Kind.WARN:
        return (*(_RISKS[one] for one in told.categories if one in _RISKS), *_ADVICE)
    if told.kind in _REQUESTS:
        return tuple(one.format(days=told.days) for one in _REQUESTS[told.kind])
    return _of_platform(told, heads.get(told.verb, "商请你单位"))


def _of_platform(told: Told, head: str) -> tuple[str, ...]:
    main = {
        Kind.REMOVE: "对查证属实的，依法并依服务协议和平台规则删除、屏蔽相关信息或者断开链接",
        Kind.CLOSE: "对查证属实的，依法并依服务协议和平台规则下架相关商品，暂停或者终止向相关店铺、账号提供服务",
        Kind.SYSTEM: "对查证属实的予以处置，并健全知识产权代理类信息的发布前审核、日常巡查和关键词管理制度",
    }[told.kind]
    whom = "，并建议同时提供给有管辖权的市场监督管理部门" if told.is_ipo else ""
    return (
        f"{head}核查附件1所列信息，{main}。",
        "留存上述信息及其发布者身份、发布和修改记录、交易记录，保存不少于三年。",
        f"提供上述信息发布者的名称、统一社会信用代码和联系方式{whom}；我局依法予以保密，仅用于履行职责。",
        "对同类用语以及同一主体的其他店铺、账号、推广计划开展自查。",
        f"自收到本函之日起{told.days}个工作日内，将处置结果填入附件3回执并反馈我局。",
    )


def closing(told: Told) -> tuple[str, ...]:
    """保密 and the last word; whom to ask stands under the date."""
    if told.kind is Kind.WARN:
        return ("特此提示。",)
    secret = "本函及附件供办理上述事项使用，其中涉及个人信息和商业秘密的内容请予保密，不得向无关人员提供。"  # noqa: S105 - a sentence
    last = "特此通知。" if told.kind in TO_ACTOR else "特此函告。"
    return (secret, last)


def basis(told: Told, cites: Sequence[str]) -> str:
    """依据, by the articles' full names."""
    listed = "、".join(by_law(cites))
    if told.kind is Kind.WARN:
        return f"有关规定：{listed}。"
    if told.kind in TO_ACTOR:
        return f"上述行为涉嫌违反或者应当依照下列规定办理：{listed}。"
    return f"办理依据：{listed}。"


def titled(cite: str) -> str:
    """A law's name in its marks: 《广告法》第四条."""
    return "".join(_parted(cite))


def by_law(cites: Sequence[str]) -> list[str]:
    """`《广告法》第四条、第九条`: each law named once, where it first stands, with its articles in the order given."""
    articles: dict[str, list[str]] = {}
    for law, article in map(_parted, cites):
        articles.setdefault(law, []).append(article)
    return [law + "、".join(dict.fromkeys(those)) for law, those in articles.items()]


def _parted(cite: str) -> tuple[str, str]:
    """The law in its marks and the article of it; what cannot be told apart is all law."""
    found = re.fullmatch(r"(?:《([^》]+)》|([^第（《]+))(（[^）]*）)?(第.*)", cite)
    return (f"《{found[1] or found[2]}》{found[3] or ''}", found[4]) if found else (cite, "")
