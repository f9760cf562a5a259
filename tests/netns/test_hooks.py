"""agent.hooks: commands that are run on events."""

import json
import os
import re
import signal
import socket
from pathlib import Path
from typing import Any

from . import bgp
from .agent import Agent
from .configs import PORT, VIP4, app, config, peer
from .test_sandbox import the_launcher
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
DNS = app("dns", VIP4, f"port:tcp:{PORT}")


def hook(command: str, *kinds: str, **keys: str) -> dict[str, Any]:
    return {"on": list(kinds), "exec": command, **keys}


def counts(agent: Agent) -> dict[str, Any]:
    found: dict[str, Any] = agent.status("status")["hooks"]
    return found


def wait_file(path: Path) -> str:
    wait_until(path.exists, f"{path.name} is there")
    return path.read_text()


def test_the_event_is_given(bed: Testbed) -> None:
    """On stdin as /v1/events has it, and in the environment; never in the command itself."""
    bed.link()
    seen = bed.workdir / "seen"
    command = f"cat > {seen}.json; env | grep ^VIPHERALD > {seen}.env; mv {seen}.env {seen}"
    agent = bed.start_agent(
        config(PEER, agent={"hooks": [hook(command, "request.register", "alarm.on")]})
    )
    name = "$(touch x)'\"; `id`"
    agent.register(name, VIP4)
    environment = dict(line.split("=", 1) for line in wait_file(seen).splitlines())
    [event] = agent.status("events?kind=request.register")["events"]
    assert json.loads(Path(f"{seen}.json").read_text()) == event
    assert environment["VIPHERALD_EVENT_KIND"] == "request.register"
    assert environment["VIPHERALD_EVENT_APP"] == name == event["app"]
    assert environment["VIPHERALD_EVENT_BY"] == "local"
    assert environment["VIPHERALD_EVENT_TEXT"] == event["text"]
    assert environment["VIPHERALD_EVENT_ID"] == str(event["id"])
    assert environment["VIPHERALD_EVENT_TIME"] == event["time"]
    assert environment["VIPHERALD_EVENT_LEVEL"] == "info"
    assert "VIPHERALD_EVENT_PEER" not in environment
    wait_until(lambda: counts(agent)["waiting"] == 0, "the hook is done")
    assert counts(agent) == {
        "defined": 1, "waiting": 0, "run": 1, "failed": 0, "lost": 0, "last_failure": None,
    }


def test_an_alarm_runs_a_hook(bed: Testbed) -> None:
    bed.link()
    bed.host.ip(f"addr add {VIP4} dev lo")
    seen = bed.workdir / "seen"
    hooks = [hook(f"cat > {seen}.new; mv {seen}.new {seen}", "alarm.on")]
    agent = bed.start_agent(config(PEER, apps=(app("dns", VIP4),), agent={"hooks": hooks}))
    event = json.loads(wait_file(seen))
    assert event in agent.status("events?kind=alarm.on")["events"]


def test_it_runs_as_the_user_of_commands(bed: Testbed) -> None:
    bed.link()
    bed.workdir.chmod(0o777)
    seen = bed.workdir / "seen"
    command = f"id -un > {seen}.new; grep CapEff /proc/self/status >> {seen}.new; mv {seen}.new {seen}"
    agent = bed.start_agent(
        config(PEER, agent={"exec": {"user": "nobody"}, "hooks": [hook(command, "request")]})
    )
    agent.register("a", VIP4)
    assert wait_file(seen) == "nobody\nCapEff:\t0000000000000000\n"


def test_the_route_leaves_first(bed: Testbed) -> None:
    """The withdrawal is on the wire before the hook for its cause, which sends a datagram."""
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    seen = bed.workdir / "seen"
    command = f"bash -c 'echo >/dev/udp/{router.ip}/9'; touch {seen}"
    hooks = [hook(command, "app.down")]
    agent = bed.start_agent(config(peer(router), apps=(DNS,), agent={"hooks": hooks}))
    router.wait_routes(VIP4)
    with router.namespace.inside():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    tap.bind(("eth0", 0x0800))  # IPv4
    tap.setblocking(False)
    service.kill()
    wait_file(seen)
    router.wait_routes()
    order = []
    while True:
        try:
            packet = tap.recv(65536)
        except BlockingIOError:
            break
        segment = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
        if packet[9] == socket.IPPROTO_UDP:
            order.append("hook")
        if packet[9] != socket.IPPROTO_TCP:
            continue
        for message in map(bgp.decode, bgp.split(segment[(segment[12] >> 4) * 4 :])[0]):
            if isinstance(message, bgp.Update) and VIP4 in message.withdrawn:
                order.append("withdrawal")
    tap.close()
    assert order == ["withdrawal", "hook"]
    assert agent.process.running


def test_failures(bed: Testbed) -> None:
    """Each is an event, which runs no hook."""
    bed.link()
    hooks = [
        hook("echo 'no way'; exit 3", "request"),
        hook("kill -KILL $$", "request"),
        hook("exec tail -f /dev/null", "request", timeout="100ms"),
    ]
    agent = bed.start_agent(config(PEER, agent={"hooks": hooks}))
    agent.register("a", VIP4)
    wait_until(lambda: counts(agent)["failed"] == 3, "all have failed")
    texts = [event["text"] for event in agent.status("events?kind=hook.failed")["events"]]
    assert texts == [
        "hook echo 'no way'; exit 3: exit status 3: no way",
        "hook kill -KILL $$: killed by signal 9 SIGKILL",
        "hook exec tail -f /dev/null: no result within 100ms, killed",
    ]
    assert counts(agent)["run"] == 3 and "no result within" in counts(agent)["last_failure"]
    assert "vipherald_hooks_failed_total 3\n" in agent.get("/metrics").text


def test_the_queue_is_bounded(bed: Testbed) -> None:
    bed.link()
    fifo, gate = bed.workdir / "fifo", bed.workdir / "gate"
    os.mkfifo(fifo)
    hooks = [hook(f"test -e {gate} || read x < {fifo}", "request", timeout="1m")]
    agent = bed.start_agent(config(PEER, agent={"hooks": hooks}))
    for i in range(80):
        agent.register(f"app{i}", f"192.0.2.{i}/32")
    assert (counts(agent)["waiting"], counts(agent)["lost"]) == (64, 16)
    assert len(agent.status("events?kind=hook.lost")["events"]) == 1
    assert "vipherald_hooks_lost_total 16\n" in agent.get("/metrics").text
    # Waiting hooks are neither in the way of others nor of a reload, which finds them in the queue.
    agent.reload(config(PEER))
    assert counts(agent)["defined"] == 0 and counts(agent)["waiting"] == 64
    gate.touch()
    fifo.write_text("go\n")
    wait_until(lambda: counts(agent)["waiting"] == 0, "all are done", 60)
    assert (counts(agent)["run"], counts(agent)["failed"]) == (64, 0)
    agent.register("app0", "192.0.2.99/32")
    assert counts(agent)["waiting"] == 0


def test_a_launcher_that_is_late(bed: Testbed) -> None:
    """As on a busy machine: hooks wait until it starts commands again; none fails, each is run once."""
    bed.link()
    ran = bed.workdir / "ran"
    agent = bed.start_agent(config(PEER, agent={"hooks": [hook(f"echo $VIPHERALD_EVENT_ID >>{ran}", "request")]}))
    launcher = the_launcher(agent)

    def stalls() -> int:
        """Turns that took long, as one does that waits for the launcher."""
        [n] = re.findall(r"^vipherald_loop_stall_seconds_count (\d+)$", agent.get("/metrics").text, re.M)
        return int(n)

    before = stalls()
    os.kill(launcher, signal.SIGSTOP)
    for i in range(3):
        agent.register(f"app{i}", f"192.0.2.{i}/32")
    wait_until(lambda: stalls() > before, "a hook was tried")
    assert (counts(agent)["waiting"], counts(agent)["failed"]) == (3, 0)
    os.kill(launcher, signal.SIGCONT)
    wait_until(lambda: counts(agent)["waiting"] == 0, "all are done")
    assert (counts(agent)["run"], counts(agent)["failed"]) == (3, 0)
    ids = ran.read_text().split()
    assert len(ids) == len(set(ids)) == 3


def test_a_stop_waits_for_them(bed: Testbed) -> None:
    """After the route is gone, and for two seconds at most."""
    router = bed.start_router("bird")
    seen, never_made = bed.workdir / "seen", bed.workdir / "never"
    ends = bed.workdir / "ends"
    ends.touch()
    # It sees for itself that it is waited for: two seconds are short for a test on a busy machine.
    waited = f"until grep -q 'waiting for 1 hook' {bed.workdir}/agent1.log; do sleep 0.02; done"
    more = f"test -e {ends} || read x < {never_made}"
    command = f"{waited}; cat /proc/net/tcp > {seen}.tcp; {more}; cat > {seen}"
    os.mkfifo(never_made)
    hooks = [hook(command, "agent.stopping", timeout="1m")]
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),), agent={"hooks": hooks}))
    router.wait_routes(VIP4)
    agent.stop()
    router.wait_routes()
    assert json.loads(seen.read_text())["kind"] == "agent.stopping"
    assert not re.search(r":00B3 01 ", Path(f"{seen}.tcp").read_text()), "a session of BGP"
    # One that does not end is killed.
    ends.unlink()
    agent.start()
    router.wait_routes(VIP4)
    agent.stop()
    agent.wait_log("1 hook was not completed")


def test_leftovers_are_killed(bed: Testbed) -> None:
    bed.link()
    seen = bed.workdir / "seen"
    command = f"echo $$ > {seen}.new; mv {seen}.new {seen}; exec tail -f /dev/null"
    settings = config(PEER, agent={"hooks": [hook(command, "request", timeout="1m")]})
    agent = bed.start_agent(settings)

    def run() -> Path:
        seen.unlink(missing_ok=True)
        agent.register("a", VIP4)
        agent.unregister("a")
        return Path(f"/proc/{int(wait_file(seen))}")

    process = run()
    agent.stop()
    wait_until(lambda: not process.exists(), "the stop has killed it")
    agent.start()
    process = run()
    agent.kill()
    agent.start()
    wait_until(lambda: not process.exists(), "the next instance has killed it")
