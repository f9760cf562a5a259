"""`--json` of every verb is the API's answer, octet by octet."""

import json
import re

from .agent import Agent
from .configs import PORT, VIP4, VIP6, app, config, peer
from .test_verbs import DEAD, Client, as_root
from .testbed import Testbed
from .wait import wait_until

PEER = "10.0.1.1"
NTP = "192.0.2.99/32"
WEB2 = {"vip": "192.0.2.77/32", "monitors": ["port:tcp:1"]}

# The words of each verb, and the request that it stands for.
REQUESTS = {
    "status": "GET /v1/status",
    "apps": "GET /v1/apps",
    "app dns": "GET /v1/apps/dns",
    "vips": "GET /v1/routes",
    "explain dns": "GET /v1/explain?name=dns",
    f"explain {VIP6}": f"GET /v1/explain?name={VIP6}",
    f"what-if --fail dns --peer-down {PEER}": f"GET /v1/what-if?fail=dns&peer_down={PEER}",
    "peers": "GET /v1/peers",
    f"peer {PEER}": f"GET /v1/peers/{PEER}",
    f"peer {PEER} refresh": f"POST /v1/peers/{PEER}/refresh",
    "routes": "GET /v1/routes",
    f"routes --peer {PEER}": "GET /v1/routes",
    "nat": "GET /v1/nat",
    "consul": "GET /v1/consul",
    "nomad": "GET /v1/nomad",
    "events --kind app --limit 5": "GET /v1/events?kind=app&limit=5",
    "history dns": "GET /v1/events?name=dns",
    f"register ntp --vip {NTP} --monitor port:tcp:1": f"POST /register?name=ntp&vip={NTP}&monitor=port:tcp:1",
    "define web2 APP": "PUT /v1/apps/web2",
    "unregister nothing": "POST /unregister?name=nothing",
    "drain web --reason disk": "POST /v1/apps/web/drain?reason=disk",
    "undrain web": "POST /v1/apps/web/undrain",
    "drain": "POST /v1/drain",
    "undrain": "POST /v1/undrain",
    "check-now dns": "POST /v1/apps/dns/check",
    "check-now web": "POST /v1/apps/web/check",
    "reload": "POST /v1/reload",
    "diff FILE": "POST /v1/diff",
    "config show": "GET /v1/config",
    "config show --defaults --include-api": "GET /v1/config?defaults=true&include_api=true",
    "log info bgp": "POST /v1/log?level=info&module=bgp",
}
ELSEWHERE = {"confirm", "fleet", "top", "convert", "completions"}
"""Have tests of their own (test_fleet_roll); has no --json; do not ask the agent."""

# Dates and numbers, which may be those of another moment.
MOVING = re.compile(r"([0-9-]+T[0-9:.]+Z|[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")


class Different(Exception):
    """The output is not the answer."""


def compare_octets(before: str, said: str, after: str) -> None:
    """A date or number may differ that moved between two answers, nothing else."""
    parts = [MOVING.split(text) for text in (before, said, after)]
    if len({len(part) for part in parts}) > 1:
        raise Different(f"{said} is neither {before} nor {after}")
    for i, (first, mine, last) in enumerate(zip(*parts)):
        moved = i % 2 == 1 and first != last
        if mine != first and not moved:
            raise Different(f"'{mine}' in the place of '{first}' in {said}")


def files(bed: Testbed, agent: Agent) -> dict[str, tuple[str, bytes]]:
    """Words of command lines that are files: their path, and the body of the request."""
    found = {"APP": json.dumps(WEB2), "FILE": agent.config_path.read_text().replace(DEAD, NTP)}
    for name, text in found.items():
        (bed.workdir / name).write_text(text)
    return {name: (str(bed.workdir / name), text.encode()) for name, text in found.items()}


def test_octets(bed: Testbed) -> None:
    router = bed.start_router("bird")
    bed.start_service(PORT)
    apps = (app("dns", [VIP4, VIP6], f"port:tcp:{PORT}"), app("web", DEAD, "port:tcp:1"))
    agent = bed.start_agent(config(peer(router), apps=apps))
    router.wait_routes(VIP4, VIP6)
    client = as_root(agent, Client(bed, agent))
    named = files(bed, agent)

    def compare(words: list[str], request: str) -> bool:
        method, target = request.split()
        body = next((named[word][1] for word in words if word in named), None)
        line = [named[word][0] if word in named else word for word in words]
        # The first time it may do something: that has another answer.
        agent.admin(target, method, body)
        before = agent.admin(target, method, body)
        result = client.run(*line, "--json")
        after = agent.admin(target, method, body)
        assert before.status == 200 and result.stdout, (request, before, result)
        compare_octets(before.text, result.stdout, after.text)
        return True

    for words, request in REQUESTS.items():
        # Between two answers more than dates and numbers may change: then they are compared again.
        wait_until(
            lambda words=words, request=request: compare(words.split(), request),
            f"{words} --json is the answer of {request}",
            ignore=(Different,),
        )


def test_every_verb_is_compared(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": PEER, "peer_as": 65000}))
    listed = Client(bed, agent)("help").partition("(vipherald VERB --help):\n")[2]
    names = {line.split()[0] for line in listed.splitlines() if line.strip()}
    assert names == {words.split()[0] for words in REQUESTS} | ELSEWHERE


def test_confirm(bed: Testbed) -> None:
    bed.link()
    keys = {"peer_ip": PEER, "peer_as": 65000}
    agent = bed.start_agent(config(keys))
    client = as_root(agent, Client(bed, agent))
    answers = []
    for confirm in (
        lambda: agent.admin("/v1/confirm", "POST").text,
        lambda: client("confirm", "--json"),
    ):
        agent.reload(config(keys))
        agent.write_config(config(keys, apps=(app("web", VIP4),)))
        assert agent.admin("/v1/reload?confirm=60s", "POST").status == 200
        answers.append(confirm())
    assert answers[0] == answers[1]
