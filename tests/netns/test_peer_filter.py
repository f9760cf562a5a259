"""VIPs for some routers only, counted and looked up at the routers."""

from typing import Any
from urllib.parse import urlencode

import pytest

from . import bgp
from .agent import Agent, binary
from .configs import VIP4, VIP6, app, config, peer
from .consul import Consul, tags
from .rawpeer import RawListener, RawSession
from .testbed import ROUTER_AS, Testbed
from .wait import never, wait_until

OTHER = "192.0.2.54/32"
MARKER = "192.0.2.99/32"


@pytest.fixture
def consul(bed: Testbed) -> Consul:
    return Consul(bed.host)


class Watch:
    """A scripted peer, which sees everything that it is sent."""

    def __init__(self, bed: Testbed, **keys: Any):
        self.link = bed.link()
        self._listener = RawListener(self.link.namespace, self.link.router_ip)
        self.entry = {"peer_ip": self.link.router_ip, "peer_as": ROUTER_AS, **keys}
        self.ip = self.link.router_ip
        self.session: RawSession

    def open(self) -> None:
        self.session = self._listener.accept()
        capabilities = bgp.usual_capabilities(ROUTER_AS)
        if self.entry.get("graceful_restart"):
            capabilities += bgp.Graceful(notification=True, time=120).encode()
        self.session.establish(ROUTER_AS, hold_time=0, capabilities=capabilities)

    def establish(self) -> set[str]:
        """The prefixes announced before End-of-RIB."""
        self.open()
        updates = self.session.receive_updates_until_end_of_rib()
        return {prefix for update in updates for prefix in update.announced}

    def changes(self, agent: Agent) -> list[str]:
        """+ and - of the prefixes since the last call."""
        agent.get(f"/register?name=marker&vip={MARKER}&peers={self.ip}")
        seen: list[str] = []
        while f"+{MARKER}" not in seen:
            update = self.session.expect_update(lambda _: True, "the marker")
            seen += [f"-{prefix}" for prefix in update.withdrawn]
            seen += [f"+{prefix}" for prefix in update.announced]
        agent.unregister("marker")
        self.session.expect_withdrawal(MARKER)
        seen.remove(f"+{MARKER}")
        return seen


def test_two_routers_each_with_its_own(bed: Testbed, kind: str) -> None:
    """By address and by description; also after the router asks again and after it was away."""
    one, two = bed.start_router(kind), bed.start_router("bird")
    only_one = {**app("one", [VIP4, VIP6]), "peers": ["first rack"]}
    not_one = {**app("two", OTHER), "except_peers": [one.ip]}
    agent = bed.start_agent(
        config(peer(one, description="first rack"), peer(two), apps=(only_one, not_one))
    )
    assert set(one.wait_routes(VIP4, VIP6)) == {VIP4, VIP6}
    assert set(two.wait_routes(OTHER)) == {OTHER}
    assert agent.app("one")["announced_to"] == {"sent": 1, "peers": 1}
    assert agent.route_state(VIP4, two.ip) == "filtered"
    assert agent.app("one")["peers"] == ["first rack"]

    for router in (one, two):
        agent.admin(f"/v1/peers/{router.ip}/refresh", "POST")
        agent.admin(f"/v1/peers/{router.ip}/reset", "POST")
    one.wait_routes(VIP4, VIP6)
    two.wait_routes(OTHER)
    never(
        lambda: OTHER in one.routes() or VIP4 in two.routes(), "a router has what is not for it", 0.3
    )


def test_a_reload_sends_to_the_peers_concerned(bed: Testbed) -> None:
    one, two = Watch(bed), Watch(bed)
    web = app("web", VIP4)
    agent = bed.start_agent(config(one.entry, two.entry, apps=(web,)))
    one.establish()
    two.establish()
    wait_until(lambda: agent.app("web")["announced_to"]["sent"] == 2, "both have it")
    one.changes(agent)
    two.changes(agent)

    answer = agent.reload(config(one.entry, two.entry, apps=({**web, "peers": [one.ip]},)))
    assert [c["effect"] for c in answer["changes"]] == ["update"]
    assert one.changes(agent) == []
    assert two.changes(agent) == [f"-{VIP4}"]
    agent.reload(config(one.entry, two.entry, apps=({**web, "except_peers": [one.ip]},)))
    assert one.changes(agent) == [f"-{VIP4}"]
    assert two.changes(agent) == [f"+{VIP4}"]
    agent.reload(config(one.entry, two.entry, apps=(web,)))
    assert one.changes(agent) == [f"+{VIP4}"]
    assert two.changes(agent) == []


def test_another_description_is_another_name(bed: Testbed) -> None:
    """Of an app that was registered: the alarm says which name is that of no peer any more."""
    one = Watch(bed, description="spine 1")
    agent = bed.start_agent(config(one.entry))
    one.establish()
    agent.get(f"/register?name=web&vip={VIP4}&peers=spine%201")
    assert one.changes(agent) == [f"+{VIP4}"]
    agent.reload(config({**one.entry, "description": "spine 2"}))
    assert one.changes(agent) == [f"-{VIP4}"]
    alarms = {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}
    assert "'spine 1' is not a peer" in alarms["peer-unknown"]["text"]
    assert "for no peer" in alarms["vip-trouble"]["text"]
    agent.reload(config(one.entry))
    assert one.changes(agent) == [f"+{VIP4}"]


def test_a_restart_takes_it_from_a_peer_that_keeps_routes(bed: Testbed) -> None:
    """The peer has it from the previous instance: it is withdrawn, not left until End-of-RIB."""
    one = Watch(bed, graceful_restart=True)
    two = Watch(bed)
    # Without a verdict End-of-RIB is deferred.
    slow = app("slow", OTHER, "consul")
    keys: dict[str, Any] = {"agent": {"consul_addr": "http://127.0.0.1:1"}}
    web = app("web", VIP4)
    agent = bed.start_agent(config(one.entry, two.entry, apps=(web, slow), **keys))
    one.open()
    one.session.expect_route(VIP4)
    agent.kill()
    agent.write_config(
        config(one.entry, two.entry, apps=({**web, "peers": [two.ip]}, slow), **keys)
    )
    agent.start()
    one.open()
    first = one.session.expect_update(lambda _: True, "the withdrawal")
    assert list(first.withdrawn) == [VIP4]


def test_registrations_name_peers(bed: Testbed) -> None:
    one, two = Watch(bed), Watch(bed, description="spine 2")
    agent = bed.start_agent(config(one.entry, two.entry))
    one.establish()
    two.establish()
    wrong = agent.get(f"/register?name=web&vip={VIP4}&peers=10.9.9.9")
    assert wrong.status == 400
    assert "'10.9.9.9' is not a peer" in wrong.text and f"{two.ip} (spine 2)" in wrong.text
    assert agent.get(f"/register?name=web&vip={VIP4}&peers=").status == 400
    assert agent.get(f"/register?name=web&vip={VIP4}&except_peers=spine%202").status == 200
    assert one.changes(agent) == [f"+{VIP4}"]
    assert two.changes(agent) == []
    assert agent.get(f"/register?name=web&vip={VIP4}&peers={two.ip},{one.ip}").status == 200
    assert one.changes(agent) == []
    assert two.changes(agent) == [f"+{VIP4}"]


def test_registrations_keep_their_peers_over_a_restart(bed: Testbed) -> None:
    one, two = Watch(bed), Watch(bed)
    state = {"state_file": str(bed.workdir / "state")}
    agent = bed.start_agent(config(one.entry, two.entry, agent=state))
    one.establish()
    two.establish()
    assert agent.get(f"/register?name=web&vip={VIP4}&peers={one.ip}").status == 200
    agent.stop()
    agent.start()
    one.establish()
    assert VIP4 not in two.establish()
    wait_until(lambda: agent.app("web")["announced"], "it is announced again")
    assert two.changes(agent) == []


def test_explain_names_the_filter(bed: Testbed) -> None:
    one, two = Watch(bed), Watch(bed)
    web = {**app("web", VIP4), "peers": [one.ip]}
    agent = bed.start_agent(config(one.entry, two.entry, apps=(web,)))
    one.establish()
    wait_until(lambda: agent.route_state(VIP4, one.ip) == "sent", "it is sent")
    [vip] = agent.status("explain?name=web")["vips"]
    assert {p["peer"]: p["first"] for p in vip["peers"]} == {one.ip: None, two.ip: "filter"}
    [filtered] = [p for p in vip["peers"] if p["peer"] == two.ip]
    order = [c["condition"] for c in filtered["conditions"]]
    assert order == ["enabled", "session", "family", "next-hop", "filter", "sent"]
    assert agent.get("/readyz").status == 200


def test_tags_name_peers(bed: Testbed, consul: Consul) -> None:
    """A name that is that of no peer is an alarm, and no other peer gets the route instead."""
    one, two = Watch(bed), Watch(bed)
    agent = bed.start_agent(
        config(one.entry, two.entry, agent={"consul_addr": consul.addr}),
    )
    one.establish()
    two.establish()
    consul.register("web", tags(VIP4, f"gocast_peers={one.ip}"))
    wait_until(lambda: agent.get("/v1/apps/web").status == 200, "the app")
    assert one.changes(agent) == [f"+{VIP4}"]
    consul.register("web", tags(VIP4, "gocast_peers=spine 9"))
    wait_until(lambda: agent.app("web")["peers"] == ["spine 9"], "the other tag")
    assert one.changes(agent) == [f"-{VIP4}"]
    assert two.changes(agent) == []
    kinds = {alarm["alarm"] for alarm in agent.status("status")["alarms"]}
    assert "peer-unknown" in kinds


def added(bed: Testbed, agent: Agent, **keys: Any) -> Watch:
    """A peer of the API."""
    watch = Watch(bed)
    query = urlencode({"peer_as": ROUTER_AS, **keys})
    response = agent.admin(f"/v1/peers/{watch.ip}?{query}", "POST")
    assert response.status == 200, response
    return watch


def test_registrations_name_an_added_peer(bed: Testbed) -> None:
    """Its deletion leaves the app to the other peers that it names, with a warning; a restart keeps all."""
    one = Watch(bed)
    agent = bed.start_agent(config(one.entry))
    one.establish()
    two = added(bed, agent, description="spine 2")
    two.establish()
    assert agent.get(f"/register?name=web&vip={VIP4}&peers=spine%202").status == 200
    assert two.changes(agent) == [f"+{VIP4}"]
    assert one.changes(agent) == []
    agent.kill()
    agent.start()
    assert two.establish() == {VIP4}
    assert one.establish() == set()
    answer = agent.admin(f"/v1/peers/{two.ip}", "DELETE").json()
    assert "app web names it" in answer["warnings"][0]
    assert one.changes(agent) == []
    alarms = {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}
    assert "'spine 2' is not a peer" in alarms["peer-unknown"]["text"]


def test_the_file_names_an_added_peer(bed: Testbed) -> None:
    """With a warning; over a reload, a restart and SIGUSR2; and the peer cannot be deleted meanwhile."""
    one = Watch(bed)
    agent = bed.start_agent(config(one.entry))
    one.establish()
    two = Watch(bed)
    naming = config(one.entry, apps=({**app("web", VIP4), "peers": ["spine 2"]},))
    answer = agent.reload(naming, status=422)
    assert "'spine 2' is not a peer" in str(answer["errors"])
    query = urlencode({"peer_as": ROUTER_AS, "description": "spine 2"})
    assert agent.admin(f"/v1/peers/{two.ip}?{query}", "POST").status == 200
    two.establish()
    answer = agent.reload(naming)
    [warning] = [w["text"] for w in answer["warnings"] if "spine 2" in w["text"]]
    assert "added over HTTP" in warning
    assert two.changes(agent) == [f"+{VIP4}"]
    assert one.changes(agent) == []

    checked = bed.host.run(
        ["env", f"STATE_DIRECTORY={agent.state_dir}", binary(), "check", agent.config_path]
    )
    assert "warning: apps[0].peers[0]: 'spine 2' was added over HTTP" in checked
    for change in (
        lambda: agent.admin(f"/v1/peers/{two.ip}", "DELETE"),
        lambda: agent.admin(f"/v1/peers/{two.ip}?peer_as={ROUTER_AS}&description=x", "POST"),
    ):
        refused = change()
        assert refused.status == 409, refused
        assert "app web of the configuration file names it" in refused.text
    agent.kill()
    agent.start()
    assert two.establish() == {VIP4}
    assert one.establish() == set()
    assert "last good" not in agent.log

    # Without the name the peer can go; with it in bgp.peers there is no warning.
    agent.reload(config(one.entry, apps=(app("web", VIP4),)))
    assert one.changes(agent) == [f"+{VIP4}"]
    assert agent.admin(f"/v1/peers/{two.ip}", "DELETE").status == 200


def test_a_copy_of_the_configuration_may_name_a_peer_that_is_gone(bed: Testbed) -> None:
    """The state file was lost: the start goes on with the last good version, and says so."""
    one = Watch(bed)
    agent = bed.start_agent(config(one.entry))
    one.establish()
    two = added(bed, agent, description="spine 2")
    two.establish()
    own = app("own", OTHER)
    agent.reload(
        config(one.entry, apps=({**app("web", VIP4), "peers": ["spine 2", one.ip]}, own))
    )
    wait_until(lambda: one.session.expect_route(OTHER), "the other app")
    agent.stop()
    agent.state_file.unlink()
    agent.start()
    assert one.establish() == {VIP4, OTHER}
    agent.wait_log("running its last good version")
