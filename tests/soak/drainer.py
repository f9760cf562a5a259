"""Apps and the whole agent drained and undrained, over HTTP and by file."""

from pathlib import Path

from .actor import Actor
from .context import Context
from .model import App


class Drainer(Actor):
    """Works on apps that the configuration has."""

    def __init__(self, context: Context, apps: list[App], agent_file: Path):
        super().__init__(context, "drainer", (0.2, 1.2))
        self._apps = apps
        self._agent_file = agent_file

    def act(self) -> None:
        if self.rng.random() < 0.05:
            self._drain_agent(self.pick(api=1, file=1))
        else:
            self._toggle(self.rng.choice(self._apps))

    def _toggle(self, app: App) -> None:
        if app.holds:
            self._undrain(app)
            return
        self.model.hold(app, "api")
        self.context.expect(200, f"/v1/apps/{app.name}/drain?reason=soak", "POST")
        self.count("drain: app")

    def _undrain(self, app: App) -> None:
        with self.model.changing(app):
            self.context.expect(200, f"/v1/apps/{app.name}/undrain", "POST")
            self.model.release(app, "api")
        self.count("undrain: app")

    def _drain_agent(self, by: str) -> None:
        self.model.hold(None, by)
        if by == "file":
            self._agent_file.touch()
        else:
            self.context.expect(200, "/v1/drain", "POST")
        self.count(f"drain: the whole agent, by {by}")
        self.nap(self.rng.uniform(0.1, 5))
        with self.model.changing(*self.model.apps):
            if by == "file":
                self._agent_file.unlink()
            else:
                self.context.expect(200, "/v1/undrain", "POST")
            self.model.release(None, by)
        self.count(f"undrain: the whole agent, by {by}")

    def finish(self) -> None:
        for app in self._apps:
            if app.holds:
                self._undrain(app)
