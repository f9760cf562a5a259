"""Actors change the world: each actor is a thread with a random sequence of its own."""

import threading
from abc import ABC, abstractmethod
from random import Random

from .context import Context


class Actor(ABC):
    """Acts, pauses, acts, until the soak ends; then puts right what it left broken.

    The same seed gives the same sequence of actions. When they happen is the machine's business.
    """

    def __init__(self, context: Context, name: str, pause: tuple[float, float]):
        self.name = name
        self.context = context
        self.model = context.model
        self.rng = Random(f"{context.seed}:{name}")
        self.done = threading.Event()
        self._pause = pause

    def start(self) -> None:
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    @abstractmethod
    def act(self) -> None: ...

    def finish(self) -> None:
        """Put everything right."""

    def count(self, event: str) -> None:
        self.context.report.count(event)

    def nap(self, seconds: float) -> None:
        """Wait, or return at once when the soak ends."""
        self.context.ending.wait(seconds)

    def pick(self, **weights: int) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _run(self) -> None:
        try:
            while not self.context.ending.wait(self.rng.uniform(*self._pause)):
                self.act()
            self.finish()
        except Exception as error:  # noqa: BLE001 - an actor that fails fails the soak
            self.context.broke(self.name, error)
        finally:
            self.done.set()
            # Child processes of a thread die with it (setpriv --pdeathsig).
            self.context.over.wait()
