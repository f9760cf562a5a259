"""Nomad as a source of apps: services of this node, followed at once, and fail-static as those of Consul."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .consul import tags
from .faultserver import reply
from .nomad import OTHER_NODE, NomadServer, Registration
from .routers import Router
from .testbed import Testbed
from .test_verbs import Client
from .wait import never, wait_until

OTHER, THIRD = "192.0.2.54/32", "192.0.2.55/32"
WEB = Registration("web", tuple(tags(VIP4)))
DNS = Registration("dns", tuple(tags(OTHER)), id="1")

Fault = Callable[[BaseHTTPRequestHandler, bytes], None]


@pytest.fixture
def router(bed: Testbed) -> Router:
    return bed.start_router("bird")


@pytest.fixture
def nomad(bed: Testbed) -> Iterator[NomadServer]:
    server = NomadServer(bed.host)
    server.registrations = [WEB]
    yield server
    server.close()


def start(bed: Testbed, router: Router, nomad: NomadServer, **more: object) -> Agent:
    agent = {"nomad_addr": nomad.addr, "nomad_query_interval": "1s", **more}
    return bed.start_agent(config(peer(router), agent=agent))


def found(agent: Agent) -> dict[str, Any]:
    return {entry["service"]: entry for entry in agent.status("nomad")["found"]}


def wait_contact(agent: Agent, state: str) -> None:
    wait_until(lambda: agent.status("nomad")["state"] == state, f"Nomad is {state}")


def test_register_change_and_deregister(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4)
    assert agent.app("web")["source"] == "nomad"
    view = agent.status("nomad")
    assert (view["enabled"], view["node"], view["state"]) == (True, nomad.node, "in contact")
    assert "checks" not in view
    nomad.change(registrations=[WEB, DNS])
    router.wait_routes(VIP4, OTHER)
    nomad.change(registrations=[Registration("web", tuple(tags(THIRD))), DNS])
    router.wait_routes(THIRD, OTHER)
    nomad.change(registrations=[DNS])
    router.wait_routes(OTHER)
    nomad.change(registrations=[])
    router.wait_routes()
    gone = "service 'web': deregistered, unregistering its app"
    agent.wait_event("nomad.service", app="web", service="web", text=gone)


def test_other_nodes_and_other_tags_do_not_count(
    bed: Testbed, router: Router, nomad: NomadServer
) -> None:
    nomad.registrations = [
        Registration("web", tuple(tags(VIP4)), node=OTHER_NODE),
        Registration("dns", tuple(tags(OTHER)), id="1"),
        Registration("dns", tuple(tags(THIRD)), node=OTHER_NODE, id="2"),
        Registration("plain", ("gocast_vip=192.0.2.99/32",)),
    ]
    agent = start(bed, router, nomad)
    router.wait_routes(OTHER)
    assert set(found(agent)) == {"dns"}
    assert not any("plain" in path for path in nomad.paths)


@pytest.mark.parametrize("namespace", ["edge", "*"])
def test_namespaces(bed: Testbed, router: Router, nomad: NomadServer, namespace: str) -> None:
    nomad.registrations = [WEB, Registration("dns", tuple(tags(OTHER)), namespace="edge")]
    agent = start(bed, router, nomad, nomad_namespace=namespace)
    router.wait_routes(*([OTHER] if namespace == "edge" else [VIP4, OTHER]))
    assert set(found(agent)) == ({"dns"} if namespace == "edge" else {"web", "dns"})


def test_token_file_is_read_for_every_request(
    bed: Testbed, router: Router, nomad: NomadServer
) -> None:
    token = bed.workdir / "token"
    token.write_text("first\n")
    start(bed, router, nomad, nomad_token_file=str(token))
    router.wait_routes(VIP4)
    token.write_text("second\n")
    nomad.change(registrations=[DNS])
    router.wait_routes(OTHER)
    sent = [headers.get("X-Nomad-Token") for headers in nomad.headers]
    assert sent[0] == "first" and sent[-1] == "second"


def status(code: int, text: bytes = b"no") -> Fault:
    return lambda handler, body: reply(handler, code, text, 99)


def hang_up(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.close_connection = True


def of_services(fault: Fault) -> Fault:
    """The list of names is answered, and each question for one of them is not."""

    def split(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.path.startswith("/v1/services"):
            reply(handler, 200, body, 99)
        else:
            fault(handler, body)

    return split


FAULTS: dict[str, Fault] = {
    "connection closed": hang_up,
    "403": status(403, b"Permission denied"),
    "500": status(500, b"No cluster leader"),
    "no leader": lambda handler, body: reply(handler, 200, b"[]", 99, X_Nomad_KnownLeader="false"),
    "half the JSON": lambda handler, body: reply(handler, 200, body[:-5], 99),
    "no JSON": lambda handler, body: reply(handler, 200, b"<html>", 99),
    "an object": lambda handler, body: reply(handler, 200, b"{}", 99),
    "no index": lambda handler, body: reply(handler, 200, body),
    "nothing at the same index": lambda handler, body: reply(handler, 200, b"[]", 10),
    "a service is not answered": of_services(status(500)),
    "a service without a leader": of_services(
        lambda handler, body: reply(handler, 200, b"[]", 99, X_Nomad_KnownLeader="false")
    ),
    "a service without an index": of_services(lambda handler, body: reply(handler, 200, b"[]")),
    "a service is half": of_services(lambda handler, body: reply(handler, 200, body[:-3], 99)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_outage_withdraws_nothing(
    bed: Testbed, router: Router, nomad: NomadServer, fault: str
) -> None:
    nomad.registrations = [WEB, DNS]
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4, OTHER)
    nomad.break_with(FAULTS[fault])
    wait_contact(agent, "lost")
    agent.wait_event("nomad.lost", level="warning")
    assert router.prefixes() == {VIP4, OTHER}
    assert "nomad-lost" in {alarm["alarm"] for alarm in agent.status("status")["alarms"]}
    nomad.break_with(None)
    wait_contact(agent, "in contact")
    restored = agent.wait_event("nomad.restored", level="info")
    assert restored["text"].startswith(f"{nomad.addr}: contact restored after ")
    assert router.prefixes() == {VIP4, OTHER}
    nomad.change(registrations=[WEB], index=200)
    router.wait_routes(VIP4)


@pytest.mark.parametrize("left", [0, 1])
def test_a_service_that_goes_between_two_questions(
    bed: Testbed, router: Router, nomad: NomadServer, left: int
) -> None:
    """After the names were asked for, at an index that has not grown, and before it is asked for itself."""
    nomad.registrations = [WEB, DNS][: left + 1]
    agent = start(bed, router, nomad)
    router.wait_routes(*[VIP4, OTHER][: left + 1])

    def between(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        reply(handler, 200, body, nomad.index)
        nomad.fault = None
        nomad.registrations = nomad.registrations[:left]
        nomad.index += 1

    nomad.break_with(between)
    router.wait_routes(*[VIP4][:left])
    wait_until(lambda: set(found(agent)) == {"web"} if left else not found(agent), "it is gone")


def test_the_last_service_goes_while_nomad_does_not_answer(
    bed: Testbed, router: Router, nomad: NomadServer
) -> None:
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4)
    nomad.break_with(hang_up)
    wait_contact(agent, "lost")
    nomad.change(registrations=[])
    nomad.break_with(None)
    router.wait_routes()
    assert not found(agent)


def test_a_reset_state_removes_nothing(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    nomad.registrations = [WEB, DNS]
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4, OTHER)
    nomad.change(registrations=[Registration("new", tuple(tags(THIRD)))], index=3)
    router.wait_routes(VIP4, OTHER, THIRD)
    held = {name for name, entry in found(agent).items() if entry["held_since"]}
    assert held == {"web", "dns"}
    reset = agent.wait_event("nomad.reset", level="warning")
    assert "Nomad state was reset (index 3): services that it lost are retained" in reset["text"]
    nomad.change(registrations=[WEB, Registration("new", tuple(tags(THIRD)))])
    wait_until(lambda: not found(agent)["web"]["held_since"], "Nomad has web again")
    assert router.prefixes() == {VIP4, OTHER, THIRD}
    nomad.change(registrations=[Registration("new", tuple(tags(THIRD)))])
    router.wait_routes(OTHER, THIRD)


def test_an_agent_that_is_no_client(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    nomad.node = ""
    agent = start(bed, router, nomad)
    wait_contact(agent, "lost")
    assert "it is not a client" in agent.status("nomad")["last_error"]
    nomad.node = "33333333-aaaa-bbbb-cccc-000000000003"
    nomad.registrations = [Registration("web", tuple(tags(VIP4)), node=nomad.node)]
    router.wait_routes(VIP4)


def test_the_file_comes_before_nomad(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    nomad.registrations = [WEB, DNS]
    agent = bed.start_agent(
        config(peer(router), apps=(app("web", THIRD),), agent={"nomad_addr": nomad.addr})
    )
    router.wait_routes(THIRD, OTHER)
    wait_until(lambda: found(agent)["web"]["state"] == "conflict", "web is in conflict")
    assert agent.app("web")["nomad_rival"] == "web"
    assert "comes before Nomad" in found(agent)["web"]["problem"]
    assert "nomad-service" in {alarm["alarm"] for alarm in agent.status("status")["alarms"]}


def test_unregistering_over_http_lasts_until_the_tags_change(
    bed: Testbed, router: Router, nomad: NomadServer
) -> None:
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4)
    assert "a service of Nomad" in agent.unregister("web").json()["note"]
    router.wait_routes()
    nomad.change(registrations=[WEB, DNS])
    router.wait_routes(OTHER)
    nomad.change(registrations=[Registration("web", tuple(tags(THIRD))), DNS])
    router.wait_routes(OTHER, THIRD)


def test_commands_from_tags_need_leave(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    nomad.registrations = [Registration("web", tuple(tags(VIP4, "gocast_monitor=exec:true")))]
    agent = start(bed, router, nomad)
    wait_until(lambda: "web" in found(agent), "the service is known")
    assert found(agent)["web"]["state"] == "refused"
    assert "add 'nomad' to agent.exec.allow_from" in found(agent)["web"]["problem"]
    never(router.prefixes, "a route")


def test_a_reload_takes_nomad_away(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4)
    agent.reload(config(peer(router)))
    router.wait_routes()
    assert agent.status("nomad")["enabled"] is False


def test_the_verb(bed: Testbed, router: Router, nomad: NomadServer) -> None:
    agent = start(bed, router, nomad)
    router.wait_routes(VIP4)
    shown = Client(bed, agent)("nomad")
    assert "Nomad" in shown and "web" in shown and "registered" in shown
