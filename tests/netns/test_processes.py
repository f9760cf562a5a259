"""`processes`: programs that announce with the commands of ExaBGP's text API."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from . import bgp, exabgp
from .agent import Agent
from .configs import VIP4, app, config, peer
from .exabgp import healthcheck, process, without_host
from .rawpeer import RawListener
from .routers import Router
from .routers.base import NotReady
from .test_alarms import alarms
from .test_process_1 import Contained
from .test_verbs import Client
from .testbed import AGENT_AS, Testbed
from .wait import never, wait_until

IP4, IP4B, IP6 = "198.18.0.1/32", "198.18.0.2/32", "2001:db8:53::1/128"
NETWORK = "198.18.0.0/18"
ALLOW = ("198.18.0.0/15", "2001:db8:53::/48")
QUICK = ("--interval", "0.2", "--fast-interval", "0.1", "--no-ip-setup")
TWO = ("--ip", IP4, "--ip", IP4B)


def start(bed: Testbed, router: Router, *processes: dict[str, Any], **keys: Any) -> Agent:
    how = keys.pop("how", Agent)
    structure = {**config(peer(router), **keys), "processes": list(processes)}
    agent = bed.make_agent(structure, how)
    agent.start()
    return agent


def script(bed: Testbed, text: str) -> str:
    """A shell line that runs this script; `ask` writes a command and waits for the answer."""
    path = bed.workdir / "script.sh"
    path.write_text("ask() { echo \"$@\"; read answer; echo \"$answer\" >> " + f"{bed.workdir}/answers; }}\n{text}\n")
    return f"exec sh {path}"


def answers(bed: Testbed) -> list[str]:
    path = bed.workdir / "answers"
    return path.read_text().split("\n")[:-1] if path.exists() else []


def wait_answers(bed: Testbed, *wanted: str) -> None:
    wait_until(lambda: answers(bed) == list(wanted), f"answers {wanted}")


def program(agent: Agent, name: str = "p") -> dict[str, Any]:
    [found] = [p for p in agent.status("status")["processes"] if p["name"] == name]
    return found


CASES: dict[str, tuple[tuple[str, ...], int]] = {
    "plain": ((*TWO, "--rise", "1"), 2),
    "metrics": ((*TWO, "--rise", "1", "--up-metric", "7", "--increase", "3"), 2),
    "rise": ((*TWO, "--rise", "3", "--cmd", "true"), 2),
    "down": ((*TWO, "--fall", "2", "--down-metric", "900", "--cmd", "false"), 2),
    "community": (
        (*TWO, "--rise", "1", "--community", "65001:1 65001:2", "--large-community", "65001:1:2",
         "--extended-community", "target:65001:100"), 2,
    ),
    "disabled": (
        (*TWO, "--disable", "/", "--disabled-metric", "555", "--disabled-community", "65001:9"), 2,
    ),
    "as-path": ((*TWO, "--rise", "1", "--as-path", "65001 65001 64999"), 2),
    "next-hop": ((*TWO, "--rise", "1", "--next-hop", "10.0.77.1"), 2),
    "ipv6": (("--ip", IP6, "--rise", "1", "--next-hop", "2001:db8:77::1"), 1),
    "own next-hop": ((*TWO, "--rise", "1", "--next-hop", "{host}"), 2),
    "ipv6 own next-hop": (("--ip", IP6, "--rise", "1", "--next-hop", "{host6}"), 1),
    "local-preference": ((*TWO, "--rise", "1", "--local-preference", "300"), 2),
    "start": ((*TWO, "--rise", "1", "--start-ip", "1"), 2),
    "network": (("--ip", "198.18.0.0/30", "--deaggregate-networks", "--rise", "1"), 4),
    "path id": ((*TWO, "--rise", "1", "--path-id", "7"), 2),
}


REMOTE = ("next-hop", "ipv6")
"""With a next hop that is not on the link: BIRD does not take such routes."""


def of_link(options: tuple[str, ...], router: Router) -> list[str]:
    """With the addresses of the host there in the place of {host} and {host6}."""
    link = router.link
    return healthcheck(*QUICK, *(o.format(host=link.host_ip, host6=link.host_ip6) for o in options))


@pytest.mark.parametrize(
    ("case", "kind"),
    [(c, k) for c in CASES for k in ("bird", "frr") if k == "frr" or c not in REMOTE],
)
def test_healthcheck_as_exabgp_runs_it(bed: Testbed, kind: str, case: str) -> None:
    """Debian's script, unmodified: the routes at the router are those that ExaBGP announces."""
    options, n = CASES[case]
    ours = bed.start_router(kind)
    theirs = bed.start_router(kind)
    start(bed, ours, process("p", of_link(options, ours), *ALLOW))
    run = [f"'{word}'" if " " in word else word for word in of_link(options, theirs)]
    exabgp.start(bed, theirs.link, theirs, run)
    for router in (ours, theirs):
        wait_until(
            lambda router=router: len(router.routes()) == n, f"{n} routes", ignore=(NotReady,)
        )
    wait_until(
        lambda: without_host(ours) == without_host(theirs), "the same routes", ignore=(NotReady,)
    )


@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_healthcheck_for_one_neighbor_as_exabgp_runs_it(bed: Testbed, kind: str) -> None:
    """`--neighbor`, one of which there is not."""
    ours, theirs, other = bed.start_router(kind), bed.start_router(kind), bed.start_router("bird")

    def run(router: Router) -> list[str]:
        named = ("--neighbor", router.ip, "--neighbor", "192.0.2.77")
        return healthcheck(*QUICK, *TWO, "--rise", "1", "--up-metric", "7", *named)

    entry = process("p", run(ours), *ALLOW)
    agent = bed.start_agent({**config(peer(ours), peer(other)), "processes": [entry]})
    exabgp.start(bed, theirs.link, theirs, run(theirs))
    for router in (ours, theirs):
        router.wait_routes(IP4, IP4B)
    wait_until(
        lambda: without_host(ours) == without_host(theirs), "the same routes", ignore=(NotReady,)
    )
    other.wait_established()
    assert other.routes() == {} and program(agent)["errors"] == 0


def test_up_down_disabled_and_the_end(bed: Testbed) -> None:
    router = bed.start_router("bird")
    up, off = bed.workdir / "up", bed.workdir / "off"
    seen = bed.workdir / "states"
    run = healthcheck(
        *QUICK, *TWO, "--cmd", f"test -e {up}", "--rise", "2", "--fall", "2", "--disable", str(off),
        "--withdraw-on-down", "--execute", f"echo $STATE >> {seen}",
    )
    agent = start(bed, router, process("p", run, *ALLOW))
    wait_until(lambda: program(agent)["lines"] > 0, "it withdraws what it never announced")
    assert router.routes() == {}
    up.touch()
    router.wait_routes(IP4, IP4B)
    assert agent.app("p")["source"] == "process"
    assert bed.host.loopback_addresses() == {}
    off.touch()
    router.wait_routes()
    off.unlink()
    router.wait_routes(IP4, IP4B)
    up.unlink()
    router.wait_routes()
    up.touch()
    router.wait_routes(IP4, IP4B)
    assert {"UP", "DOWN", "DISABLED"} <= set(seen.read_text().split())
    agent.stop()
    router.wait_routes()
    assert "killed" not in agent.log


def test_its_own_addresses(bed: Testbed) -> None:
    """Without --no-ip-setup the script binds them, and removes those with its label as it ends."""
    router = bed.start_router("frr")
    run = healthcheck("--interval", "0.2", "--rise", "1", *TWO, "--label", "hc")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4, IP4B)
    bed.wait_loopback({IP4: "lo:hc", IP4B: "lo:hc"})
    agent.reload({**config(peer(router)), "processes": []})
    router.wait_routes()
    bed.wait_loopback({})


def test_ipv6(bed: Testbed, kind: str) -> None:
    """`next-hop self` over a session of IPv4, where ExaBGP itself sends an IPv4 address that routers
    refuse."""
    router = bed.start_router(kind)
    run = healthcheck(*QUICK, "--ip", IP6, "--ip", IP4, "--rise", "1")
    start(bed, router, process("p", run, *ALLOW))
    routes = router.wait_routes(IP4, IP6)
    assert (routes[IP6].next_hop, routes[IP6].med) == (router.link.host_ip6, 100)
    assert (routes[IP4].next_hop, routes[IP4].med) == (router.link.host_ip, 101)


def test_neighbors(bed: Testbed) -> None:
    one, two = bed.start_router("bird"), bed.start_router("bird")
    run = healthcheck(*QUICK, *TWO, "--rise", "1", "--neighbor", two.ip)
    structure = {**config(peer(one), peer(two)), "processes": [process("p", run, *ALLOW)]}
    agent = bed.start_agent(structure)
    two.wait_routes(IP4, IP4B)
    one.wait_established()
    wait_until(lambda: agent.route_state(IP4, one.ip) == "filtered", "it is not for that one")
    assert one.routes() == {}


@pytest.mark.parametrize("kind", ["bird", "frr"])
def test_process_1(bed: Testbed, kind: str) -> None:
    """The script ends when its parent is process 1, which the agent is here."""
    router = bed.start_router(kind)
    run = healthcheck(*QUICK, *TWO, "--rise", "1")
    agent = start(bed, router, process("p", run, *ALLOW), how=Contained)
    router.wait_routes(IP4, IP4B)
    never(lambda: program(agent)["starts"] > 1, "another start", 1.0)
    agent.stop()
    router.wait_routes()


def test_lines_and_answers(bed: Testbed) -> None:
    router = bed.start_router("bird")
    run = script(bed, f"""
ask announce route {IP4} next-hop self med 5 'community [ 65001:1 ]'
ask "# a comment"
ask announce route 203.0.113.1 next-hop self
ask announce attributes next-hop self med 9 nlri 198.18.1.1 198.18.1.2
ask nonsense
ask version
ask
ask announce ipv4 unicast 198.18.2.0/30 next-hop self split /32
read more
echo $more >> {bed.workdir}/answers
ask disable-ack
echo withdraw route 198.18.1.2
echo enable-ack
read answer; echo "$answer" >> {bed.workdir}/answers
exec sleep 1000
""".replace("ask\n", "echo\n"))
    agent = start(bed, router, process("p", run, *ALLOW))
    wait_answers(
        bed, "done", "done", "error", "done", "error",
        agent_version(bed), "done", "done", "done", "done",
    )
    router.wait_routes(
        IP4, "198.18.1.1/32", *(f"198.18.2.{n}/32" for n in range(4))
    )
    assert router.routes()[IP4].communities == ("65001:1",)
    found = program(agent)
    assert (found["routes"], found["errors"]) == (6, 2)
    assert "is not a command" in found["last_error"]


def agent_version(bed: Testbed) -> str:
    wait_until(lambda: len(answers(bed)) > 5, "the version")
    assert answers(bed)[5].startswith("exabgp 4.")
    return answers(bed)[5]


def test_withdrawn_from_each_neighbor(bed: Testbed) -> None:
    """By name, one after the other: the route is gone, and does not count any more."""
    one, two = bed.start_router("bird"), bed.start_router("bird")
    run = script(bed, f"""
ask announce route {IP4} next-hop self
ask neighbor {one.ip} withdraw route {IP4}
ask announce route {IP4B} next-hop self
ask neighbor {two.ip} withdraw route {IP4}
ask announce route {IP4B} next-hop self
exec sleep 1000""")
    entry = process("p", run, *ALLOW, max_routes=1)
    agent = bed.start_agent({**config(peer(one), peer(two)), "processes": [entry]})
    wait_answers(bed, "done", "done", "error", "done", "done")
    one.wait_routes(IP4B)
    two.wait_routes(IP4B)
    assert [v["prefix"] for v in agent.app("p")["vips"]] == [IP4B]


def test_a_listing_of_one_neighbor(bed: Testbed) -> None:
    one, two = bed.start_router("bird"), bed.start_router("bird")
    route = "announce route 198.18.0.0/24 next-hop self split /32"
    listing = bed.workdir / "listing"
    run = script(bed, f"""
ask {route}
list() {{
  echo "$@"
  while read line; do
    echo "$line" >> {listing}
    case "$line" in done|error) return;; esac
  done
}}
list neighbor {two.ip} show adj-rib out
list neighbor 192.0.2.77 show adj-rib out
exec sleep 1000""")
    bed.start_agent({**config(peer(one), peer(two)), "processes": [process("p", run, *ALLOW)]})
    wait_until(lambda: listing.exists() and listing.read_text().endswith("error\n"), "both answers")
    lines = listing.read_text().splitlines()
    assert lines[-2:] == ["done", "error"]
    assert len(lines) == 256 + 2
    assert all(line.startswith(f"neighbor {two.ip} ipv4 unicast 198.18.0.") for line in lines[:-2])


def test_other_attributes_for_each_neighbor(bed: Testbed) -> None:
    one, two = bed.start_router("bird"), bed.start_router("frr")
    go = bed.workdir / "go"
    route = f"announce route {IP4} next-hop"
    run = script(bed, f"""
echo silence-ack
echo neighbor {one.ip} {route} self med 10 community 65001:1
echo neighbor {two.ip} {route} {two.link.host_ip} med 20 community 65001:2 as-path [ 65001 65009 ]
echo enable-ack
read answer
ask show adj-rib out extensive
read answer
echo "$answer" >> {bed.workdir}/answers
read answer
until test -e {go}; do sleep 0.05; done
ask neighbor {two.ip} {route} self med 30
ask neighbor {one.ip} withdraw route {IP4}
exec sleep 1000""")
    agent = bed.start_agent({**config(peer(one), peer(two)), "processes": [process("p", run, *ALLOW)]})
    for router in (one, two):
        router.wait_routes(IP4)
    a, b = one.routes()[IP4], two.routes()[IP4]
    assert (a.med, a.communities, a.as_path) == (10, ("65001:1",), (AGENT_AS,))
    assert (b.med, b.communities, b.as_path) == (20, ("65001:2",), (AGENT_AS, 65009))
    shown = {r["peer"]: r for r in agent.status("routes")["routes"][0]["peers"]}
    assert [shown[r.ip]["med"] for r in (one, two)] == [10, 20]
    assert shown[two.ip]["as_path"] == [AGENT_AS, 65009] and "as_path" not in shown[one.ip]
    wait_until(lambda: len(answers(bed)) == 2, "a line for each of them")
    for line, router, med in zip(answers(bed), (one, two), (10, 20), strict=True):
        assert line.startswith(f"neighbor {router.ip} ipv4 unicast {IP4} next-hop "), line
        assert f" med {med} " in line, line
    go.touch()
    one.wait_routes()
    wait_until(lambda: two.routes()[IP4].med == 30, "the other attributes")
    assert two.routes()[IP4].as_path == (AGENT_AS,)


def test_a_program_that_wants_no_answers(bed: Testbed) -> None:
    """exabgp_api_ack=false: the first that it reads is what it asked for."""
    router = bed.start_router("bird")
    run = script(bed, f"echo announce route {IP4} next-hop self; ask ping; ask version; exec sleep 1000")
    start(bed, router, process("p", run, *ALLOW, env=["exabgp_api_ack=false"]))
    router.wait_routes(IP4)
    wait_until(lambda: len(answers(bed)) == 2, "two answers")
    assert answers(bed)[0].startswith("pong ") and answers(bed)[1].startswith("exabgp ")


def test_a_repeated_line_is_no_update(bed: Testbed) -> None:
    link = bed.link()
    raw = RawListener(link.namespace, link.router_ip)
    line = f"announce route {IP4} next-hop self med 5"
    run = script(bed, f"""
while :; do ask {line}; ask {line} community "[ ]"; sleep 0.05; done""")
    structure = config({"peer_ip": link.router_ip, "peer_as": 65000})
    agent = bed.start_agent({**structure, "processes": [process("p", run, *ALLOW)]})
    session = raw.accept()
    session.establish(65000)
    session.expect_route(IP4)
    before = program(agent)["lines"]
    session.receive_pending()
    wait_until(lambda: program(agent)["lines"] > before + 20, "20 lines")
    found = [bgp.decode(message) for message in session.receive_pending()]
    assert [u for u in found if isinstance(u, bgp.Update) and (u.announced or u.withdrawn)] == []


def test_the_routes_go_with_the_process(bed: Testbed) -> None:
    """Killed: withdrawn at once; started again, ever less often, and for ever."""
    router = bed.start_router("bird")
    run = script(bed, f"echo $$ > {bed.workdir}/pid; ask announce route {IP4} next-hop self; exec sleep 1000")
    keep = process("keep", f"echo announce route {IP6} next-hop self; read x; exit 7", *ALLOW, on_exit="keep")
    once = process("once", f"echo announce route {IP4B} next-hop self", *ALLOW, respawn=False)
    agent = start(bed, router, process("p", run, *ALLOW), keep, once)
    router.wait_routes(IP4, IP4B, IP6)
    pid = int((bed.workdir / "pid").read_text())
    (bed.workdir / "script.sh").write_text("exit 1")
    os.kill(pid, signal.SIGKILL)
    agent.wait_event("process.started", app="p", level="info")
    ended = "process p has ended, killed by signal 9 SIGKILL: withdrawing its 1 route"
    agent.wait_event("process.ended", app="p", text=ended)
    router.wait_routes(IP4B, IP6)
    wait_until(lambda: program(agent)["failures"] > 2, "it is started again")
    assert program(agent, "once")["state"] == "done"
    assert program(agent, "keep")["failures"] > 0
    script(bed, f"ask announce route {IP4} next-hop self; exec sleep 1000")
    router.wait_routes(IP4, IP4B, IP6)


def test_a_removed_program_stays_away(bed: Testbed) -> None:
    """Also when it has ended by itself, and what it had written is still carried out."""

    def started(since: int) -> list[dict[str, Any]]:
        return agent.status(f"events?since={since}&kind=process.started")["events"]  # type: ignore[no-any-return]

    router = bed.start_router("bird")
    line = f"announce route {NETWORK} next-hop self split /32 med"
    run = script(bed, f"""
i=0; while [ $i -lt 400 ]; do i=$((i + 1)); echo {line} $i; done""")
    entry = process("p", run, *ALLOW, on_exit="keep", max_routes=20000)
    agent = start(bed, router, entry)
    agent.wait_log("process p has ended, exit status 0")
    assert started(0)
    agent.reload({**config(peer(router)), "processes": []})
    removed = agent.status("events?limit=1")["newest"]
    router.wait_routes()
    never(lambda: started(removed), "it is started again", 1.0)
    assert agent.status("status")["processes"] == []


def test_the_last_lines_of_a_program_are_whole(bed: Testbed) -> None:
    """Many of them, more than are read at once, are in the pipe when it ends."""
    router = bed.start_router("bird")
    text = "".join(f"announce route 198.18.{n // 256}.{n % 256} next-hop self\n" for n in range(1200))
    lines = bed.workdir / "lines"
    lines.write_text(text)
    assert 2 * (16 << 10) < len(text) < 64 << 10
    agent = start(bed, router, process("p", f"exec cat {lines}", *ALLOW, respawn=False))
    wait_until(lambda: program(agent)["state"] == "done", "its lines are carried out")
    found = program(agent)
    assert (found["routes"], found["errors"]) == (1200, 0), found["last_error"]


def test_another_writer_does_not_hold_off_the_next_start(bed: Testbed) -> None:
    """Commands in the pipe at the end of a process are carried out, later ones of another process are not."""
    router = bed.start_router("bird")
    run = script(bed, f"""
echo $$ >> {bed.workdir}/starts
ask announce route {IP4} next-hop self
exec sleep 1000""")
    agent = start(bed, router, process("p", run, *ALLOW, on_exit="keep"))
    router.wait_routes(IP4)
    starts = bed.workdir / "starts"
    pid = int(starts.read_text())
    writer = bed.host.start(["sh", "-c", f"exec yes version >/proc/{pid}/fd/1"], "writer")
    wait_until(lambda: program(agent)["answers_dropped"] > 0, "the pipe is never empty")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(starts.read_text().split()) > 1, "it is started again")
    wait_until(lambda: not writer.running, "the pipe is closed")
    router.wait_routes(IP4)


def test_a_program_that_ends_again_and_again(bed: Testbed) -> None:
    """The alarm names it, and goes with another command."""
    router = bed.start_router("bird")
    agent = start(bed, router, process("p", "echo too tired >&2; exit 3", *ALLOW))
    agent.wait_event("process.ended", app="p", level="warning")
    said = "process p exits repeatedly (exit status 3"
    # Of the last start, which may not have come to the command where the launcher is held up.
    wait_until(lambda: said in alarms(agent).get("process-failing", {"text": ""})["text"], "the alarm")
    alarm = alarms(agent)["process-failing"]
    assert (alarm["process"], alarm["count"]) == ("p", 1)
    agent.wait_log("process p says: too tired")
    stays = process("p", f"echo announce route {IP4} next-hop self; exec sleep 1000", *ALLOW)
    agent.reload({**config(peer(router)), "processes": [stays]})
    router.wait_routes(IP4)
    wait_until(lambda: "process-failing" not in alarms(agent), "no alarm")


def test_a_program_reloads_the_agent(bed: Testbed) -> None:
    router = bed.start_router("bird")
    go = bed.workdir / "go"
    run = script(bed, f"""
ask announce route {IP4} next-hop self
until test -e {go}; do sleep 0.05; done
ask reload
read answer
echo "$answer" >> {bed.workdir}/answers
exec sleep 1000""")
    entry = process("p", run, *ALLOW)
    agent = start(bed, router, entry)
    router.wait_routes(IP4)
    agent.write_config({**config(peer(router), apps=(app("web", VIP4),)), "processes": [entry]})
    go.touch()
    router.wait_routes(IP4, VIP4)
    wait_answers(bed, "done", "reload in progress", "done")
    agent.wait_log("reload requested by process p")
    assert agent.status("status")["config"]["last_reload"]["ok"]
    assert program(agent)["starts"] == 1


def test_a_flood_of_reloads(bed: Testbed) -> None:
    """One at once, and then one each ten seconds for all of them: neither the loop nor the log is full of them."""
    router = bed.start_router("bird")
    flood = f"echo announce route {IP4} next-hop self; echo disable-ack; exec yes reload"
    agent = start(bed, router, process("p", flood, *ALLOW), process("q", flood, *ALLOW))
    router.wait_routes(IP4)
    wait_until(lambda: program(agent)["lines"] > 20000, "20000 lines")
    wait_until(lambda: program(agent, "q")["lines"] > 20000, "20000 lines")
    log = agent.log
    asked = log.count("reload requested by process")
    assert 1 <= asked < 20
    assert log.count(": reloading ") <= asked
    assert agent.get("/healthz").status == 200


def test_a_route_of_a_program_is_explained(bed: Testbed) -> None:
    router = bed.start_router("bird")
    run = script(bed, f"ask announce route {IP4} next-hop self; exec sleep 1000")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4)
    [vip] = agent.status("explain?name=p")["vips"]
    assert (vip["prefix"], vip["first"]) == (IP4, None)
    registered = vip["conditions"][0]
    assert (registered["condition"], registered["text"]) == ("registered", "from process")
    assert all(c["holds"] for c in vip["conditions"] + vip["peers"][0]["conditions"])
    shown = Client(bed, agent)("explain", "p")
    assert f"{IP4} of p: announced to " in shown and "from process" in shown


def test_fifo(bed: Testbed) -> None:
    """Writers come and go; the routes stay."""
    router = bed.start_router("bird")
    fifo = bed.workdir / "exabgp.in"
    os.mkfifo(fifo)
    fifo.chmod(0o666)
    agent = start(bed, router, {"name": "p", "fifo": str(fifo), "allow": list(ALLOW)})
    agent.wait_log("process p: fifo .* may be written by every user: chmod o-w")
    fifo.chmod(0o600)
    for prefix in (IP4, IP4B):
        fifo.write_text(f"announce route {prefix} next-hop self\n")
    router.wait_routes(IP4, IP4B)
    # The line of a writer that leaves ends with it.
    fifo.write_text(f"announce route {IP4} next-hop self med 7")
    wait_until(lambda: router.routes()[IP4].med == 7, "a line without its end")
    fifo.write_text(f"withdraw route {IP4}\nrubbish\n")
    router.wait_routes(IP4B)
    refused = agent.wait_event("process.refused", app="p", level="warning")
    assert "rubbish" in refused["text"]
    assert program(agent)["errors"] == 1
    agent.stop()
    router.wait_routes()


def test_fifo_beside_a_program(bed: Testbed) -> None:
    """Commands written there leave the answers to the program alone."""
    router = bed.start_router("bird")
    fifo, go = bed.workdir / "exabgp.in", bed.workdir / "go"
    os.mkfifo(fifo, 0o600)
    run = script(bed, f"""
ask announce route {IP4} next-hop self
until test -e {go}; do sleep 0.05; done
ask ping
exec sleep 1000""")
    start(bed, router, process("p", run, *ALLOW, fifo=str(fifo)))
    wait_answers(bed, "done")
    fifo.write_text(f"disable-ack\nannounce route {IP4B} next-hop self\n")
    router.wait_routes(IP4, IP4B)
    go.touch()
    wait_answers(bed, "done", "pong vipherald active=true")


def test_a_fifo_outlives_the_program_beside_it(bed: Testbed) -> None:
    """Routes of the program go with it; those of the fifo stay, and so does the fifo."""
    router = bed.start_router("bird")
    fifo, pid = bed.workdir / "exabgp.in", bed.workdir / "pid"
    os.mkfifo(fifo, 0o600)
    run = script(bed, f"""
test -e {pid} && exec sleep 1000
ask announce route {IP4} next-hop self
echo $$ > {pid}.new; mv {pid}.new {pid}
exec sleep 1000""")
    agent = start(bed, router, process("p", run, *ALLOW, fifo=str(fifo)))
    fifo.write_text(f"announce route {IP4B} next-hop self med 5\n")
    router.wait_routes(IP4, IP4B)
    wait_until(pid.exists, "the pid")
    os.kill(int(pid.read_text()), signal.SIGKILL)
    router.wait_routes(IP4B)
    wait_until(lambda: program(agent)["starts"] == 2, "it is started again")
    fifo.write_text(f"announce route {IP6} next-hop self\n")
    routes = router.wait_routes(IP4B, IP6)
    assert routes[IP4B].med == 5
    fifo.write_text(f"withdraw route {IP4B}\n")
    router.wait_routes(IP6)
    assert program(agent)["starts"] == 2


def test_help_and_neighbors(bed: Testbed) -> None:
    """Answers of several lines; of sessions, those that are up."""
    router = bed.start_router("bird")
    go = bed.workdir / "go"
    run = script(bed, f"""
several() {{
  echo "$@"
  while read line; do
    echo "$line" >> {bed.workdir}/answers
    case "$line" in done|error) return;; esac
  done
}}
several help
several show neighbor
until test -e {go}; do sleep 0.05; done
several show neighbor summary
exec sleep 1000""")
    entry = process("p", run, *ALLOW)
    away = {"peer_ip": "10.9.9.9", "peer_as": 65000, "multi_hop": True}
    agent = bed.start_agent({**config(peer(router), away), "processes": [entry]})
    wait_until(lambda: agent.peer(router.ip)["state"] == "established", "the session is up")
    go.touch()
    wait_until(lambda: answers(bed).count("done") == 3, "three answers")
    first, second, third = " \n".join(answers(bed)).split("done")[:3]
    for command in ("announce route", "withdraw route", "show neighbor summary", "show adj-rib out"):
        assert command in first, first
    assert second.split() == ["please", "specify", "summary"]
    head, *sessions = [line.split() for line in third.strip().splitlines()]
    assert head[:2] == ["Peer", "AS"]
    assert [(s[0], s[1], s[3]) for s in sessions] == [(router.ip, "65000", "established")]


def test_path_information_is_warned_of(bed: Testbed) -> None:
    """Once a program; the route is sent without it."""
    router = bed.start_router("bird")
    line = f"announce route {IP4} next-hop self path-information"
    run = script(bed, f"ask {line} 7; ask {line} 1.2.3.4 med 9; exec sleep 1000")
    agent = start(bed, router, process("p", run, *ALLOW))
    wait_answers(bed, "done", "done")
    router.wait_routes(IP4)
    wait_until(lambda: router.routes()[IP4].med == 9, "the second line")
    assert agent.log.count("process p: path-information is ignored") == 1


def test_conflicts(bed: Testbed) -> None:
    """The configuration comes first, programs come before HTTP; what becomes free is taken."""
    router = bed.start_router("bird")
    run = script(bed, f"ask announce route {IP4} next-hop self; ask announce route {VIP4} next-hop self; exec sleep 1000")
    entry = process("p", run, *ALLOW, "192.0.2.0/24")
    agent = start(bed, router, entry)
    router.wait_routes(IP4, VIP4)
    assert agent.register("web", VIP4).status == 409
    own = {**config(peer(router), apps=(app("web", VIP4),)), "processes": [entry]}
    agent.reload(own)
    wait_until(lambda: agent.app("web")["announced"], "the app has it")
    assert [v["prefix"] for v in agent.app("p")["vips"]] == [IP4]
    router.wait_routes(IP4, VIP4)
    agent.reload({**config(peer(router)), "processes": [entry]})
    wait_until(lambda: len(agent.app("p")["vips"]) == 2, "the program has it again")
    assert program(agent)["starts"] == 1


def test_reload(bed: Testbed) -> None:
    """A process that did not change goes on; what it may not announce any more is withdrawn."""
    router = bed.start_router("bird")
    run = script(bed, f"ask announce route {IP4} next-hop self; ask announce route {IP6} next-hop self; exec sleep 1000")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4, IP6)
    narrow = process("p", run, ALLOW[0], bind="address", encoder="json")
    agent.reload({**config(peer(router)), "processes": [narrow]})
    router.wait_routes(IP4)
    bed.wait_loopback({IP4: "lo:p"})
    assert program(agent)["starts"] == 1
    other = process("p", run + " x", *ALLOW)
    agent.reload({**config(peer(router)), "processes": [other]})
    router.wait_routes(IP4, IP6)
    bed.wait_loopback({})
    assert program(agent)["starts"] == 1  # of another process
    agent.reload(config(peer(router)))
    router.wait_routes()


def test_a_process_starts_when_the_one_before_has_gone(bed: Testbed) -> None:
    """Its routes go at once; two of one name at a time would both use the same port or file."""
    router = bed.start_router("bird")
    go, log = bed.workdir / "go", bed.workdir / "log"
    run = script(bed, f"""
trap 'until test -e {go}; do sleep 0.05; done; echo old >> {log}; exit 0' TERM
ask announce route {IP4} next-hop self
while :; do sleep 0.05; done""")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4)
    new = bed.workdir / "new.sh"
    new.write_text(f"echo new >> {log}; echo announce route {IP4B} next-hop self; exec sleep 1000")
    agent.reload({**config(peer(router)), "processes": [process("p", f"exec sh {new}", *ALLOW)]})
    router.wait_routes()
    assert program(agent)["state"] == "waiting"
    go.touch()
    router.wait_routes(IP4B)
    assert log.read_text().split() == ["old", "new"]


def test_drain(bed: Testbed) -> None:
    router = bed.start_router("bird")
    run = script(bed, f"ask announce route {IP4} next-hop self med 5 community 65001:1; exec sleep 1000")
    agent = start(bed, router, process("p", run, *ALLOW), agent={"drain_time": "1h"})
    router.wait_routes(IP4)
    agent.drain("p")
    wait_until(lambda: "65535:0" in router.routes()[IP4].communities, "graceful shutdown")
    assert router.routes()[IP4].med == 5
    agent.undrain("p")
    wait_until(lambda: router.routes()[IP4].communities == ("65001:1",), "as before")


def test_a_flood_and_noise(bed: Testbed) -> None:
    """Bounded, answered, and the loop turns; answers that are not read block nothing."""
    router = bed.start_router("bird")
    noise = f"cat /dev/urandom & yes announce route {IP4} next-hop self"
    long = "head -c 1000000 /dev/zero | tr '\\0' x; echo; sleep 1000"
    agent = start(
        bed, router, process("p", noise, *ALLOW), process("long", long, *ALLOW),
        process("slow", "yes version", *ALLOW),
    )
    wait_until(lambda: program(agent)["lines"] > 2000, "2000 lines")
    wait_until(lambda: program(agent, "long")["errors"] == 1, "the long line is refused")
    wait_until(lambda: program(agent, "slow")["answers_dropped"] > 0, "answers are dropped")
    assert "longer than 65536 octets" in program(agent, "long")["last_error"]
    router.wait_routes(IP4)
    assert agent.get("/healthz").status == 200


@pytest.mark.parametrize("encoder", ["text", "json"])
def test_sessions_are_told(bed: Testbed, encoder: str) -> None:
    router = bed.start_router("bird")
    seen = bed.workdir / "seen"
    run = f"exec cat > {seen}"
    agent = start(bed, router, process("p", run, *ALLOW, encoder=encoder))
    up = f"neighbor {router.ip} up" if encoder == "text" else '"state": "up" } }'
    down = f"neighbor {router.ip} down - " if encoder == "text" else '"state": "down", "reason": "'
    wait_until(lambda: seen.exists() and up in seen.read_text(), "up")
    router.stop()
    wait_until(lambda: down in seen.read_text(), "down")
    assert len(seen.read_text().splitlines()) == 2
    assert agent.process.running


def test_it_runs_as_its_user(bed: Testbed) -> None:
    bed.link()
    bed.workdir.chmod(0o777)
    run = f"id -un > {bed.workdir}/who; exec sleep 1000"
    structure = config({"peer_ip": "10.0.1.1", "peer_as": 65000})
    bed.start_agent({**structure, "processes": [process("p", run, *ALLOW, user="nobody")]})
    who = bed.workdir / "who"
    wait_until(lambda: who.exists() and who.read_text() == "nobody\n", "it runs as nobody")


def test_it_runs_as_the_user_of_commands(bed: Testbed) -> None:
    """Without a user of its own; with one, as that."""
    bed.link()
    bed.workdir.chmod(0o777)
    who, other = bed.workdir / "who", bed.workdir / "other"

    def write(path: Path) -> str:
        return f"id -un > {path}.new; mv {path}.new {path}; exec sleep 1000"

    structure = config({"peer_ip": "10.0.1.1", "peer_as": 65000}, agent={"exec": {"user": "nobody"}})
    processes = [process("p", write(who), *ALLOW), process("q", write(other), *ALLOW, user="daemon")]
    bed.start_agent({**structure, "processes": processes})
    wait_until(lambda: who.exists() and other.exists(), "both run")
    assert (who.read_text(), other.read_text()) == ("nobody\n", "daemon\n")


def test_end_of_rib_waits_for_the_first_lines(bed: Testbed) -> None:
    """After a restart a router keeps the routes until the program has announced them again."""
    router = bed.start_router("bird", graceful_restart=True)
    gate = bed.workdir / "gate"
    gate.touch()
    run = script(bed, f"until [ -e {gate} ]; do sleep 0.05; done; ask announce route {IP4} next-hop self; exec sleep 1000")
    structure = {**config(peer(router), graceful_restart=True), "processes": [process("p", run, *ALLOW)]}
    agent = bed.start_agent(structure)
    router.wait_routes(IP4)
    gate.unlink()
    agent.process.signal(signal.SIGUSR2)
    agent.expect_exit(0)
    again = bed.start_agent(structure)
    router.wait_established()
    never(lambda: IP4 not in router.routes(), "the route is dropped", 1.0)
    gate.touch()
    wait_until(
        lambda: not again.peer(router.ip)["graceful_restart"]["end_of_rib_held"], "End-of-RIB"
    )
    router.wait_routes(IP4)


def test_ten_thousand(bed: Testbed) -> None:
    router = bed.start_router("bird")
    run = script(bed, f"ask announce route {NETWORK} next-hop self split /32; exec sleep 1000")
    many = process("p", run, *ALLOW, max_routes=20000)
    agent = start(bed, router, many)
    wait_until(lambda: program(agent)["routes"] == 16384, "16384 routes", 120)
    wait_until(lambda: len(router.prefixes()) == 16384, "at the router", 120, ignore=(NotReady,))
    agent.reload({**config(peer(router)), "processes": []})
    wait_until(lambda: len(router.prefixes()) == 0, "withdrawn", 120, ignore=(NotReady,))




def test_the_page_shows_the_first_of_many_routes(bed: Testbed) -> None:
    router = bed.start_router("bird")
    run = script(bed, "ask announce route 192.0.2.0/25 next-hop self split /32; exec sleep 1000")
    agent = start(bed, router, process("p", run, "192.0.2.0/24"))
    wait_until(lambda: len(router.prefixes()) == 128, "all of them")
    page = agent.request("GET", "/", {"Accept": "text/html"}).text
    assert page.count("<code>192.0.2.") == 50 and "and 78 more" in page


def test_a_long_answer_takes_several_turns(bed: Testbed) -> None:
    """Half a million lines, again and again: requests are answered in the middle of them."""
    bed.link()
    peers = [{"peer_ip": f"10.77.0.{n}", "peer_as": 65000} for n in range(1, 31)]
    run = script(bed, f"""
ask announce route {NETWORK} next-hop self split /32
exec yes show adj-rib out""")
    many = process("p", run, *ALLOW, max_routes=20000)
    agent = bed.start_agent({**config(*peers), "processes": [many]})
    lines = 16384 * len(peers)

    def in_the_middle() -> bool:
        dropped = program(agent)["answers_dropped"]
        return dropped > 0 and dropped % lines < lines / 2

    wait_until(in_the_middle, "a part of an answer")
