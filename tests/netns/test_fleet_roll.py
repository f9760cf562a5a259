"""Rolling work in a fleet: `vipherald fleet drain`, a slot in a real Consul, and one BIRD that sees all hosts."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from .agent import binary
from .configs import VIP4
from .fleet import Fleet, Host
from .logind import Bus, Logind
from .process import Process
from .test_docs_api import check
from .test_traffic import stream
from .testbed import Testbed

# Consul has time to answer, also on a busy machine.
PATIENT = {"timeout": "5s"}
ONE: dict[str, Any] = {"vips": {"default": {"min_up": 1}}, **PATIENT}
TWO: dict[str, Any] = {"vips": {"default": {"min_up": 2}}, **PATIENT}
UNGUARDED: dict[str, Any] = {"vips": {"192.0.2.99/32": {"min_up": 1}}, **PATIENT}
QUICK = {"drain_time": "200ms"}


def new_fleet(bed: Testbed, n: int, fleet: dict[str, Any] = ONE) -> Fleet:
    return Fleet(bed, n, fleet, agent=QUICK)


def ends(fleet: Fleet, roll: Process, status: int) -> None:
    fleet.wait("the command line ends", lambda: not roll.running, timeout=120)
    assert roll.returncode == status, roll.log


def waits_for(path: Path, begun: Path, status: int = 0) -> str:
    """A script that runs until the file is there."""
    return f"touch {begun}; while ! test -e {path}; do sleep 0.1; done; exit {status}"


def test_one_after_the_other(bed: Testbed) -> None:
    fleet = new_fleet(bed, 3)
    settled = len(fleet.collector.sizes())
    order = bed.workdir / "order"
    rolls = [h.start_roll(f"echo begin {h.n} >> {order}; echo end {h.n} >> {order}") for h in fleet.hosts]
    for roll in rolls:
        ends(fleet, roll, 0)
    fleet.wait_routes(3)
    assert min(fleet.collector.sizes()[settled:]) == 2
    lines = [line.split() for line in order.read_text().splitlines()]
    assert [word for word, _ in lines] == ["begin", "end"] * 3
    assert sorted(n for word, n in lines if word == "end") == ["1", "2", "3"]
    assert fleet.slots() == []
    for host in fleet.hosts:
        host.agent.wait_event("fleet.rolling", app="dns")
        host.agent.wait_event("fleet.released", app="dns")


def test_the_guard_counts(bed: Testbed) -> None:
    """Two slots, and two of three must stay: the second waits for the first all the same."""
    fleet = new_fleet(bed, 3, TWO)
    first, second = fleet.hosts[:2]
    go, begun = bed.workdir / "go", bed.workdir / "begun"
    one = first.start_roll(waits_for(go, begun), "-n", "2", "--json")
    fleet.wait("the command runs", begun.exists)
    two = second.start_roll("true", "-n", "2")
    fleet.wait(
        "it waits for the guard",
        lambda: "1 other is announced and in no other work, 2 must stay" in (second.roll().get("note") or ""),
    )
    # A rule that is reloaded is the one that counts, and what waits is given up without a trace.
    second.agent.reload(second.config({"vips": {"default": {"min_up": 3}}, **PATIENT}))
    fleet.wait("it knows", lambda: "3 must stay" in (second.roll().get("note") or ""))
    two.signal(signal.SIGINT)
    ends(fleet, two, 130)
    second.agent.reload(second.config(TWO))
    assert second.phase() in (None, "releasing")
    fleet.wait("its slot is given back", lambda: fleet.slots() == ["site1"])
    check(second.agent.status("fleet/vips"), "/v1/fleet/vips", "/v1/fleet/roll")
    check(first.agent.status("fleet/roll"), "/v1/fleet/roll")
    fleet.wait("it is told", lambda: fleet.value("up/site1")["form"] == "drained")
    shown = json.loads(second.run_cli("fleet", "status", "--json"))
    [vip] = shown["vips"]
    assert (vip["up"], vip["staying"], vip["min_up"]) == (2, 2, 2)
    nodes = {node["node"]: node for node in vip["nodes"]}
    assert nodes["site1"]["form"] == "drained"
    assert nodes["site1"]["rolling"]["reason"].startswith("sh -c touch")
    assert nodes["site2"]["form"] == "normal" and nodes["site2"]["rolling"] is None
    assert len(nodes["site2"]["config"]) == 64
    assert "rolling work" in second.run_cli("fleet", "status")
    go.touch()
    ends(fleet, one, 0)
    assert '"end": "released", "exit_status": 0}' in one.log
    fleet.wait_routes(3)


def test_a_command_that_fails(bed: Testbed) -> None:
    fleet = new_fleet(bed, 3)
    first, second = fleet.hosts[:2]
    ends(fleet, first.start_roll("exit 7"), 7)
    assert first.phase() == "failed"
    assert first.roll()["exit_status"] == 7
    first.agent.wait_event("fleet.failed", level="warning")
    fleet.wait("the alarm is there", lambda: "fleet-roll" in first.alarms())
    page = first.agent.request("GET", "/", headers={"Accept": "text/html"}).text
    assert 'Rolling work on dns: <span class="bad">failed</span>' in page
    assert "vipherald_fleet_rolling_stuck 1" in first.agent.get("/metrics").text
    fleet.wait("it is withdrawn", lambda: first.name not in fleet.collector.routes())
    # The roll stops.
    two = second.start_roll("true")
    fleet.wait("it waits", lambda: "the longest by site1" in (second.roll().get("note") or ""))
    # Freed from another host: that one goes on, and the first stays as it is.
    assert second.run_cli("fleet", "release", "site1", "--app", "dns") == "site1: released\n"
    ends(fleet, two, 0)
    assert first.phase() == "failed"
    # Repeated without a slot, which another has by now: it waits like any other, drained, and given up it is as before.
    go, begun = bed.workdir / "go", bed.workdir / "begun"
    two = second.start_roll(waits_for(go, begun))
    fleet.wait("the command runs", begun.exists)
    again = first.start_roll("true")
    fleet.wait("it waits", lambda: "the longest by site2" in (first.roll().get("note") or ""))
    again.signal(signal.SIGINT)
    ends(fleet, again, 130)
    fleet.wait("it is as before", lambda: first.phase() == "failed")
    assert first.name not in fleet.collector.routes()
    again = first.start_roll("true")
    fleet.wait("it waits", lambda: "the longest by site2" in (first.roll().get("note") or ""))
    go.touch()
    ends(fleet, two, 0)
    ends(fleet, again, 0)
    fleet.wait_routes(3)
    # Or ended by hand.
    ends(fleet, first.start_roll("exit 1"), 1)
    assert first.run_cli("fleet", "release", "site1") == "site1: released\n"
    fleet.wait_routes(3)
    assert fleet.slots() == []


JOINING: dict[str, Any] = {"states": {"up": {"med": 100}, "join": {"med": 500}}, "join_time": "1h"}


def test_all_join(bed: Testbed) -> None:
    """A new release on all hosts: they are announced, and count for each other."""
    fleet = Fleet(bed, 3, TWO, agent=QUICK, **JOINING)
    settled = len(fleet.collector.sizes())
    rolls = [host.start_roll("sleep 0.2", "-n", "3") for host in fleet.hosts]
    for roll in rolls:
        ends(fleet, roll, 0)
    fleet.wait_routes(3)
    assert min(fleet.collector.sizes()[settled:]) == 2
    assert {host.agent.app("dns")["state"] for host in fleet.hosts} == {"joining"}
    assert fleet.slots() == []


def test_one_that_does_not_come_back(bed: Testbed) -> None:
    fleet = new_fleet(bed, 2)
    host = fleet.hosts[0]
    # Nothing has noticed it when the command is done, and it is checked then.
    roll = host.start_roll(f"rm {host.healthy}")
    fleet.wait("it is not back", lambda: "dns is down" in (host.roll().get("note") or ""))
    assert host.phase() == "returning"
    ends(fleet, host.start_roll("true"), 125)  # while the first is there
    roll.signal(signal.SIGINT)
    ends(fleet, roll, 130)
    assert fleet.slots() == ["site1"]
    ends(fleet, host.start_roll(f"touch {host.healthy}"), 0)
    fleet.wait_routes(2)
    assert fleet.slots() == []


def test_restarts(bed: Testbed) -> None:
    """Of the agent, of Consul, and of the host while the command runs."""
    fleet = new_fleet(bed, 2)
    host, other = fleet.hosts
    go, begun = bed.workdir / "go", bed.workdir / "begun"
    roll = host.start_roll(waits_for(go, begun))
    fleet.wait("the command runs", begun.exists)
    host.agent.kill()
    host.agent.start()
    fleet.wait("the app is up", lambda: host.agent.app("dns")["health"] == "up")
    assert host.agent.app("dns")["state"] == "drained"
    assert set(fleet.collector.routes()) == {other.name}
    fleet.consul.process.signal(signal.SIGSTOP)
    go.touch()
    fleet.wait_routes(2)
    fleet.wait("it is said", lambda: "no answer from Consul" in (host.roll().get("note") or ""))
    assert host.phase() == "releasing"
    shown = other.run_cli("fleet", "status", "192.0.2.53/32")
    assert "Consul does not answer: no answer from Consul within" in shown
    assert "site2" in shown and "site1" not in shown
    fleet.consul.process.resume()
    ends(fleet, roll, 0)
    assert fleet.slots() == []
    # The host boots: it ends the command and its client, and another instance has another boot.
    go.unlink()
    begun.unlink()
    roll = host.start_roll(waits_for(go, begun))
    fleet.wait("the command runs", begun.exists)
    roll.signal(signal.SIGTERM)
    ends(fleet, roll, 128 + signal.SIGTERM)
    assert host.phase() == "drained"
    host.agent.kill()
    lines = [json.loads(line) for line in host.agent.state_file.read_text().splitlines()]
    for line in lines:
        if "boot" in line:
            line["boot"] = "another"
    host.agent.state_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert fleet.slots() == ["site1"]
    host.agent.start()
    fleet.wait_routes(2)
    fleet.wait("the slot is given back", lambda: not host.roll() and fleet.slots() == [])


def test_the_host_shuts_down(bed: Testbed) -> None:
    """The command has asked for it, and has succeeded: nothing of it is over before the boot."""
    with Bus(bed.workdir) as bus, Logind(bus, bed.workdir) as logind:
        fleet = Fleet(bed, 1, UNGUARDED, reports=False, agent=QUICK, env=bus.environment)
        assert logind.said().startswith("inhibit shutdown")
        host = fleet.hosts[0]
        go, begun = bed.workdir / "go", bed.workdir / "begun"
        roll = host.start_roll(waits_for(go, begun))
        fleet.wait("the command runs", begun.exists)
        logind.tell("shutdown")
        assert logind.said() == "released"
        go.touch()
        fleet.wait("its end is known", lambda: host.roll().get("note") == "the host shuts down")
        assert host.phase() == "drained" and fleet.slots() == ["site1"]
        # It was cancelled.
        logind.tell("cancel")
        ends(fleet, roll, 0)
        assert fleet.slots() == []


@pytest.mark.long
def test_traffic_is_waited_for(bed: Testbed) -> None:
    fleet = Fleet(bed, 1, UNGUARDED, reports=False, agent={**QUICK, "traffic": True})
    host = fleet.hosts[0]
    fleet.hub.ip(f"route replace {VIP4} via {host.ip}")
    done = bed.workdir / "done"
    with stream(fleet.hub, VIP4.split("/")[0], 0.02, burst=20):
        roll = host.start_roll(f"touch {done}", "--wait-traffic", "10pps")
        fleet.wait("it waits", lambda: "waiting for fewer than 10" in (host.roll().get("note") or ""))
        assert host.phase() == "draining"
        fleet.wait("it is withdrawn", lambda: fleet.collector.routes() == {})
        assert not done.exists()
    ends(fleet, roll, 0)
    assert done.exists()


def test_timeout_without_an_agent(bed: Testbed) -> None:
    """The command line gives up by itself."""
    fleet = new_fleet(bed, 1)  # min_up 1: it waits
    host = fleet.hosts[0]
    roll = host.start_roll("true", "--timeout", "12s")
    fleet.wait("it waits", lambda: "1 must stay" in (host.roll().get("note") or ""))
    host.agent.kill()
    ends(fleet, roll, 124)


def test_refusals(bed: Testbed) -> None:
    fleet = new_fleet(bed, 1)
    host = fleet.hosts[0]
    host.run_cli("fleet", "release", "site1")
    for argv, text in [
        (("--app", "web", "--", "true"), "no app 'web'"),
        (("--vip", "192.0.2.99/32", "--", "true"), "no app of this host has the VIP"),
        (("--app", "dns"), "expected a command behind --"),
        (("--app", "dns", "--wait-traffic", "1", "--", "true"), "set agent.traffic"),
    ]:
        said = host.namespace.run(
            ["sh", "-c", '"$@" 2>&1', "sh", *cli(host), "fleet", "drain", *argv], check=False
        )
        assert text in said
    assert not host.roll()


def cli(host: Host) -> list[str]:
    return ["env", f"VIPHERALD_API={host.agent.listen_addr}", str(binary())]
