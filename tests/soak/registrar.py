"""Apps that come, change and go over HTTP; and requests that are wrong."""

import time
from urllib.parse import quote

from .actor import Actor
from .context import Context
from .model import App

NAMES = 8
"""Of each registrar."""

LEASE = 16.0
"""Longer than the checker's BOUND, and LEASE_SLACK."""

BAD = (
    "/register?name=bad",
    "/register?vip=203.0.113.1/32",
    "/register?name=bad&vip=203.0.113.1/24",
    "/register?name=bad&vip=0.0.0.0/0",
    "/register?name=bad&vip=203.0.113.1/32&monitor=port:sctp:53",
    "/register?name=bad&vip=203.0.113.1/32&monitor=ping:x",
    "/register?name=bad&vip=203.0.113.1/32&nat=tcp",
    "/register?name=bad&vip=203.0.113.1/32&vip_communities=70000:1",
    "/unregister",
)

PATHS = ("/info", "/metrics") + tuple(
    f"/v1/{name}" for name in ("apps", "consul", "nat", "peers", "routes", "status")
)


class Registrar(Actor):
    """Number n has the VIPs 198.51.n.0/24 and 2001:db8:n::/48 for itself.

    `alive`: a port monitor that always passes. `taken`: a VIP that the configuration has.
    """

    def __init__(self, context: Context, number: int, alive: str, taken: str):
        super().__init__(context, f"registrar{number}", (0.02, 0.5))
        self._taken = App("thief", (taken,))
        self._forms = [self._make_forms(number, n, alive) for n in range(NAMES)]

    def _make_forms(self, number: int, n: int, alive: str) -> list[App]:
        """The definitions registered under one name."""
        name, v4, v6 = f"reg{number}-{n}", f"198.51.{number}", f"2001:db8:{number}::{n + 1}:"
        nats = ("tcp:53:8053", "udp:53:8053")
        forms = [
            App(name, (f"{v4}.{n}/32",), community=f"65001:{n}"),
            App(name, (f"{v4}.{n + 50}/32", f"{v6}1/128"), (alive,)),
            App(name, (f"{v4}.{n + 100}/32", f"{v6}2/128"), (alive,), nats),
            App(name, (f"{v4}.{n + 150}/32",), ("exec:true", alive)),
            App(name, (f"{v4}.{n + 200}/32",), ("port:tcp:9",), alive=False),
        ]
        for form in forms:
            form.registered = False
            self.model.add(form)
        return forms

    def act(self) -> None:
        forms = self.rng.choice(self._forms)
        action = self.pick(register=10, again=2, unregister=6, steal=1, bad=1, lease=2, read=1)
        getattr(self, f"_{action}")(forms)

    def _register(self, forms: list[App]) -> None:
        new = self.rng.choice(forms)
        before = [form for form in forms if form.registered]
        with self.model.changing(*{*before, new}):
            self.context.observer.reviving(new.vips)
            self.context.register(new)
            for form in before:
                form.registered = False
            new.registered = True
            new.expires = float("inf")
        kind = "again" if new in before else "replaced" if before else "new"
        self.count(f"registration: {kind}{' with NAT' if new.nats else ''}")

    def _again(self, forms: list[App]) -> None:
        """The same definition changes nothing, so the model is not told."""
        for form in forms:
            if form.registered and form.alive and form.expires == float("inf"):
                self.context.register(form)
                self.count("registration: again, announced all the while")

    def _lease(self, forms: list[App]) -> None:
        """A new lease, or a renewal; it is left to expire."""
        before = [form for form in forms if form.registered]
        leased = [form for form in before if form.expires != float("inf")]
        new = leased[0] if leased else self.rng.choice([form for form in forms if form.alive])
        with self.model.changing(*{*before, new}):
            self.context.register(new, ttl=f"{LEASE:g}s")
            for form in before:
                form.registered = False
            new.registered = True
            new.expires = time.time() + LEASE
        self.count(f"registration: {'lease renewed' if leased else 'with a lease'}")

    def _unregister(self, forms: list[App]) -> None:
        before = [form for form in forms if form.registered]
        with self.model.changing(*before):
            self.context.observer.dying(
                tuple(vip for form in before for vip in form.vips), "unregister"
            )
            self.context.expect(200, f"/unregister?name={quote(forms[0].name)}")
            for form in before:
                form.registered = False
        self.count("unregistration" if before else "unregistration of an unknown app")

    def _steal(self, forms: list[App]) -> None:
        self.context.register(self._taken, status=409)
        self.count("registration: refused, the VIP is taken")

    def _bad(self, forms: list[App]) -> None:
        self.context.expect(400, self.rng.choice(BAD))
        self.count("request: refused, it is wrong")

    def _read(self, forms: list[App]) -> None:
        self.context.expect(200, self.rng.choice(PATHS))
        self.count("request: status or metrics")

    def finish(self) -> None:
        for forms in self._forms:
            self._unregister(forms)
