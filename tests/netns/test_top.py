"""`vipherald top` on a terminal: what it shows, its keys, its size, and an agent that goes and returns."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from .agent import Agent, binary
from .process import children
from .terminal import Terminal
from .test_verbs import Client, running  # noqa: F401
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

Running = tuple[Agent, Client]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def start(bed: Testbed, terminal: Terminal, client: Client, *words: str, **env: str) -> None:
    api = {"VIPHERALD_API": client.env["VIPHERALD_API"]}
    with bed.host.inside():
        terminal.start([binary(), "top", "--interval=200ms", *words], api | env)


def quit(terminal: Terminal) -> None:
    terminal.press("q")
    assert terminal.await_end() == 0
    assert terminal.is_restored


def test_what_it_shows(bed: Testbed, terminal: Terminal, running: Running) -> None:
    start(bed, terminal, running[1])
    # With its last line, or part of it is not drawn yet; the rates take two answers.
    shown = terminal.await_screen(
        lambda text: "q quit" in text and "app.up" in text and "Checks -/s" not in text, "rates"
    ).splitlines()
    assert shown[0].startswith("vipherald ") and shown[0].endswith("every 200ms")
    assert shown[1] == "Apps 1 up, 1 down   VIPs 2 of 3 announced   Peers 1 of 1 established"
    assert shown[2].startswith("Checks ") and "Messages " in shown[2]
    heads = [next(i for i, line in enumerate(shown) if line.startswith(head))
             for head in ("PEER ", "APP ", "UTC ")]
    assert heads == sorted(heads)
    assert "65000  established" in shown[heads[0] + 1]
    # The worst first.
    assert shown[heads[1] + 1].startswith("web  down")
    assert shown[heads[1] + 2].startswith("dns  up")
    assert any("app.up" in line and "dns" in line for line in shown[heads[2] :])
    assert shown[-1] == "q quit  s sort: state  p pause  ? help"
    quit(terminal)


def test_keys(bed: Testbed, terminal: Terminal, running: Running) -> None:
    agent, client = running
    start(bed, terminal, client)
    terminal.await_text("web  down")
    terminal.press("s")
    terminal.await_text("sort: last change")
    terminal.press("s")
    terminal.await_screen(
        lambda text: "sort: name" in text and 0 < text.find("\ndns ") < text.find("\nweb "), "by name"
    )
    terminal.press("?")
    terminal.await_screen(lambda text: "pause, and go on" in text and "web  down" not in text, "help")
    terminal.press("x")
    terminal.await_text("web  down")
    terminal.press("p")
    terminal.await_text("paused")
    agent.register("new", "192.0.2.70/32")
    terminal.press("s")  # draws again, without another answer
    assert "new" not in terminal.await_text("sort: state", "paused")
    terminal.press("p")
    terminal.await_text("\nnew ")
    quit(terminal)


@pytest.mark.parametrize("columns, lines", [(60, 12), (32, 8), (20, 4), (3, 2), (1, 1), (200, 60)])
def test_sizes(
    bed: Testbed, terminal: Terminal, running: Running, columns: int, lines: int
) -> None:
    """Drawn for the size of now, again when it changes, and nothing is out of place."""
    start(bed, terminal, running[1])
    terminal.await_text("web  down")
    terminal.resize(columns, lines)
    title = "vipherald "[:columns].strip() if columns > 3 else "vi"[: columns - 1]
    terminal.await_screen(
        lambda text: text.startswith(title)
        and (lines <= 4 or text.splitlines()[-1].startswith("q quit")),
        f"{columns} x {lines}",
    )
    terminal.resize(80, 24)
    terminal.await_text("web  down", "PEER ", "UTC ", "q quit")
    quit(terminal)


def test_agent_goes_and_returns(bed: Testbed, terminal: Terminal, running: Running) -> None:
    agent, client = running
    start(bed, terminal, client)
    terminal.await_text("web  down")
    agent.stop()
    # The last answer stays, with its age.
    terminal.await_text("ERROR (last answer ", "cannot reach the agent", "web  down")
    agent.start()
    terminal.await_screen(lambda text: "ERROR" not in text and "web  down" in text, "recovery")
    quit(terminal)


@contextmanager
def listening(place: Path, answer: bytes | None) -> Iterator[str]:
    """A server that answers every request with this, or never."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                client.recv(65536)
                if answer is None:
                    held.append(client)
                    continue
                with suppress(BrokenPipeError):  # one that quits does not wait for it
                    client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + answer)
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix:{place}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for client in held:
                client.close()


def run_against(terminal: Terminal, api: str) -> None:
    terminal.start([binary(), "top", "--interval=200ms", "--api", api], {})


def test_without_an_agent(bed: Testbed, terminal: Terminal) -> None:
    run_against(terminal, f"unix:{bed.workdir}/none.sock")
    terminal.await_text("ERROR cannot reach the agent at unix:", "q quit")
    quit(terminal)


def test_an_agent_that_does_not_answer_holds_up_no_key(bed: Testbed, terminal: Terminal) -> None:
    with listening(bed.workdir / "api.sock", None) as api:
        run_against(terminal, api)
        terminal.await_text("q quit")
        [child] = wait_until(lambda: children(terminal.pid), "the process that asks")
        terminal.press("?")
        terminal.await_text("pause, and go on")
        quit(terminal)
        assert not Path(f"/proc/{child}").exists()


def test_no_answer_changes_the_screen_in_a_pause(bed: Testbed, terminal: Terminal) -> None:
    """Nor one that was on its way."""
    place = bed.workdir / "api.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        server.settimeout(TIMEOUT)
        run_against(terminal, f"unix:{place}")
        asked, _ = server.accept()
        terminal.press("p")
        terminal.await_text("paused")
        wait_until(lambda: children(terminal.pid) == [], "no process waits for the answer")
        asked.close()
        terminal.press("s")
        assert "ERROR" not in terminal.await_text("paused", "sort: last change")
        terminal.press("p")
        again, _ = server.accept()
        quit(terminal)
        again.close()


HOSTILE = "\x1b[2J\x1b]0;x\x07\x9b31m\u202etxt\r\n"
WIDE = "日本語のとても長い名前" * 8


def hostile_answer() -> bytes:
    """Of all views at once."""
    item: dict[str, Any] = {
        "name": HOSTILE, "address": HOSTILE, "state": HOSTILE, "reason": WIDE, "last_error": WIDE,
        "kind": HOSTILE, "text": WIDE, "time": HOSTILE, "alarm": HOSTILE,
    }  # fmt: skip
    wide = {**item, "name": WIDE, "address": WIDE, "kind": WIDE, "text": HOSTILE}
    lists = {name: [item, wide] for name in ("alarms", "peers", "apps", "events")}
    return json.dumps({"version": HOSTILE, "phase": WIDE, "started": "now"} | lists).encode()


def test_hostile_and_wide_texts(bed: Testbed, terminal: Terminal) -> None:
    """The terminal fails on a control character, and a wide one at the edge stays within its line."""
    with listening(bed.workdir / "api.sock", hostile_answer()) as api:
        run_against(terminal, api)
        for columns, lines in (80, 24), (79, 10), (41, 7), (20, 3), (2, 2), (80, 24):
            terminal.resize(columns, lines)
            terminal.await_screen(lambda text: text.startswith("v"), f"{columns} x {lines}")
        shown = terminal.await_text("日本語", "?[2J", "q quit")
        assert shown.splitlines()[-1].startswith("q quit")
        quit(terminal)


def test_a_terminal_without_utf8(bed: Testbed, terminal: Terminal) -> None:
    with listening(bed.workdir / "api.sock", hostile_answer()) as api:
        terminal.start([binary(), "top", "--api", api], {"LC_ALL": "C"})
        terminal.await_text("???~", "q quit")
        assert terminal.screen.said.isascii()
        quit(terminal)


def test_what_it_needs(bed: Testbed, terminal: Terminal, running: Running) -> None:
    agent, client = running
    assert "top needs a terminal" in client("top", status=2)
    assert "'1ms' is not a duration from 100ms to 1h" in client("top", "--interval=1ms", status=2)
    assert "unknown option --json" in client("top", "--json", status=2)
    start(bed, terminal, client, TERM="no-such-terminal")
    assert terminal.await_end() == 1
    assert "TERM is 'no-such-terminal'" in str(terminal.screen)


def test_the_agent_does_not_load_ncurses(running: Running) -> None:
    linked = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
    assert "curses" not in linked and "tinfo" not in linked
    agent, _ = running
    assert "curses" not in Path(f"/proc/{agent.process.pid}/maps").read_text()
