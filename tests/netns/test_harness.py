"""The test bed itself: a scripted speaker announces to every router, whose report is read.

When these fail, the routers or the helpers are broken, not vipherald.
"""

from typing import Any

import pytest

from . import bgp, rawpeer, schedule
from .browser import Browser
from .rawpeer import RawListener
from .routers import KINDS, Route
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import wait_until
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


# name: options of the router, options of the scripted speaker's socket, AS path that it sends
SESSIONS: dict[str, tuple[dict[str, Any], dict[str, Any], list[int]]] = {
    "ibgp": ({"asn": AGENT_AS}, {}, []),
    "as4": ({"asn": 4200000000, "agent_asn": 4200000001}, {}, [4200000001]),
    "md5": ({"password": "secret"}, {"password": "secret"}, [AGENT_AS]),
    "gtsm": ({"ttl_security": True}, {"ttl": 255}, [AGENT_AS]),
    "multihop": ({"multihop": 255}, {"ttl": 255}, [AGENT_AS]),
    "ipv6": ({}, {}, [AGENT_AS]),
}


PAIRS = [(kind, name) for kind in sorted(KINDS) for name in SESSIONS if KINDS[kind].accepts(name)]


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_router_is_configured_for_every_kind_of_session(
    bed: Testbed, kind: str, name: str
) -> None:
    router_options, socket_options, path = SESSIONS[name]
    link = bed.link()
    source, target = link.host_ip, link.router_ip
    if name == "ipv6":
        source, target = link.host_ip6, link.router_ip6
    router = bed.start_router(kind, link, listen=target, agent_ip=source, **router_options)
    speaker = rawpeer.connect(bed.host, source, target, **socket_options)
    speaker.establish(router.config.neighbour.asn, bgp_id="10.0.1.2")
    local_pref = None if path else 100
    for prefix, next_hop in (("192.0.2.53/32", link.host_ip), ("2001:db8::53/128", link.host_ip6)):
        speaker.send(bgp.update_message([prefix], next_hop, path, local_pref=local_pref))
    routes = router.wait_routes("192.0.2.53/32", "2001:db8::53/128")
    assert {route.as_path for route in routes.values()} == {tuple(path)}


def test_active_router_connects_by_itself(bed: Testbed, kind: str) -> None:
    link = bed.link()
    listener = RawListener(bed.host, link.host_ip)
    router = bed.start_router(kind, link, passive=False)
    speaker = listener.accept()
    speaker.establish(AGENT_AS)
    router.wait_established()
    assert speaker.remote_ip == link.router_ip
    assert router.config.asn == ROUTER_AS


def test_browser_has_its_temporary_files_in_those_of_the_test(bed: Testbed) -> None:
    """It is killed at the end, and removes none of them by itself."""
    browser = Browser(bed.host, "about:blank")
    wait_until(lambda: list(browser.temporary.glob("*chromium*")), "the browser's own directory")


@pytest.mark.parametrize(
    ("items", "order"),
    [
        ("abc", "abc"),
        ("abcdefghZ", "Zabcdefgh"),
        ("abcdefYghZ", "YabZcdefgh"),
        ("aXYZ", "XaYZ"),
        ("YZ", "YZ"),
        ("", ""),
    ],
)
def test_long_tests_are_spread_over_the_first_half(items: str, order: str) -> None:
    assert "".join(schedule.spread(items, str.isupper)) == order


def test_halves_are_about_the_same_and_divide_cases() -> None:
    cases = [f"tests/netns/test_a.py::test_b[{i}]" for i in range(100)]
    halves = [schedule.half(case) for case in cases]
    assert 40 < halves.count("even") < 60
    assert halves == [schedule.half(case) for case in cases]
    assert set(halves) == set(schedule.HALVES)
