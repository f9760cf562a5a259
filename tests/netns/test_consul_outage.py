"""Outages of Consul: the last known state stays; real deregistrations take effect at once."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .consul import Consul, tags, ttl
from .faultserver import FaultServer, check, reply
from .routers import Router
from .testbed import Testbed
from .wait import TIMEOUT, never, wait_until

OTHER = "192.0.2.54/32"
WEB = tags(VIP4, "gocast_monitor=consul")
BOTH = {VIP4, OTHER}

Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


@pytest.fixture
def false(bed: Testbed) -> Iterator[FaultServer]:
    """A fake Consul with one service that passes by its check and one that has no monitor."""
    server = FaultServer(bed.host)
    server.services = {"web": WEB, "other": tags(OTHER)}
    server.checks = [check("serfHealth"), check("c1", "web")]
    yield server
    server.close()


def start(bed: Testbed, router: Router, addr: str, **more: object) -> Agent:
    agent = {"consul_addr": addr, "consul_query_interval": "1s", **more}
    return bed.start_agent(config(peer(router), agent=agent))


def contact(agent: Agent) -> str:
    return str(agent.status("consul")["state"])


def wait_contact(agent: Agent, state: str, timeout: float = TIMEOUT) -> None:
    wait_until(lambda: contact(agent) == state, f"Consul is {state}", timeout)


def lost_alarms(agent: Agent) -> list[dict[str, Any]]:
    return [a for a in agent.status("status")["alarms"] if a["alarm"] == "consul-lost"]


def held(agent: Agent) -> set[str]:
    found = agent.status("consul")["found"]
    return {entry["service"] for entry in found if entry["held_since"]}


def said(agent: Agent, name: str) -> str:
    """By the app's first monitor."""
    return str(agent.app(name)["monitors"][0]["said"])


def status(code: int, text: bytes = b"no") -> Fault:
    return lambda handler, body: reply(handler, code, text, 99)


def hang_up(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.close_connection = True


def truncated(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.close_connection = True
    reply(handler, 200, body[: len(body) // 2], 99, length=len(body))


FAULTS: dict[str, Fault] = {
    "connection closed": hang_up,
    "403": status(403, b"ACL not found"),
    "429": status(429),
    "500": status(500, b"No cluster leader"),
    "503": status(503),
    "redirect": status(301),
    "truncated": truncated,
    "half the JSON": lambda handler, body: reply(handler, 200, body[:-5], 99),
    "no JSON": lambda handler, body: reply(handler, 200, b"<html>", 99),
    "nothing": lambda handler, body: reply(handler, 200, b"", 99),
    "other JSON": lambda handler, body: reply(handler, 200, b'"services"', 99),
    "no index": lambda handler, body: reply(handler, 200, b"null"),
    "index 0": lambda handler, body: reply(handler, 200, b"null", 0),
    "bad index": lambda handler, body: reply(
        handler, 200, b"null", None, X_Consul_Index="many"
    ),
    "no leader": lambda handler, body: reply(
        handler, 200, b"null", 99, X_Consul_KnownLeader="false"
    ),
    "filtered": lambda handler, body: reply(
        handler, 200, b"null", 99, X_Consul_Results_Filtered_By_ACLs="true"
    ),
    "null, same index": lambda handler, body: reply(handler, 200, b"null", 10),
    "null, lower index": lambda handler, body: reply(handler, 200, b"null", 1),
    "empty list": lambda handler, body: reply(handler, 200, b"[]", 10),
    "too long": lambda handler, body: reply(handler, 200, body + b" " * (33 << 20), 99),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_answer_changes_nothing(
    bed: Testbed, router: Router, false: FaultServer, name: str
) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    false.break_with(FAULTS[name])
    wait_contact(agent, "lost")
    false.wait_requests(4)
    never(lambda: set(router.routes()) != BOTH, "an outage withdraws", 0.3)
    seen = agent.status("consul")
    assert seen["last_error"] and seen["since_seconds"] is not None
    assert agent.log.count("keeping the last known state") == 1
    lost = agent.wait_event("consul.lost", level="warning")
    assert lost["text"].startswith(f"{false.addr}: ")
    assert lost["text"].endswith("; keeping the last known state, retrying")
    false.break_with(None)
    wait_contact(agent, "in contact")
    restored = agent.wait_event("consul.restored", level="info")
    assert restored["text"].startswith(f"{false.addr}: contact restored after ")
    false.change(services={"web": WEB})
    router.wait_routes(VIP4)


def test_connection_refused(bed: Testbed, router: Router, false: FaultServer) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    assert lost_alarms(agent) == []
    false.close()
    false.fault = hang_up
    wait_contact(agent, "lost")
    [alarm] = lost_alarms(agent)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", alarm["since"])
    assert "Consul" in alarm["text"]
    never(lambda: set(router.routes()) != BOTH, "an outage withdraws", 0.5)


def test_consul_is_away_at_the_start(bed: Testbed, router: Router) -> None:
    agent = start(bed, router, "http://127.0.0.1:8500")
    wait_contact(agent, "lost")
    agent.register("http", OTHER)
    router.wait_routes(OTHER)
    server = FaultServer(bed.host)
    server.services = {"web": WEB}
    try:
        router.wait_routes(VIP4, OTHER)
    finally:
        server.close()


def test_empty_with_a_grown_index_is_a_deregistration(
    bed: Testbed, router: Router, false: FaultServer
) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    false.change(services={})
    router.wait_routes()
    gone = "service 'web': deregistered, unregistering its app"
    agent.wait_event("consul.service", app="web", service="web", level="info", text=gone)


@pytest.mark.parametrize("step", [0, -5])
def test_empty_without_a_grown_index_is_held(
    bed: Testbed, router: Router, false: FaultServer, step: int
) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    false.change(index=false.index + step, services={}, checks=[check("serfHealth")])
    wait_until(lambda: held(agent) == {"web", "other"}, "both are held")
    if step < 0:
        reset = agent.wait_event("consul.reset", level="warning")
        assert reset["text"] == (
            f"{false.addr}: Consul state was reset (index {false.index}): services that it lost are retained"
        )
    false.change()
    false.change()
    false.wait_requests(2)
    assert set(router.routes()) == BOTH
    # They come back one by one, and are followed from then on.
    false.change(services={"other": tags(OTHER)})
    wait_until(lambda: held(agent) == {"web"}, "one is back")
    false.change(services={})
    router.wait_routes(VIP4)
    # The operator can unregister a retained app.
    agent.unregister("web")
    router.wait_routes()


@pytest.mark.parametrize("what", ["node_id", "create_index"])
def test_another_registration_of_the_node_is_no_deregistration(
    bed: Testbed, router: Router, false: FaultServer, what: str
) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    value = {"node_id": "2222", "create_index": 77}[what]
    false.change(index=1000, services={}, checks=[check("serfHealth")], **{what: value})
    wait_until(lambda: held(agent) == {"web", "other"}, "both are held")
    assert set(router.routes()) == BOTH
    false.change(services={"web": WEB}, checks=[check("serfHealth"), check("c1", "web")])
    wait_until(lambda: held(agent) == {"other"}, "one is back")
    false.change(checks=[check("serfHealth"), check("c1", "web", "critical", "it broke")])
    router.wait_routes(OTHER)


def test_check_that_did_not_run_yet_is_no_failure_after_a_restart(
    bed: Testbed, router: Router, false: FaultServer
) -> None:
    agent = start(bed, router, false.addr)
    router.wait_routes(*BOTH)
    false.change(index=3, services={}, checks=[check("serfHealth", "", "critical", "not live")])
    wait_until(lambda: held(agent) == {"web", "other"}, "both are held")
    false.change(services={"web": WEB, "other": tags(OTHER)})
    false.change(checks=[check("serfHealth"), check("c1", "web", "critical", "")])
    wait_until(lambda: not held(agent), "both are back")
    wait_until(lambda: "'c1' is critical" in said(agent, "web"), "the check is seen")
    never(lambda: set(router.routes()) != BOTH, "a check that did not run withdraws", 0.3)
    false.change(checks=[check("serfHealth"), check("c1", "web")])
    wait_until(lambda: said(agent, "web") == "passing", "it has run")
    false.change(checks=[check("serfHealth"), check("c1", "web", "critical", "")])
    router.wait_routes(OTHER)


def test_checks_that_vanish_with_their_service_are_no_pass(
    bed: Testbed, router: Router, false: FaultServer
) -> None:
    false.change(checks=[check("serfHealth"), check("c1", "web", "critical", "bad")])
    agent = start(bed, router, false.addr)
    router.wait_routes(OTHER)
    false.change(checks=[check("serfHealth")], services={"other": tags(OTHER)})
    wait_until(lambda: agent.get("/v1/apps/web").status == 404, "the service is gone")
    assert "web: up" not in agent.log


def test_max_stale(bed: Testbed, router: Router, false: FaultServer) -> None:
    agent = start(bed, router, false.addr, consul_max_stale="2s")
    router.wait_routes(*BOTH)
    began = time.monotonic()
    false.break_with(hang_up)
    wait_contact(agent, "lost")
    assert set(router.routes()) == BOTH or time.monotonic() - began > 2
    # The service with a consul monitor fails, the other one stays.
    router.wait_routes(OTHER)
    assert "consul_max_stale" in agent.app("web")["reason"]
    false.break_with(None)
    router.wait_routes(*BOTH)


def test_stopped_consul_is_noticed(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host)
    consul.register("web", WEB, checks=[ttl("c1")])
    agent = start(bed, router, consul.addr)
    router.wait_routes(VIP4)
    consul.process.pause()
    wait_contact(agent, "lost")
    assert set(router.routes()) == {VIP4}
    assert len(lost_alarms(agent)) == 1
    consul.process.resume()
    wait_contact(agent, "in contact", timeout=30)
    assert lost_alarms(agent) == []
    assert set(router.routes()) == {VIP4}
    assert "withdrawing" not in agent.log
    consul.check("c1", "critical")
    router.wait_routes()


def test_restart_with_its_state(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host, state=True)
    bed.start_service(7777)
    probe = {"CheckID": "tcp", "Name": "tcp", "TCP": "127.0.0.1:7777", "Interval": "1s"}
    consul.register("web", WEB, checks=[ttl("c1"), {**probe, "Status": "passing"}])
    consul.register("other", tags(OTHER))
    agent = start(bed, router, consul.addr)
    router.wait_routes(*BOTH)
    consul.kill()
    wait_contact(agent, "lost")
    consul.start()
    wait_contact(agent, "in contact", timeout=30)
    never(lambda: set(router.routes()) != BOTH, "a restart withdraws", 2.5)
    assert "withdrawing" not in agent.log
    consul.check("c1", "passing", "it ran")
    wait_until(lambda: said(agent, "web") == "passing", "all checks have run")
    consul.check("c1", "critical", "it broke")
    router.wait_routes(OTHER)
    consul.deregister("other")
    router.wait_routes()


def test_restart_without_its_state(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host)
    consul.register("web", WEB, checks=[ttl("c1")])
    consul.register("other", tags(OTHER))
    agent = start(bed, router, consul.addr)
    router.wait_routes(*BOTH)
    consul.process.signal(signal.SIGKILL)
    consul.process.wait()
    wait_contact(agent, "lost")
    consul.start()
    wait_until(lambda: held(agent) == {"web", "other"}, "both are held", timeout=30)
    # Its index overtakes the one that we know.
    for i in range(30):
        consul.register(f"filler{i}", [])
    assert held(agent) == {"web", "other"}
    assert set(router.routes()) == BOTH
    # A service that comes back starts critical, as all checks do.
    consul.register("web", WEB, checks=[{"CheckID": "c1", "Name": "c1", "TTL": "600s"}])
    wait_until(lambda: held(agent) == {"other"}, "web is back")
    never(lambda: set(router.routes()) != BOTH, "a check that did not run withdraws", 0.5)
    consul.check("c1", "passing")
    wait_until(lambda: "passing" in said(agent, "web"), "the check has run")
    consul.check("c1", "critical")
    router.wait_routes(OTHER)
    consul.deregister("web")
    wait_until(lambda: agent.get("/v1/apps/web").status == 404, "web is gone")
    assert held(agent) == {"other"}


def test_deregistered_node_comes_back_by_itself(bed: Testbed, router: Router) -> None:
    consul = Consul(bed.host)
    consul.register("web", WEB, checks=[ttl("c1")])
    agent = start(bed, router, consul.addr)
    router.wait_routes(VIP4)
    consul.put("/v1/catalog/deregister", {"Node": "node-1"})
    # Consul may repair it at once: then a state is seen that is not what was before.
    wait_until(
        lambda: agent.status("events?kind=consul.lost")["events"]
        or "Consul state was reset" in agent.log,
        "the loss was noticed",
    )
    never(lambda: set(router.routes()) != {VIP4}, "a lost node withdraws", 0.5)
    # Consul's own repair, which it does once a minute otherwise.
    consul.register("kick", [])
    wait_contact(agent, "in contact", timeout=90)
    assert set(router.routes()) == {VIP4}
    assert "withdrawing" not in agent.log


def test_configured_app_survives_an_outage(bed: Testbed, router: Router) -> None:
    server = FaultServer(bed.host)
    server.services = {"web": ["x"]}
    agent_keys = {"consul_addr": server.addr, "consul_query_interval": "1s"}
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", VIP4, "consul"),), agent=agent_keys)
    )
    router.wait_routes(VIP4)
    server.break_with(hang_up)
    wait_contact(agent, "lost")
    never(lambda: set(router.routes()) != {VIP4}, "an outage withdraws", 0.5)
    server.close()
