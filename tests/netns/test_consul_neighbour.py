"""A service in Consul that is none of ours, and whatever Consul accepts of it, freezes nothing."""

from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, config, peer
from .consul import Consul, tags, ttl
from .responders import Responder
from .routers import Router
from .testbed import Testbed
from .wait import wait_until

PROXY = {"Kind": "connect-proxy", "Port": 1}
NEIGHBOURS: dict[str, dict[str, Any]] = {
    "tag": {"ID": "bad", "Name": "bad", "Tags": ["a\0b"]},
    "meta": {"ID": "bad", "Name": "bad", "Meta": {"k": "a\0b"}},
    "id": {"ID": "bad\0", "Name": "bad"},
    "name": {"ID": "bad", "Name": "bad\0"},
    "long id": {"ID": "x" * 600, "Name": "bad"},
    "very long id": {"ID": "x" * 1_000_000, "Name": "bad"},
    "long name": {"ID": "bad", "Name": "y" * 600},
    "check": {"ID": "bad", "Name": "bad", "Check": {"CheckID": "c\0", "TTL": "600s"}},
    "integer": {
        "ID": "bad",
        "Name": "bad",
        **PROXY,
        "Proxy": {"DestinationServiceName": "web", "Config": {"x": 1e20}},
    },
}
BINARY_BODY = """
import socket
s = socket.create_server(("127.0.0.1", 9))
print("ready", flush=True)
while True:
    c = s.accept()[0]
    c.recv(1000)
    c.sendall(b"HTTP/1.0 503 no\\r\\n\\r\\n\\0\\xff\\0")
    c.close()
"""
SKIPPED = ("id", "name", "long name")


@pytest.fixture
def consul(bed: Testbed) -> Consul:
    return Consul(bed.host)


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


@pytest.fixture
def agent(bed: Testbed, consul: Consul, router: Router) -> Agent:
    """With `web` of Consul announced."""
    agent = bed.start_agent(config(peer(router), agent={"consul_addr": consul.addr}))
    consul.register("web", tags(VIP4, "gocast_monitor=consul"), checks=[ttl("web")])
    router.wait_routes(VIP4)
    return agent


def alarms(agent: Agent) -> dict[str, str]:
    return {alarm["alarm"]: alarm["text"] for alarm in agent.status("status")["alarms"]}


def follow(agent: Agent, consul: Consul, router: Router) -> None:
    """The check of `web` still counts, and a new service does."""
    consul.check("web", "critical", "down")
    router.wait_routes()
    consul.check("web", "passing")
    router.wait_routes(VIP4)
    consul.register("new", tags("192.0.2.99/32"))
    router.wait_routes(VIP4, "192.0.2.99/32")
    assert "consul-lost" not in alarms(agent)


@pytest.mark.parametrize("what", NEIGHBOURS)
def test_a_hostile_neighbour(consul: Consul, agent: Agent, router: Router, what: str) -> None:
    consul.put("/v1/agent/service/register", NEIGHBOURS[what])
    follow(agent, consul, router)
    if what not in SKIPPED:
        assert "consul-skipped" not in alarms(agent)
        return
    wait_until(lambda: "consul-skipped" in alarms(agent), "the skipped service is an alarm")
    (item,) = agent.status("consul")["services"]["skipped_items"]
    assert item.split("'")[1] in ("bad", "bad\\u0000")
    assert f"{item}; it is skipped" in agent.log
    assert "vipherald_consul_items_skipped 1" in agent.get("/metrics").text


def test_a_binary_body_of_an_http_check(
    bed: Testbed, consul: Consul, agent: Agent, router: Router
) -> None:
    def seen() -> bool:
        checks = consul.get("/v1/health/node/node-1")
        return any(c["CheckID"] == "bad" and "\0" in c["Output"] for c in checks)

    with Responder(bed.host, BINARY_BODY):
        # Consul passes the output on at once only where the status changes with it.
        check = {"CheckID": "bad", "HTTP": "http://127.0.0.1:9/", "Interval": "1s"}
        check["Status"] = "passing"
        consul.register("bad", [], checks=[check])
        wait_until(seen, "Consul has the binary body as output")
        follow(agent, consul, router)


def test_a_nul_in_a_tag_of_our_own(consul: Consul, agent: Agent, router: Router) -> None:
    """The service is broken, and keeps its previous definition."""
    consul.register("web", [*tags(VIP4), "gocast_nat=tcp:1:2\0"], checks=[ttl("web")])
    wait_until(lambda: "consul-service" in alarms(agent), "the service is an alarm")
    assert r"tag 'gocast_nat=tcp:1:2\x00' contains a NUL octet" in alarms(agent)["consul-service"]
    router.wait_routes(VIP4)
