"""Peers and the apps' `peers` change in one reload: no router gets, for a moment, what is not for it."""

from concurrent.futures import ThreadPoolExecutor

from .configs import VIP4, app, config
from .test_peer_filter import Watch
from .testbed import Testbed
from .wait import wait_until

AGGREGATE, MEMBER = "198.51.100.0/24", "198.51.100.1/32"
APPS = 4000


def many() -> tuple[dict[str, object], ...]:
    return tuple(app(f"a{i}", f"10.77.{i // 250}.{i % 250 + 1}/32") for i in range(APPS))


def test_a_new_router_and_names(bed: Testbed) -> None:
    """Thousands of apps take several turns; the new router is connected long before the last one."""
    one, two = Watch(bed), Watch(bed)
    apps = many()
    agent = bed.start_agent(config(one.entry, apps=apps))
    one.open()
    wait_until(lambda: agent.peer(one.ip)["routes"]["sent"] == APPS, "all are sent", 60)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(two.establish)
        named = tuple({**each, "peers": [one.ip]} for each in apps)
        agent.reload(config(one.entry, two.entry, apps=named))
        assert first.result() == set()
    assert two.changes(agent) == []
    assert agent.peer(one.ip)["routes"]["sent"] == APPS


def test_names_change_hands(bed: Testbed) -> None:
    one, two = Watch(bed), Watch(bed)
    web = app("web", VIP4)
    agent = bed.start_agent(
        config(
            {**one.entry, "description": "x"},
            {**two.entry, "description": "y"},
            apps=({**web, "peers": ["x"]},),
        )
    )
    one.establish()
    two.establish()
    wait_until(lambda: agent.route_state(VIP4, one.ip) == "sent", "it is sent")
    one.changes(agent)
    two.changes(agent)
    agent.reload(
        config(
            {**one.entry, "description": "y"},
            {**two.entry, "description": "x"},
            apps=({**web, "peers": ["y"]},),
        )
    )
    assert one.changes(agent) == []
    assert two.changes(agent) == []


def test_an_aggregate_gives_way(bed: Testbed) -> None:
    """The routes that it stood for are only for one router now."""
    one, two = Watch(bed), Watch(bed)
    web = app("web", MEMBER)
    aggregate = {"prefix": AGGREGATE, "summary_only": True}
    agent = bed.start_agent(config(one.entry, two.entry, apps=(web,), aggregates=[aggregate]))
    one.establish()
    two.establish()
    for watch in (one, two):
        wait_until(lambda w=watch: agent.route_state(MEMBER, w.ip) == "suppressed", "its state")
        watch.changes(agent)
    named = {**web, "peers": [one.ip]}
    agent.reload(
        config(
            one.entry, two.entry, apps=(named,), aggregates=[{**aggregate, "summary_only": False}]
        )
    )
    assert one.changes(agent) == [f"+{MEMBER}"]
    assert two.changes(agent) == []
    # Without the aggregate at all.
    agent.reload(config(one.entry, two.entry, apps=({**web, "except_peers": [one.ip]},)))
    assert sorted(one.changes(agent)) == [f"-{AGGREGATE}", f"-{MEMBER}"]
    assert sorted(two.changes(agent)) == [f"+{MEMBER}", f"-{AGGREGATE}"]


def test_a_vip_goes_from_app_to_app(bed: Testbed) -> None:
    """Its first owner has other attributes and other routers by then, long before the heir's turn."""
    one, two = Watch(bed), Watch(bed)
    first = {**app("first", VIP4), "peers": [one.ip]}
    agent = bed.start_agent(config(one.entry, two.entry, apps=(first,)))
    one.establish()
    two.establish()
    wait_until(lambda: agent.route_state(VIP4, one.ip) == "sent", "it is sent")
    one.changes(agent)
    two.changes(agent)
    other = {**app("first", MEMBER), "states": {"up": {"med": 7}}}
    heir = {**app("heir", VIP4), "peers": [one.ip]}
    between = tuple({**each, "peers": [one.ip]} for each in many())
    agent.reload(config(one.entry, two.entry, apps=(other, *between, heir)))
    wait_until(lambda: agent.peer(one.ip)["routes"]["sent"] == APPS + 2, "all are sent", 60)
    assert two.changes(agent) == [f"+{MEMBER}"]
    assert f"+{VIP4}" not in one.changes(agent)
