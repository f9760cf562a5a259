"""Attributes of bgp, of a peer, of an app and of a state: merged by one rule, changed by UPDATEs of
what differs."""

from typing import Any

from .configs import VIP4, app, config, peer
from .test_reload import OTHER, Watch, start
from .test_states_attributes import wait_attributes
from .testbed import AGENT_AS, Testbed
from .wait import wait_until

BGP: dict[str, Any] = {
    "communities": ["100:1"],
    "ext_communities": ["rt:65001:1"],
    "large_communities": ["65001:0:1"],
    "med": 10,
    "prepend": 1,
}
PEER: dict[str, Any] = {
    "communities": ["200:1"],
    "ext_communities": ["rt:65001:2"],
    "large_communities": ["65001:0:2"],
    "med": 20,
}
APP: dict[str, Any] = {
    "bgp_communities": ["300:1"],
    "bgp_ext_communities": ["rt:65001:3"],
    "bgp_large_communities": ["65001:0:3"],
    "med": 30,
    "prepend": 3,
}
STATE: dict[str, Any] = {
    "communities": ["400:1"],
    "ext_communities": ["rt:65001:4"],
    "large_communities": ["65001:0:4"],
    "med": 40,
    "prepend": 0,
}


def merged(n: int, med: int, prepends: int) -> dict[str, Any]:
    """The attributes that a router gets from the first n levels."""
    return {
        "communities": ("100:1", "200:1", "300:1", "400:1")[:n],
        "ext_communities": tuple(f"rt:65001:{i + 1}" for i in range(n)),
        "large_communities": tuple(f"65001:0:{i + 1}" for i in range(n)),
        "med": med,
        "as_path": (AGENT_AS,) * (1 + prepends),
    }


def test_every_router_sees_the_levels_merged(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    plain = app("plain", VIP4)
    own = {**app("own", OTHER), "vip_config": APP}
    agent = bed.start_agent(config(peer(router, **PEER), apps=(plain, own), **BGP))
    wait_attributes(router, VIP4, merged(2, 20, 1))
    wait_attributes(router, OTHER, merged(3, 30, 3))
    [shown] = agent.vip(OTHER)["peers"]
    assert (shown["med"], shown["prepend"], shown["local_pref"]) == (30, 3, None)
    assert shown["large_communities"] == ["65001:0:1", "65001:0:2", "65001:0:3"]

    state = {**own, "states": {"up": STATE}}
    agent.reload(config(peer(router, **PEER), apps=(plain, state), **BGP))
    wait_attributes(router, OTHER, merged(4, 40, 0))


def test_local_pref_to_ibgp_peers(bed: Testbed) -> None:
    router = bed.start_router("bird", asn=AGENT_AS)
    own = {**app("own", OTHER), "vip_config": {"local_pref": 300}}
    plain = app("plain", VIP4)
    agent = bed.start_agent(config(peer(router, local_pref=200), apps=(plain, own), local_pref=150))
    wait_attributes(router, VIP4, {"local_pref": 200})
    wait_attributes(router, OTHER, {"local_pref": 300})
    agent.reload(config(peer(router), apps=(plain, own), local_pref=150))
    wait_attributes(router, VIP4, {"local_pref": 150})
    agent.drain("own")
    wait_attributes(router, OTHER, {"local_pref": 0})


def test_a_reload_sends_what_differs(bed: Testbed) -> None:
    """To the peer concerned, for the routes that have no number of their own; no session is reset."""
    one, two = Watch(bed), Watch(bed)
    kept = app("kept", VIP4)
    own = {**app("own", OTHER), "vip_config": {"med": 7}}
    agent = start(bed, one, two, apps=(kept, own))
    markers = (f"192.0.2.{n}/32" for n in range(100, 110))

    def seen() -> list[list[tuple[str, int | None]]]:
        """The routes and their MEDs that each of the two was sent since the last call."""
        marker = next(markers)
        agent.register(marker.removesuffix("/32"), marker)
        return [
            sorted((prefix, update.med) for update in updates for prefix in update.announced)
            for updates in (one.updates_until(marker), two.updates_until(marker))
        ]

    def reload(first: dict[str, Any], **keys: Any) -> list[list[tuple[str, int | None]]]:
        agent.reload(config({**one.entry, **first}, two.entry, apps=(kept, own), **keys))
        return [[route for route in routes if route[0] in (VIP4, OTHER)] for routes in seen()]

    wait_until(lambda: agent.app("own")["announced_to"]["sent"] == 2, "both have all")
    seen()
    assert reload({"med": 5}) == [[(VIP4, 5)], []]
    assert reload({"med": 5}, med=9) == [[], [(VIP4, 9)]]
    assert reload({"med": 5, "large_communities": ["1:2:3"]}, med=9) == [[(VIP4, 5), (OTHER, 7)], []]
    assert reload({"med": 5, "large_communities": ["1:2:3"]}, med=9) == [[], []]
