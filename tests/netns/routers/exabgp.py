"""ExaBGP as a receiver. It keeps no table: its JSON events, in order, are the table."""

import ipaddress
import json
import sys
from typing import Any

from ..process import Process
from .base import Route, Router, sort_communities, sort_ext_communities, unpacked

# Descriptor 3 keeps open the pipe that ExaBGP reads commands from: closed means a dead helper.
_SINK = "exec cat 3>&1 >>{path}\n"


class ExaBgp(Router):
    kind = "exabgp"
    # It sets TTL 255 on a connection that it accepted, too late for the SYN+ACK.
    lacks = frozenset({"gtsm"})

    def _launch(self) -> Process:
        self._events.write_text("")
        (self.dir / "sink.sh").write_text(_SINK.format(path=self._events))
        config = self.dir / "exabgp.conf"
        config.write_text(self._config())
        env = {
            "PYTHONPATH": str(unpacked("usr/lib/python3/dist-packages")),
            "exabgp_api_cli": "false",
            "exabgp_daemon_drop": "false",
            "exabgp_tcp_bind": self.config.listen,
            "exabgp_tcp_port": "179",
        }
        program = "from exabgp.application import run_exabgp; run_exabgp()"
        argv = [sys.executable, "-c", program, config]
        return self.namespace.start(argv, self.log_name, env)

    @property
    def _events(self) -> Any:
        return self.dir / "events.log"

    def _config(self) -> str:
        peer = self.config.neighbour
        options = [f"hold-time {peer.hold_time};"]
        if peer.password:
            options.append(f"md5-password '{peer.password}';")
        if peer.ttl_security:
            options.append("outgoing-ttl 255;\n  incoming-ttl 255;")
        if peer.multihop:
            options.append(f"outgoing-ttl {peer.multihop};")
        if peer.passive:
            options.append("passive true;")
        option_lines = "\n  ".join(options)
        return f"""
process sink {{
  run /bin/sh {self.dir}/sink.sh;
  encoder json;
}}
neighbor {peer.ip} {{
  router-id {self.config.router_id};
  local-address {self.config.listen};
  local-as {self.config.asn};
  peer-as {peer.asn};
  {option_lines}
  family {{ ipv4 unicast; ipv6 unicast; }}
  api {{ processes [ sink ]; neighbor-changes; receive {{ parsed; update; notification; }} }}
}}
"""

    def _replay(self) -> tuple[bool, dict[str, Route]]:
        """Session state and routes after all events so far."""
        up = False
        routes: dict[str, Route] = {}
        # The text behind the last newline is half a line, of an event that is being written.
        for line in self._events.read_text().split("\n")[:-1]:
            event = json.loads(line)
            if event["type"] == "state":
                up = event["neighbor"]["state"] == "up"
                if not up:
                    routes.clear()
            elif event["type"] == "update":
                _apply(routes, event["neighbor"]["message"].get("update", {}))
        return up, routes

    def is_established(self) -> bool:
        return self._replay()[0]

    def routes(self) -> dict[str, Route]:
        return self._replay()[1]


def _apply(routes: dict[str, Route], update: dict[str, Any]) -> None:
    for entries in update.get("withdraw", {}).values():
        for entry in entries:
            routes.pop(entry["nlri"], None)
    attributes = update.get("attribute", {})
    for next_hops in update.get("announce", {}).values():
        for next_hop, entries in next_hops.items():
            for entry in entries:
                routes[entry["nlri"]] = _route(entry["nlri"], next_hop, attributes)


def _ext_text(value: int) -> str:
    """From the eight octets: the text that ExaBGP makes of an IPv4 address has it behind."""
    kind, subtype = value >> 56, value >> 48 & 0xFF
    four, two = value >> 16 & 0xFFFFFFFF, value & 0xFFFF
    front = {0: f"{value >> 32 & 0xFFFF}:{value & 0xFFFFFFFF}", 2: f"{four}:{two}"}.get(
        kind, f"{ipaddress.IPv4Address(four)}:{two}"
    )
    return f"{ {2: 'rt', 3: 'soo'}[subtype] }:{front}".replace(" ", "")


def _route(prefix: str, next_hop: str, attributes: dict[str, Any]) -> Route:
    return Route(
        prefix=prefix,
        next_hop=next_hop,
        as_path=tuple(attributes.get("as-path", [])),
        origin=attributes["origin"],
        communities=sort_communities(f"{a}:{b}" for a, b in attributes.get("community", [])),
        local_pref=attributes.get("local-preference"),
        med=attributes.get("med"),
        large_communities=sort_communities(
            ":".join(str(number) for number in numbers)
            for numbers in attributes.get("large-community", [])
        ),
        ext_communities=sort_ext_communities(
            _ext_text(entry["value"]) for entry in attributes.get("extended-community", [])
        ),
    )
