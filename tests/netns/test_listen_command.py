"""`vipherald listen`, the small receiver, with agent and scripted peer at its other end."""

import json

import pytest

from . import bgp, rawpeer
from .agent import SANITIZER_ENV, binary
from .configs import VIP4, VIP6, app, config
from .process import Process
from .testbed import AGENT_AS, Link, Testbed
from .wait import wait_until


def start_receiver(link: Link, *arguments: str) -> Process:
    argv = [binary(), "listen", f"{link.router_ip}:179", *arguments]
    receiver = link.namespace.start(argv, "receiver", SANITIZER_ENV)
    wait_until(lambda: link.namespace.is_listening(179), "the receiver listens")
    return receiver


def lines(receiver: Process) -> list[dict]:
    return [json.loads(line) for line in receiver.log.splitlines() if line.startswith("{")]


def entry(link: Link, asn: int) -> dict:
    return {"peer_ip": link.router_ip, "peer_as": asn}


@pytest.mark.parametrize("asn", [65000, AGENT_AS, 4200000000])
def test_receiver_prints_routes_as_they_come_and_go(bed: Testbed, asn: int) -> None:
    link = bed.link()
    receiver = start_receiver(link, "--as", str(asn))
    agent = bed.start_agent(config(entry(link, asn)))
    agent.register("web", VIP4, VIP6, communities="1:2")
    for prefix, next_hop in ((VIP4, link.host_ip), (VIP6, link.host_ip6)):
        line = receiver.wait_line(rf"{prefix}.*{next_hop}")
        assert "1:2" in line
    before = len(receiver.log)
    agent.unregister("web")
    receiver.wait_line(VIP4, before)
    receiver.wait_line(VIP6, before)
    agent.stop()
    receiver.wait_line(f"{link.host_ip}.*(down|closed|ended)")
    assert receiver.terminate() == 0


def test_receiver_prints_json_lines(bed: Testbed) -> None:
    link = bed.link()
    receiver = start_receiver(link, "--json", "--as", "65000")
    web = app("web", VIP4, communities=("1:2",))
    agent = bed.start_agent(config(entry(link, 65000), apps=(web,)))
    receiver.wait_line(VIP4)
    agent.stop()
    receiver.wait_line(rf"withdraw.*{VIP4}|{VIP4}.*withdraw")
    assert receiver.terminate() == 0
    [text] = [text for text in map(json.dumps, lines(receiver)) if VIP4 in text and '"1:2"' in text]
    assert link.host_ip in text and str(AGENT_AS) in text and "igp" in text


EXTENDED = ["rt:65001:100", "soo:192.0.2.1:7", "0x030c000000000001"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_receiver_prints_communities_of_every_kind(bed: Testbed, form: str) -> None:
    link = bed.link()
    receiver = start_receiver(link, "--as", "65000", *(["--json"] if form == "json" else []))
    communities = {"bgp_communities": ["1:2"], "bgp_ext_communities": EXTENDED}
    web = {**app("web", VIP4), "vip_config": {**communities, "bgp_large_communities": ["1:2:3"]}}
    bed.start_agent(config(entry(link, 65000), apps=(web,)))
    line = receiver.wait_line(VIP4)
    if form == "text":
        assert f" communities 1:2 ext-communities {' '.join(EXTENDED)} large-communities 1:2:3" in line
    else:
        shown = json.loads(line)
        assert shown["ext_communities"] == EXTENDED
        assert (shown["communities"], shown["large_communities"]) == (["1:2"], ["1:2:3"])
    assert receiver.terminate() == 0


def test_receiver_shows_graceful_restart(bed: Testbed) -> None:
    link = bed.link()
    receiver = start_receiver(link, "--as", "65000")
    agent = bed.start_agent(
        config(entry(link, 65000), graceful_restart=True, restart_time="77s")
    )
    line = receiver.wait_line("session with .* up")
    assert line.endswith(
        "graceful restart 77s, notification, restarted, ipv4 not forwarding, ipv6 not forwarding"
    )
    agent.stop()
    assert receiver.terminate() == 0

    receiver = start_receiver(link, "--as", "65000", "--json")
    bed.start_agent(config(entry(link, 65000)))
    receiver.wait_line('"event":"up"')
    [up] = [event for event in lines(receiver) if event["event"] == "up"]
    assert up["graceful_restart"] is None


def test_receiver_accepts_several_sessions_and_survives_noise(bed: Testbed) -> None:
    link = bed.link()
    receiver = start_receiver(link, "--as", "65000")
    noise = rawpeer.connect(bed.host, link.host_ip, link.router_ip)
    noise.send(b"x" * 100)
    noise.expect_notification(1, 1)
    bed.host.ip(f"addr add 10.0.1.3/24 dev {link.device}")
    sessions = [rawpeer.connect(bed.host, ip, link.router_ip) for ip in (link.host_ip, "10.0.1.3")]
    for number, session in enumerate(sessions):
        session.establish(65001 + number)
        prefix = f"198.51.100.{number}/32"
        session.send(bgp.update_message([prefix], session.local_ip, [65001 + number]))
        assert session.local_ip in receiver.wait_line(prefix)
    assert receiver.terminate() == 0
