"""GoBGP. Routes come from `gobgp -j global rib`."""

import json
from typing import Any

from ..process import Process
from ..wait import wait_until
from .base import NotReady, Route, Router, sort_communities, sort_ext_communities, unpacked

_ORIGINS = ("igp", "egp", "incomplete")
_EXT_SUBTYPES = {2: "rt", 3: "soo"}
_ESTABLISHED = 6


class GoBgp(Router):
    kind = "gobgp"

    def _launch(self) -> Process:
        config = self.dir / "gobgpd.toml"
        config.write_text(self._config())
        # A killed gobgpd leaves its socket, and the next one does not take it over.
        (self.dir / "api").unlink(missing_ok=True)
        argv = [unpacked("usr/bin/gobgpd"), "-t", "toml", "-f", config, "--log-plain"]
        argv += ["--pprof-disable", "--api-hosts", self._api]
        return self.namespace.start(argv, self.log_name)

    @property
    def _api(self) -> str:
        return f"unix://{self.dir}/api"

    def _config(self) -> str:
        peer = self.config.neighbour
        sections = []
        if peer.multihop:
            sections.append(
                f"  [neighbors.ebgp-multihop.config]\n"
                f"    enabled = true\n    multihop-ttl = {peer.multihop}"
            )
        if peer.ttl_security:
            sections.append(
                "  [neighbors.ttl-security.config]\n    enabled = true\n    ttl-min = 255"
            )
        if peer.graceful_restart is not None:
            enabled = str(peer.graceful_restart).lower()
            long_lived = str(bool(peer.long_lived)).lower()
            sections.append(
                f"  [neighbors.graceful-restart.config]\n    enabled = {enabled}\n"
                f"    helper-only = {enabled}\n    notification-enabled = {enabled}\n"
                f"    long-lived-enabled = {long_lived}"
            )
        sections += _families(peer.long_lived)
        password = f'    auth-password = "{peer.password}"' if peer.password else ""
        section_lines = "\n".join(sections)
        return f"""
[global.config]
  as = {self.config.asn}
  router-id = "{self.config.router_id}"
  local-address-list = ["{self.config.listen}"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{peer.ip}"
    peer-as = {peer.asn}
{password}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
    hold-time = {peer.hold_time}
    keepalive-interval = {peer.hold_time // 3}
  [neighbors.transport.config]
    passive-mode = {str(peer.passive).lower()}
    local-address = "{self.config.listen}"
{section_lines}
{self._observer()}"""

    def _observer(self) -> str:
        if (observer := self.config.observer) is None:
            return ""
        family_lines = "\n".join(_families())
        return f"""
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{observer.ip}"
    peer-as = {observer.asn}
  [neighbors.transport.config]
    local-address = "{self.config.listen}"
    passive-mode = true
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 255
{family_lines}
"""

    def _gobgp(self, *command: str) -> Any:
        """The client gives up by itself when the daemon has not answered for a second."""
        argv = [unpacked("usr/bin/gobgp"), "--target", self._api, "-j", *command]

        def answers() -> list[str]:
            try:
                return [self.control(argv)]
            except NotReady as error:
                if "deadline exceeded" not in str(error) or not self.process.running:
                    raise
                return []

        [output] = wait_until(answers, "gobgpd answers")
        return json.loads(output or "null")

    def _is_ready(self) -> bool:
        try:
            peers = self._gobgp("neighbor")
        except NotReady:
            peers = []
        return super()._is_ready() and bool(peers)

    def is_established(self) -> bool:
        ip = self.config.neighbour.ip
        [peer] = [n for n in self._gobgp("neighbor") if n["state"]["neighbor_address"] == ip]
        return peer["state"].get("session_state") == _ESTABLISHED

    def routes(self) -> dict[str, Route]:
        found = {}
        for family in ("ipv4", "ipv6"):
            for prefix, paths in self._gobgp("global", "rib", "-a", family).items():
                assert len(paths) == 1, paths
                found[prefix] = _route(prefix, paths[0])
        return found


def _families(long_lived: int | None = None) -> list[str]:
    more = ""
    if long_lived:
        more = (
            "\n    [neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true"
            "\n    [neighbors.afi-safis.long-lived-graceful-restart.config]"
            f"\n      enabled = true\n      restart-time = {long_lived}"
        )
    return [
        f"  [[neighbors.afi-safis]]\n"
        f'    [neighbors.afi-safis.config]\n      afi-safi-name = "{family}"{more}'
        for family in ("ipv4-unicast", "ipv6-unicast")
    ]


def _route(prefix: str, path: dict[str, Any]) -> Route:
    attributes = {attribute["type"]: attribute for attribute in path["attrs"]}
    next_hop = attributes.get(14, attributes.get(3))
    segments = attributes[2].get("as_paths") or []
    values = attributes.get(8, {}).get("communities", [])
    return Route(
        prefix=prefix,
        next_hop=next_hop["nexthop"],
        as_path=tuple(asn for segment in segments for asn in segment["asns"]),
        origin=_ORIGINS[attributes[1]["value"]],
        communities=sort_communities(f"{value >> 16}:{value & 0xFFFF}" for value in values),
        local_pref=attributes[5]["value"] if 5 in attributes else None,
        med=attributes[4]["metric"] if 4 in attributes else None,
        large_communities=sort_communities(
            f"{value['ASN']}:{value['LocalData1']}:{value['LocalData2']}"
            for value in attributes.get(32, {}).get("value", [])
        ),
        ext_communities=sort_ext_communities(
            f"{_EXT_SUBTYPES[value['subtype']]}:{value['value']}"
            for value in attributes.get(16, {}).get("value", [])
        ),
    )
