# SPDX-License-Identifier: MIT
"""Pictures of the page and the screen of `top`, as `make screenshots` makes them: python3 -m
netns.screenshots DIR, in tests/.

A host below two ToRs, with what a night may bring: an app whose check fails, one that is drained, one
whose VIP another program has put on lo, a router that has closed its session. page.png is the one of README.md."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from . import netns, responders
from .configs import app, config, peer
from .agent import Agent, binary
from .devtools import Tab
from .routers import Router
from .terminal import Terminal
from .testbed import Testbed
from .wait import wait_until

URL = "http://127.0.0.1:8080/"
# The name of the host on the page, in a UTS namespace of its own.
NAMED = ["unshare", "--uts", "sh", "-c", 'echo dns1 >/proc/sys/kernel/hostname; exec "$@"', "sh"]
TAKEN = "192.0.2.14/32"

APPS = (
    app("dns", ["192.0.2.53/32", "2001:db8::53/128"], "dns:127.0.0.1:53:health.example:A"),
    app("doh", "192.0.2.43/32", "http://127.0.0.1:8081/health"),
    app("ntp", ["192.0.2.123/32", "2001:db8::123/128"], "ntp:127.0.0.1:123"),
    app("radius", "192.0.2.181/32", "port:udp:1812"),
    app("syslog", TAKEN, "port:tcp:514", "port:udp:514"),
)
SERVICES = ((514, "tcp"), (514, "udp"), (1812, "udp"))


def many() -> tuple[dict[str, Any], ...]:
    return tuple(app(f"edge{i:04}", f"198.51.{100 + i // 250}.{i % 250 + 1}/32") for i in range(1000))


def start(bed: Testbed, apps: tuple[dict[str, Any], ...]) -> tuple[Agent, list[Router]]:
    routers = [bed.start_router("bird"), bed.start_router("bird")]
    for port, protocol in SERVICES:
        bed.start_service(port, protocol)
    peers = [peer(r, description=f"tor{i}") for i, r in enumerate(routers, 1)]
    options = {"monitor_interval": "400ms", "listen_addr": "127.0.0.1:8080"}
    agent = bed.start_agent(config(*peers, apps=apps, agent=options), wrapper=NAMED)
    wait_until(lambda: agent.status("status")["peers"]["established"] == 2, "both sessions")
    return agent, routers


def capture(tab: Tab, place: Path, scheme: str, width: int, height: int, telephone: bool = False) -> None:
    tab.prefer(scheme)
    tab.size(width, height, telephone)
    tab.run("scrollTo(0, 0)")
    # Two frames later the new look is on the screen.
    tab.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    place.write_bytes(tab.picture())
    print(f"{place} ({place.stat().st_size} octets)")


def night(bed: Testbed, place: Path) -> None:
    responders.dns(bed.host, 53)
    responders.ntp(bed.host, 123)
    responders.http(bed.host, 8081, 503, "overloaded")
    bed.host.ip(f"addr add {TAKEN} dev lo")
    agent, routers = start(bed, APPS)
    wait_until(lambda: agent.status("status")["apps"]["up"] == 4, "the others are up")
    tab = Tab(bed.host)
    agent.drain("radius", reason="kernel update")
    checks = "[...document.querySelectorAll('details[data-key=doh] svg path')].map(p => p.getAttribute('d')).join('')"
    tab.open(URL)
    tab.wait(f"({checks}.match(/M/g) ?? []).length >= 16", "sixteen checks", timeout=60)
    routers[1].stop()
    tab.wait("document.getElementById('sessions').innerText.includes('Cease')", "a NOTIFICATION")
    tab.wait("document.querySelectorAll('#alarms .bad').length > 0", "the alarm")
    for name in ("doh", "dns"):
        tab.run(f"document.querySelector('details[data-key={name}]').open = true")
    capture(tab, place / "page.png", "light", 1180, 1010)
    capture(tab, place / "dark.png", "dark", 1180, 1010)
    capture(tab, place / "telephone.png", "dark", 390, 1400, telephone=True)
    tab.close()
    top(bed, agent, place)


def top(bed: Testbed, agent: Agent, place: Path) -> None:
    terminal = Terminal(bed.workdir, columns=112, lines=26)
    with bed.host.inside():
        command = [*NAMED, str(binary()), "top", "--interval=500ms"]
        terminal.start(command, {"VIPHERALD_API": agent.listen_addr, "PATH": "/usr/bin:/bin"})
    shown = terminal.await_screen(
        lambda text: "session.down" in text and "Checks " in text and "Checks -/s" not in text, "rates"
    )
    (place / "top.txt").write_text(shown + "\n")
    terminal.close()


def thousand(bed: Testbed, place: Path) -> None:
    agent, _ = start(bed, many())
    wait_until(lambda: agent.status("status")["vips"]["announced"] == 1000, "all are announced", timeout=60)
    tab = Tab(bed.host)
    tab.open(URL)
    tab.wait("document.querySelectorAll('#apps .good').length >= 300", "all are sent")
    capture(tab, place / "thousand.png", "light", 1180, 1010)
    tab.close()


def main() -> None:
    place = Path(sys.argv[1]).resolve()
    place.mkdir(parents=True, exist_ok=True)
    for make in (night, thousand):
        with tempfile.TemporaryDirectory(prefix=netns.own_prefix()) as workdir:
            bed = Testbed(Path(workdir))
            try:
                make(bed, place)
                bed.stop_agents()
            finally:
                bed.destroy()


if __name__ == "__main__":
    main()
