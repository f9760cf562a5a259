"""The state shared by all parts of the soak."""

import http.client
import json
import threading
import traceback
from dataclasses import dataclass, field
from urllib.parse import urlencode

from netns.agent import Response
from netns.netns import Namespace
from netns.routers import Router

from .model import App, Model
from .observer import Observer
from .report import Report

PORT = 8080


@dataclass
class Context:
    seed: str
    backend: str
    """Of NAT."""
    host: Namespace
    operator: Namespace
    """From where people use the API: lo of the host may be down."""
    host_ip: str
    """The host's address towards the operator."""
    nat_ip: str
    """The host's address towards its first peer, where NAT leads."""
    nat_ip6: str
    report: Report
    model: Model
    observer: Observer
    routers: list[Router]
    ending: threading.Event = field(default_factory=threading.Event)
    """The actors stop, and put things right."""
    over: threading.Event = field(default_factory=threading.Event)
    """All is checked, threads may end."""
    loopback: threading.Lock = field(default_factory=threading.Lock)
    """Held by actors that need 127.0.0.1 of the host, or take lo down."""

    def broke(self, who: str, error: Exception) -> None:
        text = "".join(traceback.format_exception(error))
        self.report.fail(f"{who}: {error}", text)

    # The API, as a person uses it

    def get(self, target: str, method: str = "GET") -> Response:
        connection = http.client.HTTPConnection(self.host_ip, PORT, timeout=10)
        with self.operator.inside():
            connection.connect()
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            return Response(answer.status, answer.read().decode())
        finally:
            connection.close()

    def expect(self, status: int, target: str, method: str = "GET") -> Response:
        answer = self.get(target, method)
        assert answer.status == status, f"{target}: expected status {status}, actual {answer}"
        return answer

    def register(self, app: App, status: int = 200, **more: str) -> Response:
        query = [("name", app.name), *(("vip", vip) for vip in app.vips)]
        query += [("monitor", monitor) for monitor in app.monitors]
        query += [("nat", nat) for nat in app.nats]
        query += [("vip_communities", app.community)] * bool(app.community) + list(more.items())
        return self.expect(status, "/register?" + urlencode(query))

    def details(self, app: App) -> str:
        """The agent's view of an app, for the report of a failure."""
        try:
            answer = self.get(f"/v1/apps/{app.name}")
            return json.dumps(answer.json(), indent=1) if answer.status == 200 else answer.text
        except OSError as error:
            return f"no answer from the agent: {error}"
