"""The ping monitor with the real agent, a router one hop away and networks that drop or reject."""

from pathlib import Path
from typing import Any

import pytest

from .configs import VIP4, config
from .health import PEER, agent_with, expect
from .privileges import as_plain_user, without
from .testbed import Testbed
from .wait import wait_until

FAST = {"interval": "50ms", "timeout": "50ms"}
CHAIN = "add table inet t; add chain inet t c { type filter hook input priority 0 ; }"
DROP = "add rule inet t c meta l4proto icmp drop"


def app_with(monitor: Any) -> dict[str, Any]:
    return config(PEER, apps=({"name": "a", "vip": VIP4, "monitors": [monitor]},))


def allow(bed: Testbed, groups: str) -> None:
    with bed.host.inside():
        Path("/proc/sys/net/ipv4/ping_group_range").write_text(groups)


@pytest.mark.parametrize("groups", ["1 0", "0 2147483647"])
def test_router_follows(bed: Testbed, groups: str) -> None:
    """By a raw socket and by an ICMP socket: ICMP is dropped, passes, and is dropped again."""
    allow(bed, groups)
    link = bed.link()
    link.namespace.run(["nft", CHAIN])
    link.namespace.run(["nft", DROP])
    agent = bed.start_agent(app_with({"ping": link.router_ip, **FAST}))
    expect(agent, "down", "no answer within 50ms")
    link.namespace.run(["nft", "flush chain inet t c"])
    expect(agent, "up", "answered")
    link.namespace.run(["nft", DROP])
    expect(agent, "down", "no answer within 50ms")


@pytest.mark.parametrize("groups", ["1 0", "0 2147483647"])
def test_router_rejects(bed: Testbed, groups: str) -> None:
    """An ICMP error means down at once, whatever the timeout."""
    allow(bed, groups)
    link = bed.link()
    bed.host.ip(f"route add default via {link.router_ip}")
    link.namespace.ip("route add unreachable 10.7.7.7")
    link.namespace.forward()
    agent = bed.start_agent(app_with({"ping": "10.7.7.7", "timeout": "1h"}))
    expect(agent, "down", f"ICMP error from {link.router_ip}: No route to host")


def test_ipv6(bed: Testbed) -> None:
    expect(agent_with(bed, "ping:::1"), "up", "answered")


def test_plain_user_in_the_range(bed: Testbed) -> None:
    allow(bed, "0 2147483647")
    bed.link()
    bed.workdir.chmod(0o755)
    agent = bed.start_agent(app_with("ping:127.0.0.1"), wrapper=as_plain_user(["net_admin"]))
    expect(agent, "up", "answered")
    assert agent.status("capabilities")["missing"] == []


def test_neither_range_nor_capability(bed: Testbed) -> None:
    """The result is unknown, and the reason names the sysctl."""
    allow(bed, "1 0")
    bed.link()
    agent = bed.start_agent(app_with("ping:127.0.0.1"), wrapper=without("net_raw"))
    expect(agent, "unknown", "sysctl net.ipv4.ping_group_range does not include group 0")
    assert agent.status("capabilities")["missing"] == ["CAP_NET_RAW"]
    agent.wait_log("CAP_NET_RAW is missing")
    allow(bed, "0 0")
    expect(agent, "up", "answered")


def test_vip_of_another_host(bed: Testbed) -> None:
    """A VIP that is not here is not pinged, though the next hop has it."""
    link = bed.link()
    bed.host.ip(f"route add default via {link.router_ip}")
    link.namespace.ip("link set lo up", "addr add 192.0.2.99/32 dev lo")
    apps = (
        {"name": "owner", "vip": "192.0.2.99/32", "monitors": ["port:tcp:7001"]},
        {"name": "a", "vip": VIP4, "monitors": ["ping:192.0.2.99"]},
    )
    agent = bed.start_agent(config(PEER, apps=apps))
    expect(agent, "unknown", "not on this host now")
    agent.unregister("owner")
    assert agent.register("b", "192.0.2.55/32", monitors=["ping:192.0.2.99"]).status == 200
    wait_until(lambda: agent.app("b")["health"] == "up", "the check goes out")
