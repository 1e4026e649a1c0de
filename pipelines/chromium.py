"""Which Chromium is started and with what options: found, sandboxed, quiet, and trusting only what was verified."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import shutil
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crawler.config import Config
from crawler.hosts import MappedHost
from pipelines.devtools import BrowserTrouble

logger = logging.getLogger(__name__)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEAP = 1024  # megabytes a page's scripts may fill
# A later list takes the place of an earlier one: the driver's own stands here again, and then ours. The windows of
# an address bar nobody looks at cost more than the page.
WITHOUT = """
AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose HttpsUpgrades HttpsFirstBalancedModeAutoEnable
LensOverlay MediaRouter PaintHolding ThirdPartyStoragePartitioning AvoidCorsURLLoaderRestartOnRedirect
TcpPortRandomizationWin OptimizationHints NetworkTimeServiceQuerying AimEnabled PreconnectToSearch
msForceBrowserSignIn msEdgeUpdateLaunchServicesPreferredVersion
PreloadTopChromeWebUI WebUIOmniboxPopup WebUIOmniboxAimPopup WebUIOmniboxFullPopup
"""
QUIET = [
    f"--disable-features={','.join(WITHOUT.split())}",
    "--dns-prefetch-disable",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    # A worker that pages share belongs to none: what it asks for could be neither counted nor kept.
    "--disable-blink-features=SharedWorker",
    "--disable-gpu",
    # Frames of other sites stay in the page's process: their messages are then heard with the page's own.
    # There is nothing to keep apart, a page has a context of its own without cookies.
    "--disable-site-isolation-trials",
    f"--js-flags=--max-old-space-size={HEAP}",
]


def find_chromium(config: Config) -> str:
    """The path of a Chromium: the setting, the usual names, or Playwright's own download.

    Raises `BrowserTrouble` with the reason in words a person can act on.
    """
    if os.geteuid() == 0 and not config.browser.as_root:
        raise BrowserTrouble("以 root 运行时浏览器没有沙箱；确需如此请设 LANTIAN_BROWSER_AS_ROOT=1")
    if config.browser.path:
        if not os.access(config.browser.path, os.X_OK):
            raise BrowserTrouble(f"设置的浏览器不能运行：{config.browser.path}")
        return config.browser.path
    named = [path for name in NAMES if (path := shutil.which(name))]
    cache = Path.home() / ".cache" / "ms-playwright"
    own = sorted(str(path) for path in cache.glob("chromium-*/chrome-linux*/chrome"))
    for path in named + own[::-1]:
        return path
    raise BrowserTrouble("没有找到 Chromium（可用 make setup 安装，或在 lantian.toml 的 [browser] path 中指定）")


def pinned_keys(hosts: Mapping[str, MappedHost]) -> list[str]:
    """Chromium's option to accept, of all unknown certificates, exactly the keys verified here."""
    pins = sorted({pin for one in hosts.values() if one.ca for pin in _verified_key(one)})
    return [f"--ignore-certificate-errors-spki-list={','.join(pins)}"] if pins else []


def _verified_key(host: MappedHost) -> list[str]:
    """The digest of the server's key after a handshake against the host's own authority.

    Chromium knows no extra authority without a system store; it is told the one key that
    was checked here instead. A server that fails the check gets no pin and no page.
    """
    context = ssl.create_default_context(cafile=host.ca)
    try:
        with (
            socket.create_connection((host.address, host.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=host.host) as secure,
        ):
            certificate = secure.getpeercert(binary_form=True)
    except (OSError, ssl.SSLError) as wrong:
        logger.warning("%s: no verified certificate: %s", host.host, wrong)
        return []
    key = x509.load_der_x509_certificate(certificate or b"").public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")]


def resident(root: int) -> int:
    """Bytes of memory that the process `root` and all it started have for themselves, from /proc."""
    parents = dict(_parents())
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(_own_memory(pid) for pid in tree)


def parent_of(pid: int) -> int:
    """The process that started `pid`; 0 when there is no such process any more."""
    return dict(_parents()).get(pid, 0)


def _parents() -> list[tuple[int, int]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        found.append((int(folder.name), int(stat[1])))
    return found


def _own_memory(pid: int) -> int:
    """Resident pages that are not shared with others' files, in bytes; 0 for a process that has ended."""
    try:
        _, resident_pages, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except OSError:
        return 0
    return (int(resident_pages) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
