"""Counts what happened, prints failures as they come, and sums up at the end."""

import math
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence

MAX_SHOWN = 25


class Report:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: Counter[str] = Counter()
        self._start = time.time()
        self.failures: list[str] = []
        self.lines: list[str] = []

    def count(self, event: str, n: int = 1) -> None:
        with self._lock:
            self._events[event] += n

    def events(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._events.items()))

    def fail(self, what: str, details: str = "") -> None:
        """A failed check: says at once what, and when."""
        with self._lock:
            self.failures.append(what)
            if len(self.failures) <= MAX_SHOWN:
                clock = time.strftime("%H:%M:%S")
                print(
                    f"FAILED at {clock}, {time.time() - self._start:.1f} s into the soak: {what}",
                    *([details] if details else []),
                    sep="\n",
                    file=sys.stderr,
                    flush=True,
                )

    def check(self, good: bool, what: str, details: str = "") -> None:
        """A line of the final report, and a failure if it is not good."""
        self.lines.append(f"{'ok    ' if good else 'FAILED'} {what}")
        if not good:
            self.fail(what, details)

    def print(self) -> None:
        print("\nEvents:")
        for event, n in self.events().items():
            print(f"  {n:6d} {event}")
        print("\nChecks:")
        for line in self.lines:
            print(f"  {line}")
        if self.failures:
            print(f"\n{len(self.failures)} FAILED, the first: {self.failures[0]}")
        else:
            print("\nAll well.")
        sys.stdout.flush()


def percentile(values: Sequence[float], percent: float) -> float:
    """By nearest rank."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]
