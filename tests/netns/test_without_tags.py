"""Ownership of addresses on a kernel without tags: an address is ours if the state file has it and
it is unchanged, on this boot and in this network namespace."""

import json
import threading

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .netlink import Removals
from .old_kernel import without_tags
from .testbed import Testbed
from .test_state_file import names, wait_running
from .wait import wait_until

VIP_NET6 = "2001:db8:53::/64"
OURS = {VIP4: "lo:web", VIP6: "", VIP_NET6: ""}
PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}


def start(bed: Testbed) -> Agent:
    bed.link()
    agent = bed.start_agent(
        config(PEER, apps=(app("web", [VIP4, VIP6, VIP_NET6]),)), env=without_tags(bed)
    )
    bed.wait_loopback(OURS)
    return agent


def edit_head(agent: Agent, **values: str) -> None:
    head, *rest = agent.state_file.read_text().splitlines()
    agent.state_file.write_text("\n".join([json.dumps({**json.loads(head), **values}), *rest, ""]))


def test_adopts_what_is_wanted_and_removes_what_is_not(bed: Testbed) -> None:
    router = bed.start_router("bird")
    env = without_tags(bed)
    agent = bed.start_agent(config(peer(router), apps=(app("web", [VIP4, VIP6]),)), env=env)
    agent.register("dns", "192.0.2.1/32")
    router.wait_routes(VIP4, VIP6, "192.0.2.1/32")
    bed.host.ip("addr add 192.0.2.250/32 dev lo", "addr add 192.0.2.251/32 dev lo label lo:web")
    foreign = {"192.0.2.250/32": "lo", "192.0.2.251/32": "lo:web"}
    agent.kill()

    removals = Removals(bed.host)
    agent.start()
    router.wait_routes(VIP4, VIP6, "192.0.2.1/32")
    bed.wait_loopback({VIP4: "lo:web", VIP6: "", "192.0.2.1/32": "lo:dns", **foreign})
    assert removals.addresses() == set()
    removals.close()

    # Twice: adopted addresses stay in the file.
    agent.kill()
    state_file = {"state_file": str(agent.state_file)}
    second = bed.start_agent(
        config(peer(router), apps=(app("web", VIP4),), agent=state_file), env=env
    )
    router.wait_routes(VIP4, "192.0.2.1/32")
    bed.wait_loopback({VIP4: "lo:web", "192.0.2.1/32": "lo:dns", **foreign})
    second.stop()
    assert bed.host.loopback_addresses() == foreign


@pytest.mark.parametrize("head", [{"boot": "another"}, {"netns": "net:[1]"}, {"boot": ""}])
def test_notes_of_another_place_prove_nothing(bed: Testbed, head: dict[str, str]) -> None:
    agent = start(bed)
    agent.kill()
    edit_head(agent, **head)
    agent.start()
    agent.wait_log(f"{VIP4} is on lo already .* was not put there by vipherald")
    agent.stop()
    assert bed.host.loopback_addresses() == OURS


def test_an_address_that_was_added_again_is_foreign(bed: Testbed) -> None:
    agent = start(bed)
    agent.kill()
    bed.host.ip(
        f"addr del {VIP4} dev lo",
        f"addr add {VIP4} dev lo",
        f"addr del {VIP6} dev lo",
        f"addr add {VIP6} dev lo nodad",
    )
    agent.start()
    agent.wait_log(f"{VIP4} is on lo already .* was not put there by vipherald")
    agent.wait_log(f"{VIP6} is on lo already .* was not put there by vipherald")
    agent.stop()
    assert bed.host.loopback_addresses() == {VIP4: "lo", VIP6: ""}


@pytest.mark.long
def test_noted_before_it_is_there(bed: Testbed) -> None:
    """Killed at the first sight of the address: the note is on the disk."""
    agent = start(bed)
    for n in range(1, 11):
        vip = f"192.0.2.{n}/32"
        client = threading.Thread(target=register_or_die, args=(agent, f"app{n}", vip))
        client.start()
        wait_until(lambda: vip in bed.host.loopback_addresses(), f"{vip} on lo")
        agent.kill()
        client.join()
        noted = [json.loads(line).get("vip") for line in agent.state_file.read_text().splitlines()]
        assert vip in noted
        agent.start()
        wait_running(agent)
        if f"app{n}" in names(agent):
            agent.unregister(f"app{n}")
        bed.wait_loopback(OURS)


def register_or_die(agent: Agent, name: str, vip: str) -> None:
    try:
        agent.register(name, vip)
    except OSError:
        pass  # it was killed before it answered


def test_without_a_file_it_works_as_far_as_it_can(bed: Testbed) -> None:
    bed.link()
    env = without_tags(bed)
    agent = bed.start_agent(
        config(PEER, apps=(app("web", VIP4),), agent={"state_file": "off"}), env=env
    )
    bed.wait_loopback({VIP4: "lo:web"})
    agent.stop()
    assert bed.host.loopback_addresses() == {}
    assert "keeps no tag on addresses" in agent.log
    assert "there is no state file" in agent.log


def test_the_start_logs_that_the_state_file_decides(bed: Testbed) -> None:
    agent = start(bed)
    assert "the state file says which VIPs on lo are ours" in agent.log
