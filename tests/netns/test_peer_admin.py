"""Orders of the operator for one peer: disable, enable, reset, refresh."""

import re
import signal
from typing import Any
from urllib.parse import urlencode

import pytest

from . import bgp
from .agent import Agent, Response
from .bgp import Graceful
from .configs import VIP4, VIP6, app, config, peer
from .rawpeer import RawListener, RawSession, connect
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

WEB = app("web", [VIP4, VIP6])
TEXT = "new line cards, back at 18:00 – ☎ 4711"


def ask(agent: Agent, address: str, what: str, **query: str) -> Response:
    return agent.admin(f"/v1/peers/{address}/{what}?{urlencode(query)}", "POST")


def order(agent: Agent, address: str, what: str, **query: str) -> Any:
    response = ask(agent, address, what, **query)
    assert response.status == 200, response
    return response.json()


def shutdown_text(found: bgp.Notification) -> str:
    data = found.data[2:] if found.subcode == bgp.HARD_RESET else found.data
    assert len(data) == 1 + data[0]
    return data[1:].decode()


class Peer:
    """A scripted peer."""

    def __init__(self, bed: Testbed, offer: Graceful | None = None, **keys: Any):
        self.link = bed.link()
        self.ip = self.link.router_ip
        self.entry = {"peer_ip": self.ip, "peer_as": ROUTER_AS, **keys}
        self.listener = RawListener(self.link.namespace, self.ip)
        self._capabilities = bgp.usual_capabilities(ROUTER_AS) + (offer.encode() if offer else b"")
        self._sessions: list[RawSession] = []

    def accept(self, capabilities: bytes = b"") -> RawSession:
        """It stays open, whether the test keeps it or not: else the agent connects again."""
        session = self.listener.accept()
        self._sessions.append(session)
        session.establish(ROUTER_AS, capabilities=self._capabilities + capabilities)
        return session


# disable, enable


@pytest.mark.parametrize("kind", ["frr", "bird", "gobgp", "openbgpd"])
def test_a_router_is_told_why_and_drops_the_routes(bed: Testbed, kind: str) -> None:
    router, other = bed.start_router(kind), bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), peer(other), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    other.wait_routes(VIP4, VIP6)
    answer = order(agent, router.ip, "disable", text="cards")
    assert answer == {"peer": router.ip, "result": "disabled", "stored": True}
    router.wait_routes()
    router.wait_not_established()
    wait_until(lambda: "cards" in router.process.log, "the router logs the text")
    shown = agent.peer(router.ip)
    assert (shown["state"], shown["admin_down"], shown["retry"]) == ("idle", True, None)
    assert shown["disabled"]["text"] == "cards" and shown["disabled"]["by"] == "uid 0"
    assert shown["last_error"] == "disabled by the operator: cards"
    assert "enable" in shown["hint"]
    # The other one is none of its business.
    assert other.prefixes() == {VIP4, VIP6}
    assert agent.peer(other.ip)["sessions"] == 1
    assert order(agent, router.ip, "enable")["result"] == "enabled"
    router.wait_routes(VIP4, VIP6)
    shown = agent.peer(router.ip)
    assert (shown["admin_down"], shown["disabled"], shown["sessions"]) == (False, None, 2)


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_a_router_that_connects_is_refused_with_the_same(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind, passive=False)
    agent = bed.start_agent(config(peer(router, passive=True), apps=(WEB,), listen=True))
    router.wait_routes(VIP4, VIP6)
    order(agent, router.ip, "disable", text="cards")
    router.wait_routes()
    before = router.process.log.count("cards")
    wait_until(lambda: router.process.log.count("cards") > before, "it is told again")
    assert agent.peer(router.ip)["sessions"] == 1
    order(agent, router.ip, "enable")
    router.wait_routes(VIP4, VIP6)


def test_the_notification_on_the_wire(bed: Testbed) -> None:
    raw = Peer(bed)
    agent = bed.start_agent(config(raw.entry, apps=(WEB,), listen=True))
    session = raw.accept()
    session.receive_updates_until_end_of_rib()
    order(agent, raw.ip, "disable", text=TEXT)
    found = session.expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN)
    assert shutdown_text(found) == TEXT
    session.close()
    for _ in range(2):
        again = connect(raw.link.namespace, raw.ip, raw.link.host_ip)
        assert shutdown_text(again.expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN)) == TEXT
        again.close()
    # Another text is told from then on.
    assert order(agent, raw.ip, "disable", text="")["result"] == "changed"
    assert order(agent, raw.ip, "disable")["result"] == "unchanged"
    again = connect(raw.link.namespace, raw.ip, raw.link.host_ip)
    assert again.expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN).data == b""
    with pytest.raises(AssertionError, match="no connection"):
        raw.listener.accept(timeout=1)
    assert order(agent, raw.ip, "enable")["result"] == "enabled"
    raw.accept().receive_updates_until_end_of_rib()
    assert order(agent, raw.ip, "enable")["result"] == "unchanged"


@pytest.mark.parametrize(
    ("offer", "subcode"),
    [
        (Graceful(notification=True, time=120), bgp.HARD_RESET),
        (Graceful(time=120), bgp.ADMIN_SHUTDOWN),
    ],
)
def test_routes_are_not_kept(bed: Testbed, offer: Graceful, subcode: int) -> None:
    """Neither by RFC 8538, nor by RFC 4724, where any NOTIFICATION ends it."""
    raw = Peer(bed, offer)
    agent = bed.start_agent(config(raw.entry, apps=(WEB,), graceful_restart=True))
    session = raw.accept()
    session.receive_updates_until_end_of_rib()
    order(agent, raw.ip, "disable", text=TEXT)
    found = session.expect_notification(bgp.CEASE, subcode)
    if subcode == bgp.HARD_RESET:
        assert found.data[:2] == bytes([bgp.CEASE, bgp.ADMIN_SHUTDOWN])
    assert shutdown_text(found) == TEXT


def test_it_lasts_over_restarts_and_reloads(bed: Testbed) -> None:
    raw = Peer(bed)
    other = bed.start_router("bird")
    peers = (raw.entry, peer(other))
    agent = bed.start_agent(config(*peers, apps=(WEB,), listen=True))
    session = raw.accept()
    order(agent, raw.ip, "disable", text=TEXT)
    session.close()
    since = agent.peer(raw.ip)["disabled"]["since"]
    for end in ("stop", "kill"):
        agent.stop() if end == "stop" else agent.kill()
        agent.start()
        agent.wait_log(rf"peer {raw.ip}: disabled by the operator: {re.escape(TEXT)}")
        other.wait_routes(VIP4, VIP6)
        shown = agent.peer(raw.ip)
        assert (shown["admin_down"], shown["disabled"]["text"]) == (True, TEXT)
        assert shown["disabled"]["since"][:19] == since[:19]
        refused = connect(raw.link.namespace, raw.ip, raw.link.host_ip)
        assert shutdown_text(refused.expect_notification(6, 2)) == TEXT
    agent.reload(config({**raw.entry, "hold_time": "30s"}, peer(other), apps=(WEB,), listen=True))
    assert agent.peer(raw.ip)["admin_down"]
    with pytest.raises(AssertionError, match="no connection"):
        raw.listener.accept(timeout=1)
    assert agent.peer(other.ip)["sessions"] == 1
    order(agent, raw.ip, "enable")
    raw.accept()
    agent.kill()
    agent.start()
    raw.accept()


def test_a_peer_that_the_configuration_drops_loses_it(bed: Testbed) -> None:
    raw = Peer(bed)
    other = bed.start_router("bird")
    agent = bed.start_agent(config(raw.entry, peer(other)))
    raw.accept()
    order(agent, raw.ip, "disable")
    agent.reload(config(peer(other)))
    agent.wait_log(f"peer {raw.ip}: disabled, and no longer in the configuration")
    agent.reload(config(raw.entry, peer(other)))
    raw.accept()
    assert not agent.peer(raw.ip)["admin_down"]


def test_a_reload_that_is_taken_back_leaves_it_disabled(bed: Testbed) -> None:
    """The trial lacks the peer, and is not confirmed."""
    raw = Peer(bed)
    other = bed.start_router("bird")
    agent = bed.start_agent(config(raw.entry, peer(other)))
    raw.accept()
    order(agent, raw.ip, "disable", text=TEXT)
    agent.write_config(config(peer(other)))
    assert agent.admin("/v1/reload?confirm=1s", "POST").status == 200
    agent.wait_log("not confirmed: reloaded")
    assert agent.peer(raw.ip)["disabled"]["text"] == TEXT
    with pytest.raises(AssertionError, match="no connection"):
        raw.listener.accept(timeout=1)


# Seen by others


def test_a_disabled_peer_is_no_trouble(bed: Testbed) -> None:
    raw = Peer(bed)
    agent = bed.start_agent(config(raw.entry, apps=(WEB,)))
    session = raw.accept()
    wait_until(lambda: agent.get("/readyz").status == 200, "ready")
    order(agent, raw.ip, "disable", text="cards")
    session.close()
    assert agent.get("/readyz").status == 200
    assert agent.status("status")["peers"] == {"total": 1, "established": 0, "disabled": 1}
    assert f'vipherald_peer_admin_down{{peer="{raw.ip}"}} 1' in agent.get("/metrics").text
    [vip, _] = agent.status("explain?name=web")["vips"]
    [at_peer] = vip["peers"]
    assert at_peer["first"] == "enabled"
    [condition] = [c for c in at_peer["conditions"] if c["condition"] == "enabled"]
    assert "disabled by the operator: cards" in condition["text"]
    assert condition["do"] == f"vipherald peer {raw.ip} enable"
    # The log says it once, and does not call it a failure.
    agent.wait_log("disable peer .* by uid 0.*: cards")
    agent.wait_log("session ended: disabled by the operator: cards")


# reset, refresh


def test_a_reset_is_followed_by_another_session(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    answer = order(agent, router.ip, "reset", text="try again")
    assert answer == {"peer": router.ip, "result": "reset"}
    wait_until(lambda: agent.peer(router.ip)["sessions"] == 2, "another session")
    router.wait_routes(VIP4, VIP6)


@pytest.mark.parametrize(("hard", "subcode"), [(False, bgp.ADMIN_RESET), (True, bgp.HARD_RESET)])
def test_a_reset_on_the_wire(bed: Testbed, hard: bool, subcode: int) -> None:
    """With RFC 8538 the routes stay meanwhile, unless it is hard."""
    raw = Peer(bed, Graceful(notification=True, time=120))
    agent = bed.start_agent(config(raw.entry, apps=(WEB,), graceful_restart=True))
    session = raw.accept()
    session.receive_updates_until_end_of_rib()
    order(agent, raw.ip, "reset", text=TEXT, hard="true" if hard else "false")
    found = session.expect_notification(bgp.CEASE, subcode)
    assert shutdown_text(found) == TEXT
    raw.accept().receive_updates_until_end_of_rib()


@pytest.mark.parametrize("what", ["refresh", "reset"])
def test_all_routes_are_sent_again(bed: Testbed, what: str) -> None:
    raw = Peer(bed)
    agent = bed.start_agent(config(raw.entry, apps=(WEB,)))
    session = raw.accept(bgp.capability(bgp.CAP_ENHANCED_REFRESH))
    session.receive_updates_until_end_of_rib()
    agent.register("v4", "192.0.2.54/32")
    session.expect_route("192.0.2.54/32")
    query = {} if what == "refresh" else {"soft": "true"}
    assert order(agent, raw.ip, what, **query) == {"peer": raw.ip, "result": "refreshed"}
    seen: list[Any] = []
    while seen.count("EoRR") < 2:
        found = bgp.decode(session.receive())
        if isinstance(found, bgp.Update):
            seen += sorted(found.announced)
        elif found.kind == bgp.ROUTE_REFRESH:
            seen.append({1: "BoRR", 2: "EoRR"}[found.body[2]])
    assert sorted(seen) == sorted(["BoRR", "EoRR"] * 2 + [VIP4, VIP6, "192.0.2.54/32"])
    assert seen[0] == "BoRR" and seen[-1] == "EoRR"
    assert agent.peer(raw.ip)["sessions"] == 1


# Refused


def test_errors_name_what_there_is(bed: Testbed) -> None:
    near, far = Peer(bed), Peer(bed)
    same = {**near.entry, "port": 1179}
    agent = bed.start_agent(config(near.entry, same, far.entry))
    far.accept()

    def refused(address: str, what: str, status: int, **query: str) -> str:
        response = ask(agent, address, what, **query)
        assert response.status == status, response
        return response.json()["error"]

    assert refused("10.9.9.9", "enable", 404) == (
        f"no peer '10.9.9.9', there are {near.ip}, {near.ip} port 1179, {far.ip}"
    )
    assert "no peer" in refused(far.ip, "enable", 404, port="1179")
    assert "is not the address of a peer" in refused("a%20b", "reset", 400)
    assert "port=" in refused(near.ip, "disable", 409)
    assert order(agent, near.ip, "disable", port="1179")["peer"] == f"{near.ip} port 1179"
    assert "enable it" in refused(near.ip, "reset", 409, port="1179")
    assert "enable it" in refused(near.ip, "refresh", 409, port="1179")
    assert "no session with peer" in refused(near.ip, "refresh", 409, port="179")
    assert "255" in refused(far.ip, "disable", 400, text="ü" * 128)
    assert agent.request("POST", f"/v1/peers/{far.ip}/reset").status == 403
    assert agent.admin(f"/v1/peers/{far.ip}/reset").status == 405
    assert agent.peer(far.ip)["sessions"] == 1


def test_link_local_peers_are_named_with_their_interface(bed: Testbed) -> None:
    link = bed.link()
    link.namespace.ip("address add fe80::1/64 dev eth0 nodad")
    listener = RawListener(link.namespace, "fe80::1%eth0")
    name = f"fe80::1%{link.device}"
    agent = bed.start_agent(config({"peer_ip": name, "peer_as": ROUTER_AS}))
    session = listener.accept()
    session.establish(ROUTER_AS, "1.1.1.1")
    assert order(agent, name.replace("%", "%25"), "disable")["peer"] == name
    assert order(agent, "fe80::1", "enable")["peer"] == name, "there is only one"
    session.expect_notification(bgp.CEASE, bgp.ADMIN_SHUTDOWN)
    listener.accept().establish(ROUTER_AS, "1.1.1.1")


def test_a_stopping_agent_takes_no_orders(bed: Testbed) -> None:
    raw = Peer(bed)
    drain = {"drain_time": "60s", "shutdown_drain": True}
    agent = bed.start_agent(config(raw.entry, apps=(WEB,), agent=drain))
    raw.accept().receive_updates_until_end_of_rib()
    agent.process.signal(signal.SIGTERM)
    wait_until(lambda: agent.status("status")["phase"] == "draining", "the agent drains")
    assert ask(agent, raw.ip, "disable").status == 503
    agent.stop()
