"""The commands of docs/troubleshooting.md remove what a killed agent left, and nothing else."""

import re

import pytest

from .configs import VIP4, VIP6, app, config
from .nat import BACKENDS, wait_announced
from .routers.base import REPO
from .testbed import Testbed

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
THEIRS = "198.51.100.1/32"


def commands() -> str:
    page = (REPO / "docs" / "troubleshooting.md").read_text()
    [block] = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    return str(block)


def tables(bed: Testbed, backend: str) -> str:
    if backend == "nftables":
        return bed.host.run(["nft", "list", "ruleset"])
    return "".join(
        bed.host.run([f"{tool}-legacy-save", "-t", "nat"]) for tool in ("iptables", "ip6tables")
    )


@pytest.mark.usefixtures("xtables_lock")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_killed_agent_is_removed_by_hand(bed: Testbed, backend: str) -> None:
    bed.link()
    host = bed.host
    host.run(["ip", "addr", "add", THEIRS, "dev", "lo"])
    if backend == "iptables":
        theirs = ["-d", "198.51.100.1", "-p", "tcp", "--dport", "80", "-j", "REDIRECT"]
        host.run(["iptables-legacy", "-w", "-t", "nat", "-A", "PREROUTING", *theirs])
    before = host.run(["ip", "-o", "addr", "show", "dev", "lo"])
    routes = host.run(["ip", "route", "show", "table", "local"])
    web = {**app("web", [VIP4, VIP6, "192.0.2.128/28"]), "nats": ["tcp:80:8080", "udp:53:5353", "tcp:443"]}
    agent = bed.start_agent({**config(PEER, apps=(web,)), "nat": {"backend": backend}})
    wait_announced(agent, "web")  # address, NAT, route, in this order
    agent.kill()
    assert "192.0.2.53" in host.run(["ip", "-o", "addr", "show", "dev", "lo"])
    assert "8080" in tables(bed, backend)

    host.run(["bash", "-c", commands()], check=False)
    assert host.run(["ip", "-o", "addr", "show", "dev", "lo"]) == before
    assert host.run(["ip", "route", "show", "table", "local"]) == routes
    assert "proto 118" not in host.run(["ip", "-6", "route", "show", "table", "local"])
    left = tables(bed, backend)
    assert "vipherald" not in left and "8080" not in left
    assert backend == "nftables" or "REDIRECT" in left
