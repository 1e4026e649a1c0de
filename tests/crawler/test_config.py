"""Config: safe defaults, the environment wins, and whatever is written wrongly is refused by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.specimen_tls import Authority
from crawler.config import VERSION, Config
from crawler.errors import ConfigInvalid
from crawler.hosts import MappedHost, read_hosts


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(Authority().pem)
    return path


def load(home: Path, toml: str = "", **environ: str) -> Config:
    if toml:
        (home / "lantian.toml").write_text(toml, encoding="utf-8")
    return Config.load({"LANTIAN_HOME": str(home), **environ})


# -- lantian.toml and the environment ------------------------------------------------------------


def test_without_a_file_the_defaults_are_polite(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert (config.crawl.delay, config.crawl.retries, config.browser.as_root) == (3.0, 1, False)
    assert config.home == tmp_path
    assert (config.database, config.archive) == (tmp_path / "lantian.db", tmp_path / "archive")
    assert not config.hosts


def test_without_lantian_home_it_is_in_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Config.load({}).home == tmp_path / ".lantian"


def test_a_relative_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.load({"LANTIAN_HOME": "here"}).home == tmp_path / "here"


def test_the_file_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "\ufeff[crawl]\ndelay = 5\ntimeout = 7.5\nretries = 0\npages = 2\n"
        '[browser]\npictures = false\npath = "/opt/c"\n',
    )
    assert (config.crawl.delay, config.crawl.timeout, config.crawl.retries, config.crawl.pages) == (5, 7.5, 0, 2)
    assert (config.browser.pictures, config.browser.path) == (False, "/opt/c")


def test_the_environment_wins(tmp_path: Path) -> None:
    toml = '[browser]\npath = "/from/file"\n'
    assert load(tmp_path, toml, LANTIAN_BROWSER="/from/env").browser.path == "/from/env"
    assert load(tmp_path, toml, LANTIAN_BROWSER_AS_ROOT="1").browser.as_root
    assert not load(tmp_path, toml, LANTIAN_BROWSER_AS_ROOT="0").browser.as_root


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[crawl\n", "lantian.toml"),
        ("[surprise]\n", r"没有 \[surprise\] 这个表"),
        ("delay = 3\n", r"没有 \[delay\] 这个表"),
        ("crawl = 3\n", r"\[crawl\] 要是一个表"),
        ("[crawl]\ndelays = 3\n", r"\[crawl\] 没有 delays 这一项；现有：delay"),
        ("[browser]\nimages = 1\n", r"\[browser\] 没有 images 这一项"),
        ('[crawl]\ndelay = "3"\n', "delay 要是数"),
        ("[crawl]\ndelay = true\n", "delay 要是数"),
        ("[crawl]\nretries = 1.5\n", "retries 要是整数"),
        ("[crawl]\nretries = true\n", "retries 要是整数"),
        ("[browser]\nas_root = true\n", r"\[browser\] as_root 不能写在这里：只看环境变量 LANTIAN_BROWSER_AS_ROOT=1"),
        ("[browser]\nas_root = false\n", "LANTIAN_BROWSER_AS_ROOT"),
        ("[browser]\nas_roots = true\n", "现有：path、pictures、timeout、pages"),
        ("[browser]\npictures = 1\n", "pictures 要是true 或 false"),
        ("[browser]\npath = 1\n", "path 要是文字"),
        ("[crawl]\ndelay = -1\n", "delay 不能小于 0"),
        ("[crawl]\ndelay = nan\n", "delay 不能"),
        ("[crawl]\ntimeout = inf\n", "timeout 不能"),
        ("[crawl]\ntimeout = 0\n", "timeout 要大于 0"),
        ("[browser]\ntimeout = 0.0\n", "timeout 要大于 0"),
        ("[crawl]\npages = 0\n", "pages 要大于 0"),
        ('[crawl]\ncontact = "a\\r\\nX-Other: b"\n', "contact 要放进请求头"),
        ('[crawl]\ncontact = "知识产权局"\n', "contact 要放进请求头"),
    ],
)
def test_what_is_written_wrongly_is_refused(tmp_path: Path, toml: str, says: str) -> None:
    with pytest.raises(ConfigInvalid, match=says):
        load(tmp_path, toml)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lantian.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigInvalid, match=r"lantian\.toml"):
        load(tmp_path)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigInvalid, match=r"lantian\.toml"):
        Config.load({"LANTIAN_HOME": str(tmp_path / "file")})


def test_a_home_of_nobody_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="LANTIAN_HOME"):
        Config.load({"LANTIAN_HOME": "~no-such-user-here/x"})


def test_the_user_agent_names_us_and_whom_to_ask(tmp_path: Path) -> None:
    assert load(tmp_path).user_agent() == f"lantian/{VERSION} (public-interest monitoring by an IP office)"
    named = load(tmp_path, '[crawl]\ncontact = "ipr@office.example"\n').user_agent()
    assert named == f"lantian/{VERSION} (public-interest monitoring by an IP office; ipr@office.example)"


# -- the time-stamping authority -----------------------------------------------------------------


def authority(url: str, ca: Path) -> str:
    return f'[[authority]]\nurl = "{url}"\nca = "{ca}"\n'


def test_of_an_authoritys_address_only_the_place_is_told(tmp_path: Path, ca: Path) -> None:
    (one,) = load(tmp_path, authority("https://tsa.example:8443/stamp?key=geheim", ca)).authorities
    assert one.url == "https://tsa.example:8443/stamp?key=geheim"
    assert one.place == "https://tsa.example:8443"


@pytest.mark.parametrize(
    "url",
    [
        "https://office:geheim@tsa.example/",
        "https://geheim@tsa.example/",
        "HTTPS://office:geheim@tsa.example/",
        "ftp://office:geheim@tsa.example/",
        "office:geheim@tsa.example",
        "https:///geheim",
        "https://[geheim/",
        "https://office:geheim?@tsa.example/",
        "https://office:geheim",
        "https:\\\\office:geheim@tsa.example/",
    ],
)
def test_a_password_in_an_authoritys_address_is_refused_and_not_told(tmp_path: Path, ca: Path, url: str) -> None:
    with pytest.raises(ConfigInvalid, match="不带用户名和密码") as refused:
        load(tmp_path, authority(url, ca))
    assert "geheim" not in str(refused.value)


# -- LANTIAN_HOSTS -------------------------------------------------------------------------------


def hosts(tmp_path: Path, text: str) -> dict[str, MappedHost]:
    (tmp_path / "hosts").write_text(text, encoding="utf-8")
    return read_hosts(str(tmp_path / "hosts"))


def test_no_map_opens_nothing() -> None:
    assert read_hosts("") == {}


def test_the_map_is_read(tmp_path: Path, ca: Path) -> None:
    spaced = tmp_path / "a folder"
    spaced.mkdir()
    ca.rename(spaced / "ca.pem")
    found = hosts(
        tmp_path,
        f"\ufeff# a specimen\n\nWWW.Baidu.example. 127.0.0.1:8443 {spaced}/ca.pem   # the CA\n"
        "s.taobao.example [::1]:1\nm.sogou.example\t127.0.0.1:80 a folder/ca.pem\n",
    )
    assert found["www.baidu.example"] == MappedHost(
        host="www.baidu.example", address="127.0.0.1", port=8443, ca=spaced / "ca.pem"
    )
    assert found["s.taobao.example"] == MappedHost(host="s.taobao.example", address="::1", port=1)
    assert found["m.sogou.example"].ca == spaced / "ca.pem"


def test_the_same_line_twice_is_one_host(tmp_path: Path) -> None:
    assert len(hosts(tmp_path, "a.example 127.0.0.1:1\na.example 127.0.0.1:1\n")) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a.example", "hosts:2: 格式是 主机名 IP:端口"),
        ("a.example 127.0.0.1", "hosts:2: 127.0.0.1 不是带端口的 IP 地址"),
        ("a.example localhost:80", "不是带端口的 IP 地址"),
        ("a.example 127.1:80", "不是带端口的 IP 地址"),
        ("a.example 127.0.0.1:", "没有端口"),
        ("a.example 127.0.0.1:0", "没有端口 0"),
        ("a.example 127.0.0.1:65536", "没有端口 65536"),
        ("a.example 127.0.0.1:+80", "没有端口"),
        ("a.example 127.0.0.1:８０", "没有端口"),
        ("a.example 127.0.0.1:80 missing.pem", "missing.pem 不是可读的证书"),
        ("a.example 127.0.0.1:80 hosts", "hosts 不是可读的证书"),
        ("a.example 127.0.0.1:80 .", "不是可读的证书"),
        ("https://a.example 127.0.0.1:80", "不是主机名"),
        ("a.example:443 127.0.0.1:80", "不是主机名"),
        ("first.example 127.0.0.2:80", "前面已写过一行"),
    ],
)
def test_a_wrong_line_is_refused_by_number(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigInvalid, match=says):
        hosts(tmp_path, f"first.example 127.0.0.1:80\n{line}\n")


def test_a_map_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="LANTIAN_HOSTS"):
        load(tmp_path, LANTIAN_HOSTS=str(tmp_path / "missing"))


def test_a_map_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_bytes(b"\xff\xff")
    with pytest.raises(ConfigInvalid, match="LANTIAN_HOSTS"):
        read_hosts(str(tmp_path / "hosts"))


# -- where the rows are ----------------------------------------------------------------------------


def test_the_rows_are_in_the_homes_own_file_or_where_the_environment_says(tmp_path: Path) -> None:
    home = {"LANTIAN_HOME": str(tmp_path)}
    assert Config.load(home).database == tmp_path / "lantian.db"
    for address in (
        "postgresql://u:p@db.example/lantian",
        "postgresql+psycopg://db.example/lantian",
        "sqlite:////a/b.db",
    ):
        config = Config.load(home | {"LANTIAN_DATABASE": address})
        assert config.database == address
        assert address not in repr(config)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://u:geheim@db.example/lantian", "要以 sqlite://"),
        ("postgresql+asyncpg://u:geheim@db.example/lantian", "要以 sqlite://"),
        ("/var/lib/geheim.db", "要以 sqlite://"),
        ("sqlite:///geheim.db", "绝对路径"),
        ("sqlite://", "绝对路径"),
    ],
)
def test_another_kind_of_database_is_refused_and_not_told(tmp_path: Path, address: str, says: str) -> None:
    with pytest.raises(ConfigInvalid, match=says) as refused:
        Config.load({"LANTIAN_HOME": str(tmp_path), "LANTIAN_DATABASE": address})
    assert "geheim" not in str(refused.value)
