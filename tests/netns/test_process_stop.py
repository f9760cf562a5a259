"""Programs of `processes` when the agent stops: told after the routes are gone, waited for, none is left."""

import signal

from .configs import config, peer
from .exabgp import process
from .rawpeer import RawListener
from .test_orphans import is_alive, wait_runs
from .test_processes import ALLOW, IP4, script, start
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until


def test_it_is_told_after_the_routes_are_gone(bed: Testbed) -> None:
    """It may have set up addresses itself, which it takes down as it ends: routers must not send traffic then. The
    agent's own address, which goes with the route, tells the order."""
    link = bed.link()
    seen = bed.workdir / "seen"
    listener = RawListener(link.namespace, link.router_ip)
    run = script(bed, f"""
trap 'ip -o address show dev lo > {seen}; exit 0' TERM
ask announce route {IP4} next-hop self
while :; do sleep 0.05; done""")
    entry = process("p", run, *ALLOW, bind="address")
    agent = bed.start_agent({
        **config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}), "processes": [entry],
    })
    session = listener.accept()
    session.establish(ROUTER_AS, hold_time=0)
    session.expect_route(IP4)
    bed.wait_loopback({IP4: "lo:p"})
    # From now on the router acknowledges nothing, as one that is too busy to.
    link.namespace.ip(f"route add blackhole {link.host_ip}/32")
    agent.stop()
    assert "127.0.0.1/8" in seen.read_text() and IP4 not in seen.read_text()


def is_waited_for(bed: Testbed) -> str:
    """A program sees it for itself: two seconds are short for the test on a busy machine."""
    return f'until grep -q "waiting for 1 process$" {bed.workdir}/agent1.log; do sleep 0.02; done'


def test_a_stop_waits_for_it(bed: Testbed) -> None:
    router = bed.start_router("bird")
    log, waited = bed.workdir / "log", is_waited_for(bed)
    run = script(bed, f"""
trap 'ask withdraw route {IP4}; {waited}; echo end >> {log}; exit 0' TERM
ask announce route {IP4} next-hop self
while :; do sleep 0.05; done""")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4)
    agent.stop()
    assert log.read_text() == "end\n"
    assert "killed" not in agent.log
    router.wait_routes()


def test_one_that_does_not_end_is_killed(bed: Testbed) -> None:
    """And all that it has started, also where that has left its group and session."""
    router = bed.start_router("bird")
    run = script(bed, f"""
trap '' TERM
setsid sleep 4721 &
setsid sh -c 'setsid sleep 4724 & wait' &
sleep 4722 &
ask announce route {IP4} next-hop self
while :; do sleep 4723; done""")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4)
    pids = [wait_runs(bed.host, number) for number in (4721, 4722, 4723, 4724)]
    agent.stop()
    assert "process p has not ended after SIGTERM, killing it" in agent.log
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "nothing of it is left")


def test_one_that_a_reload_has_removed_is_waited_for_as_well(bed: Testbed) -> None:
    """Told to end, it has the agent stop, and ends when that waits for it."""
    router = bed.start_router("bird")
    pid, log, waited = bed.workdir / "pid", bed.workdir / "log", is_waited_for(bed)
    run = script(bed, f"""
trap 'kill -TERM $(cat {pid}); {waited}; echo end >> {log}; exit 0' TERM
ask announce route {IP4} next-hop self
while :; do sleep 0.05; done""")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4)
    pid.write_text(str(agent.process.pid))
    agent.write_config({**config(peer(router)), "processes": []})
    agent.process.signal(signal.SIGHUP)
    agent.expect_exit(0)
    assert log.read_text() == "end\n"
