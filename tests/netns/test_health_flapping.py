"""A flapping service: withdrawn at once, announced again after damping."""

import time

from . import bgp
from .configs import VIP4, config, peer
from .testbed import Testbed
from .wait import wait_until
from .wiretap import WireTap

FIRST = 0.5


def test_flapping_service_is_held_down(bed: Testbed) -> None:
    """Each time twice as long; the router hears of each return once."""
    router = bed.start_router("bird")
    tap = WireTap(router.namespace, router.link.host_ip)
    service = bed.start_service(7777)
    app = {"name": "a", "vip": VIP4, "monitors": ["port:tcp:7777"]}
    hold = {"hold_down": "500ms", "hold_down_max": "10m"}
    agent = bed.start_agent(config(peer(router), apps=({**app, **hold},)))
    router.wait_routes(VIP4)
    for flaps, held in enumerate((0, FIRST, 2 * FIRST, 4 * FIRST)):
        fell = time.monotonic()
        service.kill()
        router.wait_routes()
        service.start()
        shown = wait_until(
            lambda: (a := agent.app("a"))["monitors"][0]["health"] == "up" and a, "the check passes"
        )
        if held:
            assert shown["flaps"] == flaps
            # A busy machine may have been slow to ask.
            if shown["health"] == "down":
                assert shown["held_down_until_seconds"] <= held
        router.wait_routes(VIP4)
        assert time.monotonic() - fell >= held
        assert agent.app("a")["held_down_until"] is None
    assert agent.app("a")["went_up"] == 5
    said = [
        "withdrawn" if VIP4 in m.withdrawn else "announced"
        for m in tap.last_conversation()
        if isinstance(m, bgp.Update) and (VIP4 in m.withdrawn or VIP4 in m.announced)
    ]
    assert said == ["announced"] + ["withdrawn", "announced"] * 4
    agent.wait_event("app.held", app="a", text="a: flapped 1 time, held down for 500ms")
    held = agent.wait_event("app.held", app="a", text="a: flapped 3 times, held down for 2s")
    released = agent.wait_event("app.released", app="a", text="a: no longer held down")
    assert held["level"] == "warning" and released["id"] > held["id"]
