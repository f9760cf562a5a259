"""docs/metrics.md's answer to the question whether the file as it is on the disk is in effect."""

import re

from .agent import Agent
from .routers.base import REPO

QUESTION = "1 while the file as it is on the disk is in effect"


def file_is_in_effect(agent: Agent) -> bool:
    """By the page's expression, with the samples of now; test_dashboard has it run by Prometheus."""
    page = (REPO / "docs" / "metrics.md").read_text()
    [expression] = re.findall(rf"^\| {QUESTION} \| `(.*)` \|$", page, re.M)
    samples = dict(re.findall(r"^(vipherald_config_\w+) (\d+)$", agent.get("/metrics").text, re.M))
    values = re.sub(r"\bvipherald_\w+", lambda name: samples[name[0]], expression)
    assert re.fullmatch(r"[01] \* \([\d+ ]+ == bool 0\)", values), values
    return bool(eval(values.replace("== bool", "==")))
