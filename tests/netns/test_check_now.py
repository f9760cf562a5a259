"""`check-now`, POST /v1/apps/NAME/check: every monitor is checked, the answer has the results."""

import errno
import json
import os
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .agent import Agent, Response
from .configs import PORT, VIP4, app, config
from .testbed import Testbed
from .test_verbs import Client, as_root
from .wait import TIMEOUT, wait_until

# Nothing is checked again by itself within a test, and a check at a pipe ends when it is let go.
HOUR = {"monitor_interval": "1h", "fast_interval": "1h", "timeout": "1h"}
PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}


def start(bed: Testbed, *monitors: str, **agent: Any) -> Agent:
    bed.link()
    service = app("dns", VIP4, *monitors)
    return bed.start_agent(config(PEER, apps=(service,), agent={**HOUR, **agent}))


def check(agent: Agent, name: str = "dns", query: str = "?timeout=1m") -> Response:
    return agent.admin(f"/v1/apps/{name}/check{query}", "POST")


def results(response: Response) -> list[str | None]:
    return [monitor["result"] for monitor in response.json()["monitors"]]


def check_all(agent: Agent) -> Response:
    """Once more where the machine was so busy that a command was not started within 200 ms."""
    found: list[Response] = []

    def are_started() -> bool:
        found.append(check(agent))
        said = [m["said"] or "" for m in found[-1].json()["monitors"] if m["result"] == "unknown"]
        return not any(os.strerror(errno.ETIMEDOUT) in text for text in said)

    wait_until(are_started, "every command is started")
    return found[-1]


class Asking(threading.Thread):
    """A request whose answer is waited for meanwhile."""

    def __init__(self, agent: Agent, query: str = "?timeout=1m"):
        super().__init__()
        self._agent, self._query = agent, query
        self.start()

    def run(self) -> None:
        self.response = check(self._agent, query=self._query)

    def answer(self) -> Response:
        self.join(TIMEOUT)
        return self.response


def test_results_of_now(bed: Testbed) -> None:
    """A service that was started is found, an hour before the next check; and one that went."""
    marker = bed.workdir / "up"
    agent = start(bed, f"exec:cat {marker}", f"file:{marker}", "port:tcp:1")
    wait_until(lambda: agent.app("dns")["health"] == "down", "the first verdict")
    marker.touch()
    response = check_all(agent)
    assert response.status == 200, response
    assert response.json()["result"] == "checked" and response.json()["health"] == "down"
    assert results(response) == ["pass", "pass", "fail"]
    marker.unlink()
    response = check_all(agent)
    assert results(response) == ["fail", "fail", "fail"]
    assert "No such file" in response.json()["monitors"][0]["said"]


def test_it_counts_as_a_check(bed: Testbed) -> None:
    """rise and fall hold for it, too."""
    marker = bed.workdir / "up"
    marker.touch()
    agent = start(bed, f"file:{marker}", fall="2")
    wait_until(lambda: agent.app("dns")["health"] == "up", "it is up")
    marker.unlink()
    first, second = check(agent).json(), check(agent).json()
    assert first["health"] == "up" and first["monitors"][0]["result"] == "fail"
    assert second["health"] == "down"


def fifo(bed: Testbed) -> Path:
    path = bed.workdir / "pipe"
    os.mkfifo(path)
    return path


def wait_running(agent: Agent) -> None:
    wait_until(lambda: agent.app("dns")["monitors"][0]["running"], "the check runs")


def test_one_that_runs_is_made_again(bed: Testbed) -> None:
    """It may have begun before what is asked about."""
    pipe = fifo(bed)
    agent = start(bed, f"exec:test $(cat {pipe}) = good")
    wait_running(agent)
    asking = Asking(agent)
    agent.wait_log("check dns by uid 0")
    pipe.write_text("bad")
    wait_until(lambda: agent.app("dns")["monitors"][0]["checks"] == 1, "the old one has ended")
    wait_running(agent)
    pipe.write_text("good")
    assert results(asking.answer()) == ["pass"]
    assert agent.app("dns")["monitors"][0]["checks"] == 2


def test_the_time_is_limited(bed: Testbed) -> None:
    agent = start(bed, f"exec:cat {fifo(bed)}", "port:tcp:1")
    response = check(agent, query="?timeout=100ms")
    assert response.status == 504 and response.json()["result"] == "timeout"
    assert results(response) == [None, "fail"]


def test_the_app_goes_meanwhile(bed: Testbed) -> None:
    agent = start(bed, f"exec:cat {fifo(bed)}")
    wait_running(agent)
    asking = Asking(agent)
    agent.wait_log("check dns by uid 0")
    agent.unregister("dns")
    assert asking.answer().status == 404
    assert "unregistered meanwhile" in asking.answer().json()["error"]


def test_the_agent_stops_meanwhile(bed: Testbed) -> None:
    agent = start(bed, f"exec:cat {fifo(bed)}")
    wait_running(agent)
    asking = Asking(agent)
    agent.wait_log("check dns by uid 0")
    agent.stop()
    assert asking.answer().status == 503


def test_without_monitors(bed: Testbed) -> None:
    agent = start(bed)
    assert check(agent).json() == {
        "app": "dns", "result": "checked", "health": "up", "monitors": [],
    }


def test_who_may_not(bed: Testbed) -> None:
    agent = start(bed, "port:tcp:1", api={"local": "read"})
    before = agent.app("dns")["monitors"][0]["checks"]
    assert agent.request("POST", "/v1/apps/dns/check").status == 403
    assert agent.app("dns")["monitors"][0]["checks"] == before


def test_they_end_in_any_order(bed: Testbed) -> None:
    pipe = fifo(bed)
    agent = start(bed, f"exec:cat {pipe}")
    wait_running(agent)
    asking = Asking(agent)
    agent.wait_log("check dns by uid 0")
    assert agent.register("other", "192.0.2.99/32", monitors=["port:tcp:1"]).status == 200
    assert results(check(agent, "other")) == ["fail"]
    assert asking.is_alive()
    for ended in range(1, 3):  # the check that runs, and the one that was asked for
        wait_running(agent)
        pipe.write_text("x")
        wait_until(
            lambda n=ended: agent.app("dns")["monitors"][0]["checks"] >= n, "that one has ended"
        )
    assert results(asking.answer()) == ["pass"]


def test_what_is_refused(bed: Testbed) -> None:
    agent = start(bed, "port:tcp:1")
    assert check(agent, "nothing").status == 404
    for query in "?timeout=0s", "?timeout=1h", "?timeout=x", "?x=1":
        assert check(agent, query=query).status == 400
    assert agent.admin("/v1/apps/dns/check").status == 405


def test_places_of_one_principal(bed: Testbed) -> None:
    """A client that goes gives its place back at once, and no client has them all."""
    agent = start(bed, f"exec:cat {fifo(bed)}")
    wait_running(agent)
    target = "/v1/apps/dns/check?timeout=5m"
    with ExitStack() as clients:
        for n in range(16):
            clients.enter_context(agent.asking("POST", target))
            wait_until(lambda n=n: agent.log.count("check dns by uid 0") == n + 1, "it waits")
        refused = agent.admin(target, "POST")
        assert refused.status == 429 and "16 checks of uid 0 already waiting" in refused.text
        # Another one has places.
        assert agent.request("POST", "/v1/apps/dns/check?timeout=10ms").status == 504
    wait_until(lambda: check(agent, query="?timeout=10ms").status == 504, "the places are free")
    wait_until(lambda: agent.status("status")["api"]["connections"] == 1, "all have gone")


def test_a_client_that_ends_its_side_is_answered(bed: Testbed) -> None:
    agent = start(bed, f"exec:cat {fifo(bed)}")
    wait_running(agent)
    connection = agent.connect()
    connection.request("POST", "/v1/apps/dns/check?timeout=5m")
    agent.wait_log("check dns by local")
    connection.sock.shutdown(socket.SHUT_WR)
    answer = connection.getresponse()
    assert answer.status == 503 and b"has closed its end" in answer.read()
    connection.close()


def test_the_verb(bed: Testbed) -> None:
    bed.start_service(PORT)
    agent = start(bed, f"port:tcp:{PORT}", "exec:echo broken; exit 1")
    client = as_root(agent, Client(bed, agent))
    result = client.run("check-now", "dns")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"pass     port:tcp:{PORT}")
    assert lines[1].startswith("fail     exec:echo broken; exit 1: ")
    assert lines[2] == "dns: down"
    result = client.run("check-now", "dns", "--json")
    assert result.returncode == 1 and json.loads(result.stdout)["result"] == "checked"
