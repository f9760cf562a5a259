"""Long-lived graceful restart (RFC 9494), with FRR, BIRD and GoBGP as the helping routers."""

import pytest

from .agent import Agent
from .configs import DNS, PORT, VIP4, VIP6, config, peer
from .routers import Router
from .testbed import Testbed
from .wait import wait_until

LLGR_STALE = "65535:6"


def start(bed: Testbed, kind: str, seconds: int) -> tuple[Router, Agent]:
    router = bed.start_router(kind, graceful_restart=True, long_lived=seconds)
    bed.start_service(PORT)
    keys = {"graceful_restart": True, "restart_time": "1s", "long_lived_restart_time": f"{seconds}s"}
    agent = bed.start_agent(config(peer(router, **keys), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    wait_until(lambda: not agent.peer(router.ip)["graceful_restart"]["restarting"], "End-of-RIB")
    return router, agent


def stale(router: Router) -> set[str]:
    routes = router.routes().items()
    return {prefix for prefix, route in routes if LLGR_STALE in route.communities}


@pytest.mark.parametrize("kind", ["bird", "frr", "gobgp"])
def test_routes_stay_as_the_last_choice(bed: Testbed, kind: str) -> None:
    router, agent = start(bed, kind, 3600)
    assert agent.peer(router.ip)["graceful_restart"]["long_lived"] is True
    agent.kill()
    wait_until(lambda: stale(router) == {VIP4, VIP6}, "LLGR_STALE after the restart time")
    agent.start()
    wait_until(lambda: not stale(router), "fresh routes")
    assert set(router.wait_routes(VIP4, VIP6)) == {VIP4, VIP6}


@pytest.mark.parametrize("kind", ["bird", "frr", "gobgp"])
def test_routes_go_when_all_is_over(bed: Testbed, kind: str) -> None:
    router, agent = start(bed, kind, 1)
    agent.kill()
    router.wait_routes()


@pytest.mark.parametrize("kind", ["bird", "frr", "gobgp"])
def test_stop_withdraws(bed: Testbed, kind: str) -> None:
    router, agent = start(bed, kind, 3600)
    agent.stop()
    router.wait_routes()
