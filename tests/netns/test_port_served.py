"""Which listeners count for a `port` monitor: those that clients of each VIP reach."""

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .nat import BACKENDS, DEST, LISTEN, Echo, NatBed, ask, nat_app, wait_announced
from .testbed import Testbed
from .wait import wait_until

PORT = 7777
HOUR = {"monitor_interval": "1h"}

pytestmark = pytest.mark.usefixtures("xtables_lock")


def wait_said(agent: Agent, name: str, *parts: str) -> None:
    def said() -> str:
        text = agent.app(name)["monitors"][0]["said"]
        assert isinstance(text, str)
        return text

    wait_until(lambda: all(part in said() for part in parts), f"{parts}")


def wait_reason(agent: Agent, name: str, *parts: str) -> None:
    wait_until(lambda: all(part in agent.app(name)["reason"] for part in parts), f"{parts}")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("address", ["10.0.1.2", "127.0.0.53", "192.0.2.99"])
def test_a_listener_elsewhere_serves_no_vip(bed: Testbed, protocol: str, address: str) -> None:
    """At another address of the host, on loopback, at another VIP; the reason names it, and what to
    write where it is meant."""
    router = bed.start_router("bird")
    other = bed.start_service(PORT, protocol, address)
    named = f"port:{protocol}:{address}:{PORT}"
    apps = (app("a", VIP4, f"port:{protocol}:{PORT}"), app("b", "192.0.2.54/32", named))
    agent = bed.start_agent(config(peer(router), apps=apps, agent=HOUR))
    router.wait_routes("192.0.2.54/32")
    wait_reason(agent, "a", "192.0.2.53 is not served", f"bound to {address}", f"use {named}")
    service = bed.start_service(PORT, protocol, "0.0.0.0")
    router.wait_routes(VIP4, "192.0.2.54/32")
    service.kill()
    router.wait_routes("192.0.2.54/32")
    other.kill()
    router.wait_routes()


def test_each_vip_is_served(bed: Testbed) -> None:
    """An app with VIPs of both families and a listener of one: not announced, and which is missing."""
    router = bed.start_router("bird")
    agent = bed.start_agent(
        config(peer(router), apps=(app("a", [VIP4, VIP6], f"port:tcp:{PORT}"),), agent=HOUR)
    )
    service = bed.start_service(PORT, address="0.0.0.0")
    wait_until(lambda: agent.app("a")["health"] == "down", "down")
    agent.register("b", "192.0.2.54/32", monitors=[f"port:tcp:{PORT}"])
    router.wait_routes("192.0.2.54/32")
    agent.register("c", "2001:db8::54/128", monitors=[f"port:tcp:{PORT}"])
    wait_reason(agent, "c", "2001:db8::54 is not served", "IPv4 only")
    second = bed.start_service(PORT, address="2001:db8::53")
    router.wait_routes(VIP4, VIP6, "192.0.2.54/32")
    second.kill()
    router.wait_routes("192.0.2.54/32")
    wait_said(agent, "a", "2001:db8::53 is not served", "IPv4 only (0.0.0.0)")
    service.kill()
    router.wait_routes()
    both = bed.start_service(PORT, address="::")
    router.wait_routes(VIP4, VIP6, "192.0.2.54/32", "2001:db8::54/128")
    both.kill()
    router.wait_routes()


def test_another_vip_of_the_same_app(bed: Testbed) -> None:
    """It is registered again with a VIP that nothing serves: never announced."""
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), agent=HOUR))
    bed.start_service(PORT, address="192.0.2.53")
    agent.register("a", VIP4, monitors=[f"port:tcp:{PORT}"])
    router.wait_routes(VIP4)
    agent.register("a", "192.0.2.54/32", monitors=[f"port:tcp:{PORT}"])
    router.wait_routes()
    wait_reason(agent, "a", "192.0.2.54 is not served")
    agent.register("b", VIP4, monitors=[f"port:tcp:{PORT}"])
    router.wait_routes(VIP4)


def test_one_of_two_dies(bed: Testbed) -> None:
    """SO_REUSEPORT: the death of one is no failure, that of the other is."""
    router = bed.start_router("bird")
    first = bed.start_service(PORT, "udp", "192.0.2.53")
    second = bed.start_service(PORT, "udp", "192.0.2.53")
    guard = bed.start_service(PORT + 1, "udp")
    apps = (
        app("a", VIP4, f"port:udp:{PORT}"),
        app("guard", "192.0.2.54/32", f"port:udp:{PORT + 1}"),
    )
    agent = bed.start_agent(config(peer(router), apps=apps, agent=HOUR))
    router.wait_routes(VIP4, "192.0.2.54/32")
    first.kill()
    guard.kill()  # its event comes after the first's
    router.wait_routes(VIP4)
    assert agent.app("a")["went_down"] == 0
    second.kill()
    router.wait_routes()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("asked", [DEST, LISTEN])
def test_where_nat_leads(bed: Testbed, backend: str, asked: int) -> None:
    """The service's port is named, as for GoCast, or that of the VIP: the listener is the same."""
    nat = NatBed(bed)
    mapping = [f"tcp:{LISTEN}:{DEST}"]
    agent = nat.start_agent(
        nat_app("a", VIP4, mapping, [f"port:tcp:{asked}"]), backend=backend
    )
    # Reached at the VIP's port only, or at the VIP's address only: not what NAT makes of it.
    wrong = (
        bed.start_service(LISTEN, address="0.0.0.0"),
        bed.start_service(DEST, address="192.0.2.53"),
    )
    wait_said(agent, "a", "where NAT leads", "bound to 192.0.2.53")
    assert agent.app("a")["health"] == "down"
    wrong[1].kill()
    wait_said(agent, "a", f"nothing listens on tcp port {DEST}", "where NAT of 192.0.2.53 leads")
    Echo(nat.host, DEST, nat.link.host_ip)
    wait_announced(agent, "a")
    assert ask(nat.client, "tcp", "192.0.2.53", LISTEN) == f"{DEST} hello"


def test_nat_to_loopback(bed: Testbed) -> None:
    """The stub of systemd-resolved, made public by a mapping that names its address."""
    nat = NatBed(bed)
    nat.host.run(["sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1"])
    agent = nat.start_agent(
        nat_app("a", VIP4, ["udp:53:127.0.0.53:53"], ["port:udp:53"]), backend="nftables"
    )
    Echo(nat.host, 53, "127.0.0.54")
    wait_said(agent, "a", "of 127.0.0.53, where NAT leads", "bound to 127.0.0.54")
    Echo(nat.host, 53, "127.0.0.53")
    wait_announced(agent, "a")
    assert ask(nat.client, "udp", "192.0.2.53", 53) == "53 hello"
