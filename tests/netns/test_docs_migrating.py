"""The days side by side of docs/migrating-from-*.md: what they have changed in a copy of the converted
configuration makes an agent that announces to `vipherald listen`, and touches no address of the host."""

import re
import subprocess

import pytest

from .agent import SANITIZER_ENV, binary
from .routers.base import REPO
from .testbed import Testbed
from .wait import wait_until

CASES = REPO / "tests" / "convert"
# The page, its case, what the receiver then prints.
PAGES = {
    "exabgp": ("static/exabgp.conf", r"\+ 198\.51\.100\.53/32 next-hop 10\.0\.1\.2"),
    "gocast": ("everything/config.yaml", r"\+ 192\.0\.2\.0/24 next-hop 10\.0\.1\.2"),
    "fabio": ("arguments/options", r"session with .* up"),
    "anycast-healthchecker": ("unchecked/*.conf", r"session with .* up"),
}
# Keys that the page leaves out.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "exabgp": ("peers", "bind", "hooks", "processes"),
    "gocast": ("nats", "local_ip"),
    "fabio": ("local_ip", "listen"),
    "anycast-healthchecker": (),
}


def side_by_side(tool: str) -> str:
    page = (REPO / "docs" / f"migrating-from-{tool}.md").read_text()
    return re.search(r"## Side by side.*?(?=\n## )", page, re.S)[0]  # type: ignore[index]


def convert(bed: Testbed, tool: str, case: str) -> str:
    files = sorted((CASES / tool).glob(case))
    words = files[0].read_text().split() if case.endswith("/options") else files
    with bed.host.inside():
        run = subprocess.run(
            [binary(), "convert", tool, *words], capture_output=True, text=True, timeout=20
        )
    assert run.returncode < 2, run.stderr
    return run.stdout


def without(text: str, key: str) -> str:
    """Without that key, wherever it is, and what is below it."""
    return re.sub(rf"^( *){key}:.*\n(?:\1 +.*\n)*", "", text, flags=re.M)


def changed(text: str, tool: str, host: str, host6: str) -> str:
    """As the page has it changed."""
    says = side_by_side(tool)
    [address] = re.findall(r"listen_addr: (127[\d.:]+)", says)
    [peer] = re.findall(r"`- (\{ peer_ip: [^`]* HOST \})`", says)
    peer = peer.replace("HOST", f'{host}, next_hop6: "{host6}"')
    assert "`next_hop6` as well" in says
    for key in LEFT_OUT[tool]:
        assert f"`{key}`" in says, key
    for key in ("peers", "listen_addr", *LEFT_OUT[tool]):
        text = without(text, key)
    agent = f"agent:\n  listen_addr: {address}\n"
    if "agent: { bind: none," in says:
        agent += "  bind: none\n"
    text = text.replace("\nbgp:\n", f"\nbgp:\n  peers: [ {peer} ]\n")
    return agent + without(text, "agent")


@pytest.mark.parametrize("tool", PAGES)
def test_side_by_side(bed: Testbed, tool: str) -> None:
    case, wanted = PAGES[tool]
    link = bed.link()
    text = changed(convert(bed, tool, case), tool, link.host_ip, link.host_ip6)
    command = re.search(r"vipherald (listen .*? --as \d+)", side_by_side(tool))[1]  # type: ignore[index]
    receiver = bed.host.start([binary(), *command.split()], "receiver", SANITIZER_ENV)
    wait_until(lambda: bed.host.is_listening(1790), "the receiver listens")
    before = bed.host.loopback_addresses()
    agent = bed.start_agent(text)
    receiver.wait_line(wanted)
    assert bed.host.loopback_addresses() == before
    agent.stop()
    assert receiver.terminate() == 0
