"""Names in `http:` monitors and in consul_addr, where no name server answers, and where one does."""

import time
from pathlib import Path
from typing import Any

from . import responders
from .agent import Agent
from .configs import VIP4, app, config, peer
from .testbed import Testbed
from .wait import wait_until

OTHER = "192.0.2.54/32"
SERVERS = ("127.0.0.53", "127.0.0.54")
SLOW = 4.5
"""Seconds. A resolver waits for five: this tells a loop that waited for it from one that did not."""


def with_files(**files: Path) -> list[str]:
    """A wrapper that shows the agent these files in /etc."""
    mounts = "".join(f"mount --bind {path} /etc/{name} && " for name, path in files.items())
    return ["unshare", "-m", "sh", "-c", mounts + 'exec "$@"', "sh"]


def resolv_conf(bed: Testbed) -> dict[str, Path]:
    path = bed.workdir / "resolv.conf"
    path.write_text("".join(f"nameserver {server}\n" for server in SERVERS))
    switch = bed.workdir / "nsswitch.conf"
    switch.write_text("hosts: files dns\n")
    return {"resolv.conf": path, "nsswitch.conf": switch}


def slowest_answer(agent: Agent, seconds: float) -> float:
    worst, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        agent.get("/healthz")
        worst = max(worst, time.monotonic() - began)
    return worst


def test_silent_name_servers_hold_nothing_up(bed: Testbed) -> None:
    for server in SERVERS:
        bed.start_service(53, "udp", server)  # takes queries, answers none
    router = bed.start_router("bird")
    apps = (
        app("web", VIP4, "http://web.example.com:8000/"),
        app("other", OTHER, "port:tcp:7777"),
    )
    section: dict[str, Any] = {"consul_addr": "http://consul.example.com:8500", "timeout": "1s"}
    service = bed.start_service(7777)
    agent = bed.start_agent(
        config(peer(router), apps=apps, agent=section), wrapper=with_files(**resolv_conf(bed))
    )
    router.wait_routes(OTHER)
    said = "no answer: the name servers did not answer for 'web.example.com' within 1s"
    wait_until(lambda: said in agent.app("web")["reason"], "the name server is named")
    # Over the ends of several checks, and of attempts to reach Consul.
    worst = slowest_answer(agent, 6)
    assert worst < SLOW, f"{worst:.3f} s for an answer"
    began = time.monotonic()
    service.kill()
    router.wait_routes()
    withdrawn = time.monotonic() - began
    assert withdrawn < SLOW, f"withdrawn after {withdrawn:.3f} s"
    began = time.monotonic()
    agent.stop()
    stopped = time.monotonic() - began
    assert stopped < 2 * SLOW, f"stopped after {stopped:.3f} s"
    print(f"worst answer {worst:.3f} s, withdrawal {withdrawn:.3f} s, exit {stopped:.3f} s")
    bed.wait_loopback({})


def test_names_of_etc_hosts_are_found(bed: Testbed) -> None:
    router = bed.start_router("bird")
    hosts = bed.workdir / "hosts"
    hosts.write_text("192.0.2.99 web.example.com\n127.0.0.1 web.example.com\n")
    bed.host.ip("route add blackhole 192.0.2.99/32")  # the next address is tried
    service = responders.http(bed.host, 8000)
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", VIP4, "http://web.example.com:8000/"),)),
        wrapper=with_files(hosts=hosts, **resolv_conf(bed)),
    )
    router.wait_routes(VIP4)
    assert agent.app("web")["health"] == "up"
    service.kill()
    router.wait_routes()
