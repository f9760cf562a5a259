"""What happened, by the API and on the command line."""

import re
import subprocess
from typing import Any
from urllib.parse import urlencode

from .agent import Agent, binary
from .configs import PORT, VIP4, app, config, peer
from .test_verbs import Client
from .testbed import Testbed
from .wait import wait_until


def events(agent: Agent, **query: Any) -> list[dict[str, Any]]:
    answer = agent.status(f"events?{urlencode(query)}")
    found: list[dict[str, Any]] = answer["events"]
    return found


def kinds(agent: Agent, **query: Any) -> list[str]:
    return [event["kind"] for event in events(agent, **query)]


def test_the_life_of_an_app(bed: Testbed) -> None:
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(app("dns", VIP4, f"port:tcp:{PORT}"),)))
    router.wait_routes(VIP4)
    assert kinds(agent, name="dns")[:2] == ["app.up", "vip.bound"]
    assert kinds(agent, name=VIP4) == ["vip.bound", "route.announced"]
    [up] = events(agent, kind="session")
    assert up["kind"] == "session.up" and up["peer"] == "10.0.1.1"
    newest = agent.status("events")["newest"]
    service.kill()
    router.wait_routes()
    assert kinds(agent, since=newest) == ["app.down", "route.withdrawn"]
    [down] = events(agent, kind="app.down")
    assert down["app"] == "dns" and down["level"] == "warning"
    assert f"nothing listens on tcp port {PORT}" in down["text"]
    ids = [event["id"] for event in events(agent)]
    assert ids == list(range(1, len(ids) + 1))
    agent.drain("dns", reason="upgrade")
    [drain] = events(agent, kind="drain.on")
    assert "upgrade" in drain["text"]


def test_wrong_questions(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    for query, what in {"since=x": "since: 'x'", "limit=-1": "limit: '-1'", "a=b": "'a'"}.items():
        answer = agent.get(f"/v1/events?{query}")
        assert answer.status == 400 and what in answer.json()["error"]


def test_the_ring_is_bounded(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    for i in range(1500):
        assert agent.get(f"/register?name=a&vip=192.0.2.{i % 2}/32").status == 200
    answer = agent.status("events?since=1")
    assert answer["newest"] - answer["oldest"] == 4095
    assert answer["missed"] == answer["oldest"] - 2
    assert len(answer["events"]) == 4096


def test_events_and_history(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    client = Client(bed, agent)
    with bed.host.inside():
        follower = subprocess.Popen(
            [binary(), "events", "--follow", "--kind=request", "--color=never"],
            stdout=subprocess.PIPE, env=client.env, text=True,
        )
    assert follower.stdout
    try:
        agent.register("a", "192.0.2.1/32")
        line = follower.stdout.readline()
        assert re.fullmatch(r"\S+Z  request.register   register a by local \(127\.0\.0\.1 port \d+, uid 0\): registered\n", line), line
        agent.register("b", "192.0.2.2/32")
        assert "register b" in follower.stdout.readline()
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()
    wait_until(lambda: "vip.bound" in client("history", "b"), "the VIP of b is bound")
    history = client("history", "b")
    assert "request.register" in history and "register a" not in history
    assert len(client("events", "--limit=2").splitlines()) == 2
