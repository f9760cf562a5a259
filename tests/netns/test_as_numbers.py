"""AS numbers of a peer: rules in place of a number, an AS of one session, with FRR, BIRD and GoBGP."""

import pytest

from . import bgp
from .configs import VIP4, VIP6, app, config
from .rawpeer import RawListener
from .testbed import AGENT_AS, ROUTER_AS, Testbed
from .wait import wait_until

APPS = (app("web", [VIP4, VIP6]),)
KINDS3 = ["bird", "frr", "gobgp"]
OTHER_AS = 64999


@pytest.mark.parametrize("rule", ["external", "auto"])
@pytest.mark.parametrize("router_kind", KINDS3)
def test_external_router(bed: Testbed, router_kind: str, rule: str) -> None:
    router = bed.start_router(router_kind, asn=4200000007)
    agent = bed.start_agent(config({"peer_ip": router.ip, "peer_as": rule}, apps=APPS))
    assert router.wait_routes(VIP4, VIP6)[VIP4].as_path == (AGENT_AS,)
    shown = agent.peer(router.ip)
    assert (shown["peer_as"], shown["type"], shown["ttl"]) == (4200000007, "external", 1)


@pytest.mark.parametrize("rule", ["internal", "auto"])
@pytest.mark.parametrize("router_kind", KINDS3)
def test_internal_router(bed: Testbed, router_kind: str, rule: str) -> None:
    router = bed.start_router(router_kind, asn=AGENT_AS)
    agent = bed.start_agent(config({"peer_ip": router.ip, "peer_as": rule}, apps=APPS))
    route = router.wait_routes(VIP4, VIP6)[VIP4]
    assert (route.as_path, route.local_pref) == ((), 100)
    assert agent.peer(router.ip)["type"] == "internal"


@pytest.mark.parametrize(("rule", "asn"), [("external", AGENT_AS), ("internal", ROUTER_AS)])
def test_other_kind_is_refused(bed: Testbed, rule: str, asn: int) -> None:
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.start_agent(config({"peer_ip": link.router_ip, "peer_as": rule}, apps=APPS))
    session = listener.accept()
    session.expect_open()
    session.send(bgp.open_message(asn, "10.0.1.1"))
    session.expect_notification(2, 2)
    wait_until(lambda: str(asn) in agent.peer(link.router_ip)["last_error"], "the reason")
    listener.close()


@pytest.mark.parametrize("router_kind", KINDS3)
def test_local_as_is_all_that_the_router_sees(bed: Testbed, router_kind: str) -> None:
    router = bed.start_router(router_kind, agent_asn=OTHER_AS)
    entry = {"peer_ip": router.ip, "peer_as": ROUTER_AS, "local_as": OTHER_AS}
    up = {"states": {"up": {"prepend": 2}}}
    agent = bed.start_agent(config(entry, apps=({**APPS[0], **up},)))
    route = router.wait_routes(VIP4, VIP6)[VIP4]
    assert route.as_path == (OTHER_AS, OTHER_AS, OTHER_AS)
    assert agent.peer(router.ip)["local_as"] == OTHER_AS


def test_local_as_of_an_internal_session(bed: Testbed) -> None:
    router = bed.start_router("bird", asn=OTHER_AS, agent_asn=OTHER_AS)
    entry = {"peer_ip": router.ip, "peer_as": "internal", "local_as": OTHER_AS}
    agent = bed.start_agent(config(entry, apps=APPS))
    assert router.wait_routes(VIP4, VIP6)[VIP4].as_path == ()
    assert agent.peer(router.ip)["type"] == "internal"


def test_description_changes_under_the_session(bed: Testbed) -> None:
    router = bed.start_router("bird")
    entry = {"peer_ip": router.ip, "peer_as": ROUTER_AS, "description": "rack 7"}
    agent = bed.start_agent(config(entry, apps=APPS))
    router.wait_routes(VIP4, VIP6)
    assert agent.peer(router.ip)["description"] == "rack 7"
    agent.reload(config({**entry, "description": "rack 8"}, apps=APPS))
    assert agent.peer(router.ip)["description"] == "rack 8"
    assert agent.peer(router.ip)["sessions"] == 1
