"""Services that die and come back, each in its own rhythm."""

import heapq
import time
from dataclasses import dataclass, field

from .actor import Actor
from .context import Context
from .model import App
from .targets import Target


@dataclass(order=True)
class _Due:
    at: float
    number: int
    app: App = field(compare=False)
    target: Target = field(compare=False)
    dead: bool = field(compare=False, default=False)


class Flapper(Actor):
    def __init__(self, context: Context, targets: list[tuple[App, Target]]):
        super().__init__(context, "flapper", (0.01, 0.05))
        now = time.monotonic()
        self._due = [
            _Due(now + self.rng.uniform(0, 4), number, app, target)
            for number, (app, target) in enumerate(targets)
        ]
        heapq.heapify(self._due)

    def act(self) -> None:
        item = self._due[0]
        self.nap(item.at - time.monotonic())
        if self.context.ending.is_set():
            return
        if item.dead:
            self._revive(item)
            item.at = time.monotonic() + self.rng.uniform(0.2, 6)
        else:
            self._kill(item)
            # A short death need not be noticed, a long one must be.
            short = self.rng.random() < 0.25
            item.at = time.monotonic() + (self.rng.uniform(0, 0.5) if short else self._long())
        heapq.heapreplace(self._due, item)

    def _long(self) -> float:
        return self.rng.uniform(1, 9)

    def _kill(self, item: _Due) -> None:
        way = self.rng.choice(item.target.ways)
        with self.model.changing(item.app):
            self.context.observer.dying(item.app.vips, f"{item.target.kind} {way}")
            item.target.die(way)
            item.app.alive = False
        item.dead = True
        self.count(f"service dies: {item.target.kind} {way}")

    def _revive(self, item: _Due) -> None:
        with self.model.changing(item.app):
            self.context.observer.reviving(item.app.vips)
            item.target.revive(self.rng)
            item.app.alive = True
        item.dead = False
        self.count(f"service returns: {item.target.kind}")

    def finish(self) -> None:
        for item in self._due:
            if item.dead:
                self._revive(item)
