"""An app that is removed: its route goes, then routers acknowledge that, then NAT and the VIP go, each when the
one before is done. Every step is held up in turn, so that the order does not depend on who is fast."""

import signal
from pathlib import Path

import pytest

from .nat import LISTEN, NatBed, nat_app, wait_announced
from .rawpeer import RawListener
from .test_nat_trouble import held
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

VIP = "192.0.2.53/32"
WEB = nat_app("web", VIP, nats=(f"tcp:{LISTEN}:8053",))
KEPT = nat_app("kept", "192.0.2.54/32", nats=())


@pytest.mark.parametrize("how", ["unregister", "reload"])
def test_route_wait_nat_vip(bed: Testbed, xtables_lock: Path, how: str) -> None:
    nat = NatBed(bed)
    router = nat.link.namespace
    listener = RawListener(router, nat.link.router_ip)
    agent = nat.start_agent(WEB, KEPT, backend="iptables")
    session = listener.accept()
    session.establish(ROUTER_AS, hold_time=0)
    session.receive_updates_until_end_of_rib()
    wait_announced(agent, "web")

    def there() -> tuple[int, bool]:
        """Rules, and whether the VIP is on lo."""
        return len(nat.our_rules("iptables")), VIP in bed.host.loopback_addresses()

    everything = there()
    assert everything == (2, True)
    agent.write_config(nat.config(KEPT, backend="iptables"))
    # From now on the router acknowledges nothing, as one that is too busy to.
    router.ip(f"route add blackhole {nat.link.host_ip}/32")
    if how == "unregister":
        agent.unregister("web")
    else:
        agent.process.signal(signal.SIGHUP)
    session.expect_withdrawal(VIP)
    agent.status("nat")  # all that does not wait is done by now
    agent.process.pause()
    assert there() == everything
    with held(xtables_lock):
        router.ip(f"route del blackhole {nat.link.host_ip}/32")
        agent.process.resume()
        # NAT is next, and waits for the lock: the VIP waits for NAT.
        agent.wait_log("waiting for the xtables lock")
        assert there() == everything
    wait_until(lambda: there() == (0, False), "rules and VIP are gone")
    assert "192.0.2.54/32" in bed.host.loopback_addresses()
    assert agent.app("kept")["announced"] and agent.get("/v1/apps/web").status == 404
