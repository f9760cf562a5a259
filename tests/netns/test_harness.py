"""The test bed itself: a scripted speaker announces to every router, and the router's report is read.

When these fail, the routers or the helpers are broken, not vipherald.
"""

from . import bgp, rawpeer
from .routers import Route
from .testbed import AGENT_AS, Testbed
from .wiretap import WireTap


def test_router_reports_exactly_what_was_announced(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    link = router.link
    tap = WireTap(link.namespace, link.host_ip)
    speaker = rawpeer.connect(bed.host, link.host_ip, link.router_ip)
    speaker.establish(65001)
    router.wait_established()

    communities = ["1000:1000", "100:100"]
    for prefix, next_hop in (("192.0.2.53/32", link.host_ip), ("2001:db8::53/128", link.host_ip6)):
        speaker.send(bgp.update_message([prefix], next_hop, [AGENT_AS], communities, "egp"))
    routes = router.wait_routes("192.0.2.53/32", "2001:db8::53/128")
    for prefix, next_hop in (("192.0.2.53/32", link.host_ip), ("2001:db8::53/128", link.host_ip6)):
        route = routes[prefix]
        assert route == Route(
            prefix,
            next_hop,
            (AGENT_AS,),
            "egp",
            ("100:100", "1000:1000"),
            route.local_pref,
            route.med,
        )

    speaker.send(bgp.withdraw_message(["192.0.2.53/32"]))
    router.wait_routes("2001:db8::53/128")
    speaker.send(bgp.withdraw_message(["2001:db8::53/128"]))
    router.wait_routes()
    speaker.close()
    router.wait_not_established()
    sent = tap.last_conversation()
    assert [update.withdrawn for update in sent[-2:]] == [["192.0.2.53/32"], ["2001:db8::53/128"]]


def test_router_comes_back_after_kill(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    router.kill()
    router.start()
    speaker = rawpeer.connect(bed.host, router.link.host_ip, router.ip)
    speaker.establish(65001)
    router.wait_established()
