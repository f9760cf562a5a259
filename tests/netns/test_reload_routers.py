"""The cost of a reload, as FRR and BIRD count it: sessions, UPDATEs and withdrawals."""

from collections.abc import Callable
from typing import Any

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config, peer
from .routers import CountingRouter
from .test_confirm import copy_of
from .test_reload import MARKER, OTHER, THIRD, Watch
from .testbed import Testbed
from .wait import wait_until

PORT, ANOTHER = 5301, 5302
KEPT = app("kept", [VIP4, VIP6], f"port:tcp:{PORT}")
WEB = app("web", OTHER, f"port:tcp:{PORT}")
N_ROUTES = 3


def received(router: CountingRouter) -> tuple[str, int]:
    """BIRD's own name of a session is the time of its begin, which it computes anew each time: on a
    busy machine that differs. Its log counts them."""
    session, n = router.received()
    if router.kind == "bird":
        session = str(router.process.log.count("agent: State changed to up"))
    return session, n


def counting(bed: Testbed, kind: str, password: str) -> CountingRouter:
    extra = ("debug { states }",) if kind == "bird" else ()
    router = bed.start_router(kind, password=password, extra=extra)
    assert isinstance(router, CountingRouter)
    return router


class Scene:
    """An agent between both routers, and what the file says of each."""

    def __init__(self, bed: Testbed):
        self.bed = bed
        for port in (PORT, ANOTHER):
            bed.start_service(port)
        self.frr = counting(bed, "frr", "frr-key")
        self.bird = counting(bed, "bird", "bird-key")
        self.routers = (self.frr, self.bird)
        self.agent: Agent = bed.start_agent(self.file())
        for router in self.routers:
            router.wait_routes(VIP4, VIP6, OTHER)
        text = self.agent.config_path.read_text()
        wait_until(
            lambda: copy_of(self.agent).read_text().endswith(text), "it is kept", ignore=(OSError,)
        )

    def file(
        self,
        *more: dict[str, Any],
        apps: tuple[dict[str, Any], ...] = (KEPT, WEB),
        bird: dict[str, Any] | None = None,
        **bgp: Any,
    ) -> dict[str, Any]:
        entries = (
            peer(self.frr, password="frr-key"),
            {**peer(self.bird, password="bird-key"), **(bird or {})},
        )
        return config(*entries, *more, apps=apps, **bgp)

    def cost(self, change: Callable[[], None]) -> tuple[int, int]:
        """Messages at FRR, routes at BIRD; on the sessions of before."""
        before = [received(router) for router in self.routers]
        change()
        # All that was sent before the marker has been counted when it is there.
        self.agent.register("marker", MARKER)
        for router in self.routers:
            router.wait_route(MARKER)
        self.agent.unregister("marker")
        for router in self.routers:
            router.wait_no_route(MARKER)
        after = [received(router) for router in self.routers]
        for (now, _), (then, _) in zip(after, before, strict=True):
            assert now == then
        frr, bird = (now - then - 2 for (_, now), (_, then) in zip(after, before, strict=True))
        return frr, bird

    def reload(self, *more: dict[str, Any], **keys: Any) -> tuple[int, int]:
        def change() -> None:
            answer = self.agent.reload(self.file(*more, **keys))
            assert answer["result"] == "reloaded" and answer["changes"], answer

        return self.cost(change)


@pytest.fixture
def scene(bed: Testbed) -> Scene:
    return Scene(bed)


def test_what_costs_nothing(scene: Scene) -> None:
    assert scene.cost(lambda: None) == (0, 0)
    moved = app("web", OTHER, f"port:tcp:{ANOTHER}")
    quicker = {**WEB, "quorum": 1}
    for file in (
        {"bird": {"description": "rack 2"}},
        {"bird": {"connect_retry_max": "5s"}},
        {"apps": (KEPT, moved)},
        {"apps": (KEPT, quicker)},
        {"apps": (KEPT, {**WEB, "nats": [f"tcp:53:{PORT}"]})},
        {"apps": (WEB, KEPT)},
        {"apps": (KEPT, {**WEB, "name": "renamed"})},
    ):
        assert scene.reload(**file) == (0, 0), file
    answer = scene.agent.reload(scene.file() | {"agent": {"monitor_interval": "150ms", "rise": 2}})
    assert answer["result"] == "reloaded"
    assert scene.cost(lambda: None) == (0, 0)


def test_apps(scene: Scene) -> None:
    """Each change is one UPDATE, or one withdrawal, with that VIP alone."""
    new = app("new", THIRD, f"port:tcp:{ANOTHER}")

    def added() -> None:
        scene.agent.reload(scene.file(apps=(KEPT, WEB, new)))
        for router in scene.routers:
            router.wait_route(THIRD)

    def removed() -> None:
        scene.agent.reload(scene.file(apps=(KEPT, WEB)))
        for router in scene.routers:
            router.wait_no_route(THIRD)

    assert scene.cost(added) == (1, 1)
    with_med = {**new, "states": {"up": {"med": 7}}}
    assert scene.reload(apps=(KEPT, WEB, with_med)) == (1, 1)
    assert [router.routes()[THIRD].med for router in scene.routers] == [7, 7]
    with_community = app("new", THIRD, f"port:tcp:{ANOTHER}", communities=("7:7",))
    assert scene.reload(apps=(KEPT, WEB, with_community)) == (1, 1)
    assert scene.cost(removed) == (1, 1)
    two = {**KEPT, "except_peers": [scene.bird.ip]}
    # A route of each family.
    assert scene.reload(apps=(two, WEB)) == (0, 2)
    assert scene.reload(apps=(KEPT, WEB)) == (0, 2)


def test_keys_of_a_peer(scene: Scene) -> None:
    """Only that peer has them, and each route once."""
    assert scene.reload(bird={"communities": ["3:3"]}) == (0, N_ROUTES)
    assert scene.bird.routes()[VIP4].communities == ("3:3",)
    assert scene.reload(bird={"communities": ["3:3"], "med": 5}) == (0, N_ROUTES)
    assert scene.reload() == (0, N_ROUTES)

    def another_key() -> None:
        # The router keeps the old one: what was lost until it is back is sent again.
        scene.agent.reload(scene.file(bird={"password": "other"}))
        scene.agent.reload(scene.file())

    assert scene.cost(another_key) == (0, 0)


def test_keys_of_all(scene: Scene) -> None:
    """An UPDATE for each family at FRR."""
    assert scene.reload(communities=["9:9"]) == (2, N_ROUTES)
    assert [router.routes()[VIP6].communities for router in scene.routers] == [("9:9",)] * 2


def test_another_peer(scene: Scene) -> None:
    watch = Watch(scene.bed)

    def added() -> None:
        scene.agent.reload(scene.file(watch.entry))
        watch.establish()

    assert scene.cost(added) == (0, 0)

    def removed() -> None:
        scene.agent.reload(scene.file())
        watch.session.expect_notification(6, 3)

    # Of what was counted above.
    watch.session.expect_route(MARKER)
    watch.session.expect_withdrawal(MARKER)
    assert scene.cost(removed) == (0, 0)


def test_a_session_that_is_reset(scene: Scene) -> None:
    """That of BIRD alone."""
    frr = received(scene.frr)
    session, _ = received(scene.bird)
    scene.agent.reload(scene.file(bird={"hold_time": "30s"}))
    wait_until(lambda: scene.agent.peer(scene.bird.ip)["sessions"] == 2, "another session")
    scene.bird.wait_routes(VIP4, VIP6, OTHER)
    assert (session, received(scene.bird)[0]) == ("1", "2")
    assert received(scene.frr) == frr
    assert scene.cost(lambda: None) == (0, 0)


def test_a_trial_that_goes_back(scene: Scene) -> None:
    """The routes that it changed are sent twice, all others not at all."""
    changed = {**WEB, "states": {"up": {"med": 7}}}
    watch = Watch(scene.bed)

    def trial() -> None:
        file = scene.file(watch.entry, apps=(KEPT, changed), bird={"description": "rack 2"})
        scene.agent.write_config(file)
        assert scene.agent.admin("/v1/reload?confirm=60s", "POST").status == 200
        watch.establish()
        # Once more, with an end that is near.
        assert scene.agent.admin("/v1/reload?confirm=1s", "POST").status == 200
        watch.session.expect_notification(6, 3)

        def is_back() -> bool:
            shown = scene.agent.status("status")["config"]
            return shown["rolled_back"] is not None and shown["confirm"] is None

        wait_until(is_back, "the configuration before")

    assert scene.cost(trial) == (2, 2)
    assert [router.routes()[OTHER].med for router in scene.routers] == [None, None]
