"""FRR's bgpd, alone (no zebra). Routes come from its command line as JSON."""

import json
from typing import Any

from ..process import Process
from ..wait import wait_until
from . import vty
from .base import CountingRouter, NotReady, Route, library_env, sort_communities, sort_ext_communities, unpacked


class Frr(CountingRouter):
    kind = "frr"

    def _launch(self) -> Process:
        (self.dir / "bgpd.conf").write_text(self._config())
        argv = [
            unpacked("usr/lib/frr/bgpd"),
            "--no_zebra",
            "--skip_runas",
            "--no_kernel",
            "--config_file",
            self.dir / "bgpd.conf",
            "--pid_file",
            self.dir / "pid",
            "--vty_socket",
            self.dir,
            "--vty_port",
            "0",
            "--listenon",
            self.config.listen,
            "--log",
            "stdout",
        ]
        return self.namespace.start(argv, self.log_name, library_env("frr"))

    def _config(self) -> str:
        peer = self.config.neighbour
        options = [f"timers {peer.hold_time // 3} {peer.hold_time}", "timers connect 1"]
        if peer.password:
            options.append(f"password {peer.password}")
        if peer.ttl_security:
            options.append("ttl-security hops 1")
        if peer.multihop and peer.asn != self.config.asn:
            options.append(f"ebgp-multihop {peer.multihop}")
        if peer.passive:
            options.append("passive")
        if peer.graceful_restart is not None:
            helps = "helper" if peer.graceful_restart else "disable"
            options.append(f"graceful-restart-{helps}")
        if peer.role:
            options.append(f"local-role {peer.role}{' strict-mode' * peer.role_strict}")
        options += peer.extra
        long_lived = ""
        if peer.long_lived:
            long_lived = f"\n bgp long-lived-graceful-restart stale-time {peer.long_lived}"
        limit = f"\n  neighbor {peer.ip} maximum-prefix {peer.limit}" if peer.limit else ""
        families = "\n".join(
            f" address-family {family} unicast\n  neighbor {peer.ip} activate{limit}\n"
            " exit-address-family"
            for family in peer.families
        )
        option_lines = "\n".join(f" neighbor {peer.ip} {option}" for option in options)
        return f"""
log stdout debugging
debug bgp neighbor-events
router bgp {self.config.asn}
 bgp router-id {self.config.router_id}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast{long_lived}
 neighbor {peer.ip} remote-as {peer.asn}
{option_lines}
{families}
{self._observer()}"""

    def _observer(self) -> str:
        if (observer := self.config.observer) is None:
            return ""
        return f""" neighbor {observer.ip} remote-as {observer.asn}
 neighbor {observer.ip} passive
 neighbor {observer.ip} ebgp-multihop 255
 neighbor {observer.ip} advertisement-interval 0
 address-family ipv4 unicast
  neighbor {observer.ip} activate
 exit-address-family
 address-family ipv6 unicast
  neighbor {observer.ip} activate
 exit-address-family
"""

    def clear(self) -> None:
        """`clear bgp NEIGHBOR`, as an operator would after the limit was reached."""
        self._command(f"clear bgp {self.config.neighbour.ip}")

    def _command(self, *commands: str, daemon: str = "bgpd") -> str:
        return vty.run(self.dir / f"{daemon}.vty", commands)

    def _show(self, command: str, daemon: str = "bgpd") -> Any:
        output = self._command(command, daemon=daemon)
        try:
            return json.loads(output)
        except ValueError:
            raise NotReady(f"'{command}' says: {output}") from None

    def wait_begun(self) -> None:
        """bgpd stops a peer whose graceful restart is configured, and begins again a second later.
        A session from before that may end then, and with it bgpd does not act on bfdd's word where
        `check-control-plane-failure` is set."""
        ip = self.config.neighbour.ip
        wait_until(
            lambda: self._show(f"show bgp neighbors {ip} json")[ip]["bgpState"] == "Active",
            "FRR waits for the agent",
            ignore=(NotReady, KeyError),
        )

    def is_established(self) -> bool:
        peer = self._show(f"show bgp neighbors {self.config.neighbour.ip} json")
        return peer[self.config.neighbour.ip]["bgpState"] == "Established"

    def received(self) -> tuple[str, int]:
        shown = self._show(f"show bgp neighbors {self.config.neighbour.ip} json")
        peer = shown[self.config.neighbour.ip]
        ended = (peer["connectionsEstablished"], peer["connectionsDropped"])
        return f"{ended}", peer["messageStats"]["updatesRecv"]

    def prefixes(self) -> set[str]:
        families = [self._show(f"show bgp {family} unicast json") for family in ("ipv4", "ipv6")]
        return {prefix for family in families for prefix in family["routes"]}

    def routes(self) -> dict[str, Route]:
        found = {}
        for family in ("ipv4", "ipv6"):
            for prefix in self._show(f"show bgp {family} unicast json")["routes"]:
                details = self._show(f"show bgp {family} unicast {prefix} json")
                # Empty when the route went away between the two commands.
                if "paths" in details:
                    assert len(details["paths"]) == 1, details
                    found[prefix] = _route(prefix, details["paths"][0])
        return found


def _route(prefix: str, path: dict[str, Any]) -> Route:
    return Route(
        prefix=prefix,
        next_hop=next(hop["ip"] for hop in path["nexthops"] if hop.get("scope") != "link-local"),
        as_path=tuple(asn for segment in path["aspath"]["segments"] for asn in segment["list"]),
        origin=path["origin"].lower(),
        communities=sort_communities(path.get("community", {}).get("list", [])),
        local_pref=path.get("locPrf"),
        med=path.get("metric"),
        large_communities=sort_communities(path.get("largeCommunity", {}).get("list", [])),
        ext_communities=sort_ext_communities(
            path.get("extendedCommunity", {}).get("string", "").split()
        ),
        only_to_customer=path.get("otc"),
    )
