"""The way to a router goes: interface, carrier, route or the host's own address. It is noticed when it
happens, not when the hold timer (90 s) expires, and so is that it is back: attempts to connect are
half a minute apart here, so that one that comes sooner comes because of that."""

import resource
import socket
from collections.abc import Callable
from pathlib import Path as FilePath

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Link, Testbed
from .wait import never, wait_until

WEB = app("web", VIP4)
SLOW = {"connect_retry": "30s", "connect_retry_max": "60s"}


class Path:
    """One link, a scripted router at its end, and an agent with a session to it."""

    def __init__(self, bed: Testbed, **keys: object):
        self.bed = bed
        self.link: Link = bed.link()
        self.listener = RawListener(self.link.namespace, self.link.router_ip)
        entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS, **keys}
        self.agent: Agent = bed.start_agent(config(entry, apps=(WEB,), **SLOW))
        self.session = self.accept()
        self.session.expect_route(VIP4)

    def accept(self) -> RawSession:
        session = self.listener.accept()
        session.establish(ROUTER_AS)
        return session

    def peer(self) -> dict[str, object]:
        return self.agent.peer(self.link.router_ip)

    def wait_down(self, why: str) -> None:
        self.agent.wait_log(f"peer {self.link.router_ip}: session ended: {why}")
        peer = self.peer()
        assert peer["state"] != "established"
        assert why in f"{peer['path_error']} {peer['last_error']}"

    def wait_back(self) -> RawSession:
        session = self.accept()
        session.expect_route(VIP4)
        wait_until(lambda: self.peer()["path_error"] == "", "the way is good again")
        return session


def host_down(path: Path) -> Callable[[], None]:
    path.bed.host.ip(f"link set {path.link.device} down")
    return lambda: path.bed.host.ip(f"link set {path.link.device} up")


def far_end_down(path: Path) -> Callable[[], None]:
    path.link.namespace.ip("link set eth0 down")
    return lambda: path.link.namespace.ip("link set eth0 up")


LOSSES = {"is down": host_down, "has no carrier": far_end_down}


@pytest.mark.parametrize("words", LOSSES)
def test_interface_that_goes_ends_the_session_at_once(bed: Testbed, words: str) -> None:
    path = Path(bed)
    undo = LOSSES[words](path)
    path.wait_down(f"interface {path.link.device} {words}")
    undo()
    path.wait_back()
    metrics = path.agent.get("/metrics").text
    assert 'vipherald_drift_repairs_total{kind="session"} 1\n' in metrics


def test_interface_that_is_removed(bed: Testbed) -> None:
    path = Path(bed)
    bed.host.ip(f"link del {path.link.device}")
    path.wait_down(f"interface {path.link.device} is gone")


def test_default_route_is_no_way_to_a_connected_router(bed: Testbed) -> None:
    """Without its interface the kernel would send to the router by the default route."""
    other = bed.link()
    bed.host.ip(f"route add default via {other.router_ip}")
    path = Path(bed)
    host_down(path)
    path.wait_down(f"interface {path.link.device} is down")


def test_one_router_does_not_suffer_for_another(bed: Testbed) -> None:
    first, second = bed.link(), bed.link()
    listeners = [RawListener(link.namespace, link.router_ip) for link in (first, second)]
    entries = [{"peer_ip": link.router_ip, "peer_as": ROUTER_AS} for link in (first, second)]
    agent = bed.start_agent(config(*entries, apps=(WEB,), **SLOW))
    sessions = [listener.accept() for listener in listeners]
    for session in sessions:
        session.establish(ROUTER_AS)
    wait_until(lambda: agent.peer(second.router_ip)["state"] == "established", "both sessions")
    wait_until(lambda: agent.peer(first.router_ip)["state"] == "established", "both sessions")
    bed.host.ip(f"link set {first.device} down")
    agent.wait_log(f"interface {first.device} is down")
    peer = agent.peer(second.router_ip)
    assert (peer["state"], peer["sessions"], peer["path_error"]) == ("established", 1, "")


def test_sessions_move_to_the_new_address(bed: Testbed) -> None:
    """As when a DHCP server gives the host another one."""
    path = Path(bed)
    device = path.link.device
    bed.host.ip(f"addr del {path.link.host_ip}/24 dev {device}")
    path.wait_down(f"local address {path.link.host_ip} was removed")
    bed.host.ip(f"addr add 10.0.1.77/24 dev {device}")
    session = path.accept()
    assert session.remote_ip == "10.0.1.77"
    assert session.expect_route(VIP4).announced[VIP4] == "10.0.1.77"
    assert path.agent.vip(VIP4)["announced"]


def test_new_address_first_then_the_old_one_goes(bed: Testbed) -> None:
    path = Path(bed)
    device = path.link.device
    bed.host.ip(f"addr add 10.0.1.77/24 dev {device}")
    with bed.host.inside():
        # Else the kernel would remove the second address with the first.
        (conf := f"/proc/sys/net/ipv4/conf/{device}/promote_secondaries")
        with open(conf, "w") as file:
            file.write("1")
    assert path.peer()["sessions"] == 1
    bed.host.ip(f"addr del {path.link.host_ip}/24 dev {device}")
    session = path.accept()
    assert session.remote_ip == "10.0.1.77"
    assert session.expect_route(VIP4).announced[VIP4] == "10.0.1.77"


def test_default_gateway_that_changes_is_told(bed: Testbed) -> None:
    """It is the peer where none is configured, and that is decided at start."""
    link = bed.link()
    bed.host.ip(f"route add default via {link.router_ip}")
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.start_agent(config(peer_ip=None, peer_as=ROUTER_AS, apps=(WEB,)))
    session = listener.accept()
    session.establish(ROUTER_AS)
    bed.host.ip("route replace default via 10.0.1.9")
    agent.wait_log("default gateway is now 10.0.1.9")


def test_vip_may_not_cover_the_new_address(bed: Testbed) -> None:
    path = Path(bed)
    bed.host.ip(
        f"addr del {path.link.host_ip}/24 dev {path.link.device}",
        f"addr add 10.0.1.77/24 dev {path.link.device}",
    )
    path.accept()
    answer = path.agent.register("bad", "10.0.1.77/32")
    assert answer.status == 403 and "10.0.1.77" in answer.text
    assert path.agent.register("free", f"{path.link.host_ip}/32").status == 200


def test_new_address_that_a_vip_covers_is_told(bed: Testbed) -> None:
    path = Path(bed)
    path.agent.register("late", "10.0.2.2/32")
    path.session.expect_route("10.0.2.2/32")
    device = path.link.device
    bed.host.ip(
        f"addr add 10.0.2.2/24 dev {device}",
        f"route replace {path.link.router_ip}/32 dev {device} src 10.0.2.2",
    )
    path.agent.wait_log("app late: vip 10.0.2.2/32 covers 10.0.2.2")


def test_configured_source_that_vanishes_is_named(bed: Testbed) -> None:
    path = Path(bed, local_ip="10.0.1.2")
    bed.host.ip(f"addr del 10.0.1.2/24 dev {path.link.device}")
    path.agent.wait_log("peer 10.0.1.1: local_ip 10.0.1.2 is not an address of this host")
    assert "local_ip 10.0.1.2" in str(path.peer()["path_error"])
    bed.host.ip(f"addr add 10.0.1.2/24 dev {path.link.device}")
    path.wait_back()


def distant(bed: Testbed) -> tuple[Agent, RawSession, list[Link]]:
    """A router behind two gateways, that the host has a route to by the first of them."""
    links = [bed.link(), bed.link()]
    far = links[0].namespace
    bed.host.ip("addr add 10.9.9.2/32 dev lo")
    for link in links:
        link.namespace.ip("addr add 10.9.9.1/32 dev lo", f"route add 10.9.9.2/32 via {link.host_ip}")
    bed.host.ip(f"route add 10.9.9.1/32 via {links[0].router_ip}")
    listener = RawListener(far, "10.9.9.1")
    entry = {
        "peer_ip": "10.9.9.1",
        "peer_as": ROUTER_AS,
        "multi_hop": True,
        "local_ip": "10.9.9.2",
    }
    agent = bed.start_agent(config(entry, apps=(WEB,), **SLOW))
    session = listener.accept()
    session.establish(ROUTER_AS)
    session.expect_route(VIP4)
    return agent, session, links


def test_session_over_several_hops_outlives_a_loss_of_the_route(bed: Testbed) -> None:
    agent, session, links = distant(bed)
    bed.host.ip(f"route del 10.9.9.1/32 via {links[0].router_ip}")
    lost = agent.wait_event("path.lost", peer="10.9.9.1", level="warning")
    assert lost["text"].startswith("peer 10.9.9.1: no route to 10.9.9.1"), lost
    assert "no route" in agent.peer("10.9.9.1")["path_error"]
    bed.host.ip(f"route add 10.9.9.1/32 via {links[0].router_ip}")
    back = "peer 10.9.9.1: path to peer restored"
    agent.wait_event("path.restored", peer="10.9.9.1", level="info", text=back)
    agent.register("more", "192.0.2.99/32")
    session.expect_route("192.0.2.99/32")
    assert agent.peer("10.9.9.1")["sessions"] == 1


def test_session_over_several_hops_takes_another_route(bed: Testbed) -> None:
    agent, session, links = distant(bed)
    # The other way leads to the same router.
    links[1].namespace.ip("addr del 10.9.9.1/32 dev lo")
    ip = links[0].namespace.ip
    ip("link add eth9 type veth peer name eth9 netns " + links[1].namespace.name)
    ip("link set eth9 up", "addr add 10.8.0.1/24 dev eth9")
    links[1].namespace.ip(
        "link set eth9 up", "addr add 10.8.0.2/24 dev eth9", "route add 10.9.9.1/32 via 10.8.0.1"
    )
    links[1].namespace.forward()
    ip("route replace 10.9.9.2/32 via 10.8.0.2")
    bed.host.ip(f"route replace 10.9.9.1/32 via {links[1].router_ip}")
    bed.host.ip(f"link set {links[0].device} down")
    agent.register("more", "192.0.2.99/32")
    session.expect_route("192.0.2.99/32")
    peer = agent.peer("10.9.9.1")
    assert (peer["sessions"], peer["path_error"]) == (1, "")


def test_other_routes_and_addresses_are_none_of_our_business(bed: Testbed) -> None:
    path = Path(bed)
    bed.host.ip(
        f"addr add 10.7.0.1/24 dev {path.link.device}",
        "link add other type veth peer name other2",
        "link set other up",
        "route add 10.77.0.0/16 dev other",
        f"addr del 10.7.0.1/24 dev {path.link.device}",
        "link del other",
    )
    never(lambda: path.peer()["sessions"] != 1 or path.peer()["path_error"], "any effect", 0.3)
    assert path.peer()["state"] == "established"


def test_ipv6_session_moves_too(bed: Testbed) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip6)
    entry = {"peer_ip": link.router_ip6, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(entry, apps=(app("web", VIP6),), **SLOW))
    session = listener.accept()
    session.establish(ROUTER_AS, "10.0.1.1")
    session.expect_route(VIP6)
    bed.host.ip(
        f"addr del {link.host_ip6}/64 dev {link.device}",
        f"addr add fd00:1::77/64 dev {link.device} nodad",
    )
    session = listener.accept()
    assert session.remote_ip == "fd00:1::77"
    session.establish(ROUTER_AS, "10.0.1.1")
    assert session.expect_route(VIP6).announced[VIP6] == "fd00:1::77"
    agent.wait_log("local address fd00:1::.* was removed|no route to")


OTHER6 = "2001:db8::99/128"


def no_withdrawal(session: RawSession, agent: Agent) -> None:
    """No withdrawal so far: another route is announced behind it."""
    agent.register("marker", "203.0.113.1/32")
    update = session.expect_update(
        lambda update: update.withdrawn or "203.0.113.1/32" in update.announced, "the marker"
    )
    assert not update.withdrawn


def test_session_over_several_hops_keeps_its_next_hops_without_a_route(bed: Testbed) -> None:
    """Those of the other family are the interface's, which is not known in advance."""
    agent, session, links = distant(bed)
    agent.register("both", OTHER6)
    session.expect_route(OTHER6)
    bed.host.ip(f"route del 10.9.9.1/32 via {links[0].router_ip}")
    agent.wait_log("peer 10.9.9.1: no route to 10.9.9.1")
    bed.host.ip(f"route add 10.9.9.1/32 via {links[0].router_ip}")
    agent.wait_log("peer 10.9.9.1: path to peer restored")
    no_withdrawal(session, agent)


def test_agent_without_descriptors_left_draws_no_conclusions(bed: Testbed) -> None:
    """A failed route lookup does not mean that the path is gone; it is repeated."""
    path = Path(bed)
    path.agent.register("both", OTHER6)
    path.session.expect_route(OTHER6)
    pid, device = path.agent.process.pid, path.link.device
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    bed.host.ip(f"addr del {path.link.host_ip6}/64 dev {device}", "route add 10.7.0.0/16 via 10.0.1.1")
    never(lambda: path.session.receive_pending(), "a word about it")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    path.session.expect_withdrawal(OTHER6)
    assert path.peer()["sessions"] == 1


def test_host_without_ports_left_still_has_its_address(bed: Testbed) -> None:
    """As with a resolver under load: every port of the range is in use."""
    path = Path(bed)
    sockets = []
    with bed.host.inside():
        FilePath("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40001")
        for port in (40000, 40001):
            sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sockets[-1].bind(("0.0.0.0", port))
    bed.host.ip("route add 10.7.0.0/16 via 10.0.1.1")
    never(lambda: "session ended" in path.agent.log, "a lost session")
    for one in sockets:
        one.close()
