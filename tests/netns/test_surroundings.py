# SPDX-License-Identifier: MIT
"""`check` warns of VIPs that the networks around the host make useless."""

import os
import socket
import subprocess

import pytest

from .agent import Agent
from .configs import PORT, VIP4, VIP6, app, config, peer
from .consul import Consul, tags
from .routers import Router
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

CONFIG = """
bgp: { local_as: 65001, peers: [ { peer_ip: 10.99.0.1, peer_as: 65000 } ] }
apps: [ { name: dns, vip: "%s", monitors: [ "file:/tmp" ] } ]
"""
TUNNEL = """set -e; ip link set lo up; ip link add tun0 type veth peer name e1; ip link set tun0 arp off up
ip addr add 10.99.0.2/24 dev tun0
exec "$0" check "$1"
"""
HOST = """set -e; ip link set lo up; ip link add eth0 type veth peer name e1; ip link set eth0 up
ip addr add 10.99.0.2/24 dev eth0; ip addr add 2001:db8:99::2/64 dev eth0
exec "$0" check "$1"
"""


def check(tmp_path, vip, host=HOST):
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG % vip)
    program = os.path.abspath(os.environ.get("VIPHERALD", "build/vipherald"))
    command = ["unshare", "-n", "sh", "-c", host, program, str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "vip, says",
    [
        ("10.99.0.53/32", "inside the subnet of interface eth0: neighbours ask for it by ARP"),
        ("2001:db8:99::53/128", "inside the subnet of interface eth0: neighbours look for it"),
        ("8.0.0.0/8", "very wide"),
    ],
)
def test_warned(tmp_path, vip, says):
    assert says in check(tmp_path, vip)


@pytest.mark.parametrize("vip", ["192.0.2.53/32", "10.99.1.53/32", "2001:db8:98::53/128"])
def test_not_warned(tmp_path, vip):
    assert "warning" not in check(tmp_path, vip)


def test_interface_without_arp(tmp_path):
    """As WireGuard's: no neighbour looks for the VIP on the link."""
    assert "subnet" not in check(tmp_path, "10.99.0.53/32", TUNNEL)


IN_LAN, IN_LAN6 = "10.0.1.53/32", "fd00:1::53/128"


def start(bed: Testbed, *apps: dict, **agent: object) -> tuple[Agent, Router]:
    router = bed.start_router("frr")
    return bed.start_agent(config(peer(router), apps=apps, agent=agent)), router


def subnet_alarm(agent: Agent) -> tuple[str, int] | None:
    alarms = agent.status("status")["alarms"]
    found = [(a["vip"], a["count"]) for a in alarms if a["alarm"] == "vip-in-subnet"]
    return found[0] if found else None


def told(agent: Agent, vip: str) -> int:
    """Besides the alarm, which goes on and off by itself."""
    words = (f"{vip} is inside the subnet", f"'{vip}' is inside the subnet")
    return sum(
        any(word in line for word in words) and " alarm " not in line
        for line in agent.log.splitlines()
    )


def test_vip_of_the_configuration_is_told_once_and_announced(bed: Testbed) -> None:
    agent, router = start(bed, app("lan", [IN_LAN, IN_LAN6]), app("ok", VIP4))
    router.wait_routes(IN_LAN, IN_LAN6, VIP4)
    assert (told(agent, IN_LAN), told(agent, IN_LAN6), told(agent, VIP4)) == (1, 1, 0)
    vip, count = subnet_alarm(agent) or ("", 0)
    assert (vip in (IN_LAN, IN_LAN6), count) == (True, 2)
    # The reason for the warning: who is on the link asks by ARP, and gets an answer without BGP.
    bed.start_service(PORT)
    router.kill()
    with router.link.namespace.inside():
        socket.create_connection((IN_LAN.removesuffix("/32"), PORT), timeout=TIMEOUT).close()


def test_vip_over_http_is_told_once(bed: Testbed) -> None:
    agent, router = start(bed)
    assert subnet_alarm(agent) is None
    for _ in range(2):
        assert agent.register("lan", IN_LAN).status == 200
    router.wait_routes(IN_LAN)
    assert agent.register("ok", VIP4).status == 200
    assert (told(agent, IN_LAN), told(agent, VIP4)) == (1, 0)
    assert subnet_alarm(agent) == (IN_LAN, 1)
    agent.unregister("lan")
    wait_until(lambda: subnet_alarm(agent) is None, "the alarm ends")


def test_vip_from_consul_is_told_once(bed: Testbed) -> None:
    consul = Consul(bed.host)
    agent, router = start(bed, consul_addr=consul.addr)
    consul.register("lan", tags(IN_LAN))
    router.wait_routes(IN_LAN)
    consul.register("lan", tags(IN_LAN, "gocast_vip_communities=1:1"))
    wait_until(lambda: router.routes()[IN_LAN].communities == ("1:1",), "the change")
    assert told(agent, IN_LAN) == 1
    assert subnet_alarm(agent) == (IN_LAN, 1)


@pytest.mark.parametrize("subnet", ["192.0.2.1/24", "2001:db8::1/64"])
def test_subnet_that_appears_later_is_told_once(bed: Testbed, subnet: str) -> None:
    agent, router = start(bed, app("web", [VIP4, VIP6]))
    router.wait_routes(VIP4, VIP6)
    vip = VIP6 if ":" in subnet else VIP4
    bed.host.ip("link add lan type veth peer name lan2", "link set lan up", "link set lan2 up")
    bed.host.ip(f"addr add {subnet} dev lan {'nodad' if ':' in subnet else ''}")
    agent.wait_log(f"{vip} is inside the subnet of interface lan")
    assert subnet_alarm(agent) == (vip, 1)
    bed.host.ip("addr add 10.77.0.1/24 dev lan")
    assert agent.register("more", "198.51.100.7/32").status == 200  # the change has been seen
    assert told(agent, vip) == 1
    bed.host.ip(f"addr del {subnet} dev lan")
    wait_until(lambda: subnet_alarm(agent) is None, "the alarm ends")
