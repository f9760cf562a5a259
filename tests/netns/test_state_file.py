"""The state file: apps and drains of the HTTP API survive restarts, crashes and damage."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .nat import BACKENDS, NatBed
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
WITHOUT_AIO = [sys.executable, str(Path(__file__).with_name("without.py")), "--aio"]


def start(bed: Testbed, *apps: dict[str, Any], **agent: Any) -> Agent:
    bed.link()
    return bed.start_agent(config(PEER, apps=apps, agent=agent))


def restart(agent: Agent, how: str = "kill") -> None:
    if how == "kill":
        agent.kill()
    else:
        agent.stop()
    agent.start()
    wait_running(agent)


def wait_running(agent: Agent) -> None:
    wait_until(lambda: agent.status("status")["phase"] == "running", "all apps are registered")


def names(agent: Agent) -> set[str]:
    return {entry["name"] for entry in agent.status("apps")["apps"]}


def set_aside(agent: Agent) -> list[Path]:
    return sorted(agent.state_dir.glob("state.json.damaged-*"))


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.usefixtures("xtables_lock")
def test_apps_of_http_return_as_they_were(bed: Testbed, backend: str, how: str) -> None:
    nat = NatBed(bed)
    router = bed.start_router("bird", nat.link)
    bed.start_service(5353)
    structure = config(peer(router))
    structure["nat"] = {"backend": backend}
    agent = bed.start_agent(structure)
    response = agent.admin(
        f"/register?name=dns&vip={VIP4}&vip={VIP6}&monitor=port:tcp:5353&monitor=exec:exit%201"
        "&quorum=1&nat=tcp:53:8053&nat=udp:53:8053&vip_communities=65000:1,65000:2"
    )
    assert response.json()["stored"] is True
    router.wait_routes(VIP4, VIP6)
    before, rules = agent.app("dns"), set(nat.our_rules(backend))

    restart(agent, how)

    router.wait_routes(VIP4, VIP6)
    bed.wait_loopback({VIP4: "lo:dns", VIP6: ""})
    wait_until(
        lambda: set(nat.our_rules(backend)) == rules,
        "the same rules",
        ignore=(subprocess.CalledProcessError,),
    )
    after = agent.app("dns")
    for key in ("name", "source", "quorum", "communities", "nats", "lease"):
        assert after[key] == before[key]
    assert [m["monitor"] for m in after["monitors"]] == ["port:tcp:5353", "exec:exit 1"]
    assert router.wait_route(VIP4).communities == ("65000:1", "65000:2")
    assert agent.wait_log("1 app registered from the state file")


def test_acknowledged_is_on_the_disk(bed: Testbed) -> None:
    """Killed right after the answer."""
    agent = start(bed)
    for n in range(20):
        assert agent.register(f"app{n}", f"192.0.2.{n}/32").json()["stored"] is True
        agent.process.signal(signal.SIGKILL)
        agent.kill()
        assert f'["name","app{n}"]' in agent.state_file.read_text()
        agent.start()
        wait_running(agent)
        assert names(agent) == {f"app{n}"}
        assert agent.unregister(f"app{n}").json()["stored"] is True
        assert f"app{n}" not in agent.state_file.read_text()


def test_many_at_once_are_few_writes(bed: Testbed) -> None:
    """All requests of a round are there before the agent reads the first one."""
    agent = start(bed)
    before = writes(agent)
    for first in range(0, 1000, 50):
        agent.process.pause()
        connections = [agent.connect() for _ in range(50)]
        for n, connection in enumerate(connections, first):
            connection.request("GET", f"/register?name=app{n}&vip=198.51.{n // 250}.{n % 250}/32")
        agent.process.resume()
        for connection in connections:
            response = connection.getresponse()
            assert response.status == 200, response.read()
            connection.close()
    assert writes(agent) - before <= 500
    restart(agent)
    assert len(names(agent)) == 1000


def writes(agent: Agent) -> int:
    [line] = [
        line
        for line in agent.get("/metrics").text.splitlines()
        if line.startswith("vipherald_state_file_writes_total ")
    ]
    return int(line.split()[1])


def test_permissions_and_place(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("a", VIP4)
    assert agent.state_file.stat().st_mode & 0o777 == 0o600
    assert agent.state_dir.stat().st_mode & 0o777 == 0o700
    files = {path.name for path in agent.state_dir.iterdir()} - {"last-good.yaml"}
    assert files == {"state.json"}
    shown = agent.status("status")["state_file"]
    assert shown == {"path": str(agent.state_file), "stored": True, "error": None}
    first = json.loads(agent.state_file.read_text().splitlines()[0])
    assert first["vipherald_state"] == 1


DAMAGED = {
    "empty": "",
    "cut": '{"vipherald_state":1,"boot":"","netns":""}\n{"register":[["name","a"],["vi',
    "without end": '{"vipherald_state":1,"boot":"","netns":""}\n',
    "newer": '{"vipherald_state":2}\n{"end":0}\n',
    "zeroes": "\0" * 4096,
    "unknown line": '{"vipherald_state":1,"boot":"","netns":""}\n{"new":1}\n{"end":1}\n',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_set_aside(bed: Testbed, content: str) -> None:
    agent = start(bed, app("web", VIP4))
    agent.stop()
    agent.state_file.write_text(content)

    agent.start()
    agent.wait_log(r"ERROR.*state\.json: damaged, not used: .*kept as .*damaged-")
    wait_running(agent)
    assert names(agent) == {"web"}
    [aside] = set_aside(agent)
    assert aside.read_text() == content
    # The file works again.
    assert agent.register("a", VIP6).json()["stored"] is True
    restart(agent)
    assert names(agent) == {"web", "a"}
    assert len(set_aside(agent)) == 1


def test_only_entries_that_register_refuses_are_left_out(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("good", VIP4)
    agent.register("bad", VIP6)
    agent.stop()
    text = agent.state_file.read_text()
    agent.state_file.write_text(text.replace(VIP6, "2001:db8::53/0"))

    agent.start()
    agent.wait_log(r"WARN.*app 'bad': '2001:db8::53/0'")
    wait_running(agent)
    assert names(agent) == {"good"}
    [aside] = set_aside(agent)
    assert "2001:db8::53/0" in aside.read_text()


def test_a_file_that_others_could_have_written_is_not_believed(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("a", VIP4, monitors=["exec:true"])
    agent.stop()
    agent.state_file.chmod(0o666)
    agent.start()
    agent.wait_log("is writable by other users")
    wait_running(agent)
    assert names(agent) == set()


def test_a_write_under_way_is_no_trouble(bed: Testbed) -> None:
    """An alert on it would go off whenever a lease is renewed, which is written a little later."""
    agent = start(bed)
    for _ in range(5):
        agent.register("a", VIP4, ttl="1h")
        assert "vipherald_state_file_stored 1\n" in agent.get("/metrics").text
    answer = agent.drain(reason="moving")
    assert answer["stored"] is True and answer["agent"]["state_file"]["stored"] is True


def test_switched_off(bed: Testbed) -> None:
    agent = start(bed, state_file="off")
    assert agent.register("a", VIP4).json()["stored"] is False
    assert agent.status("status")["state_file"] is None
    assert not agent.state_dir.exists()
    restart(agent)
    assert names(agent) == set()


def test_a_directory_that_cannot_be_made(bed: Testbed) -> None:
    """One warning that says what to do; everything else works."""
    (bed.workdir / "file").touch()
    path = bed.workdir / "file" / "state.json"
    agent = start(bed, state_file=str(path))
    line = agent.wait_log(r"WARN.*no state file")
    assert str(path.parent) in line and "Not a directory" in line and "agent.state_file" in line
    assert agent.register("a", VIP4).json()["stored"] is False
    agent.wait_log("alarm state-file")
    told = [said for said in agent.log.splitlines() if "state file" in said]
    assert len(told) == 2 and "alarm state-file" in told[1]


def test_a_directory_that_is_replaced_needs_a_restart(bed: Testbed) -> None:
    """The sandbox knows the one that was there at the start."""
    agent = start(bed)
    # So that nothing is being written while the directory goes.
    assert agent.register("before", VIP6).json()["stored"] is True
    shutil.rmtree(agent.state_dir)
    agent.state_dir.mkdir()
    answer = agent.register("a", VIP4).json()
    if agent.get("/v1/status").json()["sandbox"]["landlock"] == 0:
        assert answer["stored"] is True
        return
    assert answer["stored"] is False
    agent.wait_log("if it was replaced, restart the agent")


def test_a_disk_that_fails_and_returns(bed: Testbed) -> None:
    agent = start(bed, sandbox=False)
    assert agent.register("a", VIP4).json()["stored"] is True
    shutil.rmtree(agent.state_dir)
    agent.state_dir.write_text("in the way")

    assert agent.register("b", VIP6).json()["stored"] is False
    assert agent.register("c", "192.0.2.1/32").json()["stored"] is False
    shown = agent.status("status")["state_file"]
    assert shown["error"] and shown["stored"] is False
    assert "vipherald_state_file_stored 0\n" in agent.get("/metrics").text
    assert agent.log.count("WARN  state:") == 1

    agent.state_dir.unlink()
    agent.wait_log("can be written again")
    restart(agent)
    assert names(agent) == {"a", "b", "c"}


def test_without_asynchronous_io_stored_is_on_the_disk(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config(PEER), wrapper=WITHOUT_AIO)
    for n in range(5):
        assert agent.register(f"app{n}", f"192.0.2.{n}/32").json()["stored"] is True
    restart(agent)
    assert len(names(agent)) == 5


def test_two_agents_do_not_share_a_file(bed: Testbed) -> None:
    agent = start(bed, listen_addr="127.0.0.1:8080")
    agent.register("a", VIP4)
    other = Agent(
        bed.namespace("other"),
        config(PEER, agent={"state_file": str(agent.state_file)}, router_id="192.0.2.9"),
        name="other",
    )
    other.start()
    try:
        other.wait_log(r"WARN.*another process uses .*state\.json")
        assert other.register("b", VIP6).json()["stored"] is False
        assert names(other) == {"b"}
    finally:
        other.finish()
    restart(agent)
    assert names(agent) == {"a"}


def test_the_configuration_comes_first(bed: Testbed) -> None:
    """Names in the configuration win over apps registered over HTTP."""
    agent = start(bed)
    agent.register("web", "192.0.2.1/32")
    agent.register("other", VIP4)
    agent.register("third", VIP6)
    agent.kill()
    structure = config(PEER, apps=(app("web", VIP4),), agent={"state_file": str(agent.state_file)})
    second = bed.start_agent(structure)
    wait_running(second)
    assert names(second) == {"web", "third"}
    assert second.app("web")["source"] == "config"
    second.wait_log(rf"WARN.*other: not registered again: vip {VIP4} already belongs to app 'web'")
    second.wait_log("WARN.*web: not registered again: .*configuration file")
    # The address was there and stays, with the label that it has.
    bed.wait_loopback({VIP4: "lo:other", VIP6: ""})
    wait_until(lambda: "other" not in agent.state_file.read_text(), "they are forgotten")


def test_restored_commands_need_the_present_permission(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("local", VIP4, monitors=["exec:true"])
    agent.kill()
    second = bed.start_agent(
        config(
            PEER,
            agent={"state_file": str(agent.state_file), "exec": {"allow_from": "config"}},
        )
    )
    second.wait_log("WARN.*local: not registered again: .*agent.exec.allow_from")
    assert names(second) == set()
    [alarm] = [a for a in second.status("status")["alarms"] if a["alarm"] == "stored-app-refused"]
    assert alarm["app"] == "local" and alarm["count"] == 1
    assert "agent.exec.allow_from" in alarm["text"]
    # It is kept, and comes back when it is allowed.
    second.stop()
    agent.start()
    wait_running(agent)
    assert names(agent) == {"local"}


def test_a_refused_app_can_be_unregistered(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("local", VIP4, monitors=["exec:true"])
    agent.stop()
    options = {"state_file": str(agent.state_file), "exec": {"allow_from": "config"}}
    second = bed.start_agent(config(PEER, agent=options))
    second.wait_log("WARN.*local: not registered again")
    second.unregister("local")
    assert second.status("status")["alarms"] == []
    wait_until(lambda: '"exec:true"' not in agent.state_file.read_text(), "it is forgotten")


def test_a_command_of_any_octets_returns_as_it_was(bed: Testbed) -> None:
    agent = start(bed)
    witness = bed.workdir / "witness"
    target = f"/register?name=a&vip={VIP4}&monitor=exec:printf%20'%FF%C3'>{witness}"
    assert agent.admin(target).status == 200
    wait_until(lambda: witness.exists() and witness.read_bytes() == b"\xff\xc3", "it has run")
    agent.kill()
    witness.unlink()
    agent.start()
    wait_until(lambda: witness.exists() and witness.read_bytes() == b"\xff\xc3", "it runs again")


# Drains


def holds(agent: Agent, name: str) -> list[dict[str, Any]]:
    drain = agent.app(name)["drain"]
    return drain["holds"] if drain else []


def test_drains_return_with_since_reason_and_end(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    agent.register("dns", VIP6)
    agent.register("free", "192.0.2.1/32")
    agent.drain("web", reason="kernel update", **{"for": "2h"})
    agent.drain("dns", reason="rack 7")
    before = {name: holds(agent, name)[0] for name in ("web", "dns")}

    restart(agent)

    router.wait_routes("192.0.2.1/32")
    for name, hold in before.items():
        [after] = holds(agent, name)
        assert agent.app(name)["state"] == "drained"
        for key in ("by", "of", "reason"):
            assert after[key] == hold[key]
        assert after["since_seconds"] >= hold["since_seconds"]
        assert after["since"][:16] in (hold["since"][:16], _next_minute(hold["since"]))
    assert 7000 < holds(agent, "web")[0]["until_seconds"] <= 7200
    assert holds(agent, "dns")[0]["until"] is None

    agent.undrain("web")
    agent.undrain("dns")
    restart(agent)
    router.wait_routes(VIP4, VIP6, "192.0.2.1/32")


def _next_minute(date: str) -> str:
    moment = time.strptime(date[:16] + " UTC", "%Y-%m-%dT%H:%M %Z")
    return time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.mktime(moment) + 60))


def test_the_drain_of_the_agent_returns(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    agent.drain(reason="moving")
    restart(agent)
    router.wait_established()
    assert agent.app("web")["state"] == "drained"
    assert agent.status("status")["drain"]["holds"][0]["reason"] == "moving"
    agent.undrain()
    router.wait_routes(VIP4)
    restart(agent)
    router.wait_routes(VIP4)


def test_a_drain_that_ended_meanwhile_does_not_return(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    agent.drain("web", **{"for": "1s"})
    end = time.monotonic() + 1.0
    agent.kill()
    wait_until(lambda: time.monotonic() > end, "the drain is over")
    agent.start()
    router.wait_routes(VIP4)
    assert holds(agent, "web") == []


def test_a_clock_that_was_wrong_lengthens_no_drain(bed: Testbed) -> None:
    """Read by a clock a year behind, as on a host without one until NTP has answered: it has its
    span, and no more."""
    agent = start(bed, app("web", VIP4))
    agent.drain("web", **{"for": "1h"})
    agent.stop()
    lines = agent.state_file.read_text().splitlines()
    for n, line in enumerate(lines):
        value = json.loads(line)
        if "drain" in value:
            value["since_ms"] += 365 * 86400 * 1000
            value["until_ms"] += 365 * 86400 * 1000
            lines[n] = json.dumps(value)
    agent.state_file.write_text("\n".join(lines) + "\n")
    agent.start()
    wait_running(agent)
    [hold] = holds(agent, "web")
    assert 3500 < hold["until_seconds"] <= 3600


def test_a_drain_of_an_app_that_is_gone_is_forgotten(bed: Testbed) -> None:
    agent = start(bed, app("web", VIP4))
    agent.drain("web")
    agent.stop()
    state_file = str(agent.state_file)
    second = bed.start_agent(config(PEER, agent={"state_file": state_file}))
    second.wait_log("web: drain over HTTP dropped, the app no longer exists")
    wait_until(lambda: "drain" not in agent.state_file.read_text(), "it is not in the file")


# Leases


def test_a_lease_ends_unless_it_is_renewed(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    agent.register("a", VIP4, ttl="5s")
    router.wait_routes(VIP4)
    end = time.monotonic() + 6
    while time.monotonic() < end:
        answer = agent.register("a", VIP4, ttl="5s").json()
        assert answer["result"] == "renewed", answer
        assert agent.app("a")["lease"]["expires_seconds"] > 1
    answer = agent.register("a", VIP4, ttl="1500ms").json()
    assert (answer["result"], answer["lease"]["ttl_seconds"]) == ("renewed", 1.5)
    assert 0 < answer["lease"]["expires_seconds"] <= 1.5
    agent.wait_log("a: lease of 1s500ms was not renewed, unregistering it")
    router.wait_routes()
    bed.wait_loopback({})
    assert agent.get("/v1/apps/a").status == 404
    assert "vipherald_leases_expired_total 1" in agent.get("/metrics").text


def test_registering_without_ttl_makes_it_permanent(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("a", VIP4, ttl="1h")
    assert "vipherald_leases 1" in agent.get("/metrics").text
    answer = agent.register("a", VIP4).json()
    assert (answer["result"], answer["lease"]) == ("renewed", None)
    assert agent.app("a")["lease"] is None
    restart(agent)
    assert agent.app("a")["lease"] is None
    assert agent.register("a", VIP4).json()["result"] == "unchanged"


def test_a_lease_counts_while_the_agent_is_away(bed: Testbed) -> None:
    agent = start(bed)
    agent.register("long", VIP6, ttl="1h")
    agent.register("short", VIP4, ttl="3s")
    end = time.monotonic() + 3.1
    agent.kill()
    wait_until(lambda: time.monotonic() > end, "the lease is over")
    agent.start()
    wait_running(agent)
    assert names(agent) == {"long"}
    agent.wait_log("short: its lease ended at .*, not registering it again")
    bed.wait_loopback({VIP6: ""})
    assert 3500 < agent.app("long")["lease"]["expires_seconds"] < 3600


def test_a_clock_that_was_wrong_lengthens_no_lease(bed: Testbed) -> None:
    """Written by a clock a year ahead: it has its span, and no more."""
    agent = start(bed)
    agent.register("a", VIP4, ttl="1h")
    agent.stop()
    lines = agent.state_file.read_text().splitlines()
    for n, line in enumerate(lines):
        value = json.loads(line)
        if "register" in value:
            value["lease_until_ms"] += 365 * 86400 * 1000
            lines[n] = json.dumps(value)
    agent.state_file.write_text("\n".join(lines) + "\n")
    agent.start()
    wait_running(agent)
    assert agent.app("a")["lease"]["expires_seconds"] <= 3600


@pytest.mark.parametrize("ttl", ["0s", "999ms", "721h", "abc", "", "30"])
def test_bounds_of_a_lease(bed: Testbed, ttl: str) -> None:
    agent = start(bed)
    response = agent.register("a", VIP4, ttl=ttl)
    assert response.status == 400
    assert response.text.startswith("Invalid request: ttl") and f"'{ttl}'" in response.text
    assert names(agent) == set()


def test_an_app_of_the_configuration_takes_no_lease(bed: Testbed) -> None:
    agent = start(bed, app("web", VIP4))
    answer = agent.register("web", VIP4, ttl="1s").json()
    assert answer["result"] == "unchanged" and answer["lease"] is None and "note" in answer
