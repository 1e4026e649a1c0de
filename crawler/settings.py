"""Scrapy's settings of this project. What an installation decides comes in through `addon`."""

BOT_NAME = "lantian"
SPIDER_MODULES = ["spiders"]
NEWSPIDER_MODULE = "spiders"
COMMANDS_MODULE = "crawler.commands"
ADDONS = {"crawler.addon.Installation": 100}

# Lawful and polite. crawler.politeness has its own robots middleware, because a refusal must
# name the line that forbids and an override must name the person who signed it.
ROBOTSTXT_OBEY = False
ROBOTS_OVERRIDES = "pipelines.room.signed_overrides"
TURNS = "pipelines.room.turns"
COOKIES_ENABLED = False
HTTPPROXY_ENABLED = False  # a proxy named in the environment would go round the address guard
REFERRER_POLICY = "no-referrer"
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0  # the delay is a promise, not an average
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",
}
REDIRECT_MAX_TIMES = 5
METAREFRESH_MAXDELAY = 1  # a page that is shown for a while is the page, even if it reloads itself later
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524]
HTTPERROR_ALLOW_ALL = True
URLLENGTH_LIMIT = 0  # Scrapy drops a longer address without a word
# A crawl opens no door of its own: whoever reached one could steer it.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# What a page may cost.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_FAIL_ON_DATALOSS = False
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_HANDLERS = {
    "http": "crawler.transport.GuardedDownloadHandler",
    "https": "crawler.transport.GuardedDownloadHandler",
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}

# 100 concurrent items cost 100 asyncio tasks a response; one page is one item here.
CONCURRENT_ITEMS = 4
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
ASYNCIO_EVENT_LOOP = "uvloop.Loop"
LOG_LEVEL = "INFO"
LOG_FORMATTER = "crawler.addon.QuietItems"

DOWNLOADER_MIDDLEWARES = {
    "pipelines.counters.Counters": 80,
    "pipelines.cooling.Cooling": 90,
    "crawler.politeness.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.unpack.Unpack": 590,
    "pipelines.signedin.SignedIn": 950,
    "pipelines.render.RenderMiddleware": 960,
    # Nearest to the downloader: the bytes as they came, before decompression and redirects.
    "pipelines.keep.KeepMiddleware": 990,
}
ITEM_PIPELINES = {
    "pipelines.tie.Tie": 100,
    "pipelines.judge.Judge": 200,
    "pipelines.picture.Picture": 250,
    "pipelines.record.Record": 300,
}
EXTENSIONS = {
    "pipelines.verdict.Verdict": 500,
    "pipelines.sealing.Sealing": 510,
    "scrapy.extensions.memusage.MemoryUsage": None,
}
