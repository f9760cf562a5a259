"""The main job, with each of the five routers: announced while healthy, withdrawn when not, and a
stop that withdraws first."""

from dataclasses import replace

from . import bgp
from .configs import COMMUNITIES, DNS, PORT, VIP4, VIP6, config, peer
from .routers import Route, Router
from .testbed import AGENT_AS, Testbed
from .wiretap import WireTap


def start_agent(bed: Testbed, router: Router):
    entry = peer(router, communities=[COMMUNITIES["peer"]])
    return bed.start_agent(
        config(entry, apps=(DNS,), communities=[COMMUNITIES["global"]], origin="egp")
    )


def test_healthy_service_is_announced_exactly(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    router.wait_established()

    routes = router.wait_routes(VIP4, VIP6)
    for prefix, next_hop in ((VIP4, router.link.host_ip), (VIP6, router.link.host_ip6)):
        # Whether a router shows a local preference of its own for an eBGP route differs.
        assert replace(routes[prefix], local_pref=None, med=None) == Route(
            prefix=prefix,
            next_hop=next_hop,
            as_path=(AGENT_AS,),
            origin="egp",
            communities=("100:100", "1000:1000", "5000:5000"),
        )
        assert not routes[prefix].med
    assert bed.host.loopback_addresses() == {VIP4: "lo:dns", VIP6: ""}
    assert agent.session_states() == {router.ip: 6}


def test_service_death_withdraws_and_return_announces(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    service = bed.start_service(PORT)
    start_agent(bed, router)
    router.wait_routes(VIP4, VIP6)

    service.kill()
    router.wait_routes()
    assert router.is_established()
    # The VIPs stay until cleanup_timer (15 minutes), for flows that still run.
    assert set(bed.host.loopback_addresses()) == {VIP4, VIP6}

    service.start()
    router.wait_routes(VIP4, VIP6)


def test_service_that_never_ran_is_not_announced(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = start_agent(bed, router)
    router.wait_established()
    agent.register("other", "192.0.2.1/32")
    router.wait_routes("192.0.2.1/32")
    assert VIP4 not in bed.host.loopback_addresses()


def test_stop_withdraws_before_the_session_ends(bed: Testbed, kind: str) -> None:
    router = bed.start_router(kind)
    tap = WireTap(router.namespace, router.link.host_ip)
    bed.start_service(PORT)
    agent = start_agent(bed, router)
    router.wait_routes(VIP4, VIP6)

    agent.stop()

    assert bed.host.loopback_addresses() == {}
    router.wait_not_established()
    sent = tap.last_conversation()
    assert [type(message) for message in sent].count(bgp.Notification) == 1
    goodbye = sent[-1]
    assert isinstance(goodbye, bgp.Notification)
    # Cease, Administrative Shutdown, and a text behind its length (RFC 9003).
    assert (goodbye.code, goodbye.subcode) == (6, 2)
    assert len(goodbye.data) > 1 and goodbye.data[0] == len(goodbye.data) - 1
    withdrawn = [p for m in sent if isinstance(m, bgp.Update) for p in m.withdrawn]
    assert sorted(withdrawn) == [VIP4, VIP6]
