"""Every command of the documentation is run, as it stands there, against an agent."""

import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest

from .agent import Agent, binary
from .configs import PORT, VIP4, app, config, peer
from .routers.base import REPO
from .test_verbs import Client, as_root
from .testbed import Testbed
from .wait import wait_until

PAGE = (REPO / "docs" / "cli.md").read_text()
VERBS = PAGE.partition("| verb |")[2].partition("\n\n")[0]
TABLE = re.findall(r"^\| (`.*?) \| .* \|$", VERBS, re.M)

# They never end: the first line that they print is enough. test_top.py runs top.
ENDLESS = ("--follow", "--watch", "--watch=1s", "top")
# Forms of the table that need more than the words below.
FORMS = {
    "register NAME --vip PREFIX": "register other --vip 192.0.2.9/32",
    "unregister NAME": "unregister other",
    "peer ADDR add --as AS": "peer 10.0.1.9 add --as 65009",
    "peer ADDR delete": "peer 10.0.1.9 delete",
    "explain VIP": f"explain {VIP4}",
    "convert TOOL FILE...": "convert gocast FILE",
    "what-if --fail APP": "what-if --fail dns",
    "what-if --fail KIND": "what-if --fail port",
}
# A case of tests/convert for each tool, of which nothing is lost.
CONVERTED = {
    "gocast": "plain/config.yaml",
    "exabgp": "templates/exabgp.conf",
    "anycast-healthchecker": "unchecked/*.conf",
    "fabio": "properties/fabio.properties",
}
# Nothing waits for a confirmation; the one app is lost if it fails, unless it is drained; there is no fleet.
EXITS = {"confirm": {1}, "what-if": {0, 1}, "fleet": {1, 125}}


class Bench:
    """An agent with the apps and the peer that the documentation speaks of."""

    def __init__(self, bed: Testbed):
        router = self._router = bed.start_router("bird")
        bed.start_service(PORT)
        apps = (app("dns", VIP4, f"port:tcp:{PORT}"),)
        self.agent: Agent = bed.start_agent(
            config(peer(router), apps=apps, agent={"drain_time": "100ms"})
        )
        router.wait_routes(VIP4)
        self.client = as_root(self.agent, Client(bed, self.agent))
        self.definition = bed.workdir / "dns.json"
        self.definition.write_text('{"vip": "192.0.2.98/32"}')
        self._host = bed.host
        self._words = {
            "10.0.0.1": "10.0.1.1",
            "ADDR": "10.0.1.1",
            "NAME": "dns",
            "LEVEL": "info",
            "[MODULE]": "bgp",
            "[NAME]": "dns",
            "dns.json": str(self.definition),
            "FILE": str(self.definition),
            **dict.fromkeys(
                ("OLD", "NEW", "app.yaml", "/etc/vipherald/config.yaml", "/etc/gocast/config.yaml"),
                str(self.agent.config_path),
            ),
        }

    def words(self, line: str) -> list[str]:
        words = shlex.split(line.partition(" > ")[0], comments=True)
        return [self._words.get(word, word) for word in words]

    def run(self, line: str) -> None:
        words = self.words(line)
        if words[0] == "define" or (words[0] == "register" and len(words) > 2):
            # Name and VIP of the file are not to be had over HTTP.
            words = [words[0], "other", *("192.0.2.9/32" if w == VIP4 else w for w in words[2:])]
        if words[0] == "convert":
            files = (REPO / "tests" / "convert" / words[1]).glob(CONVERTED[words[1]])
            words = [*words[:2], *(word for word in words if word.startswith("--")), *map(str, files)]
        if "refresh" in words:  # after a reset
            self._router.wait_established()
            wait_until(self._has_session, "the session is established")
        if any(word in ENDLESS for word in words):
            self._begin(words)
            return
        result = self.client.run(*words)
        assert result.returncode in EXITS.get(words[0], {0}), (line, result)
        if words == ["unregister", "dns"]:
            self.client("register", "dns")
        if words[0] == "peer" and "disable" in words:
            self.client("peer", words[1], "enable")

    def run_request(self, line: str) -> None:
        command = line.partition(" | ")[0]
        for word, there in {
            "name=dns": "name=other",  # name and VIP of the file are not to be had over HTTP
            "-X PUT --data @dns.json http://localhost:8080/v1/apps/dns":
                f"-X PUT --data @{self.definition} http://localhost:8080/v1/apps/other",
            VIP4: "192.0.2.9/32",
            "API/": "localhost:8080/",
            "/NAME": "/dns",
            "/run/vipherald": str(self.agent.run_dir),
            "PID": str(self.agent.process.pid),
            "curl ": "exec curl -sSf ",
        }.items():  # fmt: skip
            command = command.replace(word, there)
        with self._host.inside():
            process = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        endless = " -N " in command
        said = process.stdout.readline() if endless else process.stdout.read()
        if endless:
            process.kill()
        status = process.wait()
        process.stdout.close()
        assert said if endless else status == 0, (line, said)

    def _has_session(self) -> bool:
        return bool(self.agent.status("peers")["peers"][0]["state"] == "established")

    def _begin(self, words: list[str]) -> None:
        if words[0] == "top":
            return
        with self._host.inside():
            process = subprocess.Popen(
                [binary(), *words], stdout=subprocess.PIPE, env=self.client.env, text=True
            )
        assert process.stdout
        try:
            assert process.stdout.readline(), words
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture
def bench(bed: Testbed) -> Bench:
    return Bench(bed)


def verbs(bench: Bench) -> list[str]:
    listed = bench.client("help").partition("(vipherald VERB --help):\n")[2]
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def table(known: list[str]) -> Iterator[str]:
    """The forms of the table; a word that is no verb replaces the last one of the form before."""
    last = ""
    for cell in TABLE:
        for form in re.findall(r"`([^`]+)`", cell):
            if form.split()[0] not in (*known, "neighbor", "adj-out"):
                form = " ".join([*last.split()[:-1], form])
            if re.fullmatch(r"[a-z-]+( .*)?", form) and not re.match(r"[0-9]", form.split()[-1]):
                last = form
                yield form


def test_every_form_of_the_table(bench: Bench) -> None:
    known = verbs(bench)
    forms = list(table(known))
    assert {form.split()[0] for form in forms} == {*known, "neighbor", "adj-out"}
    for form in forms:
        bench.run(FORMS.get(form, form))


def test_every_example_of_the_pages(bench: Bench) -> None:
    pages = [*(REPO / "docs").glob("*.md"), REPO / "README.md"]
    lines = [
        line
        for page in sorted(pages)
        for line in re.findall(r"^(?: {4}| *\$ )vipherald ([a-z].*)$", page.read_text(), re.M)
        if "https://" not in line  # test_tls.py
    ]
    assert len(lines) >= 15
    for line in lines:
        bench.run(line)


def test_every_request_of_the_pages(bench: Bench) -> None:
    """By curl and kill, on the host itself."""
    pages = sorted((REPO / "docs").glob("*.md"))
    pattern = r"^(?: {4}| *)(?:\$ )?((?:curl|kill -HUP) .*)$"
    lines = [line for page in pages for line in re.findall(pattern, page.read_text(), re.M)]
    lines = [line for line in lines if "HOST" not in line]  # of other hosts: test_tls.py
    assert len(lines) >= 15
    for line in lines:
        bench.run_request(line)


def test_every_example_of_the_help(bench: Bench) -> None:
    for verb in verbs(bench):
        [example] = re.findall(r"^Example: vipherald (.*)$", bench.client(verb, "--help"), re.M)
        assert example.split()[0] == verb
        bench.run(example)


def test_every_common_option_is_there(bench: Bench) -> None:
    """Those of the page are those of a verb, and the other way round."""
    section = PAGE.partition("Options of all verbs:")[2].partition("| exit status |")[0]
    cells = "\n".join(re.findall(r"^\| (`.*?) \|", section, re.M))
    documented = set(re.findall(r"--([a-z]+)", cells))
    options = set(re.findall(r"^  --([a-z]+)", bench.client("status", "--help"), re.M))
    assert documented == options - {"help"}
