# SPDX-License-Identifier: MIT
"""Chromium driven by its DevTools protocol: what a person would see of a page, do on it, and what the
browser has against it. Messages are JSON with a NUL behind each, over two pipes."""

import base64
import json
import os
import select
import time
from pathlib import Path
from typing import Any

from .browser import Browser
from .netns import Namespace
from .wait import wait_until

PATIENCE = 90.0
"""A browser is large, and slow on a busy machine."""


class Tab:
    """One tab. `complaints` has errors on the console, exceptions, and violations of a policy."""

    def __init__(self, namespace: Namespace):
        self._to, self._from = (self._make(namespace.workdir / name) for name in ("to", "from"))
        pipes = f'exec 3<"{namespace.workdir}/to" 4>"{namespace.workdir}/from"; exec "$@"'
        self.browser = Browser(
            namespace, "about:blank", ("sh", "-c", pipes, "sh"), ("--remote-debugging-pipe",)
        )
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._attach()

    @staticmethod
    def _make(path: Path) -> int:
        """Opened for both, so that neither side waits for the other."""
        os.mkfifo(path)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        self.browser.process.kill()
        os.close(self._to)
        os.close(self._from)

    def _attach(self) -> None:
        [target] = wait_until(self._pages, "a tab", PATIENCE)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits", "DOM"):
            self.call(f"{domain}.enable")

    def _pages(self) -> list[Any]:
        targets = self.call("Target.getTargets")["targetInfos"]
        return [target for target in targets if target["type"] == "page"]

    # Messages

    def _read(self, deadline: float) -> Any:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"the browser does not answer:\n{self.browser.process.log}"
            self._buffer += os.read(self._from, 1 << 16)
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, message: Any) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(json.dumps(params["entry"]))
        elif method == "Audits.issueAdded" and "ContentSecurityPolicy" in params["issue"]["code"]:
            self.complaints.append(json.dumps(params["issue"]))

    def call(self, method: str, timeout: float = PATIENCE, **params: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        deadline = time.monotonic() + timeout
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    # A person

    def open(self, url: str) -> None:
        """Returns when the page and what belongs to it are there."""
        self.run("window.former = true")
        result = self.call("Page.navigate", url=url)
        assert "errorText" not in result, result
        loaded = "window.former === undefined && document.readyState === 'complete'"
        # The page before may be going just then.
        wait_until(lambda: self.run(loaded), "the page is loaded", PATIENCE, (AssertionError,))

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, script: str, what: str, timeout: float = PATIENCE) -> Any:
        return wait_until(lambda: self.run(script), what, timeout)

    def text(self, selector: str = "body") -> str:
        """As it is shown."""
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def html(self) -> str:
        """Also where no script may run."""
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        return self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]

    def type(self, text: str) -> None:
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int, text: str | None = None) -> None:
        shown = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **shown
            )

    def size(self, width: int, height: int, telephone: bool = False) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=2 if telephone else 1, mobile=telephone,
        )

    def prefer(self, scheme: str) -> None:
        """`scheme`: light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def without_scripts(self) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def picture(self) -> bytes:
        """The screen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
