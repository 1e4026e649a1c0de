"""The walls that all shops of the Alibaba family share.

Captured 2026-07 on m.1688.com as a script that leads to `…/_____tmd_____/punish`. A good page
may mention the same address for one background call, so these are asked only where nothing
could be read.
"""

from __future__ import annotations

from crawler.errors import LoginRequired, PageBlocked
from spiders.walls import Wall

FAMILY_WALLS = (
    Wall(trouble=PageBlocked, reason="captcha", marks=("/_____tmd_____/punish",), within="url"),
    Wall(trouble=PageBlocked, reason="captcha", marks=("_____tmd_____/punish", "x5secdata")),
    Wall(trouble=PageBlocked, reason="captcha", marks=("rgv587_flag",)),
    Wall(trouble=PageBlocked, reason="captcha", marks=("RGV587_ERROR",)),
    Wall(trouble=PageBlocked, reason="captcha", marks=("FAIL_SYS_USER_VALIDATE",)),
    Wall(trouble=PageBlocked, reason="captcha", marks=("验证码拦截",), within="title"),
    Wall(trouble=PageBlocked, reason="captcha", marks=("Captcha Interception",), within="title"),
    Wall(trouble=LoginRequired, reason="login_wall", marks=("//login.taobao.com/",), within="url"),
    Wall(trouble=LoginRequired, reason="login_wall", marks=("//login.tmall.com/",), within="url"),
    Wall(trouble=LoginRequired, reason="login_wall", marks=("//login.1688.com/",), within="url"),
    Wall(trouble=LoginRequired, reason="login_wall", marks=("fm-login-id", "fm-login-password")),
    Wall(trouble=LoginRequired, reason="login_wall", marks=("FAIL_SYS_SESSION_EXPIRED",)),
)
