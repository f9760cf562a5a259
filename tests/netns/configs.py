"""Configurations of the agent, as structures that agent.to_yaml() writes."""

from typing import Any

from .routers import Router
from .testbed import AGENT_AS

VIP4 = "192.0.2.53/32"
VIP6 = "2001:db8::53/128"
PORT = 5353
COMMUNITIES = {"global": "1000:1000", "peer": "100:100", "app": "5000:5000"}


def peer(router: Router, **keys: Any) -> dict[str, Any]:
    """The entry of `bgp.peers` for a router."""
    return {"peer_ip": router.ip, "peer_as": router.config.asn, **keys}


def config(
    *peers: dict[str, Any],
    apps: tuple[dict[str, Any], ...] = (),
    agent: dict[str, Any] | None = None,
    **bgp: Any,
) -> dict[str, Any]:
    """Quick checks and quick reconnects, so that the tests need not wait."""
    structure: dict[str, Any] = {
        # On a busy machine starting a command takes longer than an interval.
        "agent": {"monitor_interval": "100ms", "timeout": "5s", **(agent or {})},
        "bgp": {"local_as": AGENT_AS, "connect_retry": "200ms", **bgp},
    }
    if peers:
        structure["bgp"]["peers"] = list(peers)
    if apps:
        structure["apps"] = list(apps)
    return structure


def app(
    name: str, vip: str | list[str], *monitors: str, communities: tuple[str, ...] = ()
) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "vip": vip}
    if communities:
        entry["vip_config"] = {"bgp_communities": list(communities)}
    if monitors:
        entry["monitors"] = list(monitors)
    return entry


DNS = app("dns", [VIP4, VIP6], f"port:tcp:{PORT}", communities=(COMMUNITIES["app"],))
"""A service on port 5353 with a VIP of each family."""
