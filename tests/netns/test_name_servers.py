"""Names in monitors and in consul_addr, where no name server answers, and where one does."""

import time
from pathlib import Path
from typing import Any

import pytest

from . import responders
from .agent import Agent
from .configs import VIP4, app, config, peer
from .testbed import Testbed
from .wait import wait_until

OTHER = "192.0.2.54/32"
NAMED = {
    "http": "http://web.example.com:8000/",
    "tcp": "tcp:web.example.com:8000",
    "dns": "dns:web.example.com:8053:x.example.com:A",
    "ntp": "ntp:web.example.com:8123",
    "ping": "ping:web.example.com",
}
"""Every kind of monitor with a host."""
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


def named_apps() -> dict[str, dict[str, Any]]:
    """By VIP."""
    kinds = enumerate(NAMED.items(), 1)
    return {f"192.0.2.{i}/32": app(kind, f"192.0.2.{i}/32", text) for i, (kind, text) in kinds}


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
    apps = (*named_apps().values(), app("other", OTHER, "port:tcp:7777"))
    section: dict[str, Any] = {"consul_addr": "http://consul.example.com:8500", "timeout": "1s"}
    service = bed.start_service(7777)
    agent = bed.start_agent(
        config(peer(router), apps=apps, agent=section), wrapper=with_files(**resolv_conf(bed))
    )
    router.wait_routes(OTHER)
    said = "no answer: the name servers did not answer for 'web.example.com' within 1s"
    for kind in NAMED:
        wait_until(lambda: said in agent.app(kind)["reason"], f"{kind} names the name server")
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


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_name_that_waits_for_others_is_unknown(bed: Testbed, kind: str) -> None:
    """More dead names than are looked up at a time: the servers were not asked for the last ones."""
    for server in SERVERS:
        bed.start_service(53, "udp", server)
    router = bed.start_router("bird")
    text = NAMED[kind]
    apps = [
        app(f"a{i}", f"192.0.2.{i}/32", text.replace("web.", f"web{i}.")) for i in range(1, 21)
    ]
    agent = bed.start_agent(
        config(peer(router), apps=tuple(apps), agent={"timeout": "1s"}),
        wrapper=with_files(**resolv_conf(bed)),
    )

    def waited() -> list[dict[str, Any]]:
        return [
            a
            for a in (agent.app(each["name"]) for each in apps)
            if "had to wait for others" in str(a["monitors"][0].get("said"))
        ]

    found = wait_until(waited, "names that waited")
    assert {a["health"] for a in found} == {"unknown"}, found


def test_names_of_etc_hosts_are_found(bed: Testbed) -> None:
    router = bed.start_router("bird")
    hosts = bed.workdir / "hosts"
    hosts.write_text("192.0.2.99 web.example.com\n127.0.0.1 web.example.com\n")
    bed.host.ip("route add blackhole 192.0.2.99/32")  # the next address is tried
    services = [
        responders.http(bed.host, 8000),
        responders.dns(bed.host, 8053),
        responders.ntp(bed.host, 8123),
    ]
    agent = bed.start_agent(
        config(peer(router), apps=tuple(named_apps().values())),
        wrapper=with_files(hosts=hosts, **resolv_conf(bed)),
    )
    router.wait_routes(*named_apps())
    for service in services:
        service.kill()
    wait_until(lambda: set(router.routes()) == {"192.0.2.5/32"}, "only ping passes")
    for kind in ("tcp", "dns", "ntp"):  # a check that was under way may have ended in another way
        wait_until(lambda: "Connection refused" in agent.app(kind)["reason"], f"{kind} is refused")


def test_names_that_are_vips_are_checked_here_or_not_at_all(bed: Testbed) -> None:
    """Another host that has the VIP would answer."""
    router = bed.start_router("bird")
    hosts = bed.workdir / "hosts"
    hosts.write_text(f"{VIP4.removesuffix('/32')} web.example.com\n")
    router.namespace.ip(f"addr add {VIP4} dev lo")
    bed.host.ip(f"route add {VIP4} via {router.ip}")
    responders.http(router.namespace, 8000)
    # Nothing checks it here, so that it is not on lo.
    owner = app("owner", VIP4, "port:tcp:7777")
    agent = bed.start_agent(
        config(peer(router), apps=(owner, *named_apps().values())),
        wrapper=with_files(hosts=hosts, **resolv_conf(bed)),
    )
    for kind in NAMED:
        wait_until(lambda: agent.app(kind)["monitors"][0]["checks"] > 1, f"{kind} is checked")
        monitor = agent.app(kind)["monitors"][0]
        assert "is a VIP that is not on this host now" in monitor["said"], monitor
        assert agent.app(kind)["health"] == "unknown"
