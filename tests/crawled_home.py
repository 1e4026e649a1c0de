"""A home as a round leaves it, with names planted in it that must not leave: a small specimen web whose robots.txt
forbids it, an override, users, a hold, a local time-stamping authority; and a package out of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from authority import LocalAuthority, serving
from people_specimens import office, token_by

from console.specimen import load
from console.specimen_server import SpecimenServer
from storage.db import open_database
from tests.console.test_files import goods

ROOT = Path(__file__).parent.parent
TITLE = "发明专利包授权 不过全额退款"
ADDRESS = "https://search.jd.com/Search?keyword=%E4%B8%93%E5%88%A9&enc=utf-8&page=1"
SIGNER, REASON, KEEPER, WHY, EXPORTER = "钱虚构", "年度专项行动甲", "周示例", "保留理由乙", "孙示例"
PLANTED = (SIGNER, REASON, KEEPER, WHY, EXPORTER, "豫示例00", "示例局")
PASSWORD = "xing-he 2026 样例"
WEB = {
    "goods.html": goods(TITLE, "发明专利申请 正规代理机构").replace(
        "<html>", '<html><head><meta charset="utf-8"><title>专利 - 京东</title></head>'
    ),
    "robots.txt": "User-agent: *\nDisallow: /Search\n",
    "manifest.toml": """version = 1
[[page]]
host = "search.jd.com"
path = "/Search?keyword=专利"
file = "goods.html"
[[page]]
host = "search.jd.com"
path = "/robots.txt"
file = "robots.txt"
""",
}
SETTINGS = """[crawl]
delay = 0.0
timeout = 60.0
retries = 0
[[authority]]
url = "{url}"
ca = "{ca}"
"""


@dataclass(frozen=True)
class CrawledPackage:
    """The package, the home it is from, the authority that stamped both."""

    path: Path
    home: Path
    authority: LocalAuthority


def crawled_package(folder: Path) -> CrawledPackage:
    home, web, out = folder / "home", folder / "web", folder / "X.wacz"
    home.mkdir()
    web.mkdir()
    for name, text in WEB.items():
        (web / name).write_text(text, encoding="utf-8")
    (folder / "queries.txt").write_text("专利\n", encoding="utf-8")
    authority = LocalAuthority(folder / "authority")
    with serving(authority) as url, SpecimenServer(load(web)) as server:
        (home / "lantian.toml").write_text(SETTINGS.format(url=url, ca=authority.root), encoding="utf-8")
        hosts = server.hosts_file(folder / "hosts")
        _lantian(home, "override", "sign", "jd", "--person", SIGNER, "--reason", REASON)
        _lantian(home, "round", "--queries", folder / "queries.txt", "--spiders", "jd", hosts=hosts)
        tokens = _tokens(home)
        _lantian(home, "evidence", "stamp")
        (lead,) = _lantian(home, "leads", "--json").splitlines()
        exhibit = json.loads(lead)["exhibit"]
        _lantian(home, "evidence", "hold", exhibit, "--reason", WHY, token=tokens[KEEPER])
        _lantian(home, "evidence", "export", "--exhibit", exhibit, "-o", out, token=tokens[EXPORTER])
    return CrawledPackage(out, home, authority)


def _tokens(home: Path) -> dict[str, str]:
    engine = open_database(home / "lantian.db")
    office(engine, dict.fromkeys((KEEPER, EXPORTER), PASSWORD))
    tokens = {name: token_by(engine, name, PASSWORD) for name in (KEEPER, EXPORTER)}
    engine.dispose()
    return tokens


def _lantian(home: Path, *arguments: str | Path, hosts: Path | None = None, token: str = "") -> str:
    told = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "LANTIAN_HOME": str(home), "LANG": "C.UTF-8",
            "LANTIAN_TOKEN": token, "LANTIAN_BROWSER_AS_ROOT": "1",
            **({"LANTIAN_HOSTS": str(hosts)} if hosts else {})}  # fmt: skip
    command = [sys.executable, "-c", "from console.cli import main; main()", *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
