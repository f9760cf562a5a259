"""Aggregates, as FRR and BIRD see them: announced while enough of their apps are."""

import re
from typing import Any

import pytest

from .agent import Agent
from .configs import app, config, peer
from .test_metrics import samples
from .test_reload import Watch, start
from .test_states_attributes import checked, switch, wait_attributes
from .testbed import Testbed
from .wait import never, wait_until

AGGREGATE = "198.51.100.0/24"
ONE, TWO, OUTSIDE = "198.51.100.1/32", "198.51.100.2/32", "192.0.2.1/32"
AGGREGATE6, ONE6 = "2001:db8::/32", "2001:db8::53/128"

ROUTERS = pytest.mark.parametrize("kind", ["frr", "bird"])


def aggregate(prefix: str = AGGREGATE, **keys: Any) -> dict[str, Any]:
    return {"prefix": prefix, **keys}


def shown(agent: Agent, prefix: str = AGGREGATE) -> dict[str, Any]:
    [found] = [a for a in agent.status("routes")["aggregates"] if a["prefix"] == prefix]
    return found


def on_page(agent: Agent, show: str) -> list[str]:
    """The apps that the page shows."""
    connection = agent.connect()
    connection.request("GET", f"/?show={show}", headers={"Accept": "text/html"})
    text = connection.getresponse().read().decode()
    connection.close()
    return re.findall(r'<tbody data-key="([^"]+)"', text)


@ROUTERS
def test_announced_with_enough_apps(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    one, two = switch(bed, "one"), switch(bed, "two")
    one.touch()
    apps = (
        checked("one", [ONE, ONE6], one),
        checked("two", TWO, two),
        app("other", OUTSIDE),
    )
    aggregates = [
        aggregate(min=2, communities=["300:1"], med=7, prepend=1),
        aggregate(AGGREGATE6),
    ]
    agent = bed.start_agent(config(peer(router), apps=apps, aggregates=aggregates))
    router.wait_routes(ONE, ONE6, OUTSIDE, AGGREGATE6)
    assert shown(agent)["form"] == "none"

    two.touch()
    routes = router.wait_routes(ONE, ONE6, TWO, OUTSIDE, AGGREGATE, AGGREGATE6)
    route = routes[AGGREGATE]
    assert (route.communities, route.med) == (("300:1",), 7)
    assert len(route.as_path) == 2
    agent.wait_log("aggregate 198.51.100.0/24: announced, 2 apps in it are announced")
    assert shown(agent)["apps"] == {"announced": 2, "up": 2}
    assert shown(agent)["announced_to"] == {"sent": 1, "peers": 1}
    assert agent.status("status")["aggregates"] == {"total": 2, "announced": 2}
    assert agent.status("status")["vips"]["announced"] == 4
    metrics = agent.get("/metrics").text
    assert f'vipherald_aggregate_announced{{aggregate="{AGGREGATE}"}} 1' in metrics
    assert f'vipherald_aggregate_apps{{aggregate="{AGGREGATE}"}} 2' in metrics

    one.unlink()
    router.wait_routes(TWO, OUTSIDE)
    events = agent.status(f"events?name={AGGREGATE}")["events"]
    assert [e["kind"] for e in events if e["kind"].startswith("aggregate")] == [
        "aggregate.announced",
        "aggregate.withdrawn",
    ]
    sent = [e for e in events if e["kind"].startswith("route")]
    assert {(e["peer"], e["cause"]) for e in sent} == {(router.ip, "aggregate")}
    explained = agent.status(f"explain?name={AGGREGATE}")
    assert explained["vips"][0]["first"] == "apps"


@ROUTERS
def test_summary_only(bed: Testbed, kind: str) -> None:
    """The VIPs in it are announced to no router, whether or not the aggregate is."""
    router = bed.start_router(kind)
    one = switch(bed, "one")
    apps = (checked("one", ONE, one), app("two", TWO), app("other", OUTSIDE))
    agent = bed.start_agent(
        config(peer(router), apps=apps, aggregates=[aggregate(min=2, summary_only=True)])
    )
    router.wait_routes(OUTSIDE)
    one.touch()
    router.wait_routes(AGGREGATE, OUTSIDE)
    assert set(bed.host.loopback_addresses()) == {ONE, TWO, OUTSIDE}
    assert agent.route_state(ONE, router.ip) == "suppressed"
    counts = agent.status("status")["vips"]
    assert (counts["announced"], counts["suppressed"], counts["troubled"]) == (1, 2, 0)
    assert on_page(agent, "trouble") == []
    assert samples(agent, "vipherald_vips_suppressed") == {(): 2}
    assert agent.vip(ONE)["announced_to"] == {"sent": 1, "peers": 1}
    assert (agent.vip(ONE)["error"], agent.vip(ONE)["reason"]) == (None, None)
    assert agent.app("one")["announced"]
    assert agent.get("/readyz").status == 200

    agent.reload(config(peer(router), apps=apps, aggregates=[aggregate(min=2)]))
    router.wait_routes(AGGREGATE, ONE, TWO, OUTSIDE)
    agent.reload(config(peer(router), apps=apps, aggregates=[aggregate(min=2, summary_only=True)]))
    router.wait_routes(AGGREGATE, OUTSIDE)
    one.unlink()
    router.wait_routes(OUTSIDE)
    assert "its aggregate" in agent.vip(TWO)["reason"]
    assert on_page(agent, "trouble") == ["one", "two"]
    assert agent.get("/readyz").status == 200
    assert agent.peer(router.ip)["sessions"] == 1


def test_a_drain_of_its_apps(bed: Testbed) -> None:
    """Less preferred as long as it takes apps that drain to be announced, then withdrawn."""
    router = bed.start_router("frr")
    apps = (app("one", ONE), app("two", TWO))
    agent = bed.start_agent(
        config(
            peer(router),
            apps=apps,
            aggregates=[aggregate(min=2, communities=["300:1"])],
            agent={"drain_time": "1h"},
        )
    )
    wait_attributes(router, AGGREGATE, {"communities": ("300:1",)})
    agent.drain("one")
    wait_attributes(router, AGGREGATE, {"communities": ("300:1", "65535:0")})
    assert shown(agent)["form"] == "drain"
    agent.undrain("one")
    wait_attributes(router, AGGREGATE, {"communities": ("300:1",)})


def test_a_reload_changes_it_in_place(bed: Testbed) -> None:
    """UPDATEs of what differs, no session is reset; and only the peers that it names have it."""
    one, two = Watch(bed), Watch(bed)
    apps = (app("kept", ONE),)
    agent = start(bed, one, two, apps=apps)
    wait_until(lambda: agent.app("kept")["announced_to"]["sent"] == 2, "both have it")
    markers = (f"192.0.2.{n}/32" for n in range(100, 120))

    def seen() -> list[list[tuple[str, int | None]]]:
        marker = next(markers)
        agent.register(marker.removesuffix("/32"), marker)
        return [
            sorted(
                [(p, u.med) for u in updates for p in u.announced if p == AGGREGATE]
                + [(f"-{p}", None) for u in updates for p in u.withdrawn if p == AGGREGATE]
            )
            for updates in (one.updates_until(marker), two.updates_until(marker))
        ]

    def reload(*aggregates: dict[str, Any]) -> list[list[tuple[str, int | None]]]:
        keys = {"aggregates": list(aggregates)} if aggregates else {}
        agent.reload(config(one.entry, two.entry, apps=apps, **keys))
        return seen()

    seen()
    gone = (f"-{AGGREGATE}", None)
    assert reload(aggregate()) == [[(AGGREGATE, None)]] * 2
    assert reload(aggregate(med=5)) == [[(AGGREGATE, 5)]] * 2
    assert reload(aggregate(med=5, except_peers=[one.entry["peer_ip"]])) == [[gone], []]
    assert agent.route_state(ONE, one.entry["peer_ip"]) == "sent"
    assert reload(aggregate(med=5)) == [[(AGGREGATE, 5)], []]
    assert reload(aggregate(med=5)) == [[], []]
    assert reload(aggregate(med=5, min=2)) == [[gone], [gone]]
    assert reload(aggregate(med=6)) == [[(AGGREGATE, 6)]] * 2
    assert reload() == [[gone], [gone]]


def test_a_vip_may_not_be_an_aggregate(bed: Testbed) -> None:
    router = bed.start_router("bird")

    def with_aggregates(*prefixes: str) -> dict[str, Any]:
        return config(
            peer(router),
            apps=(app("one", ONE),),
            agent={"vips": {"allow": [AGGREGATE, AGGREGATE6]}},
            aggregates=[aggregate(prefix) for prefix in prefixes],
        )

    agent = bed.start_agent(with_aggregates(AGGREGATE))
    router.wait_routes(ONE, AGGREGATE)
    answer = agent.register("all", AGGREGATE)
    assert answer.status == 409, answer
    assert "is an aggregate of the configuration" in answer.text
    assert agent.register("six", AGGREGATE6).status == 200
    router.wait_routes(ONE, AGGREGATE, AGGREGATE6)
    answer = agent.reload(with_aggregates(AGGREGATE, AGGREGATE6), status=422)
    assert "is an aggregate of the configuration" in str(answer)
    assert len(agent.status("routes")["aggregates"]) == 1


@ROUTERS
def test_graceful_restart(bed: Testbed, kind: str) -> None:
    """The router keeps the aggregate over a kill; End-of-RIB takes away one that does not come back."""
    router = bed.start_router(kind, graceful_restart=True)
    one, two = switch(bed, "one"), switch(bed, "two")
    one.touch()
    two.touch()
    apps = (checked("one", ONE, one), checked("two", TWO, two), app("six", ONE6))
    agent = bed.start_agent(
        config(
            peer(router, graceful_restart=True),
            apps=apps,
            aggregates=[aggregate(min=2), aggregate(AGGREGATE6)],
        )
    )
    router.wait_routes(ONE, TWO, AGGREGATE, ONE6, AGGREGATE6)
    agent.kill()
    router.wait_not_established()
    assert AGGREGATE in router.routes()
    two.unlink()
    agent.start()
    router.wait_routes(ONE, ONE6, AGGREGATE6)
    never(lambda: AGGREGATE6 not in router.routes(), "the other aggregate is lost", 0.3)


def test_a_stop_withdraws_it_first(bed: Testbed) -> None:
    """The withdrawal of the aggregate is acknowledged before the address of its last VIP goes."""
    watch = Watch(bed)
    apps = (app("kept", ONE),)
    agent = start(bed, watch, apps=apps, aggregates=[aggregate(summary_only=True)])
    wait_until(lambda: shown(agent)["announced_to"]["sent"] == 1, "the aggregate is sent")
    agent.unregister("kept")
    wait_until(lambda: shown(agent)["form"] == "none", "the aggregate is withdrawn")
    agent.register("marker", OUTSIDE)
    updates = watch.updates_until(OUTSIDE)
    assert [p for u in updates for p in u.withdrawn] == [AGGREGATE]
    assert ONE not in {p for u in updates for p in u.announced}
