"""In which order tests run beside each other, and which of them in a run of one half."""

import zlib
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def spread(items: Iterable[T], is_long: Callable[[T], bool]) -> list[T]:
    """Those that take long, which mostly wait, one by one between the others, all in the first half: none
    of them is the last that everything waits for, and the processor has work meanwhile.
    """
    items = list(items)
    long = [item for item in items if is_long(item)]
    others = [item for item in items if not is_long(item)]
    if not long:
        return others
    step = max(len(others) // (2 * len(long)), 1)
    found: list[T] = []
    for i, item in enumerate(others):
        if i % step == 0 and long:
            found.append(long.pop(0))
        found.append(item)
    return found + long


HALVES = ("even", "odd")


def half(nodeid: str) -> str:
    """The same wherever it runs; the cases of a test with several of them are in both, mostly."""
    return HALVES[zlib.crc32(nodeid.encode()) & 1]
