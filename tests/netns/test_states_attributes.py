"""Every state with its own attributes, as real routers see them, and keep_last."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .health import PEER
from .routers import Route, Router
from .routers.base import NotReady
from .testbed import AGENT_AS, Testbed
from .wait import never, wait_until

GRACEFUL_SHUTDOWN = "65535:0"

STATES: dict[str, Any] = {
    "up": {"med": 10, "communities": ["5000:1"], "large_communities": ["65001:0:1"]},
    "down": {
        "announce": True,
        "med": 4294967295,
        "prepend": 3,
        "local_pref": 50,
        "communities": ["5000:9"],
        "ext_communities": ["rt:65001:900", "soo:192.0.2.1:7"],
        "large_communities": ["65001:9:9", "4200000001:1:2"],
    },
    "drain": {"prepend": 2, "communities": ["5000:5"], "ext_communities": ["rt:65001:500"]},
}


def switch(bed: Testbed, name: str = "healthy") -> Path:
    """A file that makes an app healthy while it exists."""
    return bed.workdir / name


def checked(name: str, vip: str | list[str], file: Path, **keys: Any) -> dict[str, Any]:
    return {**app(name, vip, f"exec:test -e {file}", communities=("5000:5000",)), **keys}


def wait_attributes(router: Router, prefix: str, wanted: dict[str, Any]) -> Route:
    """Wait for a route with these attributes, whatever its others are."""

    def found() -> Route:
        route = router.routes().get(prefix)
        if not route or replace(route, **wanted) != route:
            raise LookupError(f"it has {route}")
        return route

    return wait_until(found, f"{router.kind}: {prefix} with {wanted}", ignore=(LookupError, NotReady))


UP = {
    "med": 10,
    "as_path": (AGENT_AS,),
    "communities": ("5000:1", "5000:5000"),
    "ext_communities": (),
    "large_communities": ("65001:0:1",),
}
DOWN = {
    "med": 4294967295,
    "as_path": (AGENT_AS,) * 4,
    "communities": ("5000:9", "5000:5000"),
    "ext_communities": ("rt:65001:900", "soo:192.0.2.1:7"),
    "large_communities": ("65001:9:9", "4200000001:1:2"),
}
DRAIN = {
    "med": 10,
    "as_path": (AGENT_AS,) * 3,
    "communities": ("5000:1", "5000:5", "5000:5000", GRACEFUL_SHUTDOWN),
    "ext_communities": ("rt:65001:500",),
    "large_communities": ("65001:0:1",),
}


def test_a_med_for_each_vip(bed: Testbed, kind: str) -> None:
    """`increase`, in the order of `vip`, in every state."""
    router = bed.start_router(kind)
    other, file = "192.0.2.54/32", switch(bed)
    file.touch()

    def conf(*vips: str) -> dict[str, Any]:
        states = {"up": {"med": 100}, "down": {"announce": True, "med": 1000}}
        dns = checked("dns", list(vips), file, states=states, vip_config={"increase": 10})
        return config(peer(router), apps=(dns,))

    def wait_meds(first: str, second: str, med: int) -> None:
        wait_attributes(router, first, {"med": med})
        wait_attributes(router, second, {"med": med + 10})

    agent = bed.start_agent(conf(VIP4, other))
    wait_meds(VIP4, other, 100)
    agent.reload(conf(other, VIP4))
    wait_meds(other, VIP4, 100)
    file.unlink()
    wait_meds(other, VIP4, 1000)
    routes = {r["prefix"]: r["attributes"]["med"] for r in agent.status("routes")["routes"]}
    assert routes == {other: 1000, VIP4: 1010}


def test_every_router_sees_every_state(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    file = switch(bed)
    file.touch()
    dns = checked("dns", [VIP4, VIP6], file, states=STATES)
    agent = bed.start_agent(config(peer(router), apps=(dns,), agent={"drain_time": "1h"}))
    for prefix in (VIP4, VIP6):
        wait_attributes(router, prefix, UP)
    assert agent.app("dns")["state"] == "up"

    file.unlink()
    for prefix in (VIP4, VIP6):
        wait_attributes(router, prefix, DOWN)
    assert agent.app("dns")["state"] == "last-resort"
    assert agent.vip(VIP4)["form"] == "down"
    assert agent.vip(VIP4)["attributes"]["prepend"] == 3
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}

    file.touch()
    wait_attributes(router, VIP4, UP)
    agent.drain("dns")
    for prefix in (VIP4, VIP6):
        wait_attributes(router, prefix, DRAIN)
    agent.undrain("dns")
    for prefix in (VIP4, VIP6):
        wait_attributes(router, prefix, UP)


def test_local_pref_reaches_ibgp_peers_and_prepends_do_not(bed: Testbed) -> None:
    inside, outside = bed.start_router("frr", asn=AGENT_AS), bed.start_router("bird")
    file = switch(bed)
    dns = checked("dns", VIP4, file, states=STATES)
    agent = bed.start_agent(
        config(peer(inside), peer(outside), apps=(dns,), agent={"drain_time": "1h"})
    )
    wait_attributes(inside, VIP4, {"local_pref": 50, "as_path": (), "med": 4294967295})
    wait_attributes(outside, VIP4, {"as_path": (AGENT_AS,) * 4})
    file.touch()
    wait_attributes(inside, VIP4, {"local_pref": 100, "med": 10})
    agent.drain("dns")
    wait_attributes(inside, VIP4, {"local_pref": 0, "as_path": ()})


def test_the_default_for_down_is_to_withdraw(bed: Testbed) -> None:
    router = bed.start_router("bird")
    file = switch(bed)
    file.touch()
    dns = checked("dns", VIP4, file, states={"up": {"med": 7}})
    bed.start_agent(config(peer(router), apps=(dns,)))
    wait_attributes(router, VIP4, {"med": 7})
    file.unlink()
    router.wait_routes()


def group(bed: Testbed, names: str, **keys: Any) -> tuple[dict[str, Any], ...]:
    return tuple(
        checked(name, f"192.0.2.{n}/32", switch(bed, name), group="site", keep_last=True, **keys)
        for n, name in enumerate(names, start=1)
    )


def start_group(bed: Testbed, router: Router, **keys: Any) -> Any:
    for name in "abc":
        switch(bed, name).touch()
    agent = bed.start_agent(
        config(peer(router), apps=group(bed, "abc", **keys), agent={"keep_last_window": "10m"})
    )
    router.wait_routes("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32")
    return agent


def alarms(agent: Agent) -> list[dict[str, Any]]:
    """But for that of a busy machine."""
    found = agent.status("status")["alarms"]
    return [alarm for alarm in found if alarm["alarm"] != "checks-behind"]


def fail_all(bed: Testbed) -> None:
    for name in "abc":
        switch(bed, name).unlink()


def test_a_check_that_breaks_for_all_does_not_empty_the_site(bed: Testbed) -> None:
    router = bed.start_router("frr")
    agent = start_group(bed, router)
    fail_all(bed)
    agent.wait_log("ERROR app: group site: all apps went down")
    for n in (1, 2, 3):
        wait_attributes(
            router, f"192.0.2.{n}/32", {"communities": ("5000:5000", GRACEFUL_SHUTDOWN)}
        )
    [alarm] = alarms(agent)
    assert (alarm["alarm"], alarm["group"]) == ("group-kept", "site")
    [kept] = agent.status("events?kind=group&name=site")["events"]
    assert (kept["kind"], kept["group"]) == ("group.kept", "site") and "app" not in kept
    assert agent.app("a")["state"] == "kept"
    assert agent.app("a")["group"] == {"name": "site", "keep_last": True, "kept": True}
    metrics = agent.get("/metrics").text
    assert "vipherald_groups_kept 1\n" in metrics
    assert "vipherald_apps_kept 3\n" in metrics

    switch(bed, "b").touch()
    router.wait_routes("192.0.2.2/32")
    wait_attributes(router, "192.0.2.2/32", {"communities": ("5000:5000",)})
    assert alarms(agent) == []
    one_by_one = "group site: apps are judged individually again"
    released = agent.wait_event("group.released", group="site", level="warning", text=one_by_one)
    assert released["id"] > kept["id"] and "app" not in released
    assert "vipherald_groups_kept 0\n" in agent.get("/metrics").text
    assert agent.app("a")["state"] == "down"


def test_checks_of_different_pace_break_at_the_same_moment(bed: Testbed) -> None:
    """The default of keep_last_window allows for the slowest check of the group."""
    bed.link()
    flag = switch(bed, "all")
    flag.touch()
    apps = tuple(
        {
            "name": name,
            "vip": f"192.0.2.{n}/32",
            "group": "site",
            "keep_last": True,
            "monitors": [{"file": str(flag), "interval": interval}],
        }
        for n, (name, interval) in enumerate((("quick", "50ms"), ("slow", "3s")), start=1)
    )
    agent = bed.start_agent(config(PEER, apps=apps))

    def checks() -> int:
        return agent.app("slow")["monitors"][0]["checks"]

    before = checks()
    wait_until(lambda: checks() > before, "the slow one was looked at")
    flag.unlink()
    agent.wait_log("all apps went down at once")
    assert [agent.app(name)["state"] for name in ("quick", "slow")] == ["kept", "kept"]


def test_retained_apps_are_announced_with_the_down_attributes(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = start_group(bed, router, states={"down": {"med": 77}})
    fail_all(bed)
    agent.wait_log("all apps went down at once")
    for n in (1, 2, 3):
        wait_attributes(router, f"192.0.2.{n}/32", {"med": 77, "communities": ("5000:5000",)})


def test_one_app_of_a_group_goes_down_like_any_other(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = start_group(bed, router)
    switch(bed, "a").unlink()
    router.wait_routes("192.0.2.2/32", "192.0.2.3/32")
    assert alarms(agent) == []
    assert agent.app("a")["state"] == "down"


def test_at_no_moment_is_the_whole_group_withdrawn(bed: Testbed) -> None:
    router = bed.start_router("gobgp")
    agent = start_group(bed, router)
    for name in "abc":
        switch(bed, name).unlink()
        wait_until(lambda name=name: agent.app(name)["health"] == "down", f"{name} is down")
        assert router.routes(), f"nothing is left after {name}"
    never(lambda: not router.routes(), "an empty site")
