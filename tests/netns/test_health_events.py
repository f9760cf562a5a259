"""The death of a listener reaches the router without the tick of a check."""

import re

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .testbed import Testbed
from .wait import wait_until

HOUR = {"monitor_interval": "1h"}


def test_death_and_return_need_no_tick(bed: Testbed) -> None:
    router = bed.start_router("bird")
    service = bed.start_service(7777)
    bed.start_agent(config(peer(router), apps=(app("a", VIP4, "port:tcp:7777"),), agent=HOUR))
    router.wait_routes(VIP4)
    for _ in range(3):
        service.kill()
        router.wait_routes()
        service.start()
        router.wait_routes(VIP4)


def test_group_of_listeners(bed: Testbed) -> None:
    """Of two one dies: nothing is withdrawn, not even for a moment."""
    router = bed.start_router("bird")
    first = bed.start_service(7777, address="192.0.2.53")
    second = bed.start_service(7777, address="::")
    other = bed.start_service(7778)
    apps = (app("a", VIP4, "port:tcp:7777"), app("b", "192.0.2.54/32", "port:tcp:7778"))
    agent = bed.start_agent(config(peer(router), apps=apps, agent=HOUR))
    router.wait_routes(VIP4, "192.0.2.54/32")
    first.kill()
    other.kill()  # its event comes after the first's
    router.wait_routes(VIP4)
    assert agent.app("a")["went_down"] == 0
    second.kill()
    router.wait_routes()


def test_a_daemonised_grandchild_does_not_survive(bed: Testbed) -> None:
    bed.link()
    command = "exec:(setsid sleep 4711 &); sleep 4712"
    agent = bed.start_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(app("a", VIP4, command),))
    )
    wait_until(lambda: "no result within" in agent.app("a")["monitors"][0]["said"], "time-out")
    agent.stop()
    bed.wait_no_process("sleep 4711")
    bed.wait_no_process("sleep 4712")


def behind(agent: Agent) -> str:
    alarms = agent.status("status")["alarms"]
    [alarm] = [alarm for alarm in alarms if alarm["alarm"] == "checks-behind"]
    return str(alarm["text"])


@pytest.mark.long
def test_servers_that_hang_and_hold_up_others_are_reported(bed: Testbed) -> None:
    bed.link()
    apps = tuple(
        app(f"a{i}", f"10.9.{i // 200}.{i % 200 + 1}/32", f"tcp:10.0.1.1:{1000 + i}")
        for i in range(600)
    )
    # No host answers at that address: every check takes until its time-out.
    bed.host.ip("neigh add 10.0.1.1 lladdr 02:00:00:00:00:99 dev eth1 nud permanent")
    agent = bed.start_agent(
        config({"peer_ip": "10.0.1.3", "peer_as": 65000}, apps=apps, agent={"monitor_interval": "1s"})
    )
    line = agent.wait_log("network checks cannot run as often", timeout=60)
    assert re.search(r"\d+% of their interval", line), line
    assert "checks over the network start" in behind(agent)


def test_overload_is_reported(bed: Testbed) -> None:
    bed.link()
    apps = tuple(app(f"a{i}", f"10.9.0.{i}/32", f"exec:sleep 0.2; : {i}") for i in range(1, 41))
    agent = bed.start_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=apps, agent={"exec_max": 2})
    )
    line = agent.wait_log("cannot run the checks as often", timeout=60)
    assert re.search(r"\d+% of their interval", line), line
    metrics = agent.get("/metrics").text
    assert "vipherald_exec_behind 1" in metrics
    assert "commands of exec monitors start" in behind(agent)
