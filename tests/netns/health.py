"""An agent with one app, and its health."""

from typing import Any

from .agent import Agent
from .configs import VIP4, config
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}


def agent_with(bed: Testbed, *monitors: Any, **keys: Any) -> Agent:
    bed.link()
    app = {"name": "a", "vip": VIP4, "monitors": list(monitors), **keys}
    return bed.start_agent(config(PEER, apps=(app,)))


def expect(agent: Agent, health: str, said: str = "", app: str = "a") -> None:
    """The app gets that health, and its first monitor says that text."""

    def reached() -> bool:
        shown = agent.app(app)
        last.append((shown["health"], shown["monitors"][0]["said"]))
        return last[-1][0] == health and said in last[-1][1]

    last: list[tuple[str, str]] = []
    wait_until(reached, f"{health}: {said}")
