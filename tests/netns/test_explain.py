"""`explain`: since when each condition of an announcement is as it is."""

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .testbed import Testbed
from .wait import wait_until


def ages(agent: Agent, vip: str) -> dict[str, float | None]:
    """By condition, those of the VIP and of its one peer."""
    [found] = agent.status(f"explain?name={vip}")["vips"]
    [at_peer] = found["peers"]
    return {
        c["condition"]: c["since_seconds"] for c in [*found["conditions"], *at_peer["conditions"]]
    }


def younger(seen: dict[str, float | None], *conditions: str) -> None:
    """Each has a time, and each is as it is for a shorter time than the one before."""
    times = [seen[condition] for condition in conditions]
    known = {time for time in times if time is not None}
    assert times == sorted(known, reverse=True), seen


def test_since_when(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)))
    router.wait_routes(VIP4, VIP6)
    seen = ages(agent, VIP6)
    younger(seen, "enabled", "session")
    assert seen["session"] == seen["family"] == seen["next-hop"]
    assert seen["filter"] == seen["registered"]

    # Another next hop of one family is none of the other.
    bed.host.ip(f"addr del {router.link.host_ip6}/64 dev {router.link.device}")
    router.wait_routes(VIP4)
    younger(ages(agent, VIP6), "family", "next-hop")
    seen = ages(agent, VIP4)
    assert seen["next-hop"] == seen["session"]

    # Names of the app, then those of the peer.
    agent.reload(config(peer(router), apps=({**app("web", [VIP4, VIP6]), "peers": [router.ip]},)))
    seen = ages(agent, VIP4)
    younger(seen, "next-hop", "filter")
    assert seen["filter"] == seen["registered"]
    entry = peer(router, description="tor1")
    agent.reload(config(entry, apps=({**app("web", [VIP4, VIP6]), "peers": ["tor1"]},)))
    younger(ages(agent, VIP4), "next-hop", "filter")
    younger(ages(agent, VIP4), "enabled", "filter")


def test_an_order_is_older_than_the_process(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("web", VIP4),)))
    router.wait_routes(VIP4)
    assert agent.admin(f"/v1/peers/{router.ip}/disable", "POST").status == 200
    younger(ages(agent, VIP4), "filter", "enabled")
    agent.kill()
    agent.start()
    wait_until(lambda: agent.app("web")["vips"][0]["bound"], "the VIP is bound")
    younger(ages(agent, VIP4), "enabled", "session")
    assert agent.admin(f"/v1/peers/{router.ip}/enable", "POST").status == 200
    router.wait_routes(VIP4)
    younger(ages(agent, VIP4), "filter", "enabled", "session")
