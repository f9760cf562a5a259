"""BFD with FRR and BIRD, and what follows from it for BGP (RFC 5882). The packets are test_bfd_wire.py's."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .fabric import HOST, ROUTER, bare_link, switched_link
from .privileges import SYS_NICE, SYS_RESOURCE, is_granted
from .routers.bfd import BfdFrr, BfdRouter, start_bfd_router
from .routers.fabric import UNNUMBERED
from .testbed import Link, Testbed, connect
from .wait import never, wait_until

SILENCE = "no packet for 900ms"
# Of router and agent, for what ends by no silence: a process that stands still is none.
STEADY = {"multiplier": 30}


@pytest.fixture(params=["bird", "frr"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def start_agent(bed: Testbed, router: BfdRouter, bfd: Any = True, **keys: Any) -> Agent:
    return bed.start_agent(config(peer(router, bfd=bfd, **keys), apps=(DNS,)))


def bfd(agent: Agent, router: BfdRouter) -> dict[str, Any]:
    return agent.peer(router.ip)["bfd"]


def wait_up(agent: Agent, router: BfdRouter) -> None:
    router.wait_final()
    wait_until(lambda: bfd(agent, router)["state"] == "up", "BFD up at the agent")


def wait_timers(agent: Agent, router: BfdRouter) -> None:
    """Those of state Up, by which SILENCE is one: they come a packet later than the state."""
    wait_until(lambda: bfd(agent, router)["detection_time_seconds"] == 0.9, "the timers of state Up")


def alarms(agent: Agent, kind: str) -> list[dict[str, Any]]:
    return [alarm for alarm in agent.status("status")["alarms"] if alarm["alarm"] == kind]


def test_is_up_with_the_timers_of_both(bed: Testbed, kind: str) -> None:
    router = start_bfd_router(bed, kind, setup={"interval": 200, "multiplier": 50})
    agent = start_agent(bed, router, {"interval": "100ms", "multiplier": 40})
    wait_up(agent, router)
    wait_until(lambda: bfd(agent, router)["interval_seconds"] == 0.2, "the slower one counts")
    wait_until(lambda: bfd(agent, router)["packets"]["received"] > 0, "the counters")
    found = bfd(agent, router)
    assert found["receive_interval_seconds"] == 0.2
    assert found["detection_time_seconds"] == 10.0
    assert found["remote"]["multiplier"] == 50
    assert found["diagnostic"] == "none" and found["error"] is None and found["hint"] == ""
    assert found["local_address"] == router.link.host_ip
    assert found["interface"] == router.link.device and found["multihop"] is False
    assert f'vipherald_bfd_session_up{{peer="{router.ip}"}} 1' in agent.get("/metrics").text
    assert agent.status("status")["bfd"]["up"] == 1
    assert "bfd.up" in {event["kind"] for event in agent.status("events")["events"]}


def test_multihop(bed: Testbed, kind: str) -> None:
    """The router is behind another one, and so is BFD."""
    near = bed.link()
    far = bed.namespace("far")
    connect(near.namespace, far, 77)
    near.namespace.forward()
    bed.host.ip("route add 10.0.77.0/24 via 10.0.1.1")
    far.ip("route add 10.0.1.0/24 via 10.0.77.2")
    link = Link(far, near.device, near.host_ip, near.host_ip6, "10.0.77.1", "fd00:77::1")
    router = start_bfd_router(bed, kind, link, multihop=5)
    agent = start_agent(bed, router, multi_hop=True)
    wait_up(agent, router)
    found = bfd(agent, router)
    assert found["multihop"] is True and found["interface"] is None


def test_multihop_over_ipv6(bed: Testbed) -> None:
    near = bed.link()
    far = bed.namespace("far")
    connect(near.namespace, far, 77)
    near.namespace.forward()
    bed.host.ip("route add fd00:77::/64 via fd00:1::1")
    far.ip("route add fd00:1::/64 via fd00:77::2")
    link = Link(far, near.device, near.host_ip6, near.host_ip6, "fd00:77::1", "fd00:77::1")
    router = start_bfd_router(bed, "bird", link, router_id="10.0.77.1", multihop=5)
    agent = start_agent(bed, router, multi_hop=True)
    wait_up(agent, router)
    found = bfd(agent, router)
    assert found["multihop"] is True and found["local_address"] == near.host_ip6


def test_unnumbered_peer(bed: Testbed, kind: str) -> None:
    """BFD begins when the router is known, between link-local addresses."""
    link = bare_link(bed)
    setup = {"remote_as": "external", "extended": True}
    router = start_bfd_router(bed, kind, link, agent_ip=UNNUMBERED, setup=setup)
    entry = {"interface": link.device, "peer_as": "external", "bfd": True}
    agent = bed.start_agent(config(entry, apps=(DNS,)))

    def session() -> dict[str, Any]:
        [found] = agent.status("peers")["peers"]
        return found["bfd"]

    wait_until(lambda: session().get("detection_time_seconds") == 0.9, "the timers of state Up")
    router.wait_final()
    wait_until(lambda: session()["state"] == "up", "BFD up at the agent")
    wait_until(lambda: agent.status("status")["peers"]["established"] == 1, "BGP up")
    assert (session()["local_address"], session()["interface"]) == (HOST, link.device)
    [pid] = helpers(bed)
    speaker = router.bfdd if isinstance(router, BfdFrr) else router.process
    speaker.pause()
    agent.wait_log(f"{ROUTER}%{link.device}: session ended: BFD down: {SILENCE}")
    speaker.resume()
    wait_until(lambda: session()["state"] == "up", "BFD up again")
    assert helpers(bed) == [pid]


def test_silence_ends_the_session_on_both_sides(bed: Testbed, kind: str) -> None:
    link, cut = switched_link(bed)
    router = start_bfd_router(bed, kind, link)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    wait_up(agent, router)
    wait_timers(agent, router)
    router.wait_routes(VIP4, VIP6)
    before = bfd(agent, router)["down_events"]
    cut()
    router.wait_no_route(VIP4)
    wait_until(lambda: bfd(agent, router)["down_events"] > before, "BFD down")
    agent.wait_log(f"session ended: BFD down: {SILENCE}")
    found = agent.peer(router.ip)
    assert found["last_notification"]["text"] == "Cease/BFD Down"
    assert found["bfd"]["diagnostic"] == "detection-time-expired"
    assert found["bfd"]["down_events"] == before + 1


def test_one_of_two_routers(bed: Testbed) -> None:
    """The other one's session and BFD are not touched."""
    first, second = start_bfd_router(bed, "bird"), start_bfd_router(bed, "frr", setup=STEADY)
    peers = peer(first), peer(second, bfd=STEADY)
    agent = bed.start_agent(config(*peers, apps=(DNS,), bfd=True))
    wait_up(agent, first)
    wait_timers(agent, first)
    wait_up(agent, second)
    before = agent.peer(second.ip)["sessions"], bfd(agent, second)["down_events"]
    first.process.pause()
    agent.wait_log(f"{first.ip}: session ended: BFD down: {SILENCE}")
    assert (agent.peer(second.ip)["sessions"], bfd(agent, second)["down_events"]) == before
    first.process.resume()
    wait_up(agent, first)
    # The reason of the failure stays on record when it is over.
    found = bfd(agent, first)
    assert (found["state"], found["last_down_diagnostic"]) == ("up", "detection-time-expired")
    assert found["last_down_at_seconds"] >= found["since_seconds"]


def test_router_is_told_why(bed: Testbed) -> None:
    """bfdd is frozen, bgpd is not: it gets the NOTIFICATION, and a session without BFD."""
    router = start_bfd_router(bed, "frr")
    assert isinstance(router, BfdFrr)
    agent = start_agent(bed, router)
    wait_up(agent, router)
    wait_timers(agent, router)
    before = agent.peer(router.ip)["sessions"]
    router.bfdd.pause()
    agent.wait_log(f"session ended: BFD down: {SILENCE}")
    down = agent.wait_event("bfd.down", peer=router.ip, level="warning")
    assert down["text"].startswith(f"peer {router.ip}: BFD down: {SILENCE}")
    router.process.wait_line(r"received from neighbor 10.0.1.2 6/10 \(Cease/BFD Down\)")
    wait_until(lambda: agent.peer(router.ip)["sessions"] > before, "a session without BFD")
    assert bfd(agent, router)["state"] == "down"
    router.bfdd.resume()
    wait_up(agent, router)


@pytest.mark.long
def test_router_without_bfd(bed: Testbed, kind: str) -> None:
    """BGP works all the same, and an alarm says that nothing sooner than the hold timer finds a failure."""
    router = start_bfd_router(bed, kind, setup={"bfd": False})
    agent = start_agent(bed, router)
    router.wait_established()
    [found] = wait_until(lambda: alarms(agent, "bfd-down"), "the alarm")
    assert "check that BFD is on for this host there" in found["text"]
    assert agent.peer(router.ip)["state"] == "established"


def test_required_waits(bed: Testbed, kind: str) -> None:
    router = start_bfd_router(bed, kind, setup={"bfd": False})
    bed.start_service(PORT)
    agent = start_agent(bed, router, {"required": True})
    bed.wait_loopback({VIP4: "lo:dns", VIP6: ""})
    wait_until(lambda: "bfd.required" in agent.peer(router.ip)["hint"], "the hint")
    never(lambda: agent.peer(router.ip)["state"] != "idle", "a connection")
    assert not router.is_established()
    reason = "no session, the peer is idle: it waits for BFD (bfd.required)"
    assert [at["reason"] for at in agent.vip(VIP4)["peers"]] == [reason]
    agent.reload(config(peer(router, bfd={"required": False}), apps=(DNS,)))
    router.wait_established()


def test_required_connects_when_bfd_is_up(bed: Testbed, kind: str) -> None:
    """FRR 8.4 makes its BFD session anew as soon as BGP is up, which ends the first BGP session."""
    router = start_bfd_router(bed, kind)
    agent = start_agent(bed, router, {"required": True})
    wait_up(agent, router)
    kinds = [event["kind"] for event in agent.status("events")["events"]]
    assert kinds.index("bfd.up") < kinds.index("session.up")


def test_required_with_an_unnumbered_frr(bed: Testbed) -> None:
    """It begins BFD only after BGP was up: neither comes up, and the hint says why."""
    link = bare_link(bed)
    setup = {"remote_as": "external", "extended": True}
    start_bfd_router(bed, "frr", link, agent_ip=UNNUMBERED, setup=setup)
    entry: dict[str, Any] = {"interface": link.device, "peer_as": "external"}
    agent = bed.start_agent(config({**entry, "bfd": {"required": True}}, apps=(DNS,)))

    def found() -> dict[str, Any]:
        return agent.status("peers")["peers"][0]

    wait_until(lambda: "FRR begins BFD" in (found()["hint"] or ""), "the hint")
    never(lambda: found()["bfd"]["state"] == "up", "BFD")
    agent.reload(config({**entry, "bfd": True}, apps=(DNS,)))
    wait_until(lambda: found()["bfd"]["state"] == "up", "BFD, after BGP")


def test_admin_down_of_the_router_ends_nothing(bed: Testbed) -> None:
    """RFC 5882 3.2. (BIRD has no command for it.)"""
    router = start_bfd_router(bed, "frr", setup=STEADY)
    agent = start_agent(bed, router, STEADY)
    wait_up(agent, router)
    sessions = agent.peer(router.ip)["sessions"]
    router.bfd_disable()
    agent.wait_log("BFD down: administratively down at the neighbor; the BGP session goes on")
    never(lambda: agent.peer(router.ip)["state"] != "established", "the end of the session")
    assert agent.peer(router.ip)["sessions"] == sessions
    wait_until(lambda: "administratively down" in bfd(agent, router)["hint"], "the hint")


def test_reload_begins_bfd_and_changes_it(bed: Testbed, kind: str) -> None:
    router = start_bfd_router(bed, kind, setup=STEADY)
    agent = start_agent(bed, router, False)
    router.wait_established()
    assert bfd(agent, router) is None
    agent.reload(config(peer(router, bfd=STEADY), apps=(DNS,)))
    wait_up(agent, router)
    agent.reload(config(peer(router, bfd={**STEADY, "interval": "500ms"}), apps=(DNS,)))
    wait_until(lambda: bfd(agent, router)["interval_seconds"] == 0.5, "the other interval")
    assert bfd(agent, router)["down_events"] == 0
    assert agent.peer(router.ip)["sessions"] == 1


def test_reload_ends_bfd(bed: Testbed, kind: str) -> None:
    """No session ends at the agent for it. FRR 8.4 and BIRD 2.0.12 take its AdminDown for a failure."""
    router = start_bfd_router(bed, kind, setup=STEADY)
    agent = start_agent(bed, router, STEADY)
    wait_up(agent, router)
    agent.reload(config(peer(router), apps=(DNS,)))
    agent.wait_log("session ended: received NOTIFICATION Cease")
    assert bfd(agent, router) is None
    assert "BFD down" not in agent.log


@pytest.mark.parametrize("kind", ["frr"])
def test_reload_ends_bfd_that_the_router_has_ended(bed: Testbed, kind: str) -> None:
    router = start_bfd_router(bed, kind, setup=STEADY)
    agent = start_agent(bed, router, STEADY)
    wait_up(agent, router)
    sessions = agent.peer(router.ip)["sessions"]
    router.bfd_disable()
    agent.wait_log("the BGP session goes on")
    agent.reload(config(peer(router), apps=(DNS,)))
    never(lambda: agent.peer(router.ip)["state"] != "established", "the end of the session")
    assert agent.peer(router.ip)["sessions"] == sessions


KEPT, DROPPED = {VIP4, VIP6}, set[str]()
# The table in docs/bfd.md. `stays`: check-control-plane-failure, `bfd graceful`.
GRACEFUL = [
    ("frr", False, "crash", KEPT),
    ("frr", False, "restart", KEPT),
    ("frr", False, "stop", DROPPED),
    ("frr", False, "cut", DROPPED),
    ("frr", True, "crash", KEPT),
    ("frr", True, "cut", KEPT),
    ("bird", False, "crash", DROPPED),
    ("bird", False, "restart", DROPPED),
    ("bird", False, "cut", DROPPED),
    ("bird", True, "crash", KEPT),
    ("bird", True, "restart", KEPT),
    ("bird", True, "stop", DROPPED),
    ("bird", True, "cut", KEPT),
]


@pytest.mark.parametrize(("kind", "stays", "way", "expected"), GRACEFUL)
def test_with_graceful_restart(
    bed: Testbed, kind: str, stays: bool, way: str, expected: set[str]
) -> None:
    """RFC 5882 4.3.2: our C bit is clear."""
    link, cut = switched_link(bed)
    router = start_bfd_router(bed, kind, link, graceful_restart=True, setup={"stays": stays})
    if isinstance(router, BfdFrr):
        router.wait_begun()
    bed.start_service(PORT)
    agent = start_agent(bed, router, graceful_restart=True)
    wait_up(agent, router)
    router.wait_routes(VIP4, VIP6)
    wait_until(lambda: not agent.peer(router.ip)["graceful_restart"]["restarting"], "End-of-RIB")
    wait_up(agent, router)
    wait_timers(agent, router)
    if isinstance(router, BfdFrr):
        # In the first second it does act on bfdd's word where `check-control-plane-failure` is set.
        n = bfd(agent, router)["packets"]["received"]
        wait_until(lambda: bfd(agent, router)["packets"]["received"] > n + 6, "BFD is up for a while")
    router.wait_routes(VIP4, VIP6)
    ends: dict[str, Callable[[], object]] = {
        "crash": agent.kill,
        "restart": lambda: agent.stop(signal.SIGUSR2),
        "stop": agent.stop,
        "cut": cut,
    }
    ends[way]()
    router.wait_bfd("down")
    if expected:
        never(lambda: router.prefixes() != expected, "a route that goes")
    else:
        router.wait_routes()


def helpers(bed: Testbed) -> list[int]:
    def name(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return ""

    return [pid for pid in bed.host.pids() if name(pid) == "vipherald-bfd"]


def test_process_starts_only_when_wanted(bed: Testbed) -> None:
    router = start_bfd_router(bed, "bird")
    agent = start_agent(bed, router, False)
    router.wait_established()
    assert helpers(bed) == []
    agent.reload(config(peer(router, bfd=True), apps=(DNS,)))
    wait_up(agent, router)
    assert len(helpers(bed)) == 1
    agent.stop()
    wait_until(lambda: not helpers(bed), "the end of the process")


@pytest.mark.parametrize(
    ("kind", "authenticated"), [("bird", False), ("bird", True), ("frr", False)]
)
def test_process_that_is_killed_is_started_again(
    bed: Testbed, kind: str, authenticated: bool
) -> None:
    """Its sessions go on in the next one before the router notices: neither BFD nor BGP goes down."""
    # 4 s of silence: more than a stall, less than what would be noticed by a person.
    setup: dict[str, Any] = {"interval": 500, "multiplier": 8}
    if authenticated:
        setup["authentication"] = "meticulous keyed sha1"
    router = start_bfd_router(bed, kind, setup=setup)
    keys: dict[str, Any] = {"interval": "500ms", "multiplier": 8}
    if authenticated:
        keys |= {"authentication": "meticulous-sha1", "key_id": 3, "password": "secret"}
    agent = start_agent(bed, router, keys)
    wait_up(agent, router)
    wait_until(lambda: bfd(agent, router)["interval_seconds"] == 0.5, "the timers of state Up")
    before = bfd(agent, router)
    [pid] = helpers(bed)
    os.kill(pid, signal.SIGKILL)
    [alarm] = wait_until(lambda: alarms(agent, "bfd-process"), "the alarm")
    assert "BFD" in alarm["text"] or "bfd" in alarm["text"]
    wait_until(lambda: set(helpers(bed)) - {pid}, "the next one")
    # The router takes its packets: timers change when it has answered a poll.
    agent.reload(config(peer(router, bfd={**keys, "interval": "600ms"}), apps=(DNS,)))
    wait_until(lambda: bfd(agent, router)["interval_seconds"] == 0.6, "the other interval")
    assert router.bfd_state() == "up"
    after = bfd(agent, router)
    assert (after["state"], after["down_events"], after["up_events"]) == ("up", 0, 1)
    assert after["packets"]["received"] > before["packets"]["received"]
    assert agent.peer(router.ip)["sessions"] == 1
    assert "BFD down" not in agent.log
    assert agent.status("status")["bfd"]["process_restarts"] == 1
    assert helpers(bed) not in ([], [pid])


def test_process_that_is_killed_again(bed: Testbed) -> None:
    """Within a minute: BFD is down then, which ends no session here. The router may end its own."""
    router = start_bfd_router(bed, "bird", setup=STEADY)
    agent = start_agent(bed, router)
    wait_up(agent, router)
    killed: set[int] = set()
    for n in (1, 2):
        [pid] = wait_until(lambda: set(helpers(bed)) - killed, "the process")
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
        wait_until(lambda: agent.status("status")["bfd"]["process_restarts"] == n, "its end")
    agent.wait_log("BFD down: the process that runs BFD has ended; the BGP session goes on")
    wait_up(agent, router)
    assert "session ended: BFD down" not in agent.log


PATIENT = {"interval": 1000, "multiplier": 8}


@pytest.mark.long
def test_process_that_is_stuck_is_replaced(bed: Testbed, kind: str) -> None:
    """Stopped: nothing ends, and nothing is sent. The next one goes on before the router has noticed."""
    router = start_bfd_router(bed, kind, setup=PATIENT)
    agent = start_agent(bed, router, {"interval": "1s", "multiplier": 8})
    wait_up(agent, router)
    [pid] = helpers(bed)
    before = bfd(agent, router)
    os.kill(pid, signal.SIGSTOP)
    text = "the process that runs BFD said nothing for 3s (stopped, or stuck); it was killed"
    agent.wait_log(f"BFD: {re.escape(text)}")
    [alarm] = alarms(agent, "bfd-process")
    assert alarm["text"] == text
    assert agent.status("status")["bfd"]["process_error"] == text
    wait_until(lambda: set(helpers(bed)) - {pid}, "the next one")
    wait_until(
        lambda: bfd(agent, router)["packets"]["received"] > before["packets"]["received"],
        "packets that the next one receives",
    )
    # Longer than what is left of the router's detection time.
    never(lambda: router.bfd_state() != "up", "the router's BFD is down", 9)
    after = bfd(agent, router)
    assert (after["state"], after["down_events"]) == ("up", before["down_events"])
    assert after["discriminator"] == before["discriminator"]
    assert agent.status("status")["bfd"]["process_restarts"] == 1
    assert "BFD down" not in agent.log


def test_process_that_is_stuck_for_longer_than_the_router_waits(bed: Testbed) -> None:
    """The router's BFD is down then, and it may end BGP. This host ends nothing, and BFD comes up again."""
    router = start_bfd_router(bed, "bird", setup=STEADY)
    agent = start_agent(bed, router)
    wait_up(agent, router)
    [pid] = helpers(bed)
    os.kill(pid, signal.SIGSTOP)
    router.wait_bfd("down")
    agent.wait_log("said nothing for 3s")
    wait_up(agent, router)
    assert "session ended: BFD down" not in agent.log


@pytest.mark.parametrize("what", ["agent", "both"])
def test_pause_is_no_silence_of_the_process(bed: Testbed, what: str) -> None:
    """The host stood still, or the agent: its process has said nothing meanwhile, and is not blamed."""
    router = start_bfd_router(bed, "bird", setup={**PATIENT, **STEADY})
    agent = start_agent(bed, router, {"interval": "1s", **STEADY})
    wait_up(agent, router)
    before = bfd(agent, router)
    [pid] = helpers(bed)
    paused = [agent.process.pid, *([pid] if what == "both" else [])]
    for each in paused:
        os.kill(each, signal.SIGSTOP)
    never(lambda: router.bfd_state() != "up", "the router's BFD is down", 5)
    for each in paused:
        os.kill(each, signal.SIGCONT)
    wait_until(
        lambda: bfd(agent, router)["packets"]["received"] > before["packets"]["received"] + 4,
        "packets",
    )
    assert helpers(bed) == [pid]
    assert agent.status("status")["bfd"]["process_restarts"] == 0
    assert alarms(agent, "bfd-process") == []
    assert bfd(agent, router)["down_events"] == before["down_events"]


def nice_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def test_process_keeps_its_priority_without_privileges(bed: Testbed) -> None:
    """RLIMIT_NICE is raised before the privileges go. A command has neither."""
    router = start_bfd_router(bed, "bird")
    out = bed.workdir / "out"
    out.mkdir()
    out.chmod(0o777)
    bed.workdir.chmod(0o755)
    show = f"exec:(nice; grep 'Max nice' /proc/self/limits) > {out}/new; mv {out}/new {out}/seen"
    agent = bed.start_agent(
        config(
            peer(router, bfd=True),
            apps=(app("a", VIP4, show),),
            agent={"user": "nobody", "state_file": "off", "monitor_interval": "3s"},
        )
    )
    wait_up(agent, router)
    wait_until(lambda: agent.app("a")["health"] == "up", "the check passes")
    assert (out / "seen").read_text().split() == [str(os.nice(0)), "Max", "nice", "priority", "0", "0"]
    [pid] = helpers(bed)
    expected = -15 if is_granted(SYS_RESOURCE) else os.nice(0)
    wait_until(lambda: nice_of(pid) == expected, "its nice value")
    assert nice_of(agent.process.pid) == os.nice(0)


def test_process_has_its_priority_as_root(bed: Testbed) -> None:
    """CAP_SYS_NICE, which is not given up."""
    router = start_bfd_router(bed, "bird")
    bed.start_agent(config(peer(router, bfd=True), apps=(DNS,), agent={"drop_privileges": False}))
    [pid] = wait_until(lambda: helpers(bed), "the process")
    expected = -15 if is_granted(SYS_NICE) or is_granted(SYS_RESOURCE) else os.nice(0)
    wait_until(lambda: nice_of(pid) == expected, "its nice value")
