"""The agent's process from outside, once a second: memory, descriptors, children, CPU time."""

import os
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ZOMBIE_MAX = 3
"""Seconds that a dead child may wait to be reaped."""


@dataclass(frozen=True)
class Sample:
    at: float
    resident: int
    """kB"""
    descriptors: int
    children: int
    cpu: float
    """Seconds, user and system, of the agent alone."""


class Sampler(threading.Thread):
    def __init__(self, pid: int):
        super().__init__(name="sampler", daemon=True)
        self.samples: list[Sample] = []
        self.zombies: list[str] = []
        """Children that were dead for too long."""
        self._pid = pid
        self._dead: dict[int, int] = {}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(1):
            try:
                self.samples.append(sample(self._pid))
                self._find_zombies()
            except OSError:
                return  # The agent has ended, which others notice.

    def close(self) -> None:
        self._over.set()
        self.join()

    def _find_zombies(self) -> None:
        dead = {pid for pid in children(self._pid) if state(pid) == "Z"}
        self._dead = {pid: self._dead.get(pid, 0) + 1 for pid in dead}
        self.zombies += [f"pid {pid}" for pid, n in self._dead.items() if n == ZOMBIE_MAX]

    def quarter(self, number: int) -> list[Sample]:
        n = len(self.samples)
        return self.samples[(number - 1) * n // 4 : number * n // 4]

    def median(self, number: int, what: str) -> float:
        return statistics.median(getattr(s, what) for s in self.quarter(number))

    def cpu_share(self) -> float:
        """Percent of a core."""
        first, last = self.samples[0], self.samples[-1]
        return 100 * (last.cpu - first.cpu) / (last.at - first.at)


def sample(pid: int) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0])
    # utime and stime are fields 14 and 15; the name before them may have blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Sample(time.monotonic(), resident, descriptors(pid), len(children(pid)), cpu)


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
