"""An app whose check connects to its own VIP through its own NAT rule: up only with both."""

import pytest

from . import responders
from .health import expect
from .nat import BACKENDS, DEST, LISTEN, VIP4, NatBed, nat_app
from .testbed import Testbed
from .wait import wait_until

pytestmark = pytest.mark.usefixtures("xtables_lock")


@pytest.mark.parametrize("backend", BACKENDS)
def test_own_vip_is_checked_through_nat(bed: Testbed, backend: str) -> None:
    """It comes up from down at the start, and again after a failure: VIP and rule stay."""
    nat = NatBed(bed)
    mapping = [f"tcp:{LISTEN}:{DEST}"]
    app = nat_app("a", f"{VIP4}/32", mapping, [f"tcp:{VIP4}:{LISTEN}"])
    agent = nat.start_agent(app, backend=backend)
    for _ in range(2):
        expect(agent, "down", "Connection refused")
        assert agent.vip(f"{VIP4}/32")["form"] == "none"
        # While the app is down, too. Its check may be quicker than the rule.
        wait_until(lambda: nat.our_rules(backend), "the rule is there")
        service = responders.tcp(nat.host, DEST)
        expect(agent, "up")
        wait_until(lambda: agent.vip(f"{VIP4}/32")["form"] != "none", "announced")
        service.kill()
    # Down through NAT is down, even if a process listens at the VIP itself.
    with responders.tcp(nat.host, LISTEN):
        expect(agent, "down", "Connection refused")
