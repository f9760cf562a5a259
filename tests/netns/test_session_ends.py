# SPDX-License-Identifier: MIT
"""Sessions that routers end, and routers that wait before they take the next one."""

import re
import signal

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .routers import Router
from .testbed import Testbed
from .wait import never, wait_until

WEB = app("web", [VIP4, VIP6])
LIMIT = 2
MANY = tuple(f"198.51.100.{i}/32" for i in range(1, 5))


def peer_log(agent: Agent, router: Router, words: str) -> list[str]:
    pattern = re.compile(rf"bgp: peer {re.escape(router.ip)}: .*{words}")
    return [line for line in agent.log.splitlines() if pattern.search(line)]


# The maximum number of prefixes


def check_limit(agent: Agent, router: Router) -> None:
    """Log, hint and API keep the reason, although later attempts fail in another way."""
    text = f"Cease/Maximum Number of Prefixes Reached (IPv4 unicast, limit {LIMIT})"
    agent.wait_log(f"session ended: received NOTIFICATION {re.escape(text)}")
    agent.wait_log("ask the router's owner to raise the maximum prefix limit of this neighbor")
    wait_until(lambda: agent.peer(router.ip)["last_error"] != "", "attempts fail")
    wait_until(
        lambda: "NOTIFICATION" not in agent.peer(router.ip)["last_error"], "a rejected attempt"
    )
    shown = agent.peer(router.ip)
    last = shown["last_notification"]
    assert (last["direction"], last["code"], last["subcode"]) == ("received", 6, 1)
    assert (last["text"], last["data"], last["count"]) == (text, f"000101{LIMIT:08x}", 1)
    assert "announce fewer VIPs" in shown["hint"] and "MD5" not in shown["hint"]
    assert shown["sessions"] == 1


def test_maximum_prefix_of_frr(bed: Testbed) -> None:
    """FRR stays down until it is cleared; the agent tries again, ever less often."""
    router = bed.start_router("frr", limit=LIMIT)
    agent = bed.start_agent(config(peer(router), connect_retry_max="2s"))
    for i, vip in enumerate(MANY):
        assert agent.register(f"app{i}", vip).status == 200
    check_limit(agent, router)
    assert len(peer_log(agent, router, "maximum prefix limit of this neighbor")) == 1
    wait_until(lambda: (agent.peer(router.ip)["retry_seconds"] or 0) > 1, "the back-off grows")
    for i in range(LIMIT, len(MANY)):
        agent.unregister(f"app{i}")
    never(lambda: agent.peer(router.ip)["state"] == "established", "FRR forgets its limit", 1)
    router.clear()
    router.wait_routes(*MANY[:LIMIT])
    shown = agent.peer(router.ip)
    assert (shown["state"], shown["hint"], shown["sessions"]) == ("established", "", 2)
    assert shown["last_notification"]["subcode"] == 1, "it stays until a session has lasted"


@pytest.mark.long
def test_import_limit_of_bird(bed: Testbed) -> None:
    """BIRD restarts by itself, after its error wait time, and ends the session again."""
    router = bed.start_router("bird", limit=LIMIT)
    agent = bed.start_agent(config(peer(router), connect_retry_max="1s"))
    for i, vip in enumerate(MANY):
        assert agent.register(f"app{i}", vip).status == 200
    agent.wait_log("session ended: received NOTIFICATION Cease/Maximum Number of Prefixes Reached")
    wait_until(
        lambda: agent.peer(router.ip)["last_notification"]["count"] >= 2, "the second session ends"
    )
    agent.wait_log(r"Maximum Number of Prefixes Reached.* \(\d+ times within")
    for i in range(LIMIT, len(MANY)):
        agent.unregister(f"app{i}")
    router.wait_routes(*MANY[:LIMIT])
    wait_until(lambda: agent.peer(router.ip)["hint"] == "", "the hint is over")


# Routers that wait


def test_bird_takes_a_session_at_once_after_a_cease(bed: Testbed) -> None:
    """Its error wait time is for errors."""
    router = bed.start_router("bird", extra=("error wait time 60, 300",))
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    agent.stop()
    router.wait_routes()
    agent.start()
    router.wait_routes(VIP4, VIP6)
    agent.reload(config(peer(router, hold_time="9s"), apps=(WEB,)))
    wait_until(
        lambda: (agent.peer(router.ip)["negotiated"] or {}).get("hold_time_seconds") == 9,
        "the session is back after the reload",
    )


def test_bird_waits_after_an_error(bed: Testbed) -> None:
    """Put right by a reload, the session does not come back at once, and the hint says why."""
    router = bed.start_router("bird", role="provider", extra=("error wait time 6, 12",))
    # No other attempt before the reload, which would meet with BIRD's wait, too.
    slow = {"connect_retry": "4s", "connect_retry_max": "4s"}
    agent = bed.start_agent(config(peer(router, role="peer"), apps=(WEB,), **slow))
    agent.wait_log("BGP roles .RFC 9234. of both sides have to be")
    agent.reload(config(peer(router, role="customer"), apps=(WEB,)))
    agent.wait_log("the router closes the connection before its OPEN: it waits after the last")
    assert "BIRD: error wait time" in agent.peer(router.ip)["hint"]
    router.wait_routes(VIP4, VIP6)
    shown = agent.peer(router.ip)
    assert (shown["state"], shown["hint"]) == ("established", "")
    assert len(peer_log(agent, router, "closes the connection before its OPEN")) == 1


def test_bird_waits_after_its_hold_timer(bed: Testbed) -> None:
    """The agent was stopped for longer than the hold time."""
    router = bed.start_router("bird", extra=("hold time 3", "error wait time 6, 12"))
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    agent.process.signal(signal.SIGSTOP)
    router.wait_not_established()
    agent.process.signal(signal.SIGCONT)
    agent.wait_log("received NOTIFICATION Hold Timer Expired|hold timer expired")
    agent.wait_log("the router closes the connection before its OPEN: it waits after the last")
    router.wait_routes(VIP4, VIP6)


def test_gobgp_waits_after_a_stop(bed: Testbed) -> None:
    """The new instance knows nothing of the session before."""
    router = bed.start_router("gobgp")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    router.wait_routes(VIP4, VIP6)
    # It finds the end of the session and the next connection at once, however long the start takes.
    router.process.pause()
    agent.stop()
    agent.start()
    wait_until(lambda: agent.peer(router.ip)["state"] == "opensent", "the next connection")
    router.process.resume()
    agent.wait_log("the router closes the connection before its OPEN: .*GoBGP: idle hold time")
    router.wait_routes(VIP4, VIP6)
    assert len(peer_log(agent, router, "closes the connection before its OPEN")) == 1


@pytest.mark.parametrize("kind", ["frr", "bird", "gobgp"])
def test_router_that_does_not_know_this_host(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind, agent_ip="10.0.1.77")
    agent = bed.start_agent(config(peer(router), apps=(WEB,)))
    agent.wait_log("or it does not have this host, with this source address, as a neighbor")
