"""Another process on the host: flushes rules, deletes addresses, takes lo down."""

import subprocess
import time

from .actor import Actor
from .context import Context
from .model import Want

_NFTABLES = (
    "flush ruleset",
    "flush table inet vipherald",
    "delete table inet vipherald",
    "table inet other {\n chain c { type filter hook input priority 0; }\n}",
)
_IPTABLES = ("-F", "-F PREROUTING", "-D OUTPUT 1", "-A OUTPUT -p tcp --dport 9999 -j ACCEPT")


class Vandal(Actor):
    def __init__(self, context: Context):
        super().__init__(context, "vandal", (0.5, 2.5))
        self._next_lo = time.time() + 15

    def act(self) -> None:
        getattr(self, f"_{self.pick(address=4, rules=3, loopback=1)}")()

    def _address(self) -> None:
        there = [e.app for e in self.model.expected() if e.want is Want.PRESENT]
        if not there:
            return
        app = self.rng.choice(there)
        vip = self.rng.choice(app.vips)
        with self.model.disturbing(app):
            # It may have gone meanwhile.
            self.context.host.run(["ip", "addr", "del", vip, "dev", "lo"], check=False)
        self.count("vandalism: a VIP deleted from lo")

    def _rules(self) -> None:
        with self.model.disturbing(*(app for app in self.model.apps if app.nats)):
            break_rules = {"nftables": self._nftables, "iptables": self._iptables}
            what = break_rules[self.context.backend]()
        self.count(f"vandalism: {what}")

    def _nftables(self) -> str:
        command = self.rng.choice(_NFTABLES)
        with self.context.host.inside():
            # It fails if the table has gone meanwhile.
            subprocess.run(["nft", "-f", "-"], input=command, text=True, capture_output=True)
        return command.splitlines()[0].rstrip(" {")

    def _iptables(self) -> str:
        command = self.rng.choice(_IPTABLES)
        tool = self.rng.choice(("iptables-legacy", "ip6tables-legacy"))
        self.context.host.run([tool, "-w", "5", "-t", "nat", *command.split()], check=False)
        return f"{tool} -t nat {command}"

    def _loopback(self) -> None:
        """Takes the VIPs of IPv6 along, and every check that goes over lo fails."""
        if time.time() < self._next_lo:
            return
        with self.context.loopback, self.model.changing(*self.model.apps):
            self.context.host.ip("link set lo down")
            self.nap(self.rng.uniform(0, 1))
            self.context.host.ip("link set lo up")
        self._next_lo = time.time() + 20
        self.count("vandalism: lo down and up")
