"""Several peers are independent of each other."""

import pytest

from .configs import DNS, PORT, VIP4, VIP6, config, peer
from .testbed import Testbed
from .wait import never


@pytest.mark.parametrize(("steady", "killed"), [("frr", "bird"), ("gobgp", "openbgpd")])
def test_one_router_dies_and_returns_while_the_other_keeps_the_routes(
    bed: Testbed, steady: str, killed: str
) -> None:
    keeps = bed.start_router(steady)
    dies = bed.start_router(killed)
    bed.start_service(PORT)
    agent = bed.start_agent(config(peer(keeps), peer(dies), apps=(DNS,)))
    routes = keeps.wait_routes(VIP4, VIP6)
    dies.wait_routes(VIP4, VIP6)
    assert routes[VIP4].next_hop == keeps.link.host_ip

    dies.kill()
    never(lambda: set(keeps.routes()) != {VIP4, VIP6}, "the other router loses a route", 0.3)
    assert agent.session_states()[keeps.ip] == 6

    dies.start()
    again = dies.wait_routes(VIP4, VIP6)
    assert again[VIP4].next_hop == dies.link.host_ip
    assert keeps.routes() == routes


def test_unreachable_peer_does_not_hold_up_another(bed: Testbed) -> None:
    router = bed.start_router("bird")
    nowhere = {"peer_ip": "10.0.1.99", "peer_as": 64999}
    refused = {"peer_ip": bed.link().router_ip, "peer_as": 64998}
    bed.start_service(PORT)
    agent = bed.start_agent(config(nowhere, refused, peer(router), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    states = agent.session_states()
    assert set(states) == {nowhere["peer_ip"], refused["peer_ip"], router.ip}
    assert states[router.ip] == 6
