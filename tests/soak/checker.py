"""Holds what can be read without asking a router against the model: the observer, lo, NAT."""

import re
import subprocess
import time
from collections.abc import Mapping

from netns.wait import wait_until

from .actor import Actor
from .context import Context
from .model import CLEANUP_TIMER, App, Want, differences

BOUND = 10.0
"""For how long an app must be as it is before the observer's table must show it. Some deaths are
only found by a check that times out (5 s)."""

_ELEMENT = re.compile(r"(\S+) \. (tcp|udp) \. (\d+) : (\S+) \. (\d+)")
_RULE = re.compile(
    r"-A PREROUTING -d (\S+)/\d+ -p (tcp|udp) .*--dport (\d+) .*vipherald:nat.*"
    r"--to-destination \[?([^\s\]]+?)\]?:(\d+)$",
    re.MULTILINE,
)


class Checker(Actor):
    def __init__(self, context: Context):
        super().__init__(context, "checker", (0.1, 0.1))
        self._wrong: dict[str, set[str]] = {}
        self._next_host = time.time()

    def act(self) -> None:
        self.check_observer()
        if time.time() >= self._next_host:
            self._next_host = time.time() + 1
            self.check_loopback()
            self.check_nat()

    def check_observer(self) -> None:
        if error := self.context.observer.error:
            self.context.report.fail(f"observer: {error}")
            self.context.ending.set()
            return
        asked = time.time()
        table = self.context.observer.table()
        self._compare("observer", table, asked, absent=BOUND)
        self._compare_communities(table, asked)

    def _compare_communities(self, table: Mapping[str, frozenset[str]], asked: float) -> None:
        wrong = {}
        for item in self.model.expected():
            if item.want is not Want.PRESENT or not item.settled(asked, BOUND):
                continue
            wanted = frozenset({"65001:1", item.app.community} - {""})
            for vip in item.app.vips:
                if vip in table and table[vip] != wanted:
                    wrong[f"{vip}: communities: expected {wanted}, actual {table[vip]}"] = item.app
        self._tell("communities", wrong)

    def check_loopback(self) -> None:
        asked = time.time()
        seen = self.context.host.loopback_addresses()
        self._compare("lo", seen, asked, absent=CLEANUP_TIMER + BOUND)
        self.count("lo compared")

    def check_nat(self) -> None:
        self._tell("NAT", self._wrong_nat())
        self.count("NAT compared")

    def _wrong_nat(self) -> dict[str, App | None]:
        asked = time.time()
        seen = nat_rules(self.context)
        expected = [item for item in self.model.expected() if item.app.nats]
        wanted = {item.app: nat_wanted(self.context, item.app) for item in expected}
        known = {rule for rules in wanted.values() for rule in rules}
        wrong: dict[str, App | None] = {f"{rule}: unknown": None for rule in seen - known}
        for item in expected:
            present = item.want is Want.PRESENT
            if not item.settled(asked, BOUND if present else CLEANUP_TIMER + BOUND):
                continue
            right = wanted[item.app] if present else set()
            there = wanted[item.app] & seen
            if there != right:
                wrong[f"{item.app.name}: expected {right}, actual {there}"] = item.app
        return wrong

    def _compare(self, where: str, seen: Mapping[str, object], asked: float, absent: float) -> None:
        found = differences(self.model.expected(), seen, asked, present=BOUND, absent=absent)
        # The age in the text grows.
        self._tell(where, {f"{d.what}: {d.expected.split()[0]}": (d, d.app) for d in found})

    def _tell(self, where: str, wrong: Mapping[str, object]) -> None:
        """Each difference once, as long as it lasts."""
        for key in wrong.keys() - self._wrong.get(where, set()):
            value = wrong[key]
            difference, app = value if isinstance(value, tuple) else (key, value)
            details = self.context.details(app) if isinstance(app, App) else ""
            self.context.report.fail(f"{where}: {difference}", details)
        self._wrong[where] = set(wrong)


def nat_wanted(context: Context, app: App) -> set[str]:
    found = set()
    for vip in app.vips:
        address = vip.partition("/")[0]
        for nat in app.nats:
            protocol, listen, to = nat.split(":")
            target = context.nat_ip6 if ":" in address else context.nat_ip
            found.add(f"{address} {protocol} {listen} -> {target} {to}")
    return found


def nat_rules(context: Context) -> set[str]:
    """Ours, as the tools list them."""
    if context.backend == "nftables":
        command, pattern = [["nft", "list", "ruleset"]], _ELEMENT
    else:
        tools = ("iptables-legacy-save", "ip6tables-legacy-save")
        command, pattern = [[tool, "-t", "nat"] for tool in tools], _RULE
    # nft fails when a table goes while it lists.
    listed = wait_until(
        lambda: "\n".join(context.host.run(words) for words in command) + "\n",
        "the rules are listed",
        ignore=(subprocess.CalledProcessError,),
    )
    return {
        f"{vip} {protocol} {listen} -> {to} {port}"
        for vip, protocol, listen, to, port in pattern.findall(listed)
    }
