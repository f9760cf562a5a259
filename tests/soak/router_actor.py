"""A real router: its table is held against the model, and now and then it dies."""

import time

from netns.routers import Router
from netns.routers.base import NotReady
from netns.wait import wait_until

from .actor import Actor
from .context import Context
from .model import differences

SETTLE = 10.0
"""For how long an app must be as it is, and the session up, before a route counts as missing or
left behind. Generous: the routers and the soak share the machine; how fast it really is, is
measured at the observer."""
RECONNECT = 30.0
HOLD_TIME = 9


class RouterActor(Actor):
    """The only actor that talks to this router, so that none asks it while it is stopped."""

    def __init__(self, context: Context, router: Router):
        super().__init__(context, router.kind, (0.3, 1.0))
        self._router = router
        self._up_since = time.time()
        self._hung = False
        self._next_trouble = time.time() + self.rng.uniform(3, 10)
        self._wrong: set[str] = set()

    def act(self) -> None:
        if time.time() < self._next_trouble:
            self.compare()
            return
        trouble = self.pick(restart=3, kill=3, hang=3)
        getattr(self, f"_{trouble}")()
        self._wait_established()
        self._hung = trouble == "hang"
        self._next_trouble = time.time() + self.rng.uniform(SETTLE + 2, SETTLE + 15)

    def compare(self) -> None:
        asked = time.time()
        if not self._router.is_established():
            self._went_down()
            return
        seen = dict.fromkeys(self._router.prefixes())
        if not self._router.is_established():
            self._went_down()
            return
        settle = SETTLE if asked - self._up_since > SETTLE else float("inf")
        found = differences(self.model.expected(), seen, asked, present=settle, absent=settle)
        self.count(f"table compared: {self._router.kind}")
        texts = {f"{d.app.name} {d.what}" for d in found}
        for difference in found:
            if f"{difference.app.name} {difference.what}" not in self._wrong:
                details = self.context.details(difference.app)
                self.context.report.fail(f"{self._router.kind}: {difference}", details)
        self._wrong = texts

    def _went_down(self) -> None:
        # A router that hung may still find out, once, that its session had ended meanwhile.
        if self._hung and time.time() - self._up_since < SETTLE:
            self._hung = False
        else:
            self.context.report.fail(f"{self._router.kind}: the session went down by itself")
        self._wait_established()

    def _wait_established(self) -> None:
        wait_until(
            self._router.is_established,
            f"{self._router.kind}: session established",
            RECONNECT,
            (NotReady,),
        )
        self._up_since = time.time()
        self._wrong = set()

    def _restart(self) -> None:
        self._router.stop()
        self._router.kill()
        self.nap(self.rng.uniform(0, 3))
        self._router.start()
        self.count(f"router restarts: {self._router.kind} by SIGTERM")

    def _kill(self) -> None:
        self._router.kill()
        self.nap(self.rng.uniform(0, 3))
        self._router.start()
        self.count(f"router restarts: {self._router.kind} by SIGKILL")

    def _hang(self) -> None:
        """Shorter or longer than the hold time."""
        self._router.process.pause()
        self.nap(self.rng.uniform(0.2, HOLD_TIME + 3))
        self._router.process.resume()
        self.count(f"router hangs: {self._router.kind}")
        # For the messages in its queues.
        self.nap(1)

    def finish(self) -> None:
        self._wait_established()
