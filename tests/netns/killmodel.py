"""The expected state after a kill, computed from the requests and the services that are up.

It shares nothing with the agent. Of what was asked for, all that was acknowledged counts; a
request that was under way when the agent died counts or not, and only there the agent itself is
asked which.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

TARGETS = {4: "10.0.1.2", 6: "fd00:1::2"}
"""The host's own addresses, where NAT sends traffic to."""
EXPIRY_SLACK = 0.7
"""How late an expired lease may be taken down: by the timer, and by a slow machine."""


@dataclass(frozen=True)
class Definition:
    vips: tuple[str, ...]
    nats: tuple[str, ...] = ()
    port: int | None = None
    """Of the service that is checked; None: always up."""
    ttl: float | None = None
    drained: bool = False

    @property
    def monitors(self) -> tuple[str, ...]:
        return () if self.port is None else (f"port:tcp:{self.port}",)


@dataclass
class Lease:
    """When it ends, by time.monotonic(): not before, and not after."""

    earliest: float
    latest: float


@dataclass
class App:
    """One name, its definition, and the one that a request under way would give it."""

    name: str
    state: Definition | None = None
    asked: Definition | None = None
    in_flight: bool = False
    lease: Lease | None = None
    asked_lease: Lease | None = None

    def ask(self, wanted: Definition | None, renewal: bool) -> None:
        """A request leaves now."""
        now = time.monotonic()
        self.in_flight, self.asked, self.asked_lease = True, wanted, None
        if wanted is None or wanted.ttl is None:
            return
        # The end of a renewed lease is written a little later than it is acknowledged.
        earliest = self.lease.earliest if renewal and self.lease else now + wanted.ttl
        self.asked_lease = Lease(earliest, float("inf"))

    def answered(self) -> None:
        if self.asked_lease is not None:
            assert self.asked is not None and self.asked.ttl is not None
            self.asked_lease.latest = time.monotonic() + self.asked.ttl
        self.state, self.lease, self.in_flight = self.asked, self.asked_lease, False

    def decide(self, present: "Seen | None") -> None:
        """Decides whether the request under way was applied."""
        if not self.in_flight:
            return
        candidates = [self.state, self.asked]
        if self.asked and self.asked.drained and self._may_be_over():
            # The request found that the lease had ended, and its drain with it.
            candidates.append(replace(self.asked, drained=False))
        before, self.in_flight = self.lease, False
        if present is None:
            assert None in candidates or self._may_be_over(), (
                f"{self.name} is gone; possible were {candidates}"
            )
            self.state = self.lease = None
            return
        fitting = [wanted for wanted in candidates if wanted and present.fits(wanted)]
        assert fitting, f"{self.name} is {present}; possible were {candidates}"
        # Of two that fit, the one that was asked for. They may differ in how long the lease is.
        self.state = self.asked if self.asked in fitting else fitting[-1]
        self.lease = None
        if self.state.ttl is not None:
            ends = [lease.earliest for lease in (before, self.asked_lease) if lease]
            longest = max(wanted.ttl or 0 for wanted in fitting)
            self.lease = Lease(min(ends), time.monotonic() + longest)

    def _may_be_over(self) -> bool:
        return any(
            lease is not None and lease.earliest <= time.monotonic()
            for lease in (self.lease, self.asked_lease)
        )

    def expected(self, is_there: bool) -> Definition | None:
        """Its definition now; `is_there` counts only while its lease may be over or not."""
        if self.state is None or self.lease is None:
            return self.state
        now = time.monotonic()
        over = now > self.lease.latest + EXPIRY_SLACK
        if over or (now >= self.lease.earliest and not is_there):
            if not is_there:
                self.state = self.lease = None
            return None
        return self.state


@dataclass(frozen=True)
class Seen:
    """An app as the agent shows it."""

    vips: frozenset[str]
    nats: frozenset[str]
    monitors: frozenset[str]
    leased: bool
    drained: bool

    def fits(self, wanted: Definition) -> bool:
        return self == Seen(
            frozenset(wanted.vips),
            frozenset(wanted.nats),
            frozenset(wanted.monitors),
            wanted.ttl is not None,
            wanted.drained,
        )


@dataclass
class Picture:
    """The world: addresses with their labels, NAT rules as the tools show them, routes."""

    lo: dict[str, str]
    nat: set[str]
    routes: set[str]

    def differences(self, other: "Picture") -> str:
        return "; ".join(
            f"{name}: expected {mine}, found {theirs}"
            for name, mine, theirs in (
                ("lo", self.lo, other.lo),
                ("NAT", self.nat, other.nat),
                ("routes", self.routes, other.routes),
            )
            if mine != theirs
        )


def expect(
    apps: dict[str, Definition],
    live_ports: set[int],
    agent_drained: bool,
    lo_at_kill: set[str],
    backend: str,
    foreign: dict[str, str],
) -> Picture:
    picture = Picture(dict(foreign), set(), set())
    for name, wanted in apps.items():
        up = wanted.port is None or wanted.port in live_ports
        announced = up and not wanted.drained and not agent_drained
        for vip in wanted.vips:
            # A VIP that is not announced keeps its address, for flows that still run.
            if not announced and vip not in lo_at_kill:
                continue
            picture.lo[vip] = f"lo:{name}"[:15] if ":" not in vip else ""
            picture.nat |= set(_rules(vip, wanted.nats, backend))
            if announced:
                picture.routes.add(vip)
    return picture


def _rules(vip: str, nats: tuple[str, ...], backend: str) -> Iterator[str]:
    address, version = vip.split("/")[0], 6 if ":" in vip else 4
    target = TARGETS[version]
    for nat in nats:
        protocol, listen, dest = nat.split(":")
        if backend == "nftables":
            yield f"{address} . {protocol} . {listen} : {target} . {dest}"
            continue
        to = f"[{target}]:{dest}" if version == 6 else f"{target}:{dest}"
        for chain in ("PREROUTING", "OUTPUT"):
            yield (
                f"-A {chain} -d {vip} -p {protocol} -m {protocol} --dport {listen} "
                f'-m comment --comment "vipherald:nat" -j DNAT --to-destination {to}'
            )
