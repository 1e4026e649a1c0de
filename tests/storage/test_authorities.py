"""One question to a time-stamping authority: what is believed, and each way not to be."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import responses
from authority import PAST, LocalAuthority
from stamp_specimens import FIRST, OVER, SECOND, answers, at, now

from crawler.errors import ConfigInvalid, NotStamped
from crawler.tables import Authority
from storage.stamp import stamp_bytes
from storage.verifier.tokens import Stamp, anchors, check_token


def test_over_real_http(authority: LocalAuthority, authority_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")  # nobody there: a proxy would fail it
    token = stamp_bytes(OVER, [at(authority, authority_url)], now())
    assert isinstance(check_token(token, OVER, anchors(authority.root.read_bytes()), part=""), Stamp)


def test_each_question_has_its_own_nonce(authority: LocalAuthority, authority_url: str) -> None:
    before = len(authority.asked)
    for _ in range(2):
        stamp_bytes(OVER, [at(authority, authority_url)], now())
    first, second = authority.asked[before:]
    assert first != second


def test_without_an_authority() -> None:
    with pytest.raises(NotStamped, match="没有设置"):
        stamp_bytes(OVER, [], now())


def test_the_second_is_asked_when_the_first_is_not_there(
    authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    web.add(responses.POST, FIRST, body=requests.ConnectionError("nobody"))
    answers(web, SECOND, authority)
    assert stamp_bytes(OVER, [at(authority), at(authority, SECOND)], now())
    assert [call.request.url for call in web.calls] == [FIRST, SECOND]


def test_the_key_in_an_address_is_sent_and_not_told(authority: LocalAuthority, web: responses.RequestsMock) -> None:
    keyed = f"{FIRST}office-key?token=geheim"
    web.add(responses.POST, keyed, status=503)
    with pytest.raises(NotStamped) as refused:
        stamp_bytes(OVER, [at(authority, keyed)], now())
    assert str(refused.value) == "http://tsa1.example：答复的状态是 503"
    assert web.calls[0].request.url == keyed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"body": requests.ConnectionError("no")}, "ConnectionError"),
        ({"body": requests.ConnectTimeout("slow")}, "ConnectTimeout"),
        ({"status": 500, "body": b"oops"}, "500"),
        ({"status": 404}, "404"),
        ({"status": 302, "headers": {"Location": "file:///etc/passwd"}}, "302"),
        ({"status": 307, "headers": {"Location": SECOND}}, "307"),
        ({"status": 200, "body": b"<html>no</html>"}, "无法读取"),
        ({"status": 200, "body": b""}, "无法读取"),
        ({"status": 200, "body": bytes((1 << 20) + 1)}, "太大"),
    ],
)
def test_answers_that_are_none(
    answer: dict[str, object], said: str, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    web.add(responses.POST, FIRST, **answer)
    with pytest.raises(NotStamped, match=said):
        stamp_bytes(OVER, [at(authority)], now())
    assert len(web.calls) == 1


@pytest.mark.parametrize("kind", [{"name": "Qita"}, {}, {"valid": PAST}, {"self_signed": True}])
def test_answers_of_another_authority(
    make_authority, kind: dict[str, object], authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    answers(web, FIRST, make_authority(**kind))
    with pytest.raises(NotStamped, match="不是所信任的"):
        stamp_bytes(OVER, [at(authority)], now())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"valid": PAST}, "已过期"),
        ({"root_valid": PAST}, "已过期"),
        ({"nonce": False}, "nonce"),
        ({"refusing": True}, "拒绝"),
        ({"usage": False}, "不是所信任的"),
        ({"embedded": False}, "不是所信任的"),
    ],
)
def test_answers_of_a_broken_authority(
    make_authority, kind: dict[str, object], said: str, web: responses.RequestsMock
) -> None:
    broken = make_authority(**kind)
    answers(web, FIRST, broken)
    with pytest.raises(NotStamped, match=said):
        stamp_bytes(OVER, [at(broken)], now())


def test_an_answer_over_other_bytes(authority: LocalAuthority, web: responses.RequestsMock) -> None:
    web.add(responses.POST, FIRST, body=authority.stamp(b"something else"))
    with pytest.raises(NotStamped, match="不是这份清单的"):
        stamp_bytes(OVER, [at(authority)], now())


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=400)])
def test_a_stamp_far_from_our_clock(authority: LocalAuthority, authority_url: str, away: timedelta) -> None:
    with pytest.raises(NotStamped, match="时钟"):
        stamp_bytes(OVER, [at(authority, authority_url)], now() + away)


def test_certificates_out_of_order_are_taken_all_the_same(make_authority, web: responses.RequestsMock) -> None:
    other = make_authority(intermediate=True, ordered=False)
    answers(web, FIRST, other)
    assert stamp_bytes(OVER, [at(other)], now())


def test_an_answer_that_drips_is_given_up(authority: LocalAuthority) -> None:
    """Each byte comes in time; the whole does not."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not is_over.wait(0.1):
                    try:
                        connection.sendall(b"0")
                    except OSError:
                        return

        pool.submit(drip)
        begun = now()
        with pytest.raises(NotStamped, match="ReadTimeout"):
            stamp_bytes(OVER, [at(authority, f"http://127.0.0.1:{server.getsockname()[1]}/", 0.4)], begun)
        is_over.set()
    assert now() - begun < timedelta(seconds=60)


def test_a_certificate_file_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "not.pem").write_text("no certificate")
    for name in ("gone.pem", "not.pem"):
        with pytest.raises(ConfigInvalid, match=name):
            stamp_bytes(OVER, [Authority(url=FIRST, ca=tmp_path / name)], now())
