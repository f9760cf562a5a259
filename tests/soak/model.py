"""The expected state, computed from the soak's own actions. It never asks the agent.

An actor announces each change:

    with model.changing(app):        # until the block ends, anything may be seen
        service.kill()
        app.alive = False            # from here on the route must be gone, within the bound
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

DRAIN_TIME = 1.0
CLEANUP_TIMER = 3.0
LEASE_SLACK = 3.0
"""A lease runs from the request on, the model's from the answer on."""


class Want(Enum):
    ABSENT = "absent"
    PRESENT = "present"
    EITHER = "either"
    """An actor is changing it just now."""


@dataclass(eq=False)
class App:
    """One definition of an app. A name that is registered in turn with several VIPs is several."""

    name: str
    vips: tuple[str, ...]
    monitors: tuple[Any, ...] = ()
    nats: tuple[str, ...] = ()
    community: str = ""
    registered: bool = True
    alive: bool = True
    """Its service is up."""
    expires: float = float("inf")
    """When its lease runs out."""

    # The model's own
    holds: set[str] = field(default_factory=set)
    drained_at: float = 0.0
    changing: int = 0
    since: float = 0.0
    disturbed: float = 0.0
    """When something of it was last broken that the agent repairs, such as a deleted address."""


@dataclass(frozen=True)
class Expected:
    app: App
    want: Want
    since: float
    disturbed: float

    def settled(self, at: float, bound: float) -> bool:
        """Whether it has been so for longer than the bound."""
        start = max(self.since, self.disturbed) if self.want is Want.PRESENT else self.since
        return self.want is not Want.EITHER and at - start > bound


class Model:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._apps: list[App] = []
        self._agent_holds: set[str] = set()
        self._agent_drained_at = 0.0

    def add(self, app: App) -> App:
        with self._lock:
            app.since = time.time()
            self._apps.append(app)
        return app

    @property
    def apps(self) -> Sequence[App]:
        return self._apps

    # Changes

    @contextmanager
    def changing(self, *apps: App) -> Iterator[None]:
        with self._lock:
            for app in apps:
                app.changing += 1
        try:
            yield
        finally:
            with self._lock:
                for app in apps:
                    app.changing -= 1
                    app.since = time.time()

    @contextmanager
    def disturbing(self, *apps: App) -> Iterator[None]:
        """Something of theirs is broken that the agent repairs; what is absent stays absent."""
        with self._lock:
            for app in apps:
                app.disturbed = float("inf")
        try:
            yield
        finally:
            with self._lock:
                for app in apps:
                    app.disturbed = time.time()

    def hold(self, app: App | None, by: str) -> None:
        """Drained from now on, the app or the whole agent."""
        now = time.time()
        with self._lock:
            if app is None:
                self._agent_drained_at = self._agent_drained_at if self._agent_holds else now
                self._agent_holds.add(by)
            else:
                app.drained_at = app.drained_at if app.holds else now
                app.holds.add(by)

    def release(self, app: App | None, by: str) -> None:
        with self._lock:
            (self._agent_holds if app is None else app.holds).discard(by)

    # The expected state

    def expected(self) -> list[Expected]:
        now = time.time()
        with self._lock:
            return [self._expect(app, now) for app in self._apps]

    def _expect(self, app: App, now: float) -> Expected:
        want, since = self._judge(app, now)
        return Expected(app, want, since, app.disturbed)

    def _judge(self, app: App, now: float) -> tuple[Want, float]:
        if app.changing:
            return Want.EITHER, now
        if not app.registered or not app.alive:
            return Want.ABSENT, app.since
        if now >= app.expires:
            return Want.ABSENT, max(app.since, app.expires)
        if now >= app.expires - LEASE_SLACK:
            return Want.EITHER, now
        began = [app.drained_at] * bool(app.holds)
        began += [self._agent_drained_at] * bool(self._agent_holds)
        if not began:
            return Want.PRESENT, app.since
        # Announced until then if it was announced before.
        end = min(began) + DRAIN_TIME
        return (Want.EITHER, now) if now < end else (Want.ABSENT, max(app.since, end))


@dataclass(frozen=True)
class Difference:
    app: App
    what: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.app.name}: {self.what}: expected {self.expected}, actual {self.actual}"


def differences(
    expected: Sequence[Expected],
    seen: Mapping[str, object],
    asked: float,
    *,
    present: float,
    absent: float,
    keys: str = "vips",
) -> list[Difference]:
    """The surplus and missing entries of a table that was read after `asked`.

    `present`, `absent`: for how many seconds an app must have been so before it counts. `keys`: of
    the table: the attribute of App that has them.
    """
    found = []
    for item in expected:
        bound = present if item.want is Want.PRESENT else absent
        if not item.settled(asked, bound):
            continue
        for key in getattr(item.app, keys):
            if (key in seen) != (item.want is Want.PRESENT):
                age = f"{item.want.value} for {asked - item.since:.1f} s"
                actual = "there" if key in seen else "not there"
                found.append(Difference(item.app, key, age, actual))
    known = {key for item in expected for key in getattr(item.app, keys)}
    stranger = App("unknown", ())
    found += [Difference(stranger, key, "unknown", "there") for key in seen if key not in known]
    return found
