"""Every kind of event is known to hooks, explained to operators, and awaited from a running agent."""

import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
DIRECTORIES = ("agent", "bgp", "bfd", "nat", "consul", "fleet", "monitors", "net", "process", "lib")
# How kinds that are not in an EVENT() are passed on.
KIND = re.compile(r'"((?:%s)\.[a-z]+)"' % "|".join(
    ("agent", "aggregate", "alarm", "app", "bfd", "consul", "drain", "group", "hook", "lo", "nat", "nomad", "path",
     "peer", "process", "reload", "request", "restart", "route", "routes", "session", "vip")
))


def table() -> set[str]:
    text = (REPO / "agent/model/hook.c").read_text()
    return set(re.findall(r'^\t"([a-z.]+)",$', text, re.MULTILINE))


def test_every_kind_is_in_the_table() -> None:
    found = set()
    for directory in DIRECTORIES:
        for file in (REPO / directory).rglob("*.c"):
            text = file.read_text()
            found |= set(re.findall(r'EVENT\("([a-z.]+)"', text))
            if re.search(r"EVENT\(kind\b|log_event\b", text):
                found |= set(KIND.findall(text))
    assert found == table()


def test_every_kind_is_explained() -> None:
    page = (REPO / "docs/events.md").read_text()
    page = page[page.index("## Kinds") :]
    missing = [kind for kind in table() if f"`{kind}`" not in page]
    assert not missing


def test_every_kind_is_awaited_from_a_running_agent() -> None:
    """By a namespace test, as wait_event("KIND"), in /v1/events?kind=KIND, or among those of the answer;
    that a hook is run on it does not count."""
    lines = [
        line
        for file in (REPO / "tests/netns").glob("test_*.py")
        for line in file.read_text().splitlines()
        if "hook(" not in line
    ]
    awaited = set(re.findall(r'(?:"|kind=)([a-z]+\.[a-z]+)\b', "\n".join(lines)))
    assert table() - awaited == set()
