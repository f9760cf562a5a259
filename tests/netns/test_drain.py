"""Maintenance: drain and undrain over HTTP, by file, and before the stop."""

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from . import bgp
from .configs import VIP4, VIP6, app, config, peer
from .consul import Consul, tags
from .testbed import Testbed
from .test_states_attributes import GRACEFUL_SHUTDOWN, wait_attributes
from .test_stop import stop_in_time
from .wait import never, wait_until
from .wiretap import WireTap

DRAINING = {"communities": (GRACEFUL_SHUTDOWN,)}
NORMAL: dict[str, Any] = {"communities": ()}
WEB = app("web", VIP4)
OTHER = app("other", VIP6)


def state(agent: Any, name: str = "web") -> str:
    return agent.app(name)["state"]


def wait_state(agent: Any, wanted: str, name: str = "web") -> None:
    wait_until(lambda: state(agent, name) == wanted, f"{name} is {wanted}")


def test_drain_makes_the_route_unattractive(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    agent = bed.start_agent(config(peer(router), apps=(WEB, OTHER), agent={"drain_time": "1h"}))
    router.wait_routes(VIP4, VIP6)

    answer = agent.drain("web", reason="kernel update")
    assert answer["result"] == "drained"
    assert answer["app"]["state"] == "draining"
    assert 3500 < answer["app"]["drain"]["withdraw_seconds"] <= 3600
    [hold] = answer["app"]["drain"]["holds"]
    assert (hold["by"], hold["of"], hold["reason"]) == ("api", "app", "kernel update")
    wait_attributes(router, VIP4, DRAINING)
    wait_attributes(router, VIP6, NORMAL)


def test_drain_waits_and_then_withdraws(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    tap = WireTap(router.namespace, router.link.host_ip)
    agent = bed.start_agent(config(peer(router), apps=(WEB, OTHER), agent={"drain_time": "1s"}))
    router.wait_routes(VIP4, VIP6)
    agent.drain("web")
    router.wait_routes(VIP6)
    wait_state(agent, "drained")
    # As for down: the VIP stays for the flows that still run.
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}
    assert agent.vip(VIP4)["reason"] == "the app is drained"

    assert agent.undrain("web")["result"] == "undrained"
    router.wait_routes(VIP4, VIP6)
    wait_attributes(router, VIP4, NORMAL)
    assert agent.app("web")["drain"] is None
    assert _said_of(tap, VIP4) == ["plain", [GRACEFUL_SHUTDOWN], "withdrawn", "plain"]


def _said_of(tap: WireTap, vip: str) -> list[Any]:
    updates = [m for m in tap.last_conversation() if isinstance(m, bgp.Update)]
    return [
        "withdrawn" if vip in u.withdrawn else u.communities if 8 in u.attributes else "plain"
        for u in updates
        if vip in u.withdrawn or vip in u.announced
    ]


def test_undrain_returns_at_any_moment(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent={"drain_time": "1h"}))
    router.wait_routes(VIP4)
    for _ in range(3):
        agent.drain("web")
        wait_attributes(router, VIP4, DRAINING)
        agent.undrain("web")
        wait_attributes(router, VIP4, NORMAL)
    assert agent.undrain("web")["result"] == "unchanged"


def test_draining_again_replaces_reason_and_end(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(WEB,)))
    assert agent.drain("web", reason="a")["result"] == "drained"
    assert agent.drain("web", reason="a")["result"] == "unchanged"
    assert agent.drain("web", reason="b", **{"for": "2h"})["result"] == "changed"
    agent.wait_log("web: drain changed by api: b")
    [hold] = agent.app("web")["drain"]["holds"]
    assert hold["reason"] == "b" and 7100 < hold["until_seconds"] <= 7200


def test_the_whole_agent_is_drained(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB, OTHER), agent={"drain_time": "500ms"}))
    router.wait_routes(VIP4, VIP6)
    answer = agent.drain(reason="rack 7 moves")
    assert answer["agent"]["drain"]["holds"][0]["reason"] == "rack 7 moves"
    router.wait_routes()
    # An app registered now is not announced, not even drained.
    agent.register("new", "192.0.2.99/32")
    never(lambda: router.routes(), "a route of a drained agent")
    assert state(agent, "new") == "drained"
    metrics = agent.get("/metrics").text
    assert "vipherald_agent_drained 1\n" in metrics
    assert "vipherald_apps_drained 3\n" in metrics
    agent.undrain()
    router.wait_routes(VIP4, VIP6, "192.0.2.99/32")
    assert agent.status("status")["drain"] is None


def test_a_drain_with_an_end_ends(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB, OTHER), agent={"drain_time": "100ms"}))
    router.wait_routes(VIP4, VIP6)

    # The end is put nearer once the withdrawal was seen.
    answer = agent.drain("web", **{"for": "1h"})
    assert 3500 < answer["app"]["drain"]["holds"][0]["until_seconds"] <= 3600
    router.wait_routes(VIP6)
    answer = agent.drain("web", **{"for": "1500ms"})
    assert 0 < answer["app"]["drain"]["holds"][0]["until_seconds"] <= 1.5
    router.wait_routes(VIP4, VIP6)
    agent.drain(**{"for": "1h"})
    router.wait_routes()
    agent.drain(**{"for": "1s"})
    router.wait_routes(VIP4, VIP6)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/v1/apps/unknown/drain", 404, "no app 'unknown'"),
        ("/v1/apps/web/drain?for=soon", 400, "'soon'"),
        ("/v1/apps/web/drain?for=0", 400, "must be greater than zero"),
        ("/v1/apps/web/drain?reason=a%1B%5B31m", 400, "reason holds U+001B, a control character"),
        ("/v1/apps/web/drain?reason=a%E2%80%AE", 400, "reason holds U+202E, a direction control"),
        ("/v1/apps/web/drain?reasn=x", 400, "unknown parameter 'reasn', expected reason or for"),
        ("/v1/apps/web/undrain?reason=x", 400, "unknown parameter 'reason', expected none"),
    ],
)
def test_bad_requests_change_nothing(bed: Testbed, path: str, status: int, text: str) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(WEB,)))
    response = agent.request("POST", path)
    assert response.status == status
    assert text in response.json()["error"]
    assert agent.get(path).status == 405
    assert state(agent) == "up"


def test_a_long_reason_is_cut(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(WEB,)))
    hold = agent.drain("web", reason="x" * 2000)["app"]["drain"]["holds"][0]
    assert hold["reason"] == "x" * 255


def disabled(bed: Testbed, file: Path, **agent: Any) -> dict[str, Any]:
    router = bed.start_router("bird")
    web = {**WEB, "disable_file": str(file)}
    return {"router": router, "config": config(peer(router), apps=(web, OTHER), agent=agent)}


def test_disable_file_drains_while_it_exists(bed: Testbed) -> None:
    """In a directory that appears later, goes with all that is in it, and appears again."""
    file = bed.workdir / "deep" / "er" / "web.disable"
    setup = disabled(bed, file, drain_time="300ms")
    router, agent = setup["router"], bed.start_agent(setup["config"])
    router.wait_routes(VIP4, VIP6)
    for _ in range(2):
        file.parent.mkdir(parents=True)
        file.touch()
        router.wait_routes(VIP6)
        [hold] = agent.app("web")["drain"]["holds"]
        assert (hold["by"], hold["reason"]) == ("file", str(file))
        shutil.rmtree(bed.workdir / "deep")
        router.wait_routes(VIP4, VIP6)
    file.parent.mkdir(parents=True)
    (file.parent / "elsewhere").touch()
    (file.parent / "elsewhere").rename(file)
    router.wait_routes(VIP6)
    file.rename(file.parent / "elsewhere")
    router.wait_routes(VIP4, VIP6)


def test_each_source_holds_on_its_own(bed: Testbed) -> None:
    file = bed.workdir / "web.disable"
    setup = disabled(bed, file, drain_time="100ms")
    router, agent = setup["router"], bed.start_agent(setup["config"])
    router.wait_routes(VIP4, VIP6)
    agent.drain("web")
    file.touch()
    wait_until(lambda: len(agent.app("web")["drain"]["holds"]) == 2, "both hold it")
    answer = agent.undrain("web")
    assert answer["app"]["state"] in ("draining", "drained")
    assert [hold["by"] for hold in answer["app"]["drain"]["holds"]] == ["file"]
    file.unlink()
    router.wait_routes(VIP4, VIP6)


def test_an_agent_that_starts_disabled_announces_nothing(bed: Testbed) -> None:
    file, all_file = bed.workdir / "web.disable", bed.workdir / "all.disable"
    setup = disabled(bed, file, drain_time="1h", disable_file=str(all_file))
    router = setup["router"]
    tap = WireTap(router.namespace, router.link.host_ip)
    file.touch()
    all_file.touch()
    agent = bed.start_agent(setup["config"])
    router.wait_established()
    wait_state(agent, "drained")
    all_file.unlink()
    router.wait_routes(VIP6)
    updates = [m for m in tap.last_conversation() if isinstance(m, bgp.Update)]
    assert not any(VIP4 in update.announced for update in updates)
    file.unlink()
    router.wait_routes(VIP4, VIP6)


def test_a_service_that_dies_while_it_drains_is_withdrawn_at_once(bed: Testbed) -> None:
    router = bed.start_router("bird")
    service = bed.start_service(5353)
    dns = app("dns", VIP4, "port:tcp:5353")
    agent = bed.start_agent(config(peer(router), apps=(dns,), agent={"drain_time": "1h"}))
    router.wait_routes(VIP4)
    agent.drain("dns")
    wait_attributes(router, VIP4, DRAINING)
    service.kill()
    router.wait_routes()
    service.start()
    wait_until(lambda: agent.app("dns")["health"] == "up", "the service is back")
    never(lambda: router.routes(), "a drained app comes back")
    agent.undrain("dns")
    router.wait_routes(VIP4)


# The stop


def test_shutdown_drain_drains_before_the_stop(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    tap = WireTap(router.namespace, router.link.host_ip)
    options = {"shutdown_drain": True, "drain_time": "1s"}
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent=options))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGTERM)
    agent.expect_exit(0)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}
    assert _said_of(tap, VIP4) == ["plain", [GRACEFUL_SHUTDOWN], "withdrawn"]


def test_drain_of_a_stop_reaches_routers_and_cannot_be_undone(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    options = {"shutdown_drain": True, "drain_time": "1h"}
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent=options))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGTERM)
    wait_attributes(router, VIP4, DRAINING)
    assert agent.status("status")["phase"] == "draining"
    assert agent.request("POST", "/v1/undrain").status == 503


def test_services_that_come_and_go_meanwhile(bed: Testbed) -> None:
    """Consul is followed until the stop: what goes is withdrawn, what comes is not announced."""
    router = bed.start_router("bird")
    consul = Consul(bed.host)
    consul.register("web", tags(VIP4))
    consul.register("dns", tags(VIP6))
    tap = WireTap(router.namespace, router.link.host_ip)
    agent = bed.start_agent(
        config(
            peer(router),
            agent={"shutdown_drain": True, "drain_time": "1h", "consul_addr": consul.addr},
        )
    )
    router.wait_routes(VIP4, VIP6)
    agent.process.signal(signal.SIGTERM)
    wait_attributes(router, VIP4, DRAINING)
    consul.register("new", tags("192.0.2.99/32"))
    consul.deregister("dns")
    router.wait_routes(VIP4)
    wait_until(lambda: agent.get("/v1/apps/new").status == 200, "the new service is known")
    assert state(agent, "new") == "drained"
    consul.kill()  # and nothing comes of it
    stop_in_time(agent)  # the second signal
    router.wait_routes()
    updates = [m for m in tap.last_conversation() if isinstance(m, bgp.Update)]
    assert not any("192.0.2.99/32" in update.announced for update in updates)
    assert bed.host.loopback_addresses() == {}


def test_a_second_signal_skips_the_drain(bed: Testbed) -> None:
    router = bed.start_router("bird")
    options = {"shutdown_drain": True, "drain_time": "1h"}
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent=options))
    router.wait_routes(VIP4)
    agent.process.signal(signal.SIGTERM)
    agent.wait_log("draining all apps before stopping")
    stop_in_time(agent)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}


def test_without_anything_to_drain_the_stop_is_as_quick_as_ever(bed: Testbed) -> None:
    bed.link()
    options = {"shutdown_drain": True, "drain_time": "1h"}
    down = app("down", VIP4, "exec:false")
    agent = bed.start_agent(
        config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(down,), agent=options)
    )
    wait_until(lambda: agent.app("down")["health"] == "down", "it is down")
    stop_in_time(agent)


def test_without_shutdown_drain_a_drain_does_not_delay_the_stop(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent={"drain_time": "1h"}))
    router.wait_routes(VIP4)
    agent.drain()
    wait_attributes(router, VIP4, DRAINING)
    stop_in_time(agent)
    router.wait_routes()
    assert bed.host.loopback_addresses() == {}
