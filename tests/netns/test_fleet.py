"""The guard of a fleet: five agents, a real Consul, and one BIRD that has sessions with all of them."""

import re
import signal
from typing import Any

import pytest

from .configs import VIP4
from .fleet import PORT, PREFIX, Fleet, Host
from .testbed import Testbed

OTHER = "192.0.2.54/32"
HALF: dict[str, Any] = {"vips": {"default": {"min_up": "50%"}}}
"""Of five agents, three must stay."""


def withdrawn_by_hard_evidence(fleet: Fleet) -> None:
    """The service of an agent that is announced ends."""
    host = fleet.agent(sorted(fleet.collector.routes())[0])
    host.service.kill()
    fleet.wait("it is withdrawn", lambda: host.name not in fleet.collector.routes())


def test_the_same_failure_everywhere(bed: Testbed) -> None:
    fleet = Fleet(bed, 5, HALF)
    settled = len(fleet.collector.sizes())
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    fleet.wait("three are kept", lambda: len(fleet.kept()) == 3)
    for host in fleet.kept():
        fleet.wait(
            "the alarm has the numbers",
            lambda h=host: "kept by the fleet guard: 2 others are announced, 3 must stay"
            in h.alarms().get("fleet-kept", ""),
        )
        host.agent.wait_event("app.guarded", app="dns", level="warning")
    left = [host for host in fleet.hosts if host not in fleet.kept()]
    for host in left:
        host.agent.wait_event("app.granted", app="dns", level="warning")
    fleet.mend_all()
    fleet.wait_routes(5)
    assert min(fleet.collector.sizes()[settled:]) == 3
    assert not fleet.kept()
    fleet.wait("no alarm is left", lambda: all("fleet-kept" not in h.alarms() for h in fleet.hosts))
    # All slots were given back: once more.
    fleet.wait_reported()
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    assert min(fleet.collector.sizes()[settled:]) == 3


def test_hard_evidence_does_not_ask(bed: Testbed) -> None:
    fleet = Fleet(bed, 5, HALF)
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    withdrawn_by_hard_evidence(fleet)
    fleet.consul.process.signal(signal.SIGSTOP)
    withdrawn_by_hard_evidence(fleet)
    fleet.consul.process.resume()


@pytest.mark.long
def test_who_left_returns(bed: Testbed) -> None:
    """Hard evidence takes those that were kept: the two that were let go are announced again."""
    fleet = Fleet(bed, 5, HALF)
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    left = [host for host in fleet.hosts if host not in fleet.kept()]
    for host in fleet.kept()[:2]:
        host.service.kill()

    def are_back() -> bool:
        found = fleet.collector.routes()
        return {host.name for host in left} < set(found) and list(found.values()) == [True] * 3

    fleet.wait("those that left are announced again, degraded", are_back)
    for host in left:
        event = host.agent.wait_event("app.guarded", app="dns", level="warning")
        assert "announced again by the fleet guard, although it is down" in event["text"]
    fleet.wait("they wait in line", lambda: all(host.app()["waiting"] for host in left))
    # And go again when others are well.
    kept = [host for host in fleet.kept() if host not in left]
    kept[0].healthy.touch()
    fleet.wait_routes(3, degraded=2)
    for host in fleet.hosts:
        if host not in left and host not in kept:
            host.healthy.touch()
            host.service.start()
    fleet.wait_routes(3, timeout=60)


def test_hard_withdrawals_take_up_room(bed: Testbed) -> None:
    """Two are gone before the checks fail: none may leave softly."""
    fleet = Fleet(bed, 5, HALF)
    for n in (0, 1):
        fleet.hosts[n].service.kill()
    fleet.wait_routes(3)
    fleet.wait_reported()
    settled = len(fleet.collector.sizes())
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    fleet.wait("all are told", lambda: all(h.app()["waiting"] for h in fleet.hosts[2:]))
    assert min(fleet.collector.sizes()[settled:]) == 3
    # One returns, and the longest in line goes.
    fleet.hosts[0].healthy.touch()
    fleet.hosts[0].service.start()
    fleet.wait_routes(3, degraded=2)
    assert min(fleet.collector.sizes()[settled:]) == 3


def test_consul_does_not_answer(bed: Testbed) -> None:
    fleet = Fleet(bed, 5, HALF)
    settled = len(fleet.collector.sizes())
    fleet.consul.process.signal(signal.SIGSTOP)
    fleet.break_all()
    fleet.wait_routes(5, degraded=5)
    for host in fleet.hosts:
        fleet.wait(
            "the alarm says why",
            lambda h=host: "no answer from Consul" in h.alarms().get("fleet-kept", ""),
        )
    assert min(fleet.collector.sizes()[settled:]) == 5
    fleet.consul.process.resume()
    fleet.wait_routes(3, degraded=3, timeout=60)
    assert min(fleet.collector.sizes()[settled:]) == 3


@pytest.mark.long
def test_consul_is_killed(bed: Testbed) -> None:
    fleet = Fleet(bed, 5, HALF, state=True)
    settled = len(fleet.collector.sizes())
    fleet.consul.kill()
    fleet.break_all()
    fleet.wait_routes(5, degraded=5)
    fleet.hosts[0].agent.wait_event("fleet.lost", level="warning")
    fleet.consul.start()
    fleet.wait_routes(3, degraded=3, timeout=90)
    assert min(fleet.collector.sizes()[settled:]) == 3


@pytest.mark.long
def test_consul_forgets_all(bed: Testbed) -> None:
    """Two that have left are not known to those that come back before them."""
    fleet = Fleet(bed, 5, HALF, state=True)
    settled = len(fleet.collector.sizes())
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    before = [host.fleet()["session"] for host in fleet.hosts]
    fleet.consul.kill()
    fleet.consul.forget()
    fleet.consul.start()
    fleet.wait(
        "all have another session",
        lambda: all(h.fleet()["session"] not in (None, b) for h, b in zip(fleet.hosts, before)),
        timeout=90,
    )
    fleet.wait("all have asked", lambda: all(h.app()["waiting"] for h in fleet.kept()), timeout=60)
    assert len(fleet.kept()) == 3
    fleet.mend_all()
    fleet.wait_routes(5)
    fleet.wait_reported()
    fleet.break_all()
    fleet.wait_routes(3, degraded=3, timeout=60)
    assert min(fleet.collector.sizes()[settled:]) == 3


def test_keys_are_emptied(bed: Testbed) -> None:
    """Views read after that do not count before the other agents had the time to write their keys."""
    fleet = Fleet(bed, 5, HALF)
    settled = len(fleet.collector.sizes())
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    fleet.wait("three wait", lambda: all(h.app()["waiting"] for h in fleet.kept()))
    kept = fleet.kept()
    fleet.consul.request("DELETE", f"/v1/kv/{PREFIX}?recurse")
    for host in kept:
        fleet.wait(
            "it is noticed",
            lambda h=host: "had lost the keys" in h.alarms().get("fleet-kept", "")
            and h.app()["settling"]
            and h.app()["reported"],
        )
    assert fleet.kept() == kept
    fleet.mend_all()
    fleet.wait_routes(5)
    fleet.wait_reported()
    assert min(fleet.collector.sizes()[settled:]) == 3


def test_values_that_are_wrong_let_nothing_go(bed: Testbed) -> None:
    fleet = Fleet(bed, 3, {"vips": "1%"})
    settled = len(fleet.collector.sizes())
    path = f"/v1/kv/{PREFIX}/{VIP4}/has/other"
    fleet.consul.put(path, {"version": 2})
    fleet.break_all()
    fleet.wait_routes(3, degraded=3)
    for host in fleet.hosts:
        fleet.wait(
            "the alarm names the key",
            lambda h=host: "has/other' has another version than 1"
            in h.alarms().get("fleet-kept", ""),
        )
    fleet.consul.request("DELETE", path)
    fleet.wait_routes(1, degraded=1, timeout=60)
    assert min(fleet.collector.sizes()[settled:]) == 1


def test_keys_in_consul(bed: Testbed) -> None:
    """The keys of a host; those of an app go with the app, the session with the agent."""
    fleet = Fleet(bed, 2, {"vips": "100%"})
    first, second = fleet.hosts
    assert fleet.keys("up") == fleet.keys("has") == {"site1", "site2"}
    assert fleet.value("up/site1")["form"] == "normal"
    first.agent.wait_event("fleet.joined", level="info")
    first.agent.drain("dns")
    fleet.wait("a drain is told", lambda: fleet.value("up/site1")["form"] == "drained")
    first.agent.undrain("dns")
    fleet.wait("and its end", lambda: fleet.value("up/site1")["form"] == "normal")
    # The minimum changes by a reload, the VIP by another.
    first.healthy.unlink()
    fleet.wait("it is kept", lambda: first.app()["waiting"])
    first.agent.reload(first.config({"vips": {VIP4: {"min_up": 1}}}))
    fleet.wait("it is let go", lambda: fleet.value("up/site1")["form"] == "withdrawn", timeout=60)
    second.agent.reload(second.config(HALF, vip="192.0.2.54/32"))
    fleet.wait(
        "the keys of the VIP are gone", lambda: fleet.keys("up") == fleet.keys("has") == {"site1"}
    )
    first.agent.stop()
    fleet.wait("the session is gone", lambda: not fleet.consul.get("/v1/session/list")[1:])


def test_metrics_of_the_fleet(bed: Testbed) -> None:
    """Of a VIP that all is well with, too: a report reads what there is."""
    fleet = Fleet(bed, 3, HALF)
    idle, failing = fleet.hosts[:2]

    def numbers(host: Host) -> list[int]:
        text = host.agent.get("/metrics").text
        found = re.findall(rf'^vipherald_fleet_(?:min_)?up{{app="dns",vip="{VIP4}"}} (\d+)$', text, re.M)
        return [int(number) for number in found]

    assert numbers(idle) == []
    # The others are told of another file at once.
    idle.agent.reload(idle.config(HALF | {"timeout": "5s"}))
    fleet.wait("a report has read", lambda: numbers(idle) == [3, 2])
    failing.healthy.unlink()
    fleet.wait_routes(2)
    fleet.wait("the view that let it go", lambda: numbers(failing) == [2, 2])


def test_an_app_that_goes_gives_back_its_slot(bed: Testbed) -> None:
    """Registered again within the session of its agent, it counts in full."""
    fleet = Fleet(bed, 2, {"vips": 1})
    first, second = fleet.hosts
    here = first.config({"vips": 1})
    gone = {key: value for key, value in here.items() if key != "apps"}
    for _ in range(2):
        first.healthy.unlink()
        fleet.wait_routes(1)
        assert [claim["node"] for claim in fleet.value(".leave")["slots"]] == ["site1"]
        first.agent.reload(gone)
        fleet.wait("its claim is gone", lambda: not fleet.value(".leave")["slots"])
        fleet.wait("its keys are", lambda: fleet.keys("up") == fleet.keys("has") == {"site2"})
        first.healthy.touch()
        first.agent.reload(here)
        fleet.wait_routes(2)
        fleet.wait_reported()
    second.healthy.unlink()
    second.agent.wait_event("app.granted", app="dns", level="warning")
    fleet.wait_routes(1)


def test_a_lease_that_ends(bed: Testbed) -> None:
    """An app that goes over HTTP goes from Consul, too, while the session lasts."""
    fleet = Fleet(bed, 1, HALF)
    [host] = fleet.hosts
    session = host.fleet()["session"]

    def register(ttl: str) -> None:
        assert host.agent.register("web", OTHER, monitors=[f"port:tcp:{PORT}"], ttl=ttl).status == 200

    # The lease is to last until it is told, and then to end soon.
    for leave in (lambda: host.agent.unregister("web"), lambda: register("1s")):
        register("1h")
        fleet.wait("it is told", lambda: fleet.keys("up", OTHER) == {"site1"})
        leave()
        fleet.wait("it is gone", lambda: fleet.parts(OTHER) == set())
    host.agent.wait_event("app.expired", app="web")
    assert host.fleet()["session"] == session
    assert fleet.keys("up") == fleet.keys("has") == {"site1"}


def test_a_vip_that_goes_gives_back_its_place_in_line(bed: Testbed) -> None:
    fleet = Fleet(bed, 2, {"vips": "100%"}, vip=[VIP4, OTHER])
    first = fleet.hosts[0]
    first.healthy.unlink()
    fleet.wait("it waits", lambda: first.app()["waiting"])
    for vip in (VIP4, OTHER):
        assert [claim["node"] for claim in fleet.value(".leave", vip)["line"]] == ["site1"]
    first.agent.reload(first.config({"vips": "100%"}))
    fleet.wait("one is gone", lambda: not fleet.value(".leave", OTHER)["line"])
    fleet.wait("its key is", lambda: fleet.keys("up", OTHER) == {"site2"})
    fleet.wait("it waits with the other", lambda: first.app()["waiting"])
    assert fleet.collector.routes() == {"agent1": True, "agent2": False}


def test_an_app_that_is_kept_is_renamed(bed: Testbed) -> None:
    fleet = Fleet(bed, 2, {"vips": "100%"})
    first = fleet.hosts[0]
    settled = len(fleet.collector.sizes())
    first.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    fleet.wait("it waits", lambda: first.app()["waiting"])
    first.agent.reload(first.config({"vips": "100%"}, name="web"))
    fleet.wait("it is kept", lambda: [a["app"] for a in first.waiting()] == ["web"])
    line = fleet.value(".leave")["line"]
    assert [claim["node"] for claim in line] == ["site1"]
    fleet.wait_routes(2, degraded=1)
    first.healthy.touch()
    fleet.wait_routes(2)
    fleet.wait("its place is given back", lambda: not fleet.value(".leave")["line"])
    assert min(fleet.collector.sizes()[settled:]) == 2


def hard_and_then_soft(fleet: Fleet) -> None:
    """The service of the first host dies, its check fails meanwhile, and only that is left."""
    first = fleet.hosts[0]
    first.service.kill()
    fleet.wait_routes(1)
    first.healthy.unlink()
    fleet.wait("both checks fail", lambda: len(first.failing()) == 2)
    first.service.start()
    fleet.wait_routes(2, degraded=1)


def test_a_hard_failure_that_is_over(bed: Testbed) -> None:
    """An app that was kept before has no slot: it is kept again."""
    fleet = Fleet(bed, 2, {"vips": "100%"})
    first = fleet.hosts[0]
    first.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    for _ in range(2):
        fleet.wait("it waits", lambda: first.app()["waiting"])
        first.service.kill()
        fleet.wait_routes(1)
        fleet.wait("it is told", lambda: fleet.value("up/site1")["form"] == "withdrawn")
        fleet.wait("its place is given back", lambda: not fleet.value(".leave")["line"])
        first.service.start()
        fleet.wait_routes(2, degraded=1)
    first.healthy.touch()
    fleet.wait_routes(2)
    # An app that was not kept asks first whether enough are left.
    hard_and_then_soft(fleet)


def test_an_app_that_was_unregistered_begins_anew(bed: Testbed) -> None:
    """That it was kept says nothing of the next one, also before its keys are gone."""
    fleet = Fleet(bed, 2, {"vips": "100%"})
    first = fleet.hosts[0]
    here = first.config({"vips": "100%"})
    first.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    fleet.consul.process.signal(signal.SIGSTOP)
    first.agent.reload({key: value for key, value in here.items() if key != "apps"})
    fleet.wait_routes(1)
    first.agent.reload(here)
    fleet.wait("it is checked", lambda: first.agent.app("dns")["health"] == "down")
    assert first.agent.app("dns")["state"] == "down"
    assert fleet.collector.routes() == {"agent2": False}
    fleet.consul.process.resume()


def test_an_app_gets_too_many_vips(bed: Testbed) -> None:
    """Its keys would be those of an app that is announced, whatever becomes of it."""
    fleet = Fleet(bed, 2, {"vips": 1})
    first = fleet.hosts[0]
    vips = [VIP4, *(f"192.0.2.{100 + n}/32" for n in range(16))]
    first.agent.reload(first.config({"vips": 1}, vip=vips))
    fleet.wait("its keys are gone", lambda: fleet.keys("up") == {"site2"})
    assert first.app()["too_many_vips"]
    first.agent.reload(first.config({"vips": 1}))
    fleet.wait("they are there again", lambda: fleet.keys("up") == {"site1", "site2"})


def test_an_app_of_too_many_vips(bed: Testbed) -> None:
    """It is never let go, and so it is announced again when only the soft failure is left."""
    vips = [VIP4, *(f"192.0.2.{100 + n}/32" for n in range(16))]
    fleet = Fleet(bed, 2, {"vips": 1}, reports=False, vip=vips)
    first = fleet.hosts[0]
    assert first.app()["too_many_vips"]
    first.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    first.healthy.touch()
    fleet.wait_routes(2)
    hard_and_then_soft(fleet)


def test_a_stop_while_consul_does_not_answer(bed: Testbed) -> None:
    """A claim is in flight; the keys go when Consul notices that the session has ended."""
    fleet = Fleet(bed, 2, HALF)
    first = fleet.hosts[0]
    fleet.consul.process.signal(signal.SIGSTOP)
    first.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    first.agent.stop()
    fleet.wait_routes(1)
    fleet.consul.process.resume()
    fleet.wait("its keys are gone", lambda: fleet.keys("up") == {"site2"}, timeout=60)


def test_an_app_that_is_kept_is_drained(bed: Testbed) -> None:
    """As one that is up: announced until drain_time is over, or the drain ends before."""
    fleet = Fleet(bed, 2, {"vips": "100%"}, agent={"drain_time": "1h"})
    first = fleet.hosts[0]
    settled = len(fleet.collector.sizes())
    first.healthy.unlink()
    fleet.wait("it waits", lambda: first.app()["waiting"])
    first.agent.drain("dns")
    assert first.agent.app("dns")["state"] == "draining"
    fleet.wait("it is told", lambda: fleet.value("up/site1")["form"] == "drained")
    fleet.wait("its place is given back", lambda: not fleet.value(".leave")["line"])
    first.agent.undrain("dns")
    assert first.agent.app("dns")["state"] == "kept"
    fleet.wait("it waits again", lambda: first.app()["waiting"])
    assert min(fleet.collector.sizes()[settled:]) == 2
    # To its end; then it is kept as before.
    first.agent.reload(with_drain_time(first.config({"vips": "100%"}), "10ms"))
    first.agent.drain("dns")
    first.agent.wait_event("app.drained", app="dns")
    fleet.wait_routes(1)
    assert first.agent.app("dns")["state"] == "drained"
    first.agent.undrain("dns")
    fleet.wait_routes(2, degraded=1)
    # A hard failure ends it at once.
    first.agent.reload(first.config({"vips": "100%"}))
    first.agent.drain("dns")
    assert first.agent.app("dns")["state"] == "draining"
    first.service.kill()
    fleet.wait_routes(1)


def with_drain_time(config: dict[str, Any], time: str) -> dict[str, Any]:
    return {**config, "agent": {**config["agent"], "drain_time": time}}


def test_a_broken_check_is_rolled_out_by_restarts(bed: Testbed) -> None:
    """A VIP that an agent announced before it ended is announced again when too few are left."""
    fleet = Fleet(bed, 3, HALF)
    for host in fleet.hosts:
        host.agent.stop()
    fleet.wait("none is left", lambda: not fleet.collector.routes())
    fleet.break_all()
    for host in fleet.hosts:
        host.agent.start()
    fleet.wait_routes(2, degraded=2, timeout=60)
    fleet.mend_all()
    fleet.wait_routes(3)


@pytest.mark.long
def test_sessions_are_destroyed(bed: Testbed) -> None:
    """That of an agent that holds a slot, and that of one that waits: no slot is lost."""
    fleet = Fleet(bed, 3, HALF)
    first, second, _ = fleet.hosts
    settled = len(fleet.collector.sizes())
    first.healthy.unlink()
    first.agent.wait_event("app.granted", app="dns", level="warning")
    fleet.end_session(first)
    assert fleet.value("up/site1")["form"] == "withdrawn"
    second.healthy.unlink()
    fleet.wait("it waits", lambda: second.app()["waiting"])
    assert fleet.value(".leave")["slots"] == []
    fleet.end_session(second)
    assert second.app()["kept"]
    fleet.wait("it waits again", lambda: second.app()["waiting"], timeout=60)
    line = [claim["session"] for claim in fleet.value(".leave")["line"]]
    assert line == [second.fleet()["session"]]
    first.healthy.touch()
    second.agent.wait_event("app.granted", app="dns", level="warning")
    fleet.wait_routes(2)
    assert min(fleet.collector.sizes()[settled:]) == 2


def test_two_hosts_of_one_name(bed: Testbed) -> None:
    """The second one counts for no other agent, and says why."""
    fleet = Fleet(bed, 2, HALF)
    first, second = fleet.hosts
    second.agent.stop()
    second.start({**HALF, "node": "site1"})
    fleet.wait("it is refused", lambda: "lock is already held" in (second.app()["error"] or ""))
    assert not second.app()["reported"]
    fleet.wait_routes(2)
    second.healthy.unlink()
    fleet.wait_routes(2, degraded=1)
    fleet.wait("the alarm says so", lambda: "already held" in second.alarms().get("fleet-kept", ""))


def test_a_vip_moves_to_another_app(bed: Testbed) -> None:
    """Its keys are those of the other app then, and stay."""
    fleet = Fleet(bed, 2, HALF)
    first = fleet.hosts[0]
    first.agent.reload(first.config(HALF, name="web"))
    fleet.wait(
        "the other app has reported",
        lambda: [(a["app"], a["reported"], a["form"]) for a in first.fleet()["apps"]]
        == [("web", True, "normal")],
    )
    assert fleet.value("up/site1")["form"] == "normal"
    # The keys of the app that is gone are not deleted behind its back.
    first.agent.drain("web")
    fleet.wait("it reports", lambda: fleet.value("up/site1")["form"] == "drained")
    assert fleet.keys("up") == {"site1", "site2"}
    fleet.wait_routes(2, degraded=1)
