"""Whether the home's disk has room for a crawl. It frees nothing: a person says what may go."""

from __future__ import annotations

import shutil

from crawler.config import Config
from crawler.logs import MEGABYTE


def full_disk(config: Config) -> str:
    """Why no crawl may begin, in words for a person; empty while there is room."""
    free = shutil.disk_usage(config.home).free // MEGABYTE
    if free >= config.disk.free_megabytes:
        return ""
    least = config.disk.free_megabytes
    return (
        f"磁盘只剩 {free} MB，少于 [disk] free_megabytes 的 {least} MB：不开始新的巡查，到时间的记为漏查（disk_full）"
    )
