"""`reason` of an app: the first thing that keeps it from being announced, and the next when that is
gone."""

from .configs import PORT, VIP4, app, config, peer
from .testbed import Testbed
from .wait import wait_until

WEB = app("web", VIP4, f"port:tcp:{PORT}")


def test_one_after_the_other(bed: Testbed) -> None:
    """Down, drained, a VIP that is taken, no session: all at once, and removed in this order."""
    router = bed.start_router("bird")
    router.stop()
    bed.host.ip(f"addr add {VIP4} dev lo")
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent={"drain_time": "10ms"}))

    def wait_reason(begin: str) -> None:
        wait_until(lambda: str(agent.app("web")["reason"]).startswith(begin), begin)
        assert agent.app("web")["announced"] is False

    agent.drain("web", reason="upgrade")
    wait_reason(f"port:tcp:{PORT}: nothing listens on tcp port {PORT}")
    bed.start_service(PORT)
    wait_reason("drained: upgrade")
    agent.undrain("web")
    wait_reason(f"{VIP4}: {VIP4} is on lo already")
    bed.host.ip(f"addr del {VIP4} dev lo")
    wait_reason(f"{VIP4}: no BGP session established (0 of 1): peer 10.0.1.1 is ")
    router.start()
    router.wait_routes(VIP4)
    wait_until(lambda: agent.app("web")["announced"], "announced")
    assert agent.app("web")["reason"] == "all monitors pass"


def test_held_down(bed: Testbed) -> None:
    """It flaps; from the second fall on the reason is hold_down once the monitors pass again."""
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    hold = {"hold_down": "1h", "hold_down_max": "2h"}
    agent = bed.start_agent(config(peer(router), apps=(WEB,), agent=hold))
    router.wait_routes(VIP4)
    for announced in (True, False):
        service.kill()
        router.wait_routes()
        assert str(agent.app("web")["reason"]).startswith(f"port:tcp:{PORT}: nothing listens")
        service.start()
        if announced:
            router.wait_routes(VIP4)
    wait_until(lambda: str(agent.app("web")["reason"]).startswith("held down for "), "held down")
    assert "went down 2 times in a row (hold_down)" in agent.app("web")["reason"]
    assert router.routes() == {}
