"""A fake Consul: answers the agent's two questions with whatever the test wants.

It runs inside the test process on a socket of the host's namespace. Blocking queries block until
the test changes something, as with the real one.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from .netns import Namespace
from .wait import TIMEOUT

NODE = "node-1"


class FaultServer:
    index_header = "X-Consul-Index"

    def __init__(self, namespace: Namespace, port: int = 8500):
        self._changed = threading.Condition()
        self.index = 10
        self.node_id = "11111111-1111-1111-1111-111111111111"
        self.create_index = 5
        self.services: dict[str, list[str]] = {}
        self.checks: list[dict[str, str]] = [check("serfHealth")]
        self.fault: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.queries: list[dict[str, list[str]]] = []
        self._generation = 0
        self._closed = False
        handler = type("Handler", (_Handler,), {"owner": self})
        with namespace.inside():
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.addr = f"http://127.0.0.1:{port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # Called by the test

    def change(self, *, index: int | None = None, **values: Any) -> None:
        """Set attributes, raise the index (or set it), and wake the blocking queries."""
        with self._changed:
            for name, value in values.items():
                assert hasattr(self, name), name
                setattr(self, name, value)
            self.index = self.index + 1 if index is None else index
            self._wake()

    def break_with(self, fault: Callable[[BaseHTTPRequestHandler, bytes], None] | None) -> None:
        """From now on every question is answered by `fault`; None ends it."""
        with self._changed:
            self.fault = fault
            self._wake()

    def wait_requests(self, n: int, timeout: float = TIMEOUT) -> None:
        """Wait for n more questions: what was answered before them has been taken in."""
        with self._changed:
            target = len(self.queries) + n
            assert self._changed.wait_for(lambda: len(self.queries) >= target, timeout), (
                f"not {n} more requests within {timeout} s: {self.queries[-5:]}"
            )

    def _wake(self) -> None:
        self._generation += 1
        self._changed.notify_all()

    # Answers to the agent

    def answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        return self.body(path)

    def body(self, path: str) -> bytes:
        if path == "/v1/agent/self":
            return json.dumps({"Config": {"NodeName": NODE}}).encode()
        if path.startswith("/v1/health/node/"):
            return json.dumps(self.checks).encode()
        services = {
            id: {"ID": id, "Service": id.split("#")[0], "Tags": tags}
            for id, tags in self.services.items()
        }
        node = {"ID": self.node_id, "Node": NODE, "CreateIndex": self.create_index}
        return json.dumps({"Node": node, "Services": services}).encode()

    def wait_for_news(self, query: dict[str, list[str]]) -> None:
        with self._changed:
            self.queries.append(query)
            self._changed.notify_all()
            seen = self._generation
            if "index" not in query or self.fault or int(query["index"][0]) < self.index:
                return
            wait = float(query["wait"][0].removesuffix("ms")) / 1000
            self._changed.wait_for(lambda: self._generation != seen or self._closed, wait)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultServer

    def do_GET(self) -> None:
        url = urlparse(self.path)
        self.owner.paths.append(url.path)
        self.owner.wait_for_news(parse_qs(url.query, keep_blank_values=True))
        self.owner.headers.append(dict(self.headers))
        body = self.owner.answer(url.path, parse_qs(url.query))
        try:
            if self.owner.fault and url.path != "/v1/agent/self":
                self.owner.fault(self, body)
            else:
                reply(self, 200, body, self.owner.index)
        except OSError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        pass


def check(
    id: str, service: str = "", status: str = "passing", output: str = "fine"
) -> dict[str, str]:
    return {"CheckID": id, "ServiceName": service, "Status": status, "Output": output}


def reply(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    index: int | None = None,
    length: int | None = None,
    **headers: str,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    if index is not None:
        owner = getattr(handler, "owner", FaultServer)
        handler.send_header(owner.index_header, str(index))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
