"""Results of the checks, and that one check cannot disturb another."""

import time

import pytest

from .configs import VIP4, app, config, peer
from .testbed import ROUTER_AS, Testbed
from .wait import never, wait_until

OTHER = "192.0.2.54/32"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.53"])
def test_port_monitor_sees_a_listener(bed: Testbed, protocol: str, address: str) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("a", VIP4, f"port:{protocol}:7777"),)))
    router.wait_established()
    other = "udp" if protocol == "tcp" else "tcp"
    bed.start_service(7777, other)
    bed.start_service(7778, protocol)
    never(router.routes, "announced although the port is closed", 0.4)
    service = bed.start_service(7777, protocol, address)
    router.wait_routes(VIP4)
    service.kill()
    router.wait_routes()
    assert agent.process.running


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_stub_on_loopback_serves_no_vip(bed: Testbed, protocol: str) -> None:
    """As systemd-resolved listens; a monitor that means it names the address."""
    router = bed.start_router("bird")
    stub = bed.start_service(53, protocol, "127.0.0.53")
    apps = (
        app("a", VIP4, f"port:{protocol}:53"),
        app("b", OTHER, f"port:{protocol}:127.0.0.53:53"),
    )
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes(OTHER)
    wanted = f"port:{protocol}:127.0.0.53:53"
    wait_until(lambda: wanted in (agent.app("a")["monitors"][0]["said"] or ""), "what to write is said")
    stub.kill()
    router.wait_routes()


def test_port_monitor_never_takes_the_port(bed: Testbed) -> None:
    router = bed.start_router("bird")
    web = app("a", VIP4, "port:tcp:7777")
    bed.start_agent(config(peer(router), apps=(web,), agent={"monitor_interval": "10ms"}))
    for _ in range(10):
        bed.start_service(7777).kill()


@pytest.mark.parametrize(
    ("command", "passes"),
    [
        ("true", True),
        ("false", False),
        ("exit 3", False),
        ("/nonexistent/check", False),
        ("test a:b = a:b", True),
        ("[[ x == x ]]", True),
        ("kill -9 $$", False),
        ("echo hello >&2; true | true", True),
    ],
)
def test_exec_monitor_goes_by_the_exit_status(bed: Testbed, command: str, passes: bool) -> None:
    router = bed.start_router("bird")
    bed.start_agent(config(peer(router), apps=(app("a", VIP4, f"exec:{command}"), app("z", OTHER))))
    router.wait_route(OTHER)
    if passes:
        router.wait_routes(OTHER, VIP4)
    else:
        never(lambda: VIP4 in router.routes(), "announced although the check fails", 0.4)


def test_exec_monitor_follows_a_change(bed: Testbed) -> None:
    router = bed.start_router("bird")
    flag = bed.workdir / "flag"
    bed.start_agent(config(peer(router), apps=(app("a", VIP4, f"exec:test -e {flag}"),)))
    router.wait_established()
    flag.touch()
    router.wait_routes(VIP4)
    flag.unlink()
    router.wait_routes()


def test_all_monitors_must_pass(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_agent(config(peer(router), apps=(app("a", VIP4, "exec:true", "port:tcp:7777"),)))
    router.wait_established()
    never(router.routes, "announced although one of two checks fails", 0.4)
    bed.start_service(7777)
    router.wait_routes(VIP4)


def test_hanging_check_delays_no_other_and_leaves_no_process(bed: Testbed) -> None:
    router = bed.start_router("bird")
    apps = (app("hangs", VIP4, "exec:sleep 1000"), app("works", OTHER, "port:tcp:7777"))
    agent = bed.start_agent(config(peer(router), apps=apps))
    service = bed.start_service(7777)
    router.wait_routes(OTHER)
    service.kill()
    router.wait_routes()
    agent.stop()
    bed.wait_no_process("sleep 1000")


def test_status_shows_what_the_check_said(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(
        config(
            {"peer_ip": "10.0.1.1", "peer_as": 65000},
            apps=(app("a", VIP4, "exec:echo the disk is full; exit 7"),),
        )
    )
    wait_until(lambda: agent.app("a")["health"] == "down", "the check failed")
    [monitor] = agent.app("a")["monitors"]
    assert "the disk is full" in monitor["said"] and "7" in monitor["said"]
    assert "the disk is full" in agent.app("a")["reason"]


def test_vip_stays_for_cleanup_timer_after_the_route(bed: Testbed) -> None:
    router = bed.start_router("bird")
    service = bed.start_service(7777)
    web = app("a", VIP4, "port:tcp:7777")
    bed.start_agent(config(peer(router), apps=(web,), agent={"cleanup_timer": "1s"}))
    router.wait_routes(VIP4)
    began = time.monotonic()
    service.kill()
    router.wait_routes()
    assert VIP4 in bed.host.loopback_addresses() or time.monotonic() - began > 1
    bed.wait_loopback({})
    service.start()
    router.wait_routes(VIP4)
    assert VIP4 in bed.host.loopback_addresses()


def test_reason_names_the_monitor_that_fails_now(bed: Testbed) -> None:
    link = bed.link()
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}))
    agent.register("a", VIP4, monitors=["port:tcp:7777", "port:tcp:7778"])
    wait_until(lambda: "7777" in agent.app("a")["reason"], "the first one is named")
    bed.start_service(7777)
    wait_until(lambda: "7778" in agent.app("a")["reason"], "the other one is named")
