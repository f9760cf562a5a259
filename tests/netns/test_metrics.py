"""GET /metrics: what the samples say, their formats, and docs/metrics.md."""

import os
import re
import subprocess

from .agent import Agent
from .certificates import Authority
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .faultserver import FaultServer
from .routers.base import REPO
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

PAGE = REPO / "docs" / "metrics.md"
PROMTOOL = REPO / ".deps" / "prometheus" / "usr" / "bin" / "promtool"
SAMPLE = re.compile(r"([a-z_0-9]+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def samples(agent: Agent, name: str) -> dict[tuple[str, ...], float]:
    """The values of a family by those of its labels, in their order."""
    found: dict[tuple[str, ...], float] = {}
    for line in agent.get("/metrics").text.splitlines():
        match = SAMPLE.fullmatch(line)
        if match and match[1] == name:
            key = tuple(value for _, value in LABEL.findall(match[2] or ""))
            assert key not in found, f"twice: {line}"
            found[key] = float(match[3])
    return found


def check(agent: Agent) -> None:
    assert PROMTOOL.exists(), f"{PROMTOOL} is missing: run 'scripts/deps.sh test'"
    text = agent.get("/metrics").text
    r = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
    assert r.returncode == 0 and not r.stderr, r.stderr


def test_apps_vips_and_sessions(bed: Testbed) -> None:
    router = bed.start_router("frr")
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    name, monitor = router.ip, f"port:tcp:{PORT}"
    assert samples(agent, "vipherald_app_up") == {("dns",): 1}
    assert samples(agent, "vipherald_vip_announced") == {("dns", VIP4): 1, ("dns", VIP6): 1}
    assert samples(agent, "vipherald_vip_advertised")[("dns", VIP4, name)] == 1
    assert samples(agent, "vipherald_check_up") == {("dns", monitor): 1}
    assert samples(agent, "vipherald_bgp_session_up") == {(name, str(ROUTER_AS)): 1}
    assert samples(agent, "vipherald_bgp_advertised_routes") == {
        (name, "ipv4"): 1, (name, "ipv6"): 1,
    }
    assert samples(agent, "vipherald_announce_latency_seconds_count")[()] >= 0
    service.kill()
    router.wait_routes()
    assert samples(agent, "vipherald_app_up") == {("dns",): 0}
    states = samples(agent, "vipherald_app_state")
    assert [key for key, value in states.items() if value] == [("dns", "down")]
    assert samples(agent, "vipherald_app_transitions_total") == {
        ("dns", "up"): 1, ("dns", "down"): 1,
    }
    assert samples(agent, "vipherald_vip_announced") == {("dns", VIP4): 0, ("dns", VIP6): 0}
    assert set(samples(agent, "vipherald_vip_advertised").values()) == {0}
    assert samples(agent, "vipherald_checks_total")[("dns", monitor, "fail")] >= 1
    assert samples(agent, "vipherald_withdraw_latency_seconds_count") == {(): 1}
    assert 0 < samples(agent, "vipherald_withdraw_latency_seconds_sum")[()] < 1
    check(agent)


def test_timeouts_and_alarms(bed: Testbed) -> None:
    bed.link()
    slow = app("slow", VIP4, "exec:sleep 30")
    agent = bed.start_agent(
        config(
            {"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(slow,), agent={"timeout": "50ms"}
        )
    )
    wait_until(lambda: samples(agent, "vipherald_check_timeouts_total")[()] > 0, "a time-out")
    took = samples(agent, "vipherald_check_duration_seconds_bucket")
    assert took[("exec", "0.01")] == 0 and took[("exec", "+Inf")] > 0
    agent.get("/v1/nonsense")
    requests = samples(agent, "vipherald_api_requests_total")
    agent.reload()
    requests = samples(agent, "vipherald_api_requests_total")
    assert requests[("/v1/reload", "200")] == 1 and ("/v1/reload", "0") not in requests
    assert requests[("other", "404")] == 1 and requests[("/metrics", "200")] >= 2
    alarms = {alarm["alarm"] for alarm in agent.status("status")["alarms"]}
    assert {key[0] for key in samples(agent, "vipherald_alarm")} == alarms


def test_labels_are_escaped(bed: Testbed) -> None:
    bed.link()
    odd = app('a"b\\c', VIP4, 'exec:echo "x\\y"; false')
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(odd,)))
    assert ('a\\"b\\\\c',) in samples(agent, "vipherald_app_up")
    check(agent)


def test_openmetrics(bed: Testbed) -> None:
    bed.link()
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(DNS,)))
    connection = agent.connect()
    connection.request("GET", "/metrics")
    plain = connection.getresponse()
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "# EOF" not in plain.read().decode()
    asked = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    connection.request("GET", "/metrics", headers={"Accept": asked})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    text = answer.read().decode()
    assert text.endswith("\n# EOF\n")
    names = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(set(names)) == len(names)
    assert "# TYPE vipherald_announcements counter\nvipherald_announcements_total " in text
    connection.close()


def test_an_answer_of_many_turns(bed: Testbed) -> None:
    """Read over many turns of the loop, in which other requests are answered and apps go."""
    bed.link()
    apps = tuple(app(f"a{i}", f"198.18.{i >> 8}.{i & 255}/32") for i in range(3000))
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=apps))
    wait_until(lambda: samples(agent, "vipherald_apps")[("up",)] == 3000, "all are registered")
    reader = agent.connect()
    reader.request("GET", "/metrics")
    answer = reader.getresponse()
    first = answer.read(4096)
    assert agent.get("/unregister?name=a2999").status == 200
    text = (first + answer.read()).decode()
    up = re.findall(r'^vipherald_app_up\{app="a(\d+)"\} 1$', text, re.M)
    assert len(up) in (2999, 3000) and len(set(up)) == len(up)
    assert len(re.findall(r"^vipherald_app_state\{", text, re.M)) == 7 * 2999
    reader.close()


def families(text: str) -> dict[str, tuple[str, list[str], str]]:
    """Name: type, labels, help."""
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
    types = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.M))
    found = {}
    for name, kind in types.items():
        sample = name + "_count" if kind == "histogram" else name
        labels = re.search(rf"^{sample}\{{(.*)\}} ", text, re.M)
        names = [label for label, _ in LABEL.findall(labels[1])] if labels else []
        found[name] = kind, names, helps[name]
    return found


def everything(bed: Testbed) -> Agent:
    """An agent that has samples of all families."""
    router = bed.start_router("frr")
    bed.start_service(PORT)
    consul = FaultServer(bed.host)
    authority = Authority(bed.workdir)
    file = authority.issue("DNS:localhost")
    file.chmod(0o600)
    tls = {"cert": str(file), "key": str(file), "client_ca": str(authority.file)}
    down = app("down", "192.0.2.99/32", "exec:false")
    keys = {"consul_addr": consul.addr, "api": {"tls": tls}}
    aggregates = [{"prefix": "2001:db8::/32", "min": 2}]
    agent = bed.make_agent(
        config(peer(router, bfd=True), apps=(DNS, down), agent=keys, aggregates=aggregates)
    )
    agent.spawn()
    router.wait_routes(VIP4, VIP6)
    router.stop()  # with a NOTIFICATION
    return agent


def test_the_page(bed: Testbed) -> None:
    agent = everything(bed)

    def read() -> str:
        return agent.admin("/metrics").text

    wait_until(lambda: "bgp_last_notification{" in read() and 'app="down"' in read(), "samples")
    rows = [
        f"| `{name}` | {kind} | {', '.join(labels)} | {text} |"
        for name, (kind, labels, text) in sorted(families(read()).items())
    ]
    page = PAGE.read_text()
    before, after = "<!-- begin: from /metrics -->\n", "<!-- end -->\n"
    head, rest = page.split(before)
    table = "| name | type | labels | |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    wanted = head + before + table + after + rest.split(after)[1]
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(wanted)
    assert PAGE.read_text() == wanted, "run 'make docs'"
