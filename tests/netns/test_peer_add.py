"""Peers that are added over HTTP, beside those of the configuration file."""

import json
import random
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from . import bgp
from .agent import Agent, Response
from .configs import VIP4, VIP6, app, config, peer
from .rawpeer import RawListener, RawSession
from .test_peer_admin import Peer, order
from .test_verbs import Client
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

WEB = app("web", [VIP4, VIP6])


def ask(agent: Agent, address: str, body: dict[str, Any] | None = None, **keys: Any) -> Response:
    query = "?" + urlencode(keys, doseq=True) if keys else ""
    content = json.dumps(body).encode() if body is not None else None
    return agent.admin(f"/v1/peers/{address}{query}", "POST", content)


def add(agent: Agent, address: str, body: dict[str, Any] | None = None, **keys: Any) -> Any:
    response = ask(agent, address, body, **keys)
    assert response.status == 200, response
    return response.json()


def delete(agent: Agent, address: str, status: int = 200) -> Any:
    response = agent.admin(f"/v1/peers/{address}", "DELETE")
    assert response.status == status, response
    return response.json()


def addresses(agent: Agent) -> list[str]:
    return [shown["address"] for shown in agent.status("peers")["peers"]]


class Untouched:
    """A scripted peer of the file whose session goes on, and is sent nothing of what is ordered."""

    def __init__(self, bed: Testbed):
        self.raw = Peer(bed)
        self.entry = self.raw.entry
        self.session: RawSession

    def establish(self) -> None:
        self.session = self.raw.accept()
        self.session.receive_updates_until_end_of_rib()

    def check(self, agent: Agent) -> None:
        agent.register("marker", "192.0.2.99/32")
        update = self.session.expect_update(lambda _: True, "the marker")
        assert list(update.announced) == ["192.0.2.99/32"] and not update.withdrawn
        agent.unregister("marker")
        self.session.expect_withdrawal("192.0.2.99/32")
        assert agent.peer(self.raw.ip)["sessions"] == 1


@pytest.fixture
def untouched(bed: Testbed) -> Untouched:
    return Untouched(bed)


def start(bed: Testbed, untouched: Untouched, *others: Any, **keys: Any) -> Agent:
    agent = bed.start_agent(config(untouched.entry, *others, apps=(WEB,), **keys))
    untouched.establish()
    return agent


@pytest.mark.parametrize("kind", ["frr", "bird"])
def test_a_router_comes_and_goes(bed: Testbed, untouched: Untouched, kind: str) -> None:
    agent = start(bed, untouched)
    router = bed.start_router(kind)
    answer = add(agent, router.ip, peer_as=ROUTER_AS, hold_time="30s", communities=["1:2", "3:4"])
    assert answer == {"peer": router.ip, "result": "added", "warnings": [], "stored": True}
    routes = router.wait_routes(VIP4, VIP6)
    assert routes[VIP4].communities == ("1:2", "3:4")
    shown = agent.admin(f"/v1/peers/{router.ip}").json()
    assert (shown["source"], shown["state"]) == ("api", "established")
    assert shown["negotiated"]["hold_time_seconds"] == 30
    assert shown["added"]["by"] == "uid 0"
    assert shown["added"]["definition"] == {
        "peer_ip": router.ip,
        "peer_as": str(ROUTER_AS),
        "hold_time": "30s",
        "communities": ["1:2", "3:4"],
    }
    assert agent.peer(untouched.raw.ip)["source"] == "config"
    # Communities are UPDATEs; the same again is nothing.
    again = {"peer_as": ROUTER_AS, "hold_time": "30s", "communities": "5:6"}
    assert add(agent, router.ip, again)["result"] == "replaced"
    wait_until(lambda: router.routes()[VIP4].communities == ("5:6",), "the other community")
    assert add(agent, router.ip, again)["result"] == "unchanged"
    assert agent.peer(router.ip)["sessions"] == 1
    assert delete(agent, router.ip) == {"peer": router.ip, "result": "deleted", "stored": True}
    router.wait_routes()
    assert addresses(agent) == [untouched.raw.ip]
    untouched.check(agent)
    agent.wait_log(f"add peer {router.ip} by uid 0")
    agent.wait_log(f"delete peer {router.ip} by uid 0")


def test_defaults_are_those_of_the_file(bed: Testbed, untouched: Untouched) -> None:
    """And change with it: the added one alone is reset."""
    agent = start(bed, untouched, hold_time="60s")
    raw = Peer(bed)
    add(agent, raw.ip, {"peer_as": ROUTER_AS})
    session = raw.accept()
    assert agent.peer(raw.ip)["config"]["hold_time_seconds"] == 60
    own = {**untouched.entry, "hold_time": "60s"}
    answer = agent.reload(config(own, apps=(WEB,), hold_time="45s"))
    changed = [(c["object"], c["name"]) for c in answer["changes"] if c["object"] == "peer"]
    assert changed == [("peer", raw.ip)]
    session.expect_notification(bgp.CEASE, 6)
    raw.accept()
    assert agent.peer(raw.ip)["config"]["hold_time_seconds"] == 45
    untouched.check(agent)


# Lasting over restart and reload


def test_it_is_there_after_a_restart(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    raw = Peer(bed)
    add(agent, raw.ip, {"peer_as": ROUTER_AS, "communities": ["1:2"]})
    raw.accept()
    added = agent.peer(raw.ip)["added"]
    for end in ("stop", "kill"):
        agent.stop() if end == "stop" else agent.kill()
        agent.start()
        update = raw.accept().expect_route(VIP4)
        assert bgp.COMMUNITIES in update.attributes
        now = agent.peer(raw.ip)["added"]
        assert now["definition"] == added["definition"] and now["since"][:19] == added["since"][:19]
    order(agent, raw.ip, "disable")
    delete(agent, raw.ip)
    agent.kill()
    agent.start()
    assert addresses(agent) == [untouched.raw.ip]
    # It is not disabled when it comes back.
    add(agent, raw.ip, {"peer_as": ROUTER_AS})
    raw.accept()


def test_what_is_acknowledged_survives_a_kill_at_any_moment(bed: Testbed) -> None:
    """Each change is there as a whole or not at all, and those that were answered are there."""
    raw = Peer(bed)
    agent = bed.start_agent(config(raw.entry))
    randomness = random.Random(4)
    acknowledged: dict[str, str] = {}
    for i in range(12):
        address = f"10.77.0.{i}"
        # Sent, and killed while it is carried out.
        query = urlencode({"peer_as": ROUTER_AS, "passive": "false"})
        with agent.asking("POST", f"/v1/peers/{address}?{query}"):
            with agent.asking("POST", f"/v1/peers/{raw.ip}/disable?text=t{i}"):
                time.sleep(randomness.random() * 0.006)  # the moment is what is tested
                agent.kill()
        agent.start()
        shown = {p["address"]: p for p in agent.status("peers")["peers"]}
        assert set(acknowledged) <= set(shown)
        assert set(shown) <= {raw.ip, address, *acknowledged}
        acknowledged |= {a: "there" for a in shown if a != raw.ip}
        if shown[raw.ip]["admin_down"]:
            assert shown[raw.ip]["disabled"]["text"] == f"t{i}"
        # Answered, then killed at once.
        assert order(agent, raw.ip, "disable", text=f"a{i}")["stored"]
        assert add(agent, f"10.78.0.{i}", {"peer_as": ROUTER_AS})["stored"]
        acknowledged[f"10.78.0.{i}"] = "answered"
        agent.kill()
        agent.start()
        shown = {p["address"]: p for p in agent.status("peers")["peers"]}
        assert set(shown) == {raw.ip, *acknowledged}
        assert shown[raw.ip]["disabled"]["text"] == f"a{i}"
        assert order(agent, raw.ip, "enable")["stored"]


def test_reloads_touch_neither_added_nor_disabled_peers(bed: Testbed, untouched: Untouched) -> None:
    """Counted at the router."""
    router, third = bed.start_router("frr"), bed.start_router("bird")
    agent = start(bed, untouched, peer(third))
    add(agent, router.ip, {"peer_as": ROUTER_AS})
    router.wait_routes(VIP4, VIP6)
    third.wait_routes(VIP4, VIP6)
    order(agent, third.ip, "disable")
    established = router.process.log.count("went from OpenConfirm to Established")
    assert established == 1
    answer = agent.reload()
    assert (answer["result"], answer["changes"]) == ("unchanged", [])
    more = app("more", "192.0.2.60/32")
    changed = {**peer(third), "hold_time": "20s"}
    answer = agent.reload(config(untouched.entry, changed, apps=(WEB, more)))
    assert {(c["object"], c["change"]) for c in answer["changes"]} == {
        ("app", "added"), ("peer", "changed"),
    }
    router.wait_routes(VIP4, VIP6, "192.0.2.60/32")
    untouched.session.expect_route("192.0.2.60/32")
    # The plan of a reload says nothing of them either.
    text = agent.config_path.read_bytes()
    answer = agent.admin("/v1/diff", "POST", text).json()
    assert (answer["changes"], answer["errors"]) == ([], [])
    untouched.check(agent)
    assert router.process.log.count("went from OpenConfirm to Established") == 1
    assert agent.peer(router.ip)["sessions"] == 1 and agent.peer(third.ip)["sessions"] == 1
    assert agent.peer(third.ip)["admin_down"]


# The configuration comes first


def test_the_configuration_wins(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    raw = Peer(bed)
    add(agent, raw.ip, {"peer_as": ROUTER_AS, "communities": ["1:2"]})
    session = raw.accept()
    session.receive_updates_until_end_of_rib()
    agent.reload(config(untouched.entry, raw.entry, apps=(WEB,)))
    agent.wait_log(f"peer {raw.ip}: now in the configuration, replaces the peer added by")
    update = session.expect_route(VIP4)
    assert bgp.COMMUNITIES not in update.attributes
    assert agent.peer(raw.ip)["source"] == "config" and agent.peer(raw.ip)["sessions"] == 1
    assert "in the configuration file" in delete(agent, raw.ip, 409)["error"]
    assert ask(agent, raw.ip, {"peer_as": ROUTER_AS}).status == 409
    # It is the file's now, also when the file drops it.
    agent.reload(config(untouched.entry, apps=(WEB,)))
    session.expect_notification(bgp.CEASE, 3)
    assert addresses(agent) == [untouched.raw.ip]
    untouched.check(agent)


def test_a_trial_that_is_taken_back_leaves_it_added(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    raw = Peer(bed)
    add(agent, raw.ip, {"peer_as": ROUTER_AS, "communities": ["1:2"]})
    session = raw.accept()
    session.receive_updates_until_end_of_rib()
    agent.write_config(config(untouched.entry, raw.entry, apps=(WEB,)))
    # Long enough for the routes of the trial, also where the agent is held up.
    assert agent.admin("/v1/reload?confirm=4s", "POST").status == 200
    assert bgp.COMMUNITIES not in session.expect_route(VIP4).attributes
    agent.wait_log("not confirmed: reloaded")
    assert bgp.COMMUNITIES in session.expect_route(VIP4).attributes
    assert agent.peer(raw.ip)["source"] == "api" and agent.peer(raw.ip)["sessions"] == 1
    agent.kill()
    agent.start()
    raw.accept()
    assert agent.peer(raw.ip)["source"] == "api"


def test_one_that_the_configuration_does_not_allow(bed: Testbed, untouched: Untouched) -> None:
    """A reload is refused for it; a start leaves it out, and it stays in the state file."""
    agent = start(bed, untouched, agent={"listen_addr": f"unix:{bed.workdir}/api"})
    raw = Peer(bed)
    secret = bed.workdir / "md5"
    secret.write_text("key\n")
    secret.chmod(0o600)
    add(agent, raw.ip, {"peer_as": ROUTER_AS, "password_file": str(secret)})
    assert agent.peer(raw.ip)["config"]["password"]
    secret.unlink()
    answer = agent.reload(status=422)
    [error] = answer["errors"]
    assert error["key"] == f"peer {raw.ip}, added over HTTP"
    assert "password_file: cannot read" in error["text"] and "delete" in error["text"]
    untouched.check(agent)
    agent.stop()
    agent.start()
    untouched.establish()
    assert addresses(agent) == [untouched.raw.ip]
    [alarm] = [a for a in agent.status("status")["alarms"] if a["alarm"] == "stored-peer-refused"]
    assert alarm["peer"] == raw.ip and "cannot read" in alarm["text"]
    assert agent.reload()["result"] == "unchanged", "it was left out before"
    secret.write_text("key\n")
    secret.chmod(0o600)
    agent.reload()
    assert agent.peer(raw.ip)["source"] == "api"
    assert not [a for a in agent.status("status")["alarms"] if a["alarm"] == "stored-peer-refused"]
    untouched.check(agent)
    secret.unlink()
    agent.stop()
    agent.start()
    assert delete(agent, raw.ip)["result"] == "deleted"
    agent.stop()
    agent.start()
    assert agent.status("status")["alarms"] == []


# Refused


def test_errors_are_by_key(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)

    def errors(address: str, **keys: Any) -> dict[str, str]:
        response = ask(agent, address, keys)
        assert response.status == 422, response
        return {error["key"]: error["text"] for error in response.json()["errors"]}

    assert "missing" in errors("10.9.9.9")["peer_as"]
    found = errors("10.9.9.9", peer_as=0, hold_time="1s", hold_tim=3)
    assert set(found) == {"peer_as", "hold_time", "hold_tim"}
    assert "did you mean 'hold_time'?" in found["hold_tim"]
    assert "password_file" in errors("10.9.9.9", peer_as=1, password="x")["password"]
    assert "bgp.listen" in errors("10.9.9.9", peer_as=1, passive=True)["passive"]
    # An interface behind % is the device of the session, or that of a link-local address.
    assert "invalid interface name" in errors("10.9.9.9%25way-too-long-a-name", peer_as=1)["peer_ip"]
    text = ask(agent, "10.9.9.9", {"hold_time": "1s"}).json()["error"]
    assert "peer_as: missing" in text and "hold_time: '1s'" in text
    # Of the request itself
    assert ask(agent, "10.9.9.9", {"peer_as": 1}, hold_time="9s").status == 400
    assert ask(agent, "10.9.9.9", {"peer_ip": "10.9.9.9", "peer_as": 1}).status == 400
    assert ask(agent, "10.9.9.9%25eth0", {"peer_as": 1, "device": "eth1"}).status == 400
    assert agent.admin("/v1/peers/10.9.9.9", "POST", b"[]").status == 400
    long = ask(agent, "10.9.9.9", {"peer_as": 1, "description": "x" * 9000})
    assert long.status == 400 and "longer than 8192" in long.json()["error"]
    assert agent.request("POST", "/v1/peers/10.9.9.9?peer_as=1").status == 403
    assert agent.request("DELETE", f"/v1/peers/{untouched.raw.ip}").status == 403
    assert agent.get("/v1/peers/10.9.9.9").status == 404
    assert agent.admin("/v1/peers/10.9.9.9", "PUT").status == 405
    # Of what there is
    assert "in the configuration file" in delete(agent, untouched.raw.ip, 409)["error"]
    assert "there is" in delete(agent, "10.9.9.9", 404)["error"]
    conflict = ask(agent, "192.0.2.53", {"peer_as": 1, "multi_hop": True})
    assert conflict.status == 409 and "app web: vip 192.0.2.53/32 covers" in conflict.json()["error"]
    assert addresses(agent) == [untouched.raw.ip]
    untouched.check(agent)


def test_there_is_a_limit(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    for i in range(64):
        add(agent, f"10.66.0.{i}", {"peer_as": ROUTER_AS})
    response = ask(agent, "10.66.1.0", {"peer_as": ROUTER_AS})
    assert response.status == 507 and "64 added peers" in response.json()["error"]
    assert add(agent, "10.66.0.0", {"peer_as": 65010})["result"] == "replaced"
    delete(agent, "10.66.0.1")
    add(agent, "10.66.1.0", {"peer_as": ROUTER_AS})
    untouched.check(agent)


def test_vips_do_not_cover_an_added_peer(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    add(agent, "198.51.100.7", {"peer_as": ROUTER_AS, "multi_hop": True})
    assert agent.register("far", "198.51.100.7/32").status == 409
    delete(agent, "198.51.100.7")
    assert agent.register("far", "198.51.100.7/32").status == 200


# The command line


def test_verbs(bed: Testbed, untouched: Untouched) -> None:
    agent = start(bed, untouched)
    client = Client(bed, agent)
    client.env["VIPHERALD_API"] = f"unix:{agent.run_dir}/api.sock"
    link = bed.link()
    link.namespace.ip("address add fe80::1/64 dev eth0 nodad")
    listener = RawListener(link.namespace, "fe80::1%eth0")
    name = f"fe80::1%{link.device}"
    said = client("peer", name, "add", "--as", str(ROUTER_AS), "--hold-time", "30s",
                  "--communities", "1:2", "--communities=3:4")
    assert said == f"{name}: added\n"
    session = listener.accept()
    session.establish(ROUTER_AS, "1.1.1.1")
    [line] = [line for line in client("peers").splitlines() if line.startswith(name)]
    assert " api " in line
    assert "api, added" in client("peer", name)
    assert "hold_time: '1s'" in client("peer", "10.9.9.9", "add", "--as=1", "--hold-time=1s", status=1)
    assert name not in client("config", "show")
    shown = client("config", "show", "--include-api")
    assert name in shown and 'hold_time: "30s"' in shown
    # Pasted into the file, it is the same peer.
    agent.config_path.write_text(shown)
    answer = agent.reload()
    assert (answer["result"], answer["changes"]) == ("unchanged", [])
    agent.wait_log(f"peer {name}: now in the configuration")
    assert agent.peer(name)["source"] == "config" and agent.peer(name)["sessions"] == 1
    agent.reload(config(untouched.entry, apps=(WEB,)))
    client("peer", name, "add", "--as", str(ROUTER_AS))
    assert client("peer", name, "delete") == f"{name}: deleted\n"
    assert addresses(agent) == [untouched.raw.ip]
