"""Services in Consul that come, go and fail; and a Consul that is away, or has lost its memory."""

from netns.consul import Consul, tags, ttl
from netns.wait import wait_until

from .actor import Actor
from .context import Context
from .model import App

SERVICES = 6
TTL = 7200
CONTACT_TIMEOUT = 40.0


class ConsulActor(Actor):
    def __init__(self, context: Context, consul: Consul):
        super().__init__(context, "consul", (0.1, 1.5))
        self._consul = consul
        self._apps = [
            self.model.add(App(f"consul{n}", (f"198.51.200.{n}/32",), ("consul",)))
            for n in range(SERVICES)
        ]
        for app in self._apps:
            self._register(app)

    def _register(self, app: App) -> None:
        """As it was before: failing checks say why, as Consul's own do when they ran."""
        status = "passing" if app.alive else "critical"
        tag_list = tags(app.vips[0], *(f"gocast_monitor={monitor}" for monitor in app.monitors))
        self._consul.register(app.name, tag_list, checks=[ttl(app.name, status, TTL)])
        self._consul.check(app.name, status, "as told")

    def act(self) -> None:
        with self.context.loopback:
            action = self.pick(check=20, come_or_go=8, restart=1, forget=1, freeze=1)
            getattr(self, f"_{action}")()

    def _check(self) -> None:
        app = self.rng.choice(self._apps)
        if not app.registered:
            return
        with self.model.changing(app):
            if app.alive:
                self.context.observer.dying(app.vips, "consul critical")
            else:
                self.context.observer.reviving(app.vips)
            app.alive = not app.alive
            self._consul.check(app.name, "passing" if app.alive else "critical", "as told")
        self.count(f"Consul: a check {'passes' if app.alive else 'fails'}")

    def _come_or_go(self) -> None:
        app = self.rng.choice(self._apps)
        with self.model.changing(app):
            if app.registered:
                self.context.observer.dying(app.vips, "consul deregister")
                self._consul.deregister(app.name)
            else:
                self.context.observer.reviving(app.vips)
                self._register(app)
            app.registered = not app.registered
        self.count(f"Consul: service {'registered' if app.registered else 'deregistered'}")

    # Outages: the routes must stay as they are, so the model is told nothing.

    def _restart(self) -> None:
        self._consul.kill()
        self.nap(self.rng.uniform(0, 4))
        self._start_again()
        self.count("Consul: restarted with its state")

    def _forget(self) -> None:
        self._consul.kill()
        self._consul.forget()
        self.nap(self.rng.uniform(0, 2))
        self._start_again()
        for app in self._apps:
            if app.registered:
                self._register(app)
        self.count("Consul: restarted without its state")

    def _freeze(self) -> None:
        self._consul.process.pause()
        self.nap(self.rng.uniform(0.5, 10))
        self._consul.process.resume()
        self.count("Consul: SIGSTOP, SIGCONT")
        wait_until(self._is_ready, "Consul is ready after SIGCONT", ignore=(OSError,), timeout=30)

    def _start_again(self) -> None:
        self._consul.start()
        wait_until(self._in_contact, "the agent is in contact with Consul", CONTACT_TIMEOUT)

    def _is_ready(self) -> bool:
        return bool(self._consul.get("/v1/status/leader"))

    def _in_contact(self) -> bool:
        answer = self.context.expect(200, "/v1/consul").json()
        return answer["state"] == "in contact"

    def finish(self) -> None:
        for app in self._apps:
            if not app.registered or not app.alive:
                with self.context.loopback, self.model.changing(app):
                    app.registered = app.alive = True
                    self._register(app)
