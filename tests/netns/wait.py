"""The only place where the tests poll. Use it where nothing better can be awaited."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.03
EMULATED = bool(os.environ.get("EMULATED"))
"""On an emulated processor (tests/kernels) starting a process takes a tenth of a second and more."""

TIMEOUT = 25.0
"""Seconds for whatever is to happen: many, for machines that are slow and busy, since they cost nothing
where it happens. Yet fewer than 30, after which the agent gets out of most mistakes by itself: the hold
time of an OPEN, the longest wait between two attempts."""


def wait_until(
    predicate: Callable[[], T],
    what: str,
    timeout: float = TIMEOUT,
    ignore: tuple[type[Exception], ...] = (),
) -> T:
    """Call predicate until it returns something true, and return that.

    Exceptions in `ignore` count as "not yet". The failure names `what` and the last value; the logs
    of all processes follow in the test report (see conftest.py).
    """
    deadline = time.monotonic() + timeout
    while True:
        last: object
        try:
            value = predicate()
            if value:
                return value
            last = value
        except ignore as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}; last seen: {last!r}")
        time.sleep(INTERVAL)


def never(predicate: Callable[[], object], what: str, seconds: float = 0.5) -> None:
    """Fail as soon as predicate returns something true within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = predicate()
        assert not value, f"must not happen: {what}; seen: {value!r}"
        time.sleep(INTERVAL)
