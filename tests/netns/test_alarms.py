"""Alarms from end to end: raised and cleared, in /v1/status, /metrics and the log."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, app, config, peer
from .consul import tags
from .faultserver import FaultServer, check
from .in_effect import file_is_in_effect
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

OTHER = "192.0.2.54/32"
WEB = app("web", VIP4)


def alarms(agent: Agent) -> dict[str, dict[str, Any]]:
    return {alarm["alarm"]: alarm for alarm in agent.status("status")["alarms"]}


def metric(agent: Agent, name: str) -> float:
    for line in agent.get("/metrics").text.splitlines():
        if line.startswith(f"vipherald_{name} "):
            return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


def peer_up(agent: Agent) -> float:
    [value] = re.findall(r"^vipherald_peer_up\{[^}]*\} (\d)$", agent.get("/metrics").text, re.M)
    return float(value)


def test_a_service_that_consul_lacks(bed: Testbed) -> None:
    router = bed.start_router("bird")
    false = FaultServer(bed.host)
    false.services = {"web": tags(VIP4), "other": tags(OTHER)}
    false.checks = [check("serfHealth")]
    agent = bed.start_agent(
        config(peer(router), agent={"consul_addr": false.addr, "consul_query_interval": "1s"})
    )
    router.wait_routes(VIP4, OTHER)
    assert "consul-service-missing" not in alarms(agent)
    assert metric(agent, "consul_services_held") == 0
    false.change(index=false.index - 5, services={})
    wait_until(lambda: metric(agent, "consul_services_held") == 2, "both are retained")
    alarm = alarms(agent)["consul-service-missing"]
    assert alarm["service"] in ("web", "other") and alarm["count"] == 2
    assert "retained although Consul's state was reset" in alarm["text"]
    agent.wait_log(r"WARN  consul: .*(reset|retained)")
    false.change(services={"web": tags(VIP4)})
    wait_until(lambda: alarms(agent)["consul-service-missing"]["count"] == 1, "one is back")
    assert alarms(agent)["consul-service-missing"]["service"] == "other"
    false.change(services={"web": tags(VIP4), "other": tags(OTHER)})
    wait_until(lambda: "consul-service-missing" not in alarms(agent), "both are back")
    assert metric(agent, "consul_services_held") == 0
    assert set(router.routes()) == {VIP4, OTHER}
    false.close()


def test_a_reload_that_fails(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    assert metric(agent, "config_last_reload_successful") == 1
    broken = config(peer(router), apps=({**WEB, "vip": "192.0.2.53/33"},))
    answer = agent.reload(broken, status=422)
    assert answer["error"] == "not reloaded, nothing changed"
    alarm = alarms(agent)["reload-failed"]
    assert alarm["path"] == str(agent.config_path) and "1 error;" in alarm["text"]
    assert metric(agent, "config_last_reload_successful") == 0 and not file_is_in_effect(agent)
    agent.wait_log(r"ERROR config: POST /v1/reload.*: not reloaded, 1 error; the configuration")
    assert agent.status("status")["config"]["last_reload"]["errors"]
    assert set(router.routes()) == {VIP4}
    agent.reload(config(peer(router), apps=(WEB, app("other", OTHER))))
    router.wait_routes(VIP4, OTHER)
    assert "reload-failed" not in alarms(agent)
    assert metric(agent, "config_last_reload_successful") == 1
    agent.wait_log(r"INFO  config: POST /v1/reload.*: reloaded .*, 1 change$")


def test_a_change_that_needs_a_restart(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    assert metric(agent, "config_restart_needed") == 0
    changed = config(peer(router), apps=(WEB,), agent={"state_file": f"{bed.workdir}/other"})
    answer = agent.reload(changed)
    assert answer["needs_restart"] == ["agent.state_file"]
    alarm = alarms(agent)["restart-needed"]
    assert alarm["path"] == str(agent.config_path) and "agent.state_file" in alarm["text"]
    assert metric(agent, "config_restart_needed") == 1 and not file_is_in_effect(agent)
    agent.wait_log(r"WARN  config: .*: the change of agent\.state_file needs a restart")
    agent.reload(config(peer(router), apps=(WEB,)))
    assert "restart-needed" not in alarms(agent)
    assert metric(agent, "config_restart_needed") == 0 and file_is_in_effect(agent)


@pytest.mark.long
def test_a_peer_that_stays_down(bed: Testbed) -> None:
    """Raised after a minute, for which the test waits."""
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4)
    router.stop()
    ended = agent.wait_log(r"WARN  bgp: peer 10\.0\.1\.1: session ended")
    assert "peer-down" not in alarms(agent) and peer_up(agent) == 0
    wait_until(lambda: "peer-down" in alarms(agent), "the alarm", timeout=75)
    alarm = alarms(agent)["peer-down"]
    assert alarm["peer"] == "10.0.1.1"
    logged, since = (datetime.fromisoformat(text) for text in (ended.split()[0], alarm["since"]))
    assert abs(logged - since) < timedelta(minutes=1)
    assert alarm["text"].startswith("peer 10.0.1.1 is ")
    assert agent.app("web")["reason"].startswith(f"{VIP4}: no BGP session established (0 of 1)")
    router.start()
    router.wait_established()
    wait_until(lambda: "peer-down" not in alarms(agent), "the agent has the session, too")
    assert peer_up(agent) == 1
    assert agent.log.count(f"peer 10.0.1.1: established with AS {ROUTER_AS}") == 2


@pytest.mark.long
def test_checks_over_the_network_that_are_behind(bed: Testbed) -> None:
    """More of them wait for an answer than run at once; the text speaks of commands only for commands."""
    bed.link()
    vips = [f"192.0.2.{n}/32" for n in range(1, 251)] + [f"198.51.100.{n}/32" for n in range(50)]
    apps = [app(f"a{n}", vip, "tcp:10.0.1.99:7") for n, vip in enumerate(vips)]
    entry = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    timing = {"monitor_interval": "200ms", "timeout": "2s"}
    agent = bed.start_agent(config(entry, apps=tuple(apps), agent=timing))
    wait_until(lambda: "checks-behind" in alarms(agent), "the alarm is raised", timeout=60)
    text = alarms(agent)["checks-behind"]["text"]
    assert "checks over the network" in text and "exec" not in text
    agent.reload(config(entry, apps=tuple(apps[:10]), agent=timing))
    wait_until(lambda: "checks-behind" not in alarms(agent), "the alarm is over", timeout=60)
