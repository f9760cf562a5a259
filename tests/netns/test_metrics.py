"""GET /metrics: what the samples say, their formats, and docs/metrics.md."""

import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from . import bgp, responders
from .agent import Agent
from .certificates import Authority
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .faultserver import FaultServer
from .nomad import NomadServer
from .promtool import check_metrics
from .rawpeer import RawListener
from .routers.base import REPO
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

PAGE = REPO / "docs" / "metrics.md"
SAMPLE = re.compile(r"([a-z_0-9]+)(?:\{(.*)\})? (\S+)")
# Labels of families of which the agent of everything() has no sample.
UNSEEN = {
    "vipherald_app_joining": ["app"],
    "vipherald_fleet_up": ["app", "vip"],
    "vipherald_fleet_min_up": ["app", "vip"],
    "vipherald_fleet_seen_timestamp_seconds": ["app", "vip"],
}
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
    check_metrics(agent.get("/metrics").text)


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
    killed = time.monotonic()
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
    assert 0 < samples(agent, "vipherald_withdraw_latency_seconds_sum")[()] < time.monotonic() - killed
    check(agent)


def test_vips_for_some_peers(bed: Testbed) -> None:
    """There are series of the peers that the app is for, so that 0 means something is wrong."""
    bed.link()
    bed.link()
    peers = [{"peer_ip": f"10.0.{n}.1", "peer_as": 65000} for n in (1, 2)]
    some = {**app("some", VIP4), "peers": ["10.0.2.1"]}
    agent = bed.start_agent(config(*peers, apps=(some, app("all", VIP6))))
    assert set(samples(agent, "vipherald_vip_advertised")) == {
        ("some", VIP4, "10.0.2.1"), ("all", VIP6, "10.0.1.1"), ("all", VIP6, "10.0.2.1"),
    }


def test_a_changed_file(bed: Testbed) -> None:
    """Of the file itself and of included ones, until the reload."""
    bed.link()
    keys = config({"peer_ip": "10.0.1.1", "peer_as": 65000})
    folder = bed.workdir / "conf.d"
    folder.mkdir()
    included = folder / "a.yaml"
    included.write_text("apps: [ { name: a, vip: 192.0.2.9/32 } ]\n")
    keys["include"] = f"{folder}/*.yaml"

    def changed() -> float:
        return samples(agent, "vipherald_config_changed")[()]

    agent = bed.start_agent(keys)
    assert changed() == 0
    for touched in (included, agent.config_path):
        os.utime(touched)
        assert changed() == 1, touched
        agent.reload()
        assert changed() == 0, touched
    agent.config_path.rename(bed.workdir / "away")
    assert changed() == 1


def test_no_series_is_there_twice(bed: Testbed) -> None:
    """Monitors that look alike without their secrets; and a file that is in two alarms."""
    bed.link()
    alike = app("a", VIP4, "exec:true --password one", "exec:true --password two", "exec:true")
    pair = Authority(bed.workdir).issue("DNS:localhost")
    pair.chmod(0o600)
    tls = {"cert": str(pair), "key": str(pair), "client_ca": str(pair)}
    agent = bed.make_agent(
        config(
            {"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=(alike,), agent={"api": {"tls": tls}}
        )
    )
    agent.spawn()
    text = wait_until(
        lambda: (page := agent.admin("/metrics").text) and "check_up{" in page and page,
        "metrics of the app",
        ignore=(OSError, AssertionError),
    )
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert sorted(series) == sorted(set(series))
    assert 'vipherald_check_up{app="a",monitor="exec:true --password *** #2"}' in series
    assert f'vipherald_alarm{{alarm="certificate",subject="{pair}"}}' in series


def update(withdrawn: tuple[str, ...] = (), announced: tuple[str, ...] = ()) -> bytes:
    attributes = (
        bgp.attribute(bgp.ORIGIN, b"\0")
        + bgp.attribute(bgp.AS_PATH, b"\2\1" + struct.pack(">I", ROUTER_AS))
        + bgp.attribute(bgp.NEXT_HOP, bytes([10, 0, 1, 1]))
    ) if announced else b""  # fmt: skip
    gone = b"".join(map(bgp.encode_prefix, withdrawn))
    body = struct.pack(">H", len(gone)) + gone + struct.pack(">H", len(attributes)) + attributes
    return bgp.message(bgp.UPDATE, body + b"".join(map(bgp.encode_prefix, announced)))


def test_received_routes(bed: Testbed) -> None:
    """Of the present session; a peer that withdraws what it never announced is not below 0."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    agent = bed.make_agent(config({"peer_ip": link.router_ip, "peer_as": ROUTER_AS}))
    agent.spawn()
    session = listener.accept()
    session.establish(ROUTER_AS)

    def received() -> float:
        return samples(agent, "vipherald_bgp_received_routes")[(link.router_ip, "ipv4")]

    session.send(update(announced=("10.9.0.0/16", "10.8.0.0/16", "10.7.0.0/16")))
    wait_until(lambda: received() == 3, "three routes")
    session.send(update(withdrawn=("10.9.0.0/16",)))
    wait_until(lambda: received() == 2, "two routes")
    session.send(update(withdrawn=("10.8.0.0/16", "10.7.0.0/16", "10.6.0.0/16")))
    wait_until(lambda: received() == 0, "no route")
    session.send(update(announced=("10.9.0.0/16",)))
    wait_until(lambda: received() == 1, "one route")
    session.close()
    again = listener.accept()
    again.establish(ROUTER_AS)
    wait_until(lambda: received() == 0, "another session")
    assert samples(agent, "vipherald_bgp_received_prefixes_total") == {(link.router_ip,): 4}
    again.close()
    listener.close()


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

    def alarms() -> set[str]:
        return {alarm["alarm"] for alarm in agent.status("status")["alarms"]}

    # One may begin between the two requests.
    wait_until(lambda: {key[0] for key in samples(agent, "vipherald_alarm")} == alarms(), "the same alarms")


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


def test_where_only_reading_is_served(bed: Testbed) -> None:
    """The scraper need not reach the API."""
    bed.link()
    there = {"peer_ip": "10.0.1.1", "peer_as": 65000}
    agent = bed.start_agent(config(there, apps=(DNS,), agent={"read_addr": "127.0.0.1:8081"}))
    wait_until(lambda: ("dns",) in samples(agent, "vipherald_app_up"), "the app is there")
    agent.listen_addr = "127.0.0.1:8081"
    assert ("dns",) in samples(agent, "vipherald_app_up")
    check(agent)
    assert agent.get("/unregister?name=dns").status == 403
    assert ("dns",) in samples(agent, "vipherald_app_up")


def test_an_answer_of_many_turns(bed: Testbed) -> None:
    """Read over many turns of the loop, in which other requests are answered and apps go."""
    bed.link()
    bed.host.ip("link set lo mtu 1500")
    apps = tuple(app(f"a{i}", f"198.18.{i >> 8}.{i & 255}/32") for i in range(3000))
    agent = bed.start_agent(config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=apps))
    wait_until(lambda: samples(agent, "vipherald_apps")[("up",)] == 3000, "all are registered")
    reader = agent.connect()
    # The sockets must hold less than the text before the family that is examined. With the segments of lo,
    # of 64 KB, the kernel lets the sender fill megabytes.
    sock = reader.sock
    assert sock is not None
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.request("GET", "/metrics")
    answer = reader.getresponse()
    first = answer.read(4096)
    assert agent.get("/unregister?name=a2999").status == 200
    text = (first + answer.read()).decode()
    up = re.findall(r'^vipherald_app_up\{app="a(\d+)"\} 1$', text, re.M)
    assert len(up) in (2999, 3000) and len(set(up)) == len(up)
    advertised = re.findall(r'^vipherald_vip_advertised\{app="a(\d+)",', text, re.M)
    assert len(advertised) == len(set(advertised)) == 2999
    reader.close()


def test_series_of_some_apps(bed: Testbed) -> None:
    """agent.metrics.per_app, also changed by a reload; totals count all apps."""
    bed.link()
    apps = (DNS, app("other", "192.0.2.99/32"), app("third", "192.0.2.98/32"))

    def configured(per_app: object) -> dict[str, object]:
        keys = {"metrics": {"per_app": per_app}}
        return config({"peer_ip": "10.0.1.1", "peer_as": 65000}, apps=apps, agent=keys)

    def shown() -> list[str]:
        return sorted(name for (name,) in samples(agent, "vipherald_app_up"))

    agent = bed.start_agent(configured(["third", "nowhere", "dns"]))
    assert shown() == ["dns", "third"]
    assert {name for name, *_ in samples(agent, "vipherald_vip_advertised")} == {"dns", "third"}
    assert sum(samples(agent, "vipherald_apps").values()) == 3
    check(agent)
    for per_app, wanted in ((False, []), ("other", ["other"]), (True, ["dns", "other", "third"])):
        agent.reload(configured(per_app))
        assert shown() == wanted, per_app
        check(agent)


def formula() -> list[tuple[str, str]]:
    """The terms of the page and what each is of."""
    section = PAGE.read_text().split("## How many samples\n")[1].split("\n## ")[0]
    return re.findall(r"^\| (.+) \| (?:some )?`(.+)` \|$", section, re.M)


def by_formula(**numbers: int) -> int:
    """All but those of the agent itself."""
    total = 0
    for _, term in formula():
        python = re.sub(r"(?<=[\w]) (?=[A-Z])", " * ", term)
        if set(re.findall("[A-Z]", term)) & set(numbers):
            total += eval(python, {}, {**dict.fromkeys("AVMPKUNBGRHTF", 0), **numbers})
    return total


def count(agent: Agent) -> int:
    """Without those that depend on what has happened."""
    text = agent.get("/metrics").text
    happened = r"^(?:#|vipherald_(?:alarm|api_requests_total|nat_backend)\{).*\n"
    return re.sub(happened, "", text, flags=re.M).count("\n")


def test_how_many_samples(bed: Testbed) -> None:
    """As the page says, of two sizes."""
    bed.link()
    bed.start_service(PORT)

    def peers(n: int, **keys: object) -> list[dict[str, object]]:
        return [{"peer_ip": f"10.0.1.{100 + i}", "peer_as": 65000, **keys} for i in range(n)]

    small = config(*peers(1), apps=(app("one", VIP4, f"port:tcp:{PORT}"),))
    apps = [
        app(f"a{i}", [f"198.18.{i}.1/32", f"198.18.{i}.2/32"], f"port:tcp:{PORT}", "exec:true", "exec:false")
        for i in range(5)
    ]
    spare = {"interface": "spare", "peer_as": "external"}
    aggregates = [{"prefix": f"198.18.{i}.0/24", "min": 1} for i in range(2)]
    large = config(*peers(3, bfd=True), spare, apps=tuple(apps), aggregates=aggregates)
    large["processes"] = [
        {"name": f"idle{i}", "run": "exec sleep 1000", "allow": "203.0.113.0/24"} for i in range(2)
    ]

    def all_checked(n: int) -> bool:
        checks = samples(agent, "vipherald_checks_total")
        checked = {key[:2] for key, value in checks.items() if value > 0}
        return len(checked) == n and checked == {key[:2] for key in checks}

    agent = bed.start_agent(small)
    wait_until(lambda: all_checked(1), "each monitor has a result")
    of_the_agent = count(agent) - by_formula(A=1, V=1, M=1, P=1, K=1)
    [said] = [int(term) for what, term in formula() if what.startswith("the agent itself")]
    assert abs(of_the_agent - said) <= 10
    agent.reload(large)
    wait_until(lambda: all_checked(15), "each monitor has a result")
    numbers = {"A": 5, "V": 10, "M": 15, "P": 4, "K": 2, "U": 1, "B": 3, "G": 2, "R": 2}
    # Processes and BFD begin after the reload.
    expected = of_the_agent + by_formula(**numbers)
    wait_until(lambda: count(agent) == expected, f"{expected} samples")
    thousand = by_formula(A=1000, V=1000, M=1000, P=2, K=1) + said
    assert f"are {round(thousand, -3):,} samples" in PAGE.read_text()


def families(text: str) -> dict[str, tuple[str, list[str], str]]:
    """Name: type, labels, help."""
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.M))
    types = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.M))
    found = {}
    for name, kind in types.items():
        sample = name + "_count" if kind == "histogram" else name
        labels = re.search(rf"^{sample}\{{(.*)\}} ", text, re.M)
        names = [label for label, _ in LABEL.findall(labels[1])] if labels else UNSEEN.get(name, [])
        found[name] = kind, names, helps[name]
    return found


@contextmanager
def everything(bed: Testbed) -> Iterator[Agent]:
    """An agent that has samples of all families."""
    router = bed.start_router("frr")
    bed.start_service(PORT)
    consul, nomad = FaultServer(bed.host), NomadServer(bed.host)
    authority = Authority(bed.workdir)
    file = authority.issue("DNS:localhost")
    file.chmod(0o600)
    tls = {"cert": str(file), "key": str(file), "client_ca": str(authority.file)}
    down = app("down", "192.0.2.99/32", "exec:false")
    secure = {
        "name": "secure", "vip": "192.0.2.98/32", "nats": ["tcp:443:8443"],
        "monitors": [
            {"https": "https://localhost:8443/", "tls_ca": str(authority.file), "timeout": "10s"}
        ],
    }  # fmt: skip
    keys = {
        "consul_addr": consul.addr,
        "nomad_addr": nomad.addr,
        "api": {"tls": tls},
        "traffic": True,
    }
    aggregates = [{"prefix": "2001:db8::/32", "min": 2}]
    settings = config(
        peer(router, bfd=True),
        {"interface": "spare", "peer_as": "external"},
        apps=(DNS, down, secure),
        agent=keys,
        aggregates=aggregates,
    )
    idle = {"name": "idle", "run": "exec sleep 1000", "allow": "198.18.0.0/15"}
    fleet = {"engine": "consul", "vips": "50%"}
    agent = bed.make_agent({**settings, "processes": [idle], "fleet": fleet})
    with responders.http(bed.host, 8443, cert=file):
        agent.spawn()
        router.wait_routes(VIP4, VIP6, "192.0.2.98/32")
        router.stop()  # with a NOTIFICATION
        yield agent


def with_table(page: str, text: str) -> str:
    """The page, with the table of these samples."""
    rows = [
        f"| `{name}` | {kind} | {', '.join(labels)} | {words} |"
        for name, (kind, labels, words) in sorted(families(text).items())
    ]
    before, after = "<!-- begin: from /metrics -->\n", "<!-- end -->\n"
    head, rest = page.split(before)
    table = "| name | type | labels | |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    return head + before + table + after + rest.split(after)[1]


def test_the_page(bed: Testbed) -> None:
    page = PAGE.read_text()
    last = ("nat_backend{", "vip_packets_total{", "bgp_last_notification{", 'app="down"', "certificate_expires_in_seconds{")
    with everything(bed) as agent:
        wait_until(
            lambda: all(part in agent.admin("/metrics").text for part in last), "samples of all"
        )
        if not os.environ.get("UPDATE_DOCS"):
            with suppress(AssertionError):  # others may come later, by themselves
                wait_until(lambda: with_table(page, agent.admin("/metrics").text) == page, "the page")
        wanted = with_table(page, agent.admin("/metrics").text)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(wanted)
    assert PAGE.read_text() == wanted, "run 'make docs'"
