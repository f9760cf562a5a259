"""A real browser, Chromium without a window, and the web server of its pages."""

import http.server
import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from .agent import REPO
from .netns import Namespace
from .process import Process
from .wait import wait_until

UNPACKED = REPO / ".deps" / "browser"
PROGRAM = UNPACKED / "usr" / "lib" / "chromium" / "chromium"
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""
# The browser's own defence against pages that ask the local network is switched off: the agent
# has to hold without it, as in browsers that are older or asked for permission and got it.
_UNGUARDED = (
    "LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,BlockInsecurePrivateNetworkRequests,"
    "PrivateNetworkAccessSendPreflights,PrivateNetworkAccessForNavigations,"
    "PrivateNetworkAccessForWorkers,HttpsUpgrades,HttpsFirstBalancedMode"
)


class Browser:
    """Opens the page and stays there. Every name is 127.0.0.1 unless it is an address."""

    def __init__(
        self, namespace: Namespace, url: str, wrapper: Sequence[str] = (), more: Sequence[str] = ()
    ):
        """`wrapper`: what starts it; `more`: further options."""
        assert PROGRAM.exists(), f"{PROGRAM} is missing: run 'scripts/deps.sh test'"
        place = namespace.workdir / "browser"
        self.temporary = place / "tmp"
        self.temporary.mkdir(parents=True)
        fonts = place / "fonts.conf"
        fonts.write_text(_FONTS.format(fonts=UNPACKED / "usr" / "share" / "fonts", cache=place))
        [libraries] = UNPACKED.glob("usr/lib/*/libnss3.so")
        paths = [libraries.parent, libraries.parent / "pulseaudio"]
        paths += UNPACKED.glob("lib/*-linux-gnu")
        self.process: Process = namespace.start(
            [
                *wrapper, PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--no-proxy-server", "--disable-background-networking",
                "--disable-component-update", f"--user-data-dir={place}",
                f"--disable-features={_UNGUARDED}",
                "--host-resolver-rules=MAP *.example.org 127.0.0.1", *more, url,
            ],
            "browser",
            env={
                "HOME": str(place),
                "TMPDIR": str(self.temporary),  # it leaves directories there when it is killed
                "FONTCONFIG_FILE": str(fonts),
                "LD_LIBRARY_PATH": ":".join(map(str, paths)),
            },
        )


class Pages:
    """Serves pages at a port of the namespace, and keeps what they report to /report."""

    def __init__(
        self, namespace: Namespace, port: int, pages: Mapping[str, str], redirects: Sequence[str] = ()
    ):
        """`redirects`: /redirect/N leads to number N of them."""
        self.reports: list[Any] = []
        self.asked: set[str] = set()  # the paths of GETs
        with namespace.inside():
            self._server = http.server.ThreadingHTTPServer(("", port), self._handler(pages, redirects))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _handler(self, pages: Mapping[str, str], redirects: Sequence[str]) -> type:
        reports, asked = self.reports, self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.add(self.path)
                if self.path.startswith("/redirect/"):
                    self.send_response(307)
                    self.send_header("Location", redirects[int(self.path.rpartition("/")[2])])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                page = pages.get(self.path)
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/report":
                    reports.append(json.loads(text))
                    self.send_response(204)
                    self.send_header("Access-Control-Allow-Origin", "*")
                    self.end_headers()
                else:
                    self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def wait_report(self) -> Any:
        return wait_until(lambda: self.reports, "the page reports", timeout=90)[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
