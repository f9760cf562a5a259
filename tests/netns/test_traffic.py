"""agent.traffic: packets of VIPs are counted by the kernel; what is shown, alarms, and drains that end by it."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .netns import Namespace
from .routers import Router
from .test_alarms import alarms
from .test_metrics import samples
from .test_verbs import Client
from .testbed import Link, Testbed
from .wait import never, wait_until

NET = "198.51.100.0/24"
WEB = app("web", [VIP4, VIP6, NET])
OTHER = app("other", "192.0.2.99/32")
COUNTED = {"traffic": True}
TABLE = "vipherald_traffic"


def start(bed: Testbed, **keys: Any) -> tuple[Router, Link, Agent]:
    router = bed.start_router("bird")
    agent = bed.start_agent(
        config(peer(router), apps=(WEB, OTHER), agent={**COUNTED, **keys})
    )
    router.wait_routes(VIP4, VIP6, NET, "192.0.2.99/32")
    wait_until(lambda: len(counted(agent)) == 4, "all are counted")
    link = router.link
    link.namespace.ip(
        f"route replace 192.0.2.0/24 via {link.host_ip}",
        f"route replace {NET} via {link.host_ip}",
        f"route replace 2001:db8::/32 via {link.host_ip6}",
    )
    return router, link, agent


def counted(agent: Agent) -> dict[tuple[str, ...], float]:
    return samples(agent, "vipherald_vip_packets_total")


def packets(agent: Agent, vip: str) -> float:
    return {key[1]: value for key, value in counted(agent).items()}.get(vip, -1)


def rate(agent: Agent, vip: str) -> float:
    """In packets per second; -1: there is none yet."""
    found = agent.vip(vip)["traffic"]["packets_per_second"]
    return -1 if found is None else found


def wait_sampled(agent: Agent, vip: str) -> None:
    """A sample has been taken from here on: whether it is announced is known as of that."""
    began = time.monotonic()

    def sampled() -> bool:
        asked = time.monotonic()
        return bool(agent.vip(vip)["traffic"]["sampled_seconds"] < asked - began)

    wait_until(sampled, f"a sample of {vip}")


def send(namespace: Namespace, address: str, n: int, size: int = 100) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.inside():
        sender = socket.socket(family, socket.SOCK_DGRAM)
    with sender:
        for _ in range(n):
            sender.sendto(bytes(size), (address, 9))


@contextmanager
def stream(namespace: Namespace, address: str, every: float, burst: int = 1) -> Iterator[None]:
    """A packet every so many seconds, or several: with many, the rate over seconds is far above what
    is asked for, also when this process is held up."""
    end = Event()

    def run() -> None:
        while not end.wait(every):
            send(namespace, address, burst)

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def table(bed: Testbed) -> dict[str, Any] | None:
    try:
        text = bed.host.run(["nft", "-j", "list", "table", "inet", TABLE])
    except subprocess.CalledProcessError:
        return None
    return json.loads(text)


@pytest.mark.long
def test_packets_are_counted(bed: Testbed) -> None:
    _, link, agent = start(bed)
    began = time.monotonic()
    send(link.namespace, "192.0.2.53", 7, size=100)
    send(link.namespace, "2001:db8::53", 5)
    send(link.namespace, "198.51.100.200", 3)
    send(bed.host, "192.0.2.53", 50)  # of this host itself: not counted
    send(link.namespace, link.host_ip, 50)
    wanted = [7, 5, 3]
    wait_until(lambda: [packets(agent, v) for v in (VIP4, VIP6, NET)] == wanted, "the packets of the three")
    assert packets(agent, "192.0.2.99/32") == 0
    octets = {key[1]: n for key, n in samples(agent, "vipherald_vip_bytes_total").items()}
    assert octets[VIP4] == 7 * (100 + 8 + 20)
    shown = agent.vip(VIP4)["traffic"]
    assert (shown["packets"], shown["bytes"]) == (7, 7 * 128)
    assert 0 <= shown["last_packet_seconds"] < time.monotonic() - began
    assert agent.vip("192.0.2.99/32")["traffic"]["last_packet"] is None
    wait_until(lambda: rate(agent, VIP4) == 0, "a rate of 0")
    shown = agent.vip(VIP4)["traffic"]
    assert 3 <= shown["rate_span_seconds"] and 0 < shown["sample_span_seconds"]
    assert shown["sampled_seconds"] < 10
    with stream(link.namespace, "192.0.2.53", 0.02, burst=20):
        wait_until(lambda: rate(agent, VIP4) > 10, "a rate")


def test_vips_come_and_go(bed: Testbed) -> None:
    _, link, agent = start(bed)
    agent.register("new", "192.0.2.60/32")
    wait_until(lambda: packets(agent, "192.0.2.60/32") == 0, "the new one is counted")
    send(link.namespace, "192.0.2.60", 4)
    wait_until(lambda: packets(agent, "192.0.2.60/32") == 4, "its packets")
    agent.get("/unregister?name=new")
    wait_until(lambda: "192.0.2.60" not in json.dumps(table(bed)), "it is gone")
    agent.register("again", "192.0.2.60/32")
    wait_until(lambda: packets(agent, "192.0.2.60/32") == 0, "it counts from 0")


def test_a_reload_and_the_end(bed: Testbed) -> None:
    router, link, agent = start(bed)
    assert table(bed)
    agent.reload(config(peer(router), apps=(WEB, OTHER)))
    wait_until(lambda: table(bed) is None and not counted(agent), "nothing is counted")
    assert agent.vip(VIP4)["traffic"] is None
    agent.reload(config(peer(router), apps=(WEB, OTHER), agent=COUNTED))
    wait_until(lambda: packets(agent, VIP4) == 0, "counted again")
    agent.kill()
    assert table(bed)
    # The table that a killed agent left is removed by the next, though that one does not count.
    agent.write_config(config(peer(router), apps=(WEB, OTHER)))
    agent.start()
    wait_until(lambda: table(bed) is None, "the table of the previous instance is removed")
    agent.reload(config(peer(router), apps=(WEB, OTHER), agent=COUNTED))
    wait_until(lambda: packets(agent, VIP4) == 0, "counted again")
    agent.stop()
    assert table(bed) is None


@pytest.mark.long
def test_other_processes(bed: Testbed) -> None:
    """The table is made again, and what it had counted is not lost; nothing of others is touched."""
    _, link, agent = start(bed)
    send(link.namespace, "192.0.2.53", 7)
    wait_until(lambda: packets(agent, VIP4) == 7, "the packets")
    bed.host.run(["nft", "add table inet other; add chain inet other c"])
    for order in (
        "delete table inet vipherald_traffic",
        "flush ruleset",
        "flush set inet vipherald_traffic v4_32",
        "delete element inet vipherald_traffic v4_32 { 192.0.2.53 }",
    ):
        bed.host.run(["nft", order])
        before = packets(agent, VIP4)

        def counts(before: float = before) -> bool:
            send(link.namespace, "192.0.2.53", 1)
            return packets(agent, VIP4) > before

        wait_until(counts, f"counted again after '{order}'")
        assert before >= 7
    # Saved and loaded again, as an operator does, while the agent runs.
    bed.host.run(["nft", "add table inet other"])
    saved = bed.host.run(["nft", "list", "ruleset"])
    file = bed.workdir / "ruleset.nft"
    file.write_text("flush ruleset\n" + saved)
    bed.host.run(["nft", "-f", file])
    before = packets(agent, VIP4)
    wait_until(counts, "counted after the ruleset was loaded")
    assert "table inet other" in bed.host.run(["nft", "list", "ruleset"])


@pytest.mark.long
def test_a_drain_ends_with_the_traffic(bed: Testbed) -> None:
    router, link, agent = start(bed, drain_time="1h", drain_until="10pps")
    with stream(link.namespace, "192.0.2.53", 0.02, burst=20):
        wait_until(lambda: rate(agent, VIP4) > 20, "traffic")
        agent.drain("web")
        never(lambda: agent.app("web")["state"] != "draining", "it ends under traffic", 7)
    Client(bed, agent)("drain", "web", "--wait")
    assert agent.app("web")["state"] == "drained"
    agent.wait_log(r"web: fewer than 10 packets a second \(drain_until\), withdrawing it")
    router.wait_routes("192.0.2.99/32")


@pytest.mark.long
def test_a_drain_under_traffic_ends_in_time(bed: Testbed) -> None:
    """drain_time is over whatever still comes, for whoever waits as well."""
    router, link, agent = start(bed, drain_time="6s", drain_until="10pps")
    with stream(link.namespace, "192.0.2.53", 0.02, burst=20):
        wait_until(lambda: rate(agent, VIP4) > 20, "traffic")
        Client(bed, agent)("drain", "web", "--wait")
        assert agent.app("web")["state"] == "drained"
        wait_until(lambda: rate(agent, VIP4) > 20, "there is traffic all the time")
    router.wait_routes("192.0.2.99/32")
    assert "drain_until" not in agent.log


def test_the_stop_does_not_wait_longer_than_traffic(bed: Testbed) -> None:
    _, _, agent = start(bed, drain_time="1h", drain_until="10pps", shutdown_drain=True)
    agent.stop()
    assert "drain_until" in agent.log


@pytest.mark.long
def test_alarms(bed: Testbed) -> None:
    """A minute of them: packets of a withdrawn VIP, and none of one that had some before."""
    _, link, agent = start(bed, drain_time="0s")
    send(link.namespace, "192.0.2.99", 3)
    wait_until(lambda: packets(agent, "192.0.2.99/32") == 3, "traffic of the other")
    agent.drain("other")
    wait_until(lambda: not agent.vip("192.0.2.99/32")["announced"], "withdrawn")
    wait_until(lambda: agent.vip("192.0.2.99/32")["traffic"]["packets"] == 3, "nothing more")
    agent.drain("web")
    wait_until(lambda: not agent.vip(VIP4)["announced"], "withdrawn")
    wait_sampled(agent, VIP4)
    agent.undrain("other")
    with stream(link.namespace, "192.0.2.53", 0.5):
        assert not {"stray-traffic", "no-traffic"} & set(alarms(agent))
        wait_until(lambda: "stray-traffic" in alarms(agent), "stray traffic", 120)
        assert alarms(agent)["stray-traffic"]["vip"] == VIP4
    wait_until(lambda: "no-traffic" in alarms(agent), "no traffic", 150)
    assert alarms(agent)["no-traffic"]["vip"] == "192.0.2.99/32"
    wait_until(lambda: "stray-traffic" not in alarms(agent), "the packets have ended", 60)
    send(link.namespace, "192.0.2.99", 1)
    wait_until(lambda: "no-traffic" not in alarms(agent), "there is traffic")


@pytest.mark.long
def test_alarms_under_an_aggregate(bed: Testbed) -> None:
    """A VIP that routers reach by the aggregate is announced; one that is withdrawn gets its packets."""
    router, link, agent = start(bed, drain_time="0s")
    late = app("late", "192.0.2.60/32")
    aggregates = [{"prefix": "192.0.2.0/24", "summary_only": True}]
    send(link.namespace, "192.0.2.53", 3)
    send(link.namespace, "192.0.2.99", 3)
    wait_until(lambda: min(packets(agent, v) for v in (VIP4, "192.0.2.99/32")) == 3, "traffic")
    agent.reload(
        config(peer(router), apps=(WEB, OTHER, late), agent={**COUNTED, "drain_time": "0s"},
               aggregates=aggregates)
    )  # fmt: skip
    router.wait_routes("192.0.2.0/24", VIP6, NET)
    wait_sampled(agent, VIP4)
    agent.drain("late")
    agent.drain("web")
    router.wait_routes("192.0.2.0/24")
    wait_sampled(agent, VIP4)
    agent.undrain("web")
    router.wait_routes("192.0.2.0/24", VIP6, NET)
    with stream(link.namespace, "192.0.2.99", 0.5), stream(link.namespace, "192.0.2.60", 0.5):
        wait_until(lambda: "no-traffic" in alarms(agent), "no traffic", 150)
        assert alarms(agent)["no-traffic"]["vip"] == VIP4
        assert alarms(agent)["no-traffic"]["count"] == 1
        assert "stray-traffic" not in alarms(agent)
