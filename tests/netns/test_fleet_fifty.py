"""Fifty agents: the same check fails on all of them, and Consul is in trouble in the middle of it; rolling work.

How many are announced is counted at each change that BIRD logs. How long the return takes is printed (`-s`), and
judged by less than one poll of those that are away.
"""

import signal
import time
from collections.abc import Callable

from .configs import VIP4
from .fleet import PREFIX, Fleet
from .testbed import Testbed

N = 50
MIN_UP = 25
FIRST = 10
"""So many fail a moment before the others: a place in the middle."""
TIMEOUT = 90.0
RETURN = 20.0
"""Seconds in which all are back, without a poll of Consul, of which one comes after 24 at the earliest."""
BAD = 7
SESSION = 15.0
"""Seconds after which one ends that is not renewed."""


def fail_everywhere(fleet: Fleet, trouble: Callable[[], object]) -> None:
    """`trouble` comes when some have left, and others have asked."""
    for host in fleet.hosts[:FIRST]:
        host.healthy.unlink()
    fleet.wait_routes(N - FIRST, timeout=TIMEOUT)
    fleet.break_all()
    fleet.wait("another has left", lambda: fleet.collector.sizes()[-1] < N - FIRST, TIMEOUT)
    trouble()
    fleet.wait("all are degraded", lambda: all(fleet.collector.routes().values()), TIMEOUT)


def wait_kept(fleet: Fleet) -> None:
    fleet.wait_routes(MIN_UP, degraded=MIN_UP, timeout=TIMEOUT)


def mend(fleet: Fleet, when: str) -> None:
    since = time.monotonic()
    fleet.mend_all()
    fleet.wait_routes(N, timeout=RETURN)
    print(f"\n{when}: all are in their normal form after {time.monotonic() - since:.2f} s")


def wait_calm(fleet: Fleet) -> None:
    """Consul knows all as they are, and nothing is left of their claims."""
    fleet.wait_reported(TIMEOUT)
    fleet.wait(
        "no claim is left",
        lambda: (
            f"{PREFIX}/{VIP4}/.leave" not in fleet.parts(VIP4)
            or not (leave := fleet.value(".leave"))["slots"] + leave["line"]
        ),
        TIMEOUT,
    )


def consul_answers(fleet: Fleet) -> None:
    """The bad check comes to all at once."""
    fleet.break_all()
    wait_kept(fleet)
    mend(fleet, "Consul answers")
    wait_calm(fleet)


def a_command_fails(fleet: Fleet) -> None:
    """Rolling work, one host at a time, fails on the seventh: that one keeps its slot, until it is released."""
    counted = fleet.hub.workdir / "counted"
    counted.write_text("0")
    script = f"n=$(($(cat {counted}) + 1)); echo $n > {counted}; test $n != {BAD}"
    settled = len(fleet.collector.sizes())
    rolls = {host: host.start_roll(script) for host in fleet.hosts}
    fleet.wait("one fails", lambda: 1 in [roll.returncode for roll in rolls.values()], TIMEOUT)
    [bad] = [host for host, roll in rolls.items() if roll.returncode == 1]
    fleet.wait(
        "six are done", lambda: [roll.returncode for roll in rolls.values()].count(0) == BAD - 1
    )
    assert bad.phase() == "failed" and fleet.slots() == [f"site{bad.n}"]
    for host in [host for host, roll in rolls.items() if roll.running]:
        fleet.wait(
            "it waits for the slot",
            lambda h=host: f"the longest by site{bad.n}" in (h.roll().get("note") or ""),
            TIMEOUT,
        )
    fleet.wait_routes(N - 1, timeout=TIMEOUT)
    assert bad.name not in fleet.collector.routes()
    assert bad.run_cli("fleet", "release", f"site{bad.n}") == f"site{bad.n}: released\n"
    fleet.wait("the roll is done", lambda: not any(r.running for r in rolls.values()), 5 * TIMEOUT)
    assert [roll.returncode for roll in rolls.values()].count(0) == N - 1
    fleet.wait_routes(N, timeout=TIMEOUT)
    assert not fleet.slots()
    assert min(fleet.collector.sizes()[settled:]) == N - 1


def consul_is_stopped(fleet: Fleet) -> None:
    """The checks pass again while it stands still, too."""
    consul = fleet.consul.process
    fail_everywhere(fleet, lambda: consul.signal(signal.SIGSTOP))
    consul.resume()
    wait_kept(fleet)
    consul.signal(signal.SIGSTOP)
    mend(fleet, "Consul is stopped")
    consul.resume()
    wait_calm(fleet)


def consul_is_killed(fleet: Fleet) -> None:
    """It keeps its data. At first it denies the sessions that it has: none of them ends by that."""
    fail_everywhere(fleet, fleet.consul.kill)
    since = time.monotonic()
    fleet.consul.start()
    wait_kept(fleet)
    if time.monotonic() - since < SESSION / 3:
        for host in fleet.hosts:
            assert "fleet: the session" not in host.agent.log, host.name
    mend(fleet, "Consul was killed")
    wait_calm(fleet)


def keys_are_emptied(fleet: Fleet) -> None:
    """Who is announced then stays: what Consul knows of the others does not count yet."""
    fail_everywhere(fleet, lambda: fleet.consul.request("DELETE", f"/v1/kv/{PREFIX}?recurse"))
    for host in fleet.kept():
        fleet.wait(
            "it is noticed",
            lambda h=host: h.app()["settling"] and h.app()["reported"],
            TIMEOUT,
        )
    mend(fleet, "the keys were emptied")
    wait_calm(fleet)


def test_fifty(bed: Testbed) -> None:
    quick = {"drain_time": "200ms"}
    fleet = Fleet(bed, N, {"vips": "50%"}, state=True, light=True, agent=quick)
    settled = len(fleet.collector.sizes())
    # The last leaves the guard unsettled for minutes.
    for phase in (consul_answers, a_command_fails, consul_is_stopped, consul_is_killed, keys_are_emptied):
        phase(fleet)
        assert min(fleet.collector.sizes()[settled:]) >= MIN_UP, phase.__name__
