"""Events, by the API and on the command line."""

import json
import re
import signal
import subprocess
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from .agent import Agent, binary
from .configs import PORT, VIP4, VIP6, app, config, peer
from .test_verbs import Client
from .testbed import Testbed
from .wait import wait_until


def events(agent: Agent, **query: Any) -> list[dict[str, Any]]:
    answer = agent.status(f"events?{urlencode(query)}")
    found: list[dict[str, Any]] = answer["events"]
    return found


def kinds(agent: Agent, **query: Any) -> list[str]:
    return [event["kind"] for event in events(agent, **query)]


def wait_kinds(agent: Agent, wanted: list[str], **query: Any) -> None:
    """Exactly these. What a peer was sent is told when the agent has nothing else to do."""
    wait_until(lambda: kinds(agent, **query) == wanted, f"events {wanted}")


def test_the_life_of_an_app(bed: Testbed) -> None:
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(app("dns", VIP4, f"port:tcp:{PORT}"),)))
    router.wait_routes(VIP4)
    assert kinds(agent, name="dns")[:2] == ["app.up", "vip.bound"]
    wait_until(lambda: len(kinds(agent, kind="route")) + len(kinds(agent, kind="routes")) > 0, "it is told")
    [up] = events(agent, kind="session")
    assert up["kind"] == "session.up" and up["peer"] == "10.0.1.1"
    newest = agent.status("events")["newest"]
    service.kill()
    router.wait_routes()
    wait_kinds(agent, ["app.down", "route.withdrawn"], since=newest)
    [withdrawn] = events(agent, kind="route.withdrawn")
    assert {k: withdrawn[k] for k in ("app", "vip", "peer", "cause", "text")} == {
        "app": "dns", "vip": VIP4, "peer": router.ip, "cause": "down",
        "text": f"peer {router.ip}: withdrew {VIP4} of dns (down)",
    }
    assert withdrawn in events(agent, name="dns") and withdrawn in events(agent, name=VIP4)
    newest = agent.status("events")["newest"]
    bed.start_service(PORT)
    router.wait_routes(VIP4)
    wait_kinds(agent, ["app.up", "route.announced"], since=newest)
    [announced] = events(agent, since=newest, kind="route.announced")
    assert (announced["peer"], announced["cause"]) == (router.ip, "up")
    [down] = events(agent, kind="app.down")
    assert down["app"] == "dns" and down["level"] == "warning"
    assert f"nothing listens on tcp port {PORT}" in down["text"]
    ids = [event["id"] for event in events(agent)]
    assert ids == list(range(1, len(ids) + 1))
    agent.drain("dns", reason="upgrade")
    [drain] = events(agent, kind="drain.on")
    assert "upgrade" in drain["text"]


def test_every_change_names_the_address(bed: Testbed) -> None:
    """Of a request over TCP, in events and in the log as JSON; also where it was refused."""
    far = bed.link().namespace
    api = {"remote": "admin"}
    structure = config(
        {"peer_ip": "10.0.1.1", "peer_as": 65000},
        apps=(app("dns", VIP4),),
        agent={"api": api, "listen_addr": ":8080", "log": {"format": "json"}},
    )
    agent = bed.start_agent(structure)

    def ask(method: str, path: str, status: int = 200) -> None:
        with far.inside():
            connection = HTTPConnection("10.0.1.2", 8080, timeout=10)
            connection.connect()
        connection.request(method, path)
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
        answer.read()
        connection.close()

    ask("GET", f"/register?name=web&vip={VIP6}")
    ask("GET", f"/register?name=bad&vip={VIP6}", 409)
    ask("POST", "/v1/apps/web/drain")
    ask("POST", "/v1/apps/web/undrain")
    ask("GET", "/unregister?name=web")
    ask("POST", "/v1/log?level=info")
    ask("POST", "/v1/peers/10.0.1.1/reset")
    agent.write_config({**structure, "apps": [app("dns", VIP4), app("ntp", "192.0.2.123/32")]})
    ask("POST", "/v1/reload?confirm=60s")
    ask("POST", "/v1/confirm")
    agent.write_config("bgp: 1\n")
    ask("POST", "/v1/reload", 422)
    ask("DELETE", "/v1/peers/10.0.1.1", 409)
    lines = [json.loads(line) for line in agent.log.splitlines() if line.startswith("{")]
    for kind in (
        "request.register",
        "request.unregister",
        "request.log",
        "request.peer",
        "request.refused",
        "drain.on",
        "drain.off",
        "reload.done",
        "reload.confirmed",
        "reload.failed",
    ):
        found = [*events(agent, kind=kind), *(line for line in lines if line.get("kind") == kind)]
        assert len(found) > 1, kind
        for event in found:
            assert (event["by"], event["from"]) == ("remote", "10.0.1.1"), event


def test_apps_that_go_by_themselves(bed: Testbed) -> None:
    """A lease that is not renewed, and a VIP that an app of the file claims."""
    bed.link()
    keys = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(keys))
    started = agent.wait_event("agent.started", level="info")
    assert started["id"] == 1 and started["text"].startswith("vipherald "), started
    assert agent.register("leased", VIP4, ttl="1s").status == 200
    text = "leased: lease of 1s was not renewed, unregistering it"
    expired = agent.wait_event("app.expired", app="leased", level="info", text=text)
    assert agent.get("/v1/apps/leased").status == 404
    assert expired in events(agent, name="leased")
    assert agent.register("http", VIP4).status == 200
    agent.reload(config(keys, apps=(app("file", VIP4),)))
    displaced = agent.wait_event("app.displaced", app="http", level="warning")
    assert displaced["text"].startswith(f"http: displaced by app file, which claims vip {VIP4} ")
    assert agent.get("/v1/apps/http").status == 404


def test_drains_and_reloads_name_the_principal(bed: Testbed) -> None:
    """As request.log does; a signal and a disable_file have none."""
    bed.link()
    file = bed.workdir / "drain"
    dns = {**app("dns", VIP4), "disable_file": str(file)}
    structure = config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(dns,))
    agent = bed.start_agent(structure)
    agent.drain("dns")
    agent.undrain("dns")
    for kind in "drain.on", "drain.off":
        [event] = events(agent, kind=kind)
        assert (event["by"], event["from"]) == ("local", "127.0.0.1"), event
        assert event["health"] == "up", event
    file.touch()
    wait_until(lambda: len(events(agent, kind="drain.on")) == 2, "the file drains")
    assert {"by", "from"}.isdisjoint(events(agent, kind="drain.on")[1])
    agent.reload()
    [by_socket] = events(agent, kind="reload.done")
    assert by_socket["by"] == "uid 0" and "from" not in by_socket
    agent.write_config({**structure, "apps": [dns, app("ntp", "192.0.2.123/32")]})
    assert agent.admin("/v1/reload?confirm=60s", "POST").status == 200
    assert agent.admin("/v1/confirm", "POST").status == 200
    assert events(agent, kind="reload.confirmed")[-1]["by"] == "uid 0"
    done = len(events(agent, kind="reload.done"))
    agent.process.signal(signal.SIGHUP)
    wait_until(lambda: len(events(agent, kind="reload.done")) > done, "reloaded by the signal")
    assert {"by", "from"}.isdisjoint(events(agent, kind="reload.done")[-1])
    agent.reload("bgp: 1\n", status=422)
    assert events(agent, kind="reload.failed")[-1]["by"] == "uid 0"


def test_what_each_peer_was_sent(bed: Testbed) -> None:
    """A peer that is filtered away has no event, and neither has what a new session begins with."""
    routers = [bed.start_router("frr"), bed.start_router("bird")]
    peers = [peer(router) for router in routers]
    first, second = (router.ip for router in routers)
    agent = bed.start_agent(config(*peers))
    wait_until(lambda: set(agent.session_states().values()) == {6}, "the sessions are up")
    assert agent.get(f"/register?name=a&vip={VIP4}&except_peers={second}").status == 200
    agent.register("b", "192.0.2.54/32")
    routers[0].wait_routes(VIP4, "192.0.2.54/32")
    routers[1].wait_routes("192.0.2.54/32")

    def told(**query: Any) -> list[tuple[str, str, str]]:
        found = events(agent, **query)
        return sorted((e["kind"], e["peer"], e.get("app", "")) for e in found)

    wanted = [
        ("route.announced", first, "a"), ("route.announced", first, "b"),
        ("route.announced", second, "b"),
    ]
    wait_until(lambda: told(kind="route") == wanted, "what each was sent")
    # A session of its own: a number, with End-of-RIB, and only for that peer.
    newest = agent.status("events")["newest"]
    assert agent.admin(f"/v1/peers/{first}/reset", "POST").status == 200
    wait_until(lambda: told(since=newest, kind="routes") != [], "the routes are sent again")
    [again] = events(agent, since=newest, kind="routes")
    assert (again["kind"], again["peer"], again["cause"], again["count"]) == (
        "routes.announced", first, "session", 2
    )
    assert told(since=newest, kind="route") == []
    newest = again["id"]
    assert agent.admin(f"/v1/peers/{second}/refresh", "POST").status == 200
    wait_until(lambda: told(since=newest, kind="routes") != [], "the routes are sent once more")
    [again] = events(agent, since=newest, kind="routes")
    assert (again["peer"], again["cause"], again["count"]) == (second, "refresh", 1)
    newest = again["id"]
    agent.drain("b")
    wait_until(lambda: len(told(since=newest, kind="route")) == 2, "both have it drained")
    assert {e["cause"] for e in events(agent, since=newest, kind="route.announced")} == {"drain"}
    agent.unregister("a")
    agent.unregister("b")
    for router in routers:
        router.wait_routes()
    wanted = [
        (first, "a", "unregistered"), (first, "b", "unregistered"), (second, "b", "unregistered")
    ]

    def gone() -> list[tuple[str, str, str]]:
        found = events(agent, since=newest, kind="route.withdrawn")
        return sorted((e["peer"], e["app"], e["cause"]) for e in found)

    wait_until(lambda: gone() == wanted, "what was withdrawn from each")


def test_many_routes_are_a_few_events(bed: Testbed) -> None:
    """The withdrawal of 600 routes leaves the rest of the ring as it is."""
    router = bed.start_router("bird")
    vips = [f"198.51.{100 + i // 250}.{i % 250}/32" for i in range(600)]
    apps = tuple(app(f"app{i}", vip, f"port:tcp:{PORT}") for i, vip in enumerate(vips))
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes(*vips)
    newest = agent.status("events")["newest"]
    service.kill()
    router.wait_routes()

    def told() -> tuple[int, int]:
        """One by one, and as numbers."""
        one_by_one = events(agent, since=newest, kind="route.withdrawn")
        counted = events(agent, since=newest, kind="routes.withdrawn")
        return len(one_by_one), sum(e["count"] for e in counted)

    wait_until(lambda: sum(told()) >= 600, "all is told")
    assert sum(told()) == 600
    assert 256 <= told()[0] < 600


def test_wrong_questions(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    for query, what in {"since=x": "since: 'x'", "limit=-1": "limit: '-1'", "a=b": "'a'"}.items():
        answer = agent.get(f"/v1/events?{query}")
        assert answer.status == 400 and what in answer.json()["error"]


@pytest.mark.long
def test_the_ring_is_bounded(bed: Testbed) -> None:
    bed.link()
    # Twice max_apps may be changed at once, however fast the host is.
    keys = {"api": {"max_apps": 4096}}
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, agent=keys))
    # Each registration is one event at least: how many the states in between make is left to the host's pace
    for i in range(4200):
        assert agent.get(f"/register?name=a&vip=192.0.2.{i % 2}/32").status == 200
        if i % 100 == 0 and agent.status("events?limit=1")["newest"] > 4200:
            break
    answer = agent.status("events?since=1")
    assert answer["newest"] - answer["oldest"] == 4095
    assert answer["missed"] == answer["oldest"] - 2
    assert len(answer["events"]) == 4096


class Following:
    """`vipherald events --follow`, with what it says on stderr in between."""

    def __init__(self, bed: Testbed, client: Client, *words: str):
        with bed.host.inside():
            self.process = subprocess.Popen(
                [binary(), "events", "--follow", "--color=never", *words],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=client.env, text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")


def test_events_and_history(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    client = Client(bed, agent)
    with Following(bed, client, "--kind=request") as follower:
        wait_until(lambda: agent.status("status")["api"]["followers"] == 1, "it follows")
        agent.register("a", "192.0.2.1/32")
        assert re.fullmatch(
            r"\S+Z  request.register   register a by local \(127\.0\.0\.1 port \d+, uid 0\): registered",
            follower.line(),
        )
        agent.register("b", "192.0.2.2/32")
        assert "register b" in follower.line()
    wait_until(lambda: "vip.bound" in client("history", "192.0.2.2/32"), "b is bound")
    history = client("history", "b")
    assert "request.register" in history and "register a" not in history
    for name in ("192.0.2.2", "192.0.2.2/32"):
        assert [line.split()[1] for line in client("history", name).splitlines()] == [
            "vip.bound"
        ]
    assert len(client("events", "--limit=2").splitlines()) == 2


def test_json_of_events_is_the_api_s(bed: Testbed) -> None:
    """One object; followed, one event a line."""
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    client = Client(bed, agent)
    agent.register("a", "192.0.2.1/32")
    wait_until(lambda: "vip.bound" in client("history", "192.0.2.1"), "a is bound")
    for words, query in (("events", "--kind=request"), "kind=request&limit=20"), (
        ("history", "a"), "name=a"
    ):
        # Asked for twice, between which there may be another event.
        wait_until(
            lambda words=words, query=query: (
                json.loads(client(*words, "--json")) == agent.status(f"events?{query}")
            ),
            f"{words} is {query}",
        )
    with Following(bed, client, "--kind=request", "--json") as follower:
        assert json.loads(follower.line())["app"] == "a"
        agent.register("b", "192.0.2.2/32")
        assert json.loads(follower.line())["app"] == "b"


def test_history_of_what_is_not_there(bed: Testbed) -> None:
    """Without events something may be there; of what has gone there are events."""
    bed.link()
    agent = bed.start_agent(
        config(
            {"peer_ip": "10.0.1.1", "peer_as": 65000},
            apps=({**app("a", "192.0.2.1/32"), "group": "site"},),
        )
    )
    client = Client(bed, agent)
    for name in "a", "192.0.2.1", "192.0.2.1/32", "10.0.1.1", "site":
        client("history", name)
    agent.register("b", "192.0.2.2/32")
    client("unregister", "b")
    assert "request.unregister" in client("history", "b")
    for name in "nope", "192.0.2.3", "10.9.9.9", "192.0.2.0/24":
        result = client.run("history", name)
        assert result.returncode == 1 and result.stdout == "", result
        assert result.stderr == (
            f"vipherald: no app, VIP, peer or group '{name}' and no event of one, "
            "'vipherald apps', 'vips' and 'peers' list them\n"
        )
    result = client.run("history", "nope", "--json")
    assert result.returncode == 1 and json.loads(result.stdout)["events"] == []


def test_follow_over_a_restart(bed: Testbed) -> None:
    """Nothing is lost, and nothing is repeated."""
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    client = Client(bed, agent)
    agent.register("old", "192.0.2.1/32")
    with Following(bed, client, "--kind=request", "--limit=0") as follower:
        wait_until(lambda: agent.status("status")["api"]["followers"] == 1, "it follows")
        agent.register("a", "192.0.2.2/32")
        assert "register a" in follower.line()
        agent.stop()
        assert follower.line() == "vipherald: the agent ends"
        assert follower.line() == "vipherald: connection lost, connecting again"
        agent.start()
        agent.register("b", "192.0.2.3/32")
        assert follower.line() == "vipherald: connected again"
        assert follower.line() == (
            "vipherald: the agent was restarted, what follows is all since its start"
        )
        assert "register b" in follower.line()
        agent.kill()
        assert follower.line() == "vipherald: connection lost, connecting again"
        agent.start()
        agent.register("c", "192.0.2.4/32")
        assert follower.line() == "vipherald: connected again"
        assert "restarted" in follower.line()
        assert "register c" in follower.line()


def test_who_may_not_follow(bed: Testbed) -> None:
    bed.link()
    peer = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(peer))
    client = Client(bed, agent)
    with Following(bed, client, "--limit=0") as follower:
        wait_until(lambda: agent.status("status")["api"]["followers"] == 1, "it follows")
        agent.reload(config(peer, agent={"api": {"local": "none"}}))
        said = []
        while line := follower.line():
            said.append(line)
        assert "does not allow it" in said[0] and "connecting again" in said[1], said
        assert "this requires the role 'read', and local has 'none'" in said[2] and len(said) == 3
        assert follower.process.wait(20) == 1


def test_alarms(bed: Testbed) -> None:
    bed.link()
    peer = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(peer))
    agent.reload("nonsense: 1\n", status=422)
    wait_until(lambda: "alarm.on" in kinds(agent, kind="alarm"), "the alarm is an event")
    [on] = events(agent, kind="alarm")
    path = str(agent.config_path)
    assert (on["alarm"], on["subject"], on["level"]) == ("reload-failed", path, "warning")
    assert on["text"].startswith("alarm reload-failed: the last reload failed, 2 errors;")
    assert [on] == events(agent, name=path)
    agent.reload(config(peer))
    wait_until(lambda: "alarm.off" in kinds(agent, kind="alarm"), "its end is an event")
    [on, off] = events(agent, kind="alarm")
    assert (off["alarm"], off["subject"], off["level"]) == ("reload-failed", path, "info")
    assert off["text"] == f"alarm reload-failed of {path} cleared"
    assert agent.status("status")["alarms"] == []


def test_a_session_names_the_notification(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config({"peer_ip": router.ip, "peer_as": 65000}))
    wait_until(lambda: "session.up" in kinds(agent), "the session is up")
    router.stop()
    wait_until(lambda: "session.down" in kinds(agent), "the session is down")
    [down] = events(agent, kind="session.down")
    assert down["peer"] == router.ip
    assert down["notification"].startswith("received 6/"), down


def test_the_log_has_the_same(bed: Testbed) -> None:
    """Every JSON line of an event is the event."""
    bed.link()
    log = {"format": "json", "level": "debug"}
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, agent={"log": log}))
    agent.register("a", "192.0.2.1/32")
    agent.unregister("a")
    wait_until(lambda: "vip.removed" in kinds(agent), "the VIP is gone")
    newest = events(agent)
    agent.stop()
    lines = [json.loads(line) for line in agent.log.splitlines() if '"kind":' in line]
    for line in lines:
        del line["module"]
        line["text"] = line.pop("msg")
    begin = [event["kind"] for event in newest].index("request.register")
    for event in newest[begin:]:
        del event["id"]
        assert event in lines, event
