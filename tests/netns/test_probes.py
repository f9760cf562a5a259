"""/healthz and /readyz, as an orchestrator asks them."""

import fcntl
import signal
from pathlib import Path

import pytest

from .agent import Agent
from .configs import PORT, VIP4, app, config, peer
from .consul import tags
from .faultserver import FaultServer
from .nat import LISTEN, DEST, NatBed, nat_app, wait_announced
from .test_consul_outage import hang_up
from .testbed import Testbed
from .wait import wait_until


def readyz(agent: Agent) -> tuple[int, str]:
    response = agent.get("/readyz")
    return response.status, response.text


def wait_ready(agent: Agent) -> None:
    wait_until(lambda: readyz(agent) == (200, "ready\n"), "the agent is ready")


def wait_not_ready(agent: Agent, reason: str) -> None:
    wait_until(lambda: readyz(agent) == (503, f"{reason}\n"), f"not ready: {reason}")


def test_healthz_answers_whatever_is_missing(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}))
    response = agent.get("/healthz")
    assert (response.status, response.text) == (200, "ok\n")
    head = agent.request("HEAD", "/healthz")
    assert (head.status, head.text) == (200, "")
    assert agent.request("POST", "/healthz").status == 405


def test_ready_with_a_router_and_not_without(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    wait_ready(agent)
    router.kill()
    wait_not_ready(agent, "no BGP session established (0 of 1)")
    assert agent.get("/healthz").status == 200


def test_one_of_two_routers_is_enough(bed: Testbed) -> None:
    router = bed.start_router("bird")
    gone = bed.link()
    agent = bed.start_agent(
        config({"peer_ip": gone.router_ip, "peer_as": 65000}, peer(router), apps=())
    )
    wait_ready(agent)


def test_ready_after_the_first_verdicts_good_or_bad(bed: Testbed) -> None:
    router = bed.start_router("bird")
    gate = bed.workdir / "gate"
    slow = f"exec:until [ -e {gate} ]; do sleep 0.05; done; false"
    agent = bed.start_agent(
        config(
            peer(router),
            apps=(app("slow", VIP4, slow), app("down", "192.0.2.54/32", f"port:tcp:{PORT}")),
            agent={"monitor_interval": "1h"},
        )
    )
    router.wait_established()
    wait_not_ready(agent, "'slow' has no verdict from its monitors yet")
    gate.touch()
    wait_ready(agent)
    assert agent.app("slow")["health"] == "down"


def test_an_app_that_comes_later_makes_nothing_unready(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), agent={"monitor_interval": "1h"}))
    wait_ready(agent)
    assert agent.register("later", VIP4, monitors=["exec:sleep 3600"]).status == 200
    assert agent.app("later")["health"] == "unknown"
    assert readyz(agent) == (200, "ready\n")


def test_not_ready_before_consul_was_heard(bed: Testbed) -> None:
    router = bed.start_router("bird")
    server = FaultServer(bed.host)
    try:
        server.services = {"web": tags(VIP4)}
        server.break_with(hang_up)
        agent = bed.start_agent(config(peer(router), agent={"consul_addr": server.addr}))
        router.wait_established()
        wait_not_ready(agent, "no answer from Consul yet")
        server.break_with(None)
        wait_ready(agent)
        router.wait_routes(VIP4)
    finally:
        server.close()


@pytest.mark.usefixtures("xtables_lock")
def test_not_ready_while_it_stops(bed: Testbed, xtables_lock: Path) -> None:
    nat = NatBed(bed)
    router = bed.start_router("bird", link=nat.link)
    agent = nat.start_agent(
        nat_app("dns", nats=[f"tcp:{LISTEN}:{DEST}"]), backend="iptables"
    )
    wait_announced(agent, "dns")
    router.wait_established()
    wait_ready(agent)
    with open(xtables_lock) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        agent.process.signal(signal.SIGTERM)
        agent.wait_log("waiting for the xtables lock")
        status, text = readyz(agent)
        assert status == 503
        assert "vipherald is stopping\n" in text
        assert agent.get("/healthz").status == 200
    agent.expect_exit(0)
