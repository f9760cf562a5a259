"""`states.join`: new definitions of an app are announced with weak attributes until they are promoted."""

import json
import signal
from typing import Any

from .agent import Agent
from .configs import VIP4, app, config, peer
from .fleet import Fleet, Host
from .routers.base import Router
from .testbed import Testbed
from .wait import wait_until

OTHER = "192.0.2.54/32"
STATES = {"up": {"med": 100}, "join": {"med": 500}}


def wait_med(router: Router, med: int) -> None:
    wait_until(
        lambda: (route := router.routes().get(VIP4)) and route.med == med, f"{VIP4} with MED {med}"
    )


def promotions(agent: Agent) -> list[str]:
    if not agent.state_file.exists():  # it is written by itself, a moment after the start
        return []
    lines = [json.loads(line) for line in agent.state_file.read_text().splitlines()]
    return [line["promoted"] for line in lines if "promoted" in line]


def test_a_new_definition_joins(bed: Testbed) -> None:
    router = bed.start_router("bird")
    file = bed.workdir / "healthy"
    file.touch()

    def conf(join_time: str, other: str = "2s", **keys: Any) -> dict[str, Any]:
        dns = {**app("dns", VIP4, f"exec:test -e {file}"), "states": STATES, **keys}
        web = {**app("web", OTHER, f"exec:test -e {file}"), "hold_down": other}
        return config(peer(router), apps=(dns, web), agent={"join_time": join_time})

    agent = bed.start_agent(conf("1h"))
    wait_med(router, 500)
    dns = agent.app("dns")
    assert (dns["state"], dns["health"], dns["joining"]["ahead"]) == ("joining", "up", None)
    assert dns["reason"].startswith("joining: the checks have to pass for ")
    assert agent.vip(VIP4)["form"] == "join"
    agent.wait_event("app.joining", app="dns")
    assert promotions(agent) == []
    # How long it takes is no part of the definition.
    agent.reload(conf("100ms"))
    wait_med(router, 100)
    agent.wait_event("app.promoted", app="dns")
    wait_until(lambda: promotions(agent) == ["dns"], "it is in the state file")
    # Another app is no reason to join.
    agent.reload(conf("1h", other="3s"))
    assert agent.app("dns")["joining"] is None
    change = agent.reload(conf("1h", hold_down="1s"))
    wait_med(router, 500)
    assert "joins anew" in json.dumps(change)
    # The one that was promoted last is back.
    agent.reload(conf("1h"))
    wait_med(router, 100)
    # A crash, and the definition that was promoted.
    agent.kill()
    agent.start()
    wait_until(lambda: agent.app("dns")["announced"], "it is announced again")
    wait_med(router, 100)
    assert agent.app("dns")["joining"] is None
    # A failure begins the time anew, and joining is not less attractive than down.
    agent.reload(conf("1h", hold_down="1s"))
    wait_med(router, 500)
    file.unlink()
    wait_until(lambda: VIP4 not in router.routes(), "it is withdrawn")
    assert agent.app("dns")["joining"]["due"] is None


def release(host: Host, fleet: dict[str, Any], number: int) -> None:
    host.agent.reload(host.config(fleet, **JOINING, hold_down=f"{number}ms"))


JOINING: dict[str, Any] = {"states": {"join": True}, "join_time": "100ms"}
HALF: dict[str, Any] = {"vips": "50%"}


def reason(host: Host) -> str:
    joining = host.agent.app("dns")["joining"]
    return str(joining["reason"]) if joining and joining["passed"] else ""


def test_a_broken_release_stays_on_one_host(bed: Testbed) -> None:
    fleet = Fleet(bed, 3, HALF, **JOINING)  # they are promoted one after the other
    first, *others = fleet.hosts
    first.healthy.unlink()
    fleet.wait_routes(2)
    release(first, HALF, 1)
    fleet.wait("it stands in line", lambda: first.app()["join_ahead"] == 0)
    for host in others:
        release(host, HALF, 1)
    fleet.wait_routes(2, degraded=2)
    for host in others:
        fleet.wait("it waits", lambda h=host: "the first is site1" in reason(h))
        assert host.app()["form"] == "joining"
    fleet.wait("one of them is the last", lambda: {h.app()["join_ahead"] for h in others} == {1, 2})

    def show() -> str:
        return others[0].agent.request("GET", "/", headers={"Accept": "text/html"}).text

    fleet.wait("its last view has both", lambda: "must stay, 2 joining" in show())
    page = show()
    assert ", 1 joining</p>" in page and '<span class="odd">joining</span>' in page
    assert "before it in line, the first is site1" in page
    first.healthy.touch()
    fleet.wait_routes(3, timeout=60)
    for host in fleet.hosts:
        host.agent.wait_event("app.promoted", app="dns")
    fleet.wait("none stands in line", lambda: fleet.value(".join")["line"] == [])
    # Without Consul nothing is promoted.
    fleet.consul.process.signal(signal.SIGSTOP)
    release(first, HALF, 2)
    fleet.wait_routes(3, degraded=1)
    fleet.wait("it waits for Consul", lambda: "Consul" in reason(first))
    fleet.consul.process.resume()
    fleet.wait_routes(3, timeout=60)
