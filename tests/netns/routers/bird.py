"""BIRD 2. Routes come from `birdc show route all`."""

import re

from ..process import Process
from . import bird_control
from .base import CountingRouter, Route, library_env, sort_communities, sort_ext_communities, unpacked

_ROUTE = re.compile(r"^(\S+/\d+)\s+\S+ \[agent1? ")
_ATTRIBUTE = re.compile(r"^\s+BGP\.(\w+): ?(.*)$")


class Bird(CountingRouter):
    kind = "bird"
    protocol = "agent"
    """Of the session, as BIRD calls it."""

    def _launch(self) -> Process:
        config = self.dir / "bird.conf"
        config.write_text(self._config())
        argv = [unpacked("usr/sbin/bird"), "-f", "-c", config, "-s", self._socket, "-P", self._pid]
        return self.namespace.start(argv, self.log_name, library_env())

    @property
    def _socket(self) -> str:
        return str(self.dir / "control")

    @property
    def _pid(self) -> str:
        return str(self.dir / "pid")

    @property
    def _exported(self) -> str:
        return 'where proto = "agent"' if self.config.forwards else "none"

    def _config(self) -> str:
        peer = self.config.neighbour
        options = [f"hold time {peer.hold_time};"]
        if peer.password:
            options.append(f'password "{peer.password}";')
        if peer.ttl_security:
            options.append("ttl security on;")
        options.append(f"multihop {peer.multihop};" if peer.multihop else "direct;")
        if peer.passive:
            options.append("passive on;")
        if peer.graceful_restart is not None:
            options.append(f"graceful restart {'aware' if peer.graceful_restart else 'off'};")
        if peer.role:
            options.append(f"local role {peer.role};")
        if peer.role_strict:
            options.append("require roles on;")
        options += [f"{option};" for option in peer.extra]
        option_lines = "\n  ".join(options)
        limit = f" import limit {peer.limit} action restart;" if peer.limit else ""
        limit += " mandatory on;" * peer.mandatory
        channels = "\n  ".join(
            f"{family} {{ import all; export none;{limit} }};" for family in peer.families
        )
        return f"""
log stderr all;
router id {self.config.router_id};
protocol device {{ }}
# The static routes towards a multi-hop peer, to resolve its next hop.
protocol kernel {{ learn; ipv4 {{ import all; export {self._exported}; }}; }}
protocol bgp agent {{
  local {self.config.listen} as {self.config.asn};
  neighbor {peer.ip} as {peer.asn};
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
  {option_lines}
  {channels}
}}
{self._observer()}"""

    def _observer(self) -> str:
        if (observer := self.config.observer) is None:
            return ""
        return f"""
protocol bgp observer {{
  local {self.config.listen} as {self.config.asn};
  neighbor {observer.ip} as {observer.asn};
  multihop;
  passive on;
  ipv4 {{ import none; export where proto = "agent"; next hop self; }};
  ipv6 {{ import none; export where proto = "agent"; next hop address fd00::1; }};
}}
"""

    def _birdc(self, command: str) -> str:
        return bird_control.ask(self._socket, command)

    def is_established(self) -> bool:
        return "BGP state:          Established" in self._birdc(f"show protocols all {self.protocol}")

    def received(self) -> tuple[str, int]:
        shown = self._birdc(f"show protocols all {self.protocol}")
        since = re.search(rf"^{self.protocol} +BGP .* up +([\d:.]+) +Established", shown, re.MULTILINE)
        counts = re.findall(r"Import (?:updates|withdraws): +(\d+)", shown)
        return since[1] if since else "down", sum(int(count) for count in counts)

    def routes(self) -> dict[str, Route]:
        found: dict[str, dict[str, str]] = {}
        prefix = None
        for line in self._birdc(f"show route all protocol {self.protocol}").splitlines():
            if match := _ROUTE.match(line):
                prefix = match[1]
                assert prefix not in found, f"two routes to {prefix}"
                found[prefix] = {}
            elif prefix and (match := _ATTRIBUTE.match(line)):
                found[prefix][match[1]] = match[2]
        return {prefix: _route(prefix, attributes) for prefix, attributes in found.items()}


def _route(prefix: str, attributes: dict[str, str]) -> Route:
    pairs = re.findall(r"\((\d+),(\d+)\)", attributes.get("community", ""))
    return Route(
        prefix=prefix,
        # A second address is the link-local one.
        next_hop=attributes["next_hop"].split()[0],
        as_path=tuple(int(asn) for asn in attributes["as_path"].split()),
        origin=attributes["origin"].lower(),
        communities=sort_communities(f"{high}:{low}" for high, low in pairs),
        local_pref=int(attributes["local_pref"]) if "local_pref" in attributes else None,
        med=int(attributes["med"]) if "med" in attributes else None,
        large_communities=sort_communities(
            ":".join(numbers)
            for numbers in re.findall(
                r"\((\d+), (\d+), (\d+)\)", attributes.get("large_community", "")
            )
        ),
        ext_communities=sort_ext_communities(
            ":".join(parts)
            for parts in re.findall(
                r"\((\w+), (\S+), (\d+)\)", attributes.get("ext_community", "")
            )
        ),
        only_to_customer=int(attributes["otc"]) if "otc" in attributes else None,
    )
