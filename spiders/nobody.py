"""Pages that stand where somebody's page should be: parked domains, providers' notices, walls, shells.

They come with status 200 and some text. A page with much text of its own is never taken for one.
"""

from __future__ import annotations

import re

from crawler.errors import LoginRequired, PageBlocked, PageChanged, PageGone, PageTrouble
from spiders.reading import Document, first, text_of
from spiders.walls import Wall

SHORT = 700  # characters to read; notices of providers have a few hundred
LITTLE = 160
NEXT_TO_NOTHING = 20

# What a page is made of when it asks who is there before it shows anything.
STANDING_IN = tuple(
    Wall(trouble=PageBlocked, reason="captcha", marks=(mark,))
    for mark in (
        "/_____tmd_____/punish",
        "acw_sc__v2",
        "__jsl_clearance",
        "_cf_chl_opt",
        "/cdn-cgi/challenge-platform/",
        "challenges.cloudflare.com/turnstile",
        "hcaptcha.com/1/api.js",
        "recaptcha/api.js",
        "TCaptcha.js",
        "TencentCaptcha(",
        "initGeetest",
        "initAliyunCaptcha",
        "/_guard/",
    )
)


def _any_of(lines: str) -> re.Pattern[str]:
    """A pattern a line."""
    return re.compile("|".join(filter(None, map(str.strip, lines.split("\n")))), re.I)


# In words that people read. The first that fits decides.
_NOTICES = (
    (
        PageBlocked,
        "no_filing",
        _any_of(r"""
            (?:网站|域名|站点).{0,12}(?:未|没有|无).{0,16}备案
            未(?:进行|完成|办理|取得|接入).{0,8}备案
            备案(?:信息|号)?(?:已经?)?被?(?:注销|取消|失效|吊销)
            TestPage184
            备案阻断|阻断(?:页|提示)
            (?:工信部|通信管理局|国家|相关).{0,40}(?:备案|规定|法规).{0,60}(?:不能|无法|暂停|禁止|停止)(?:访问|提供|解析)
        """),
    ),
    (
        PageBlocked,
        "captcha",
        _any_of(r"""
            (?:请|需要?|正在)先?(?:完成|进行|通过)(?:下列|以下|安全|人机|滑动|滑块|图形)?验证
            (?:完成|进行|通过)(?:安全|人机|滑动|滑块|图形)验证
            人机(?:识别|验证|校验)|安全验证
            安全(?:验证|检查|检测)中|浏览器安全(?:检查|检测)
            拖动.{0,6}滑块
            请输入(?:图中|下图|图片)?(?:中的)?验证码
            checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|just a moment
            enable javascript and cookies to continue
        """),
    ),
    (
        PageBlocked,
        "rate_limit",
        _any_of(r"""
            (?:访问|请求|操作)(?:过于|太)?频繁
            您的访问速度(?:过|太)快
            too many requests
        """),
    ),
    (
        PageBlocked,
        "risk",
        _any_of(r"""
            (?:请求|访问)(?:可能|已经?)?(?:存在|具有|带有|含有)(?:潜在)?(?:威胁|风险|不合法|恶意|攻击)
            被(?:网站管理员|管理员|防火墙|WAF|系统)(?:设置)?拦截
            (?:请求|访问|IP)(?:已经?)?被(?:拦截|阻断|拒绝|限制|屏蔽)|造成安全威胁
            request (?:was|has been) (?:blocked|denied)|access denied
            [您你]?没有权限访问|禁止访问
        """),
    ),
    (
        PageGone,
        "parked",
        _any_of(r"""
            (?:[此该本]|访问的)域名.{0,60}(?:出售|转让|待售|求购)
            域名(?:正在|已)?(?:挂牌)?(?:出售|待售)中?[。！，,]
            \bdomain\b.{0,60}(?:for sale|parked)
            buy this domain|parked (?:free|domain)
            域名停放|停放页面?
            域名(?:可能)?(?:已经?)?(?:过期|到期)
            this domain (?:name )?(?:has expired|is available)
        """),
    ),
    (
        PageGone,
        "closed",
        _any_of(r"""
            (?:网站|站点|空间|主机|店铺|账号)(?:已经?被?|暂时|被)(?:关闭|停用|停止|暂停|关停|封停|下线|到期|过期|删除|欠费)
            (?:account|site) (?:has been |is )?(?:suspended|disabled|closed)
        """),
    ),
    (
        PageGone,
        "not_found",
        _any_of(r"""
            没有找到站点|站点(?:不存在|未找到|没有找到)|未绑定(?:域名|此域名)|域名未绑定
            没有(?:绑定|找到)(?:该|此|对应)?(?:的)?(?:域名|网站|站点)
            (?:页面|网页|内容|文章|信息|网站|[您你](?:要)?访问的[^，。]{0,10})(?:不存在|未找到|找不到了|已被?删除|已下线|已下架)
            (?:找不到|无法找到|没有找到)(?:该|此|[您你]要?访问的|[您你]请求的|相关)?的?(?:页面|网页|文件|内容|信息)
            \b404\b.{0,40}(?:not found|页面|找不到|不存在)|(?:not found|页面|找不到|不存在).{0,40}\b404\b
            page (?:was |could )?not (?:be )?found|object not found
            no such (?:app|site|host)|there isn'?t a .{0,20}site here
        """),
    ),
    (
        PageBlocked,
        "other_page",
        _any_of(r"""
            (?:网站|网页|页面|站点)(?:暂时|当前)?(?:无法|不能)(?:正常)?(?:进行)?(?:访问|打开|显示)
            (?:网络|系统|服务器?)(?:不给力|繁忙|错误|异常|开小差)
        """),
    ),
    (
        PageChanged,
        "unfinished",
        _any_of(r"""
            welcome to nginx|apache2? (?:\w+ )?default page|IIS windows|it works!|index of /
            站点创建成功
            (?:网站|站点|页面)(?:正在)?(?:建设|升级|维护|开发)中(?!心)
            under construction|coming soon
        """),
    ),
)
# However much stands on it besides: a page whose very title is that it is none.
_NO_PAGE = re.compile(
    r"\W*(?:抱歉|对不起|错误|error)?\W*(?:404\W*(?:错误|页面?|error|not found|$)"
    r"|(?:您访问的)?(?:页面|网页)(?:不存在|未找到|找不到)|(?:找不到|没有找到)[该此]?(?:页面|网页)"
    r"|(?:page )?not found)",
    re.I,
)
_LOGIN = re.compile(r"登录|登陆|sign ?in|log ?in", re.I)
_WAITING = re.compile(r"loading|加载中|正在加载|请稍[候后等]|跳转|redirect|(?:enable|启用)\s?javascript", re.I)
_ROOTS = "#app,#root,#__nuxt,#__next,#___gatsby,app-root,[data-reactroot],[ng-app]"
_FORWARD = re.compile(r"\blocation(?:\.href)?\s{0,9}=(?!=)|\blocation\.(?:replace|assign)\s{0,9}\(")


def trouble_with(document: Document, shown: str) -> PageTrouble | None:
    """Why this is not somebody's page, `None` when it may be one. `shown` is what a person reads on it."""
    if _NO_PAGE.match(document.title):
        return PageGone("not_found", document.title[:80])
    if len(shown) > SHORT:
        return None
    notice = _notice_on(document, shown)
    if notice is not None or len(shown) > LITTLE:
        return notice
    return _wall_on(document) or _login_on(document, shown) or _shell(document, shown)


def _notice_on(document: Document, shown: str) -> PageTrouble | None:
    """A notice says at once what it says: in the title, or before anything else."""
    for trouble, reason, pattern in _NOTICES:
        said = pattern.search(document.title[:LITTLE]) or pattern.search(shown[: LITTLE * 2])
        if said:
            return trouble(reason, said[0][:80])
    return None


def _wall_on(document: Document) -> PageTrouble | None:
    wall = next((wall for wall in STANDING_IN if wall.stands_in(document)), None)
    return wall.trouble(wall.reason, " … ".join(wall.marks)) if wall else None


def _login_on(document: Document, shown: str) -> PageTrouble | None:
    """A page that is little more than a form for name and password."""
    has_form = first(document.root, 'input[type="password"]') is not None
    if not has_form or not _LOGIN.search(f"{document.title} {shown}"):
        return None
    return LoginRequired("login_wall", "a form for a password and little else")


def _shell(document: Document, shown: str) -> PageTrouble | None:
    """A page that has nothing to read before its scripts have run, or whose words stand in another document."""
    root, has_nothing = document.root, len(shown) < NEXT_TO_NOTHING
    if first(root, "frameset") is not None or (has_nothing and first(root, "iframe[src]") is not None):
        return PageChanged("framed", "the words of this page stand in another document")
    if not has_nothing and not _WAITING.search(shown):
        return None
    refresh = first(root, 'meta[http-equiv="refresh" i]') is not None
    asks_scripts = "javascript" in text_of(first(root, "noscript")).lower()
    is_app = first(root, _ROOTS) is not None or len(root.css("script[src]")) > 1
    if is_app or refresh or asks_scripts or _FORWARD.search(document.text):
        return PageChanged("needs_browser", "nothing to read before scripts have run")
    return None
