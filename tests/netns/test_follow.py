"""/v1/events as a stream: what comes, where it goes on, who may have it and what it costs others."""

import signal

import pytest

from .agent import Agent
from .configs import VIP4, config, peer
from .follow import Follower
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
PER_PRINCIPAL = 8
ALL = 32


def start(bed: Testbed, **agent: object) -> Agent:
    bed.link()
    return bed.start_agent(config(PEER, agent=agent) if agent else config(PEER))


def followers(agent: Agent) -> int:
    count: int = agent.status("status")["api"]["followers"]
    return count


@pytest.mark.long
def test_what_happens_arrives(bed: Testbed) -> None:
    agent = start(bed)
    with Follower(agent, "kind=request", via=bed.host) as stream:
        begin = stream.begin()
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert not begin.data["restarted"] and followers(agent) == 1
        agent.register("a", "192.0.2.1/32")
        message = stream.next()
        assert message
        assert message.data in agent.status("events?kind=request.register")["events"]
        assert message.id == f"{begin.data['epoch']}-{message.data['id']}"
        assert begin.data["epoch"] == agent.status("events")["epoch"]
    wait_until(lambda: bool(agent.register("b", "192.0.2.2/32")) and followers(agent) == 0, "it is gone")


def test_a_name_is_an_address(bed: Testbed) -> None:
    agent = start(bed)
    with Follower(agent, "name=192.0.2.1") as stream:
        stream.begin()
        agent.register("b", "192.0.2.2/32")
        agent.register("a", "192.0.2.1/32")
        bound = stream.next()
        assert bound and bound.kind == "vip.bound" and bound.data["vip"] == "192.0.2.1/32"


def test_it_goes_on_where_it_ended(bed: Testbed) -> None:
    agent = start(bed)
    with Follower(agent, "kind=request") as stream:
        stream.begin()
        agent.register("a", "192.0.2.1/32")
        last = stream.wait("request.register").id
    agent.register("b", "192.0.2.2/32")
    headers = ("Accept: text/event-stream", f"Last-Event-ID: {last}")
    for stream in (
        Follower(agent, "kind=request", headers=headers),
        Follower(agent, f"follow&kind=request&since={last}", headers=()),
        Follower(agent, "follow&kind=request&limit=1", headers=()),
    ):
        with stream:
            assert not stream.begin().data["restarted"]
            message = stream.next()
            assert message and message.data["app"] == "b"
    agent.stop()
    agent.start()
    with Follower(agent, headers=headers) as stream:
        begin = stream.begin()
        assert begin.data["restarted"]
        first = stream.next()
        assert first and first.id == f"{begin.data['epoch']}-1"


RING = 4096
VIPS = [f"192.0.2.{i}/32" for i in range(64)]


def make_events(agent: Agent, n: int) -> int:
    """At least that many, by an app that comes and goes; returns how many apps came."""
    begin, rounds = agent.status("events?limit=1")["newest"], 0
    while agent.status("events?limit=1")["newest"] < begin + n:
        assert agent.register("many", *VIPS).status == 200
        assert agent.unregister("many").status == 200
        rounds += 1
    return rounds


def read_up_to(stream: Follower, newest: int) -> tuple[list[int], list[int]]:
    """The ids, and what was missed: how many, and the id in front."""
    ids: list[int] = []
    missed: list[int] = []
    while not ids or ids[-1] < newest:
        message = stream.next()
        assert message
        if message.kind == "events.missed":
            missed += [message.data["missed"], ids[-1]]
        else:
            ids.append(message.data["id"])
    return ids, missed


def test_a_client_that_does_not_read(bed: Testbed) -> None:
    """It is told what it missed; meanwhile the others are served, and the agent stops in time."""
    bed.host.run(("sysctl", "-qw", "net.ipv4.tcp_wmem=4096 8192 8192"))
    agent = start(bed)
    with (
        Follower(agent, via=bed.host, receive_buffer=4096) as lazy,
        Follower(agent, "kind=request.register") as other,
    ):
        lazy.begin()
        other.begin()
        agent.register("first", "192.0.2.99/32")
        assert lazy.next()
        for _ in range(make_events(agent, RING + 1000) + 1):
            other.wait("request.register")
        # The last removals are events, too, and would be missed once more while the ring is read.
        bed.wait_loopback({"192.0.2.99/32": "lo:first"})
        newest = agent.status("events?limit=1")["newest"]
        ids, missed = read_up_to(lazy, newest)
        assert len(missed) == 2 and missed[0] > 0
        before, after = missed[1], missed[1] + missed[0] + 1
        assert ids == [*range(ids[0], before + 1), *range(after, ids[-1] + 1)]
        make_events(agent, RING)
        agent.stop()


def test_limits(bed: Testbed) -> None:
    agent = start(bed)
    streams = [Follower(agent) for _ in range(PER_PRINCIPAL)]
    for stream in streams:
        stream.begin()
    with Follower(agent) as refused:
        assert refused.status() == 429
        assert refused.rest() == (
            '{"error":"uid 0 follows the events 8 times already, which is the limit of one principal"}\n'
        )
    # Another principal has places of its own, and HEAD needs none.
    with Follower(agent, via=bed.host) as local, Follower(agent, method="HEAD") as head:
        local.begin()
        assert head.status() == 200 and head.rest() == ""
        assert followers(agent) == PER_PRINCIPAL + 1
    # One that hung up makes room, at once.
    streams.pop().close()
    with Follower(agent) as again:
        again.begin()
    assert agent.status("status")["api"]["refused"]["rate"] == 1
    for stream in streams:
        stream.close()


def test_the_limit_of_all(bed: Testbed) -> None:
    bed.workdir.chmod(0o755)  # other users reach the admin socket
    agent = start(bed)
    streams = [Follower(agent, uid=1001 + i // PER_PRINCIPAL) for i in range(ALL)]
    for stream in streams:
        stream.begin()
    with Follower(agent) as refused:
        assert refused.status() == 429
        assert "32 clients follow the events already, which is the limit of all" in refused.rest()
    assert followers(agent) == ALL
    for stream in streams:
        stream.close()
    with Follower(agent) as again:
        again.begin()


def test_the_connection_ends_with_it(bed: Testbed) -> None:
    """A request that came after it would have the timeout of a follower."""
    agent = start(bed)
    connection = agent.connect()
    connection.request("GET", "/v1/events?follow")
    answer = connection.getresponse()
    assert answer.status == 200 and answer.getheader("Connection") == "close"
    connection.close()
    assert agent.get("/v1/events?follow=maybe").status == 400


@pytest.mark.long
def test_a_beat(bed: Testbed) -> None:
    agent = start(bed)
    with Follower(agent, "kind=none") as stream:
        stream.socket.settimeout(30)
        stream.begin()
        line = stream._line()
        assert line == ": alive"
        # The connection is not pushed out for it, nor closed as idle.
        agent.register("none", "192.0.2.1/32")
        assert followers(agent) == 1


def test_the_stop_is_the_last_of_it(bed: Testbed) -> None:
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router)))
    agent.register("a", VIP4)
    router.wait_routes(VIP4)
    with Follower(agent) as stream:
        stream.begin()
        agent.stop()
        assert stream.wait("agent.stopping")
        assert stream.wait("route.withdrawn").data["vip"] == VIP4
        assert stream.wait("vip.removed").data["vip"] == VIP4
        assert stream.wait("events.end").data["text"] == "the agent ends"
        assert stream.next() is None


def test_a_restart_ends_it(bed: Testbed) -> None:
    router = bed.start_router("bird", graceful_restart=True)
    agent = bed.start_agent(config(peer(router), graceful_restart=True))
    agent.register("a", VIP4)
    router.wait_routes(VIP4)
    with Follower(agent) as stream:
        stream.begin()
        agent.stop(signal.SIGUSR2)
        assert stream.wait("events.end")
        assert stream.next() is None


def test_a_reload_that_takes_the_right_away(bed: Testbed) -> None:
    agent = start(bed)
    with Follower(agent, via=bed.host) as local, Follower(agent) as root:
        local.begin()
        root.begin()
        agent.reload(config(PEER, agent={"api": {"local": "none"}}))
        end = local.wait("events.end")
        assert "does not allow it" in end.data["text"]
        assert local.next() is None
        assert root.wait("reload.done")
        agent.reload(config(PEER))
        assert root.wait("reload.done")


def test_a_secret_is_in_no_event(bed: Testbed) -> None:
    """Nor in the stream, nor in the log: texts of requests and of checks are other people's."""
    agent = start(bed)
    with Follower(agent) as stream:
        stream.begin()
        checks = ["exec:echo token=hunter2; false"]
        assert agent.register("web", "192.0.2.1/32", monitors=checks).status == 200
        assert "token=***" in stream.wait("app.down").data["text"]
        agent.drain("web", reason="see https://ops:hunter2@wiki.example.net/?password=hunter2")
        on = stream.wait("drain.on")
        agent.undrain("web")
        stream.wait("drain.off")
        assert on.data["text"] == "web: drained by api: see https://***@wiki.example.net/?password=***"
    [stored] = agent.status("events?kind=drain.on")["events"]
    assert stored == on.data
    assert "hunter2" not in agent.get("/v1/events").text
    assert "hunter2" not in agent.log
