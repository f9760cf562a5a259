"""The verbs on a terminal: its width, colors, and --watch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .agent import binary
from .terminal import Terminal
from .test_top import Running
from .test_verbs import running  # noqa: F401
from .testbed import Testbed

GREEN, RED, NORMAL = "\x1b[32m", "\x1b[31m", "\x1b[0m"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def start(bed: Testbed, terminal: Terminal, run: Running, *words: str, **env: str) -> None:
    with bed.host.inside():
        terminal.start([binary(), *words], {"VIPHERALD_API": run[1].env["VIPHERALD_API"]} | env)


# NO_COLOR counts when it is not empty (https://no-color.org), and --color before both.
COLORS = {
    "a terminal": ([], {}, True),
    "NO_COLOR": ([], {"NO_COLOR": "1"}, False),
    "an empty NO_COLOR": ([], {"NO_COLOR": ""}, True),
    "a dumb terminal": ([], {"TERM": "dumb"}, False),
    "no TERM": ([], {"TERM": ""}, False),
    "never": (["--color=never"], {}, False),
    "always, NO_COLOR": (["--color=always"], {"NO_COLOR": "1"}, True),
    "always, dumb": (["--color", "always"], {"TERM": "dumb"}, True),
    "auto": (["--color=auto"], {"NO_COLOR": "1"}, False),
}


@pytest.mark.parametrize("words, env, colored", COLORS.values(), ids=COLORS)
def test_colors(
    bed: Testbed, terminal: Terminal, running: Running,
    words: list[str], env: dict[str, str], colored: bool,
) -> None:  # fmt: skip
    start(bed, terminal, running, "apps", *words, **env)
    assert terminal.await_end() == 0
    said = terminal.screen.said
    assert (f"{GREEN}up{NORMAL}" in said and f"{RED}down{NORMAL}" in said) == colored
    assert ("\x1b" in said) == colored


def test_no_colors_but_on_a_terminal(running: Running) -> None:
    _, client = running
    assert "\x1b" not in client("apps")
    assert "\x1b" not in client("apps", "--color=auto")
    assert f"{GREEN}up{NORMAL}" in client("apps", "--color=always")


@pytest.mark.parametrize("columns", [40, 50, 64, 200])
def test_width(bed: Testbed, terminal: Terminal, running: Running, columns: int) -> None:
    """Nothing is wider than the terminal; through a pipe nothing is cut."""
    terminal.resize(columns, 24)
    start(bed, terminal, running, "routes")
    assert terminal.await_end() == 0
    whole = running[1]("routes").splitlines()
    shown = str(terminal.screen).splitlines()
    assert len(whole) == 4 and shown[3] and not shown[4]
    assert "…" in str(terminal.screen) or columns >= max(map(len, whole))
    assert "…" not in str(whole)
    if columns == 200:
        assert shown[:4] == whole


def test_columns_of_the_environment(bed: Testbed, terminal: Terminal, running: Running) -> None:
    start(bed, terminal, running, "apps", COLUMNS="60")
    assert terminal.await_end() == 0
    assert max(map(len, str(terminal.screen).splitlines())) == 60


WATCHED = {
    "status": "of 1 established",
    "apps": "web  down",
    "vips": "192.0.2.66/32",
    "peers": "established",
    "routes": "not-announced",
    "nat": "0 of 0 present",
    "consul": "not used",
}


@pytest.mark.parametrize("verb", WATCHED)
def test_watch(bed: Testbed, terminal: Terminal, running: Running, verb: str) -> None:
    """Each view replaces the one before, also after a new size and while the agent is away."""
    agent, _ = running
    start(bed, terminal, running, verb, "--watch=100ms")
    terminal.await_text(WATCHED[verb])
    terminal.resize(100, 30)
    shown = terminal.await_text(WATCHED[verb])
    assert shown.count(WATCHED[verb]) == 1
    agent.stop()
    terminal.await_screen(
        lambda text: "cannot reach the agent" in text and WATCHED[verb] not in text, "no agent"
    )
    agent.start()
    terminal.await_screen(
        lambda text: "cannot reach" not in text and WATCHED[verb] in text, "the agent again"
    )


def test_watch_on_a_dumb_terminal(bed: Testbed, terminal: Terminal, running: Running) -> None:
    start(bed, terminal, running, "apps", "--names", "--watch=100ms", TERM="dumb")
    terminal.await_text("dns\nweb\ndns\nweb")
    assert "\x1b" not in terminal.screen.said
