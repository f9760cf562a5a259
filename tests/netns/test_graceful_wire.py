"""Graceful restart as it looks on the wire, with a scripted peer: capability, End-of-RIB, ends."""

import signal
from typing import Any

import pytest

from . import bgp
from .agent import Agent
from .bgp import IPV4_UNICAST, IPV6_UNICAST, Graceful
from .configs import VIP4, VIP6, app, config
from .gate import SLOW, Gate
from .netlink import Removals
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Link, Testbed
from .wait import wait_until

WEB = app("web", [VIP4, VIP6])

# Offers of peers: with RFC 8538, and with RFC 4724 only.
NEW, OLD = Graceful(notification=True, time=120), Graceful(time=120)


class Peer:
    """The scripted peer, and the agent that connects to it."""

    def __init__(self, bed: Testbed, offer: Graceful | None = NEW):
        self.bed = bed
        self.link: Link = bed.link()
        self._offer = offer
        self.listener = RawListener(self.link.namespace, self.link.router_ip)

    def agent(self, *apps: dict[str, Any], **keys: Any) -> Agent:
        entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS}
        keys = {"graceful_restart": True, **keys}
        return self.bed.start_agent(config(entry, apps=apps, **keys))

    def accept(self, **options: Any) -> tuple[RawSession, Graceful | None]:
        """The next session, established, and what the agent says about restarts."""
        session = self.listener.accept()
        capabilities = bgp.usual_capabilities(ROUTER_AS)
        capabilities += self._offer.encode() if self._offer else b""
        opened = session.establish(ROUTER_AS, capabilities=capabilities, **options)
        return session, opened.graceful

    def status(self, agent: Agent) -> dict[str, Any]:
        return agent.peer(self.link.router_ip)["graceful_restart"]


def families(ipv4: bool, ipv6: bool) -> dict[tuple[int, int], bool]:
    return {IPV4_UNICAST: ipv4, IPV6_UNICAST: ipv6}


def announced(updates: list[bgp.Update]) -> set[str]:
    return {prefix for update in updates for prefix in update.announced}


def read_to_the_end(session: RawSession) -> list[bgp.Update | bgp.Notification | bgp.Message]:
    found = []
    while (raw := session.receive()) is not None:
        found.append(bgp.decode(raw))
    return [message for message in found if message != bgp.Message(bgp.KEEPALIVE, b"")]


def test_nothing_is_offered_by_default(bed: Testbed) -> None:
    peer = Peer(bed)
    peer.agent(WEB, graceful_restart=False)
    session, offer = peer.accept()
    assert offer is None
    session.receive_updates_until_end_of_rib()


def test_first_start_kept_nothing(bed: Testbed) -> None:
    peer = Peer(bed)
    peer.agent(WEB, restart_time="77s")
    session, offer = peer.accept()
    assert offer == Graceful(True, True, 77, families(False, False))
    assert announced(session.receive_updates_until_end_of_rib()) == {VIP4, VIP6}


@pytest.mark.parametrize(("vip", "kept"), [(VIP4, (True, False)), (VIP6, (False, True))])
def test_start_after_a_crash_kept_the_families_of_its_vips(
    bed: Testbed, vip: str, kept: tuple[bool, bool]
) -> None:
    peer = Peer(bed)
    agent = peer.agent(app("web", vip))
    former, _ = peer.accept()  # open until then: else this instance may connect again
    former.receive_updates_until_end_of_rib()
    agent.kill()
    former.close()
    agent.start()
    session, offer = peer.accept()
    assert offer == Graceful(True, True, 120, families(*kept))
    assert announced(session.receive_updates_until_end_of_rib()) == {vip}


def test_start_after_a_stop_kept_nothing(bed: Testbed) -> None:
    peer = Peer(bed)
    agent = peer.agent(WEB)
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGTERM)
    session.expect_notification(bgp.CEASE, bgp.HARD_RESET)
    session.close()
    agent.expect_exit(0)
    agent.start()
    _, offer = peer.accept()
    assert offer == Graceful(True, True, 120, families(False, False))


def test_vips_on_a_lo_that_is_down_were_not_forwarding(bed: Testbed) -> None:
    peer = Peer(bed)
    agent = peer.agent(WEB, agent={"listen_addr": f"unix:{bed.workdir}/api"})
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.kill()
    session.close()
    bed.host.ip("link set lo down")
    agent.start()
    _, offer = peer.accept()
    assert offer == Graceful(True, True, 120, families(False, False))


def test_lost_session_is_no_restart(bed: Testbed) -> None:
    peer = Peer(bed)
    peer.agent(WEB)
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    session.close()
    session, offer = peer.accept()
    assert offer == Graceful(False, True, 120, families(True, True))
    assert announced(session.receive_updates_until_end_of_rib()) == {VIP4, VIP6}


def test_hold_timer_is_no_restart(bed: Testbed) -> None:
    peer = Peer(bed)
    peer.agent(WEB)
    session, _ = peer.accept(hold_time=3)
    session.expect_notification(4, 0)
    session.close()
    _, offer = peer.accept()
    assert offer == Graceful(False, True, 120, families(True, True))


def test_session_lost_before_end_of_rib_is_still_the_restart(bed: Testbed) -> None:
    peer, gate = Peer(bed), Gate(bed)
    agent = peer.agent(WEB, app("slow", "192.0.2.99/32", gate.check), agent=SLOW)
    session, _ = peer.accept()
    session.expect_route(VIP4)
    session.close()
    session, offer = peer.accept()
    assert offer is not None and offer.restarting
    # This instance has announced the family, so it kept its forwarding state.
    assert offer.families == families(True, True)
    wait_until(lambda: peer.status(agent)["end_of_rib_held"], "End-of-RIB is deferred")


def test_end_of_rib_follows_the_last_verdict(bed: Testbed) -> None:
    peer, gate = Peer(bed), Gate(bed)
    agent = peer.agent(WEB, app("slow", "192.0.2.99/32", gate.check), agent=SLOW)
    session, _ = peer.accept()
    assert session.expect_route(VIP4)
    assert session.expect_route(VIP6)
    assert peer.status(agent)["end_of_rib_held"]
    # A refresh is answered meanwhile, which also shows that no other UPDATE was pending.
    session.send(bgp.route_refresh(IPV4_UNICAST))
    assert session.expect_route(VIP4).end_of_rib is None
    assert session.receive_pending() == []
    gate.open()
    updates = session.receive_updates_until_end_of_rib()
    assert announced(updates) == {"192.0.2.99/32"}
    assert updates[0].announced
    assert not peer.status(agent)["restarting"]


def test_end_of_rib_waits_no_longer_than_restart_time(bed: Testbed) -> None:
    peer, gate = Peer(bed), Gate(bed)
    agent = peer.agent(
        WEB, app("slow", "192.0.2.99/32", gate.check), agent=SLOW, restart_time="2s"
    )
    session, _ = peer.accept()
    updates = session.receive_updates_until_end_of_rib()
    assert announced(updates) == {VIP4, VIP6}
    agent.wait_log("restart_time expired and 1 app has no verdict yet")
    assert not peer.status(agent)["restarting"]


def test_peer_without_it_gets_end_of_rib_at_once(bed: Testbed) -> None:
    peer, gate = Peer(bed, offer=None), Gate(bed)
    peer.agent(WEB, app("slow", "192.0.2.99/32", gate.check), agent=SLOW)
    session, _ = peer.accept()
    assert announced(session.receive_updates_until_end_of_rib()) == {VIP4, VIP6}


@pytest.mark.parametrize(
    ("offer", "subcode", "inner"),
    [(NEW, bgp.HARD_RESET, bytes([bgp.CEASE, bgp.ADMIN_SHUTDOWN])), (OLD, 2, b""), (None, 2, b"")],
)
def test_stop_makes_the_peer_forget(
    bed: Testbed, offer: Graceful | None, subcode: int, inner: bytes
) -> None:
    peer = Peer(bed, offer)
    agent = peer.agent(WEB)
    for vip in VIP4, VIP6:
        wait_until(lambda vip=vip: agent.vip(vip)["form"] == "up", f"{vip} is to be announced")
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGTERM)
    *before, last = read_to_the_end(session)
    session.close()
    agent.expect_exit(0)
    assert {p for update in before for p in update.withdrawn} == {VIP4, VIP6}
    assert (last.code, last.subcode) == (bgp.CEASE, subcode)
    assert last.data.startswith(inner)
    assert last.data.endswith(b"vipherald: stopping")


@pytest.mark.parametrize(("offer", "subcode"), [(NEW, bgp.ADMIN_RESET), (OLD, None), (None, 4)])
def test_stop_for_a_restart_withdraws_nothing(
    bed: Testbed, offer: Graceful | None, subcode: int | None
) -> None:
    peer = Peer(bed, offer)
    agent = peer.agent(WEB)
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGUSR2)
    last = read_to_the_end(session)
    session.close()
    agent.expect_exit(0)
    assert [(m.code, m.subcode) for m in last] == ([(bgp.CEASE, subcode)] if subcode else [])
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}


def test_stop_for_a_restart_while_the_session_is_being_made(bed: Testbed) -> None:
    """The peer may be keeping routes: no NOTIFICATION may end that."""
    peer = Peer(bed)
    agent = peer.agent(WEB)
    session = peer.listener.accept()
    session.expect_open()
    agent.process.signal(signal.SIGUSR2)
    session.expect_end()
    session.close()
    agent.expect_exit(0)


def stop_before_the_answer(peer: Peer, agent: Agent) -> Graceful | None:
    """The agent has connected, gets SIGTERM, and then the peer's answer: all is there before it looks,
    since it waits for a second only. The peer is told before the VIPs go.

    Returns what the agent says about restarts.
    """
    session = peer.listener.accept()
    removals = Removals(peer.bed.host)
    agent.process.pause()
    capabilities = bgp.usual_capabilities(ROUTER_AS) + NEW.encode()
    session.send(bgp.open_message(ROUTER_AS, session.local_ip, capabilities=capabilities) + bgp.keepalive())
    agent.process.signal(signal.SIGTERM)
    agent.process.resume()
    wait_until(removals.addresses, "a VIP goes")
    removals.close()
    told = [bgp.decode(raw) for raw in session.arrived()]
    ends = {update.end_of_rib for update in told if isinstance(update, bgp.Update)}
    assert ends >= {IPV4_UNICAST, IPV6_UNICAST}, told
    offer = session.expect_open().graceful
    session.expect_keepalive()
    assert announced(session.receive_updates_until_end_of_rib()) == set()
    session.expect_notification(bgp.CEASE, bgp.HARD_RESET)
    session.close()
    agent.expect_exit(0)
    assert "SIGTERM: stopping" in agent.log
    assert peer.bed.host.loopback_addresses() == {}
    return offer


def test_stop_without_a_session_makes_one_to_withdraw(bed: Testbed) -> None:
    """The peer has lost us and keeps our routes; it is told before the VIPs go."""
    peer = Peer(bed)
    agent = peer.agent(WEB, connect_retry="20ms")
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    session.close()
    # It connects again at once, but the peer does not answer yet.
    wait_until(lambda: peer.status(agent)["peer"] is None, "the session is lost")
    stop_before_the_answer(peer, agent)


def test_stop_right_after_a_crash_makes_a_session_to_withdraw(bed: Testbed) -> None:
    """The peer retains routes of the crashed instance, and this one has no session with it yet."""
    peer = Peer(bed)
    agent = peer.agent(WEB, connect_retry="20ms")
    former, _ = peer.accept()
    former.receive_updates_until_end_of_rib()
    agent.kill()
    former.close()
    agent.start()
    offer = stop_before_the_answer(peer, agent)
    assert offer is not None and offer.restarting


def test_stop_signal_turns_a_restart_into_a_stop(bed: Testbed) -> None:
    """The peer keeps the routes by then: they are withdrawn on a session of their own."""
    peer = Peer(bed)
    agent = peer.agent(WEB)
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGUSR2)
    session.expect_notification(bgp.CEASE, bgp.ADMIN_RESET)
    agent.process.signal(signal.SIGTERM)
    agent.wait_log("SIGTERM: stopping, no restart")
    session.close()
    session, _ = peer.accept()
    assert announced(session.receive_updates_until_end_of_rib()) == set()
    session.expect_notification(bgp.CEASE, bgp.HARD_RESET)
    session.close()
    agent.expect_exit(0)
    assert bed.host.loopback_addresses() == {}


def test_second_restart_signal_changes_nothing(bed: Testbed) -> None:
    peer = Peer(bed)
    agent = peer.agent(WEB)
    session, _ = peer.accept()
    session.receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGUSR2)
    session.expect_notification(bgp.CEASE, bgp.ADMIN_RESET)
    agent.process.signal(signal.SIGUSR2)
    agent.wait_log("SIGUSR2: already stopping")
    session.close()
    agent.expect_exit(0)
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}
