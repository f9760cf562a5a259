"""OpenBGPD. Routes come from `bgpctl -j show rib detail`.

bgpd wants a user _openbgpd, into whose home it changes its root. It gets both in a private mount
namespace where another file lies over /etc/passwd; the machine's own files stay as they are.
"""

import json
from pathlib import Path
from typing import Any

from ..process import Process
from .base import Route, Router, sort_communities, sort_ext_communities, unpacked

_UID = 64179
_JAIL = """
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group || exit 1
shift
exec "$@"
"""


class OpenBgpd(Router):
    kind = "openbgpd"
    # "PF_KEY not available": Debian's build never sets TCP_MD5SIG.
    lacks = frozenset({"md5"})

    def _launch(self) -> Process:
        self._write_users()
        config = self.dir / "bgpd.conf"
        config.write_text(self._config())
        config.chmod(0o600)
        jail = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _JAIL, "jail"]
        argv = [*jail, self.dir, unpacked("usr/sbin/bgpd"), "-d", "-v", "-f", config]
        return self.namespace.start(argv, self.log_name)

    def _write_users(self) -> None:
        home = self.dir / "chroot"
        home.mkdir(mode=0o755, exist_ok=True)
        passwd = Path("/etc/passwd").read_text()
        group = Path("/etc/group").read_text()
        user = f"_openbgpd:x:{_UID}:{_UID}::{home}:/usr/sbin/nologin\n"
        (self.dir / "passwd").write_text(_without_user(passwd) + user)
        (self.dir / "group").write_text(_without_user(group) + f"_openbgpd:x:{_UID}:\n")

    def _config(self) -> str:
        peer = self.config.neighbour
        options = [f"holdtime {peer.hold_time}"]
        if peer.ttl_security:
            options.append("ttl-security yes")
        if peer.multihop and peer.asn != self.config.asn:
            options.append(f"multihop {peer.multihop}")
        if peer.passive:
            options.append("passive")
        option_lines = "\n  ".join(options)
        return f"""
AS {self.config.asn}
router-id {self.config.router_id}
socket "{self._socket}"
listen on {self.config.listen}
fib-update no
log updates
nexthop qualify via default
connect-retry 1
neighbor {peer.ip} {{
  remote-as {peer.asn}
  local-address {self.config.listen}
  announce IPv4 unicast
  announce IPv6 unicast
  {option_lines}
}}
allow from any
"""

    @property
    def _socket(self) -> str:
        return str(self.dir / "control")

    def _bgpctl(self, *command: str) -> Any:
        argv = [unpacked("usr/sbin/bgpctl"), "-s", self._socket, "-j", *command]
        return json.loads(self.control(argv))

    def is_established(self) -> bool:
        [peer] = self._bgpctl("show", "neighbor")["neighbors"]
        return peer["state"] == "Established"

    def routes(self) -> dict[str, Route]:
        # The Adj-RIB-In too: it has what came even if its next hop cannot be reached.
        entries = self._bgpctl("show", "rib", "in", "detail").get("rib", [])
        return {entry["prefix"]: _route(entry) for entry in entries}


def _without_user(text: str) -> str:
    """The file without the user, who is there already where OpenBGPD is installed."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("_openbgpd:"))


def _route(entry: dict[str, Any]) -> Route:
    return Route(
        prefix=entry["prefix"],
        next_hop=entry["exit_nexthop"],
        as_path=tuple(int(asn) for asn in entry["aspath"].split()),
        origin=entry["origin"].lower(),
        communities=sort_communities(entry.get("communities", [])),
        local_pref=entry.get("localpref"),
        med=entry.get("metric"),
        large_communities=sort_communities(entry.get("large_communities", [])),
        ext_communities=sort_ext_communities(entry.get("extended_communities", [])),
    )
