"""The apps of programs of `processes`: unregistered, refused, and back."""

from .configs import VIP4, app, config, peer
from .exabgp import process
from .test_processes import ALLOW, IP4, IP4B, IP6, program, script, start
from .testbed import Testbed
from .wait import wait_until


def test_unregistered_until_the_next_line(bed: Testbed) -> None:
    """As the answer to the operator says; then all of its routes are back."""
    router = bed.start_router("bird")
    go = bed.workdir / "go"
    run = script(bed, f"""
ask announce route {IP4} next-hop self
ask announce route {IP6} next-hop self
until test -e {go}; do sleep 0.05; done
ask announce route {IP4B} next-hop self
exec sleep 1000""")
    agent = start(bed, router, process("p", run, *ALLOW))
    router.wait_routes(IP4, IP6)
    assert "with its next command" in agent.unregister("p").json()["note"]
    router.wait_routes()
    agent.register("other", VIP4)
    agent.unregister("other")  # a name that becomes free does not bring it back
    router.wait_routes()
    assert agent.get("/v1/apps/p").status == 404
    go.touch()
    router.wait_routes(IP4, IP6, IP4B)
    assert program(agent)["starts"] == 1


def test_its_name_becomes_free(bed: Testbed) -> None:
    """A reload gives the name of an app to a program: what it announces before that app has gone is not lost."""
    router = bed.start_router("bird")
    agent = bed.start_agent(config(peer(router), apps=(app("p", VIP4),)))
    router.wait_routes(VIP4)
    run = script(bed, f"ask announce route {IP4} next-hop self; exec sleep 1000")
    agent.reload({**config(peer(router)), "processes": [process("p", run, *ALLOW)]})
    router.wait_routes(IP4)
    wait_until(lambda: agent.app("p")["source"] == "process", "the app of the program")
    assert program(agent)["starts"] == 1


def test_one_that_is_done_is_started_by_a_change_of_its_entry_only(bed: Testbed) -> None:
    router = bed.start_router("bird")
    starts = bed.workdir / "starts"
    run = script(bed, f"""
echo $$ >> {starts}
ask announce route {IP4} next-hop self
ask announce route {IP6} next-hop self
[ $(wc -l < {starts}) -ge 2 ]""")  # the first run fails
    once = process("p", run, ALLOW[0], respawn=False)
    agent = start(bed, router, once)

    def n_starts() -> int:
        return len(starts.read_text().split()) if starts.exists() else 0

    def wait_done(n: int) -> None:
        wait_until(lambda: (n_starts(), program(agent)["state"]) == (n, "done"), f"{n} starts")

    wait_done(2)
    router.wait_routes(IP4)
    agent.reload()
    agent.reload({**config(peer(router), apps=(app("web", VIP4),)), "processes": [once]})
    router.wait_routes(IP4, VIP4)
    agent.unregister("p")
    router.wait_routes(VIP4)
    assert (n_starts(), program(agent)["state"]) == (2, "done")
    # One that it may announce now; what it has announced before is back as well.
    agent.reload({**config(peer(router)), "processes": [{**once, "allow": list(ALLOW)}]})
    router.wait_routes(IP4, IP6)
    wait_done(3)
    agent.reload()
    assert (n_starts(), program(agent)["state"]) == (3, "done")
    agent.reload({**config(peer(router)), "processes": [process("p", run, *ALLOW)]})
    wait_until(lambda: n_starts() > 4, "it is started again and again")
