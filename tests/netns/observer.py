"""A peer behind a router that gets every change of its routes: it sees each moment without one.

Asking a router for its routes again and again misses what happens in between. So it announces what
it has from the agent to a scripted peer in its own namespace, whose socket keeps all of it in order.
"""

from . import bgp, rawpeer
from .rawpeer import RawSession
from .routers import Neighbour, Router
from .testbed import Link
from .wait import wait_until

_ADDRESS = "198.18.0.1"
_AS = 64999

NEIGHBOUR = Neighbour(_ADDRESS, _AS)
"""The router's configuration for it."""


def prepare(link: Link) -> None:
    """Before the router starts."""
    link.namespace.ip(f"addr add {_ADDRESS}/32 dev lo")


class Observer:
    def __init__(self, router: Router):
        self._routes: set[str] = set()
        self._withdrawn: list[str] = []
        self._session: RawSession = wait_until(
            lambda: _connect(router), "the router takes an observer", ignore=(AssertionError, OSError)
        )

    def _read(self) -> None:
        self._session.send(bgp.keepalive())  # a test may be longer than the router's hold time
        for message in self._session.receive_pending():
            update = bgp.decode(message)
            assert not isinstance(update, bgp.Notification), update
            if isinstance(update, bgp.Update):
                self._withdrawn += update.withdrawn
                self._routes -= set(update.withdrawn)
                self._routes |= set(update.announced)

    def routes(self) -> set[str]:
        self._read()
        return self._routes

    def wait_routes(self, *prefixes: str) -> None:
        wait_until(
            lambda: self.routes() == set(prefixes), f"the router announces exactly {prefixes}"
        )

    def withdrawn(self) -> list[str]:
        """Every withdrawal so far, in order."""
        self._read()
        return self._withdrawn


def _connect(router: Router) -> RawSession:
    session = rawpeer.connect(router.namespace, _ADDRESS, router.ip)
    # Without a hold time GoBGP's writes fail.
    session.establish(_AS, hold_time=600)
    return session
