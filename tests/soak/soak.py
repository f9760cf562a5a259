"""The run: set up, shake, let it settle, check that nothing leaked and nothing is left."""

import time
from collections.abc import Callable

from netns.agent import binary
from netns.testbed import Testbed
from netns.wait import wait_until

from .checker import nat_rules
from .report import Report, percentile
from .samples import Sampler, descriptors
from .targets import LITTER
from .world import World

FINISH_TIMEOUT = 90.0
RESIDENT_PERCENT, RESIDENT_KB = 5, 512
"""By how much resident memory may be larger in the last quarter than in the second one: the larger
of the two. The first quarter is the start: tables and pools grow to what the load needs."""


MEMORY_SECONDS = 60
"""A shorter run is all start."""


class Soak:
    def __init__(
        self,
        bed: Testbed,
        report: Report,
        *,
        seconds: float,
        seed: str,
        backend: str,
    ):
        self._bed = bed
        self._report = report
        self._seconds = seconds
        self._world = World(bed, seed, backend, report)
        self._context = self._world.context

    def run(self) -> None:
        try:
            self._world.start_agent()
            pid = self._world.agent.process.pid
            before = descriptors(pid)
            sampler = Sampler(pid)
            sampler.start()
            self._shake()
            sampler.close()
            self._settle()
            self._check_process(pid, sampler, before)
            self._stop()
            self._figures(sampler)
        finally:
            self._context.observer.close()
            self._context.ending.set()
            self._context.over.set()

    def _shake(self) -> None:
        for actor in self._world.actors:
            actor.start()
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline and not self._context.ending.wait(1):
            if not self._world.agent.process.running:
                self._report.fail(f"the agent ended: {self._world.agent.process.returncode}")
                return

    def _settle(self) -> None:
        """All actors repair what they broke; then all tables must show it."""
        self._context.ending.set()
        deadline = time.monotonic() + FINISH_TIMEOUT
        for actor in self._world.actors:
            if not actor.done.wait(max(deadline - time.monotonic(), 0)):
                self._report.fail(f"{actor.name} did not finish within {FINISH_TIMEOUT:g} s")
        self._expect("no withdrawal and no route missed", self._nothing_failed)
        self._expect("all tables as they should be at the end", self._world.wait_as_expected)

    def _nothing_failed(self) -> None:
        assert not self._report.failures, f"{len(self._report.failures)} failures, see above"

    def _expect(self, what: str, wait: Callable[[], object]) -> None:
        try:
            wait()
            self._report.check(True, what)
        except AssertionError as error:
            self._report.check(False, what, str(error))

    def _check_process(self, pid: int, sampler: Sampler, before: int) -> None:
        self._check_memory(sampler)
        peak = max(sample.descriptors for sample in sampler.samples)
        self._expect(
            f"descriptors: {before} before, no more after, at most {peak} meanwhile",
            lambda: wait_until(lambda: descriptors(pid) <= before, f"{before} descriptors"),
        )
        zombies = sampler.zombies
        self._report.check(not zombies, f"no unreaped children {zombies or ''}".strip())

    def _check_memory(self, sampler: Sampler) -> None:
        early, late = sampler.median(2, "resident"), sampler.median(4, "resident")
        allowed = max(early * RESIDENT_PERCENT / 100, RESIDENT_KB)
        figures = f"resident memory: {early:.0f} kB in the second quarter, {late:.0f} in the last"
        # A sanitizer keeps what was freed; it looks for leaks itself, at the exit.
        if b"__asan_init" in binary().read_bytes():
            self._report.lines.append(f"-      {figures}: the sanitizer's, not judged")
        elif self._seconds < MEMORY_SECONDS:
            self._report.lines.append(f"-      {figures}: too short a run to judge")
        else:
            good = late - early <= allowed
            self._report.check(good, f"{figures}, {allowed:.0f} more allowed")

    def _stop(self) -> None:
        """A clean stop, after which nothing of the agent is anywhere."""
        agent, context = self._world.agent, self._context
        self._expect("the agent stops with status 0 and no sanitizer report", agent.stop)
        # Its table outlives the session: what is in it was never withdrawn.
        self._expect("everything withdrawn before the goodbye", self._observer_is_empty)
        for router in context.routers:
            self._expect(f"no route left at {router.kind}", router.wait_routes)
        self._expect("no VIP left on lo", lambda: self._bed.wait_loopback({}))
        self._expect("no NAT rule left", lambda: wait_until(lambda: not nat_rules(context), "none"))
        self._expect("no table left", self._no_table)
        self._expect("no process of a check left", lambda: self._bed.wait_no_process(LITTER))

    def _observer_is_empty(self) -> None:
        table = self._context.observer.table
        wait_until(lambda: not table(), f"all withdrawn: {sorted(table())}")

    def _no_table(self) -> None:
        ruleset = self._context.host.run(["nft", "list", "ruleset"])
        assert "vipherald" not in ruleset, ruleset

    def _figures(self, sampler: Sampler) -> None:
        add = self._report.lines.append
        add(f"-      CPU of the agent: {sampler.cpu_share():.2f} % of a core")
        latencies = self._context.observer.latencies
        for kind, values in sorted(latencies.items()):
            add(f"-      {kind} -> withdrawal on the wire: {spread(values)}")
        told = [v for kind in latencies if kind.split()[0] in TOLD for v in latencies[kind]]
        if told:
            add(f"-      all that the kernel or a person tells: {spread(told)}")
        add(f"-      updates at the observer: {self._context.observer.updates}")


TOLD = ("port", "process", "unregister")
"""Deaths that need no check to be found."""


def spread(values: list[float]) -> str:
    p50, p99 = (1000 * percentile(values, percent) for percent in (50, 99))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {1000 * max(values):.1f} ms of {len(values)}"
