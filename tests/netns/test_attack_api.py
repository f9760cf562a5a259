"""Attacks on the API: other users and hosts, web pages, proxies, checks of the agent's own."""

import socket
from collections.abc import Sequence

import pytest

from .agent import Agent
from .configs import VIP4, VIP6, app, config
from .consul import Consul, tags
from .netns import Namespace
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
PORT = 8080
HOST = "10.0.1.2"
WEB = app("web", VIP4)
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
HOST_HEADER = f"Host: {HOST}:{PORT}"
REGISTER = f"/register?name=evil&vip={VIP6}"
CHANGES = [
    ("GET", REGISTER),
    ("POST", REGISTER),
    ("GET", "/unregister?name=web"),
    ("DELETE", "/unregister?name=web"),
    ("POST", "/v1/drain"),
    ("PUT", "/v1/apps/web/drain"),
    ("POST", "/v1/undrain"),
]
READS = ("/info", "/ping", "/v1/status", "/v1/apps", "/v1/apps/web", "/v1/peers", "/v1/routes",
         "/v1/nat", "/v1/consul", "/v1/capabilities", "/metrics", "/healthz")  # fmt: skip


def start(bed: Testbed, **agent: object) -> Agent:
    bed.workdir.chmod(0o755)  # other users reach the admin socket
    bed.link()
    options = {"listen_addr": f":{PORT}", **agent}
    return start_web(bed, **options)


def start_web(bed: Testbed, **options: object) -> Agent:
    """Where there is a link."""
    agent = bed.start_agent(config(PEER, apps=(WEB,), agent=options))
    wait_until(lambda: agent.admin("/v1/apps/web").json()["state"] == "up", "the app is up")
    return agent


def raw(
    namespace: Namespace,
    to: str,
    method: str,
    target: str,
    headers: Sequence[str] = (HOST_HEADER,),
    port: int = PORT,
) -> tuple[int, str]:
    """Status and text of a request with exactly these headers."""
    with namespace.inside():
        connection = socket.create_connection((to, port), TIMEOUT)
    head = "".join(f"{line}\r\n" for line in headers)
    with connection:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nConnection: close\r\n{head}\r\n".encode())
        text = connection.makefile("rb").read().decode()
    return int(text.split()[1]), text


def expect_untouched(agent: Agent) -> None:
    assert agent.admin("/v1/apps/evil").status == 404
    web = agent.admin("/v1/apps/web").json()
    assert web["state"] == "up" and web["drain"] is None
    assert agent.admin("/v1/status").json()["drain"] is None


def curl(bed: Testbed, *arguments: str, wrapper: Sequence[str] = NOBODY) -> str:
    """As another user: the status and the text."""
    command = [*wrapper, "curl", "-s", "-w", " %{http_code}", *arguments]
    return bed.host.run(command)


# Users of this host


def test_a_user_runs_no_command(bed: Testbed) -> None:
    """Neither over loopback nor on the admin socket; what GoCast's users do works as ever."""
    agent = start(bed)
    agent_socket = str(agent.run_dir / "api.sock")
    witness = bed.workdir / "witness"
    command = f"/register?name=evil&vip={VIP6}&monitor=exec:touch%20{witness}"
    for where in ([f"127.0.0.1:{PORT}"], ["--unix-socket", agent_socket, "localhost"]):
        said = curl(bed, *where[:-1], where[-1] + command)
        assert said.endswith(" 403") and "agent.exec.allow_from" in said
    assert not witness.exists()
    expect_untouched(agent)
    assert curl(bed, f"127.0.0.1:{PORT}{REGISTER}").endswith(" 200")
    agent.wait_log(r"register evil by local \(127\.0\.0\.1 port \d+, uid 65534\): registered")
    assert curl(bed, f"127.0.0.1:{PORT}/unregister?name=evil").endswith(" 200")
    agent.wait_log(r"unregister evil by local \(127\.0\.0\.1 port \d+, uid 65534\)")


def test_administrators_by_uid(bed: Testbed) -> None:
    agent = start(bed, api={"uids": [65534]})
    where = ["--unix-socket", str(agent.run_dir / "api.sock")]
    command = f"localhost/register?name=a&vip={VIP6}&monitor=exec:true"
    assert curl(bed, *where, command).endswith(" 200")
    agent.wait_log("register a by uid 65534: registered")


def test_a_stored_command_of_an_administrator_that_is_none_any_more(bed: Testbed) -> None:
    agent = start(bed, api={"uids": [65534]})
    where = ["--unix-socket", str(agent.run_dir / "api.sock")]
    assert curl(bed, *where, f"localhost/register?name=a&vip={VIP6}&monitor=exec:true").endswith("200")
    agent.stop()
    options = {"listen_addr": f":{PORT}", "state_file": str(agent.state_file)}
    second = bed.start_agent(config(PEER, apps=(WEB,), agent=options))
    second.wait_log("WARN.*a: not registered again: .*agent.exec.allow_from")
    [alarm] = [a for a in second.status("status")["alarms"] if a["alarm"] == "stored-app-refused"]
    assert alarm["app"] == "a"


def test_the_admin_socket_of_an_agent_that_becomes_another_user(bed: Testbed) -> None:
    agent = start(bed, user="nobody", state_file="off")
    assert agent.run_dir.stat().st_uid == 65534
    assert agent.register("a", VIP6, monitors=["exec:true"]).status == 200
    agent.wait_log("register a by uid 0: registered")
    agent.stop()
    assert list(agent.run_dir.iterdir()) == []


def test_the_directory_of_an_earlier_start_as_root(bed: Testbed) -> None:
    """Made by root, and left by an agent that was killed: the next one, as another user, gets it."""
    agent = start(bed, state_file="off")
    run_dir = agent.run_dir
    agent.kill()
    assert run_dir.stat().st_uid == 0 and list(run_dir.glob("api-*.sock"))
    agent.write_config(config(PEER, apps=(WEB,), agent={"user": "nobody", "state_file": "off"}))
    agent.start()
    assert run_dir.stat().st_uid == 65534
    assert "no admin socket" not in agent.log
    assert agent.admin("/unregister?name=none").status == 200


def test_the_directory_of_a_living_agent_of_root(bed: Testbed) -> None:
    """It stays root's; the log names what to do."""
    bed.link()
    user = {"user": "nobody", "state_file": "off"}
    agent = bed.make_agent(config(PEER, apps=(WEB,), agent=user))
    bed.workdir.chmod(0o755)
    agent.run_dir.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(f"{agent.run_dir}/api-1.sock")
        living.listen()
        agent.start()
        agent.wait_log(
            rf"WARN.*no admin socket: {agent.run_dir} belongs to uid 0, and the agent runs as uid "
            rf"65534: .*'chown 65534 {agent.run_dir}'"
        )
        assert agent.run_dir.stat().st_uid == 0
        assert agent.get("/v1/apps").status == 200


def test_without_an_admin_socket(bed: Testbed) -> None:
    """A directory that others may write to is not used; the rest works."""
    bed.link()
    agent = bed.make_agent(config(PEER, apps=(WEB,)))
    agent.run_dir.mkdir()
    agent.run_dir.chmod(0o777)
    agent.start()
    agent.wait_log("WARN.*no admin socket: .*others may replace what is in it")
    assert agent.unregister("web").status == 200


def test_nothing_for_users(bed: Testbed) -> None:
    agent = start(bed, api={"local": "read"})
    for method, target in CHANGES:
        said = curl(bed, "-X", method, f"127.0.0.1:{PORT}{target}")
        assert said.endswith(" 403") and "agent.api.local" in said
    expect_untouched(agent)


# Other hosts


def test_another_host_may_read(bed: Testbed) -> None:
    link_host = bed.link().namespace
    agent = start_web(bed, listen_addr=f":{PORT}")
    for method, target in CHANGES:
        status, text = raw(link_host, HOST, method, target)
        assert status == 403 and "agent.api.remote" in text, (method, target)
    for target in READS:
        assert raw(link_host, HOST, "GET", target)[0] == 200, target
    expect_untouched(agent)
    agent.wait_log(r"register \S+ by remote \(10\.0\.1\.1 port \d+\): refused")
    agent.wait_log("access: admin: root .*; register: this host; read: other hosts")


def test_a_token(bed: Testbed) -> None:
    token = bed.workdir / "token"
    token.write_text("correct-horse-battery\n")
    token.chmod(0o600)
    far = bed.link().namespace
    tokens = [{"name": "ci", "file": str(token), "role": "register"}]
    agent = start_web(bed, listen_addr=f":{PORT}", api={"tokens": tokens, "remote": "none"})
    right, wrong = (f"Authorization: Bearer correct-horse-batter{end}" for end in "yx")
    assert raw(far, HOST, "GET", REGISTER, [HOST_HEADER, wrong])[0] == 401
    assert raw(far, HOST, "GET", "/v1/status", [HOST_HEADER, wrong])[0] == 401
    assert raw(far, HOST, "GET", "/v1/status")[0] == 403
    expect_untouched(agent)
    assert raw(far, HOST, "GET", REGISTER, [HOST_HEADER, right])[0] == 200
    agent.wait_log(r"register evil by token ci \(10\.0\.1\.1 port \d+\): registered")
    status, text = raw(far, HOST, "GET", f"{REGISTER}&monitor=exec:true", [HOST_HEADER, right])
    assert status == 403 and "agent.exec.allow_from" in text
    assert "correct-horse" not in agent.log


def test_vips_of_a_token(bed: Testbed) -> None:
    """Its list takes the place of the agent's; others keep that."""
    bed.link()
    token = bed.workdir / "token"
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    tokens = [{"name": "ci", "file": str(token), "vips": ["198.51.100.0/24"]}]
    options = {"api": {"tokens": tokens}, "vips": {"allow": ["192.0.2.0/24"]}}
    agent = bed.start_agent(config(PEER, agent=options))
    headers = {"Authorization": "Bearer 0123456789abcdef"}

    def register(vip: str, headers: dict[str, str]) -> tuple[int, str]:
        answer = agent.request("GET", f"/register?name=a&vip={vip}", headers)
        return answer.status, answer.text

    assert register("198.51.100.1/32", headers)[0] == 200
    status, said = register("192.0.2.1/32", headers)
    assert status == 403 and "agent.api.tokens[].vips" in said
    status, said = register("198.51.100.2/32", {})
    assert status == 403 and "agent.vips.allow" in said
    assert register("192.0.2.1/32", {})[0] == 200


def test_limits_of_a_token(bed: Testbed) -> None:
    """Beside the agent's: the stricter of both counts."""
    bed.link()
    token = bed.workdir / "token"
    token.write_text("0123456789abcdef\n")
    token.chmod(0o600)
    limits = {"allow": ["198.51.0.0/16"], "max": 2, "min_length": "25/64", "communities": ["100:1"]}
    tokens = [{"name": "ci", "file": str(token), "vips": limits}]
    agent = bed.start_agent(config(PEER, agent={"api": {"tokens": tokens}}))
    headers = {"Authorization": "Bearer 0123456789abcdef"}

    def register(name: str, vip: str, more: str = "") -> tuple[int, str]:
        answer = agent.request("GET", f"/register?name={name}&vip={vip}{more}", headers)
        return answer.status, answer.text

    for name, vip, more, key in (
        ("a", "192.0.2.1/32", "", "agent.api.tokens[].vips"),
        ("a", "198.51.100.0/24", "", "min_length in agent.api.tokens[].vips"),
        ("a", "198.51.100.1/32", "&vip_communities=100:2", "communities in agent.api.tokens[].vips"),
    ):
        status, said = register(name, vip, more)
        assert status == 403 and key in said, said
    assert register("a", "198.51.100.128/25", "&vip_communities=100:1")[0] == 200
    assert register("b", "198.51.100.1/32")[0] == 200
    status, said = register("c", "198.51.100.2/32")
    assert status == 403 and "raise max in agent.api.tokens[].vips" in said
    assert register("b", "198.51.100.2/32")[0] == 200
    assert agent.register("other", "192.0.2.1/32").status == 200
    shown = agent.admin("/v1/config").json()["agent"]["api"]["tokens"][0]["vips"]
    assert shown == limits


def test_the_address_for_reading(bed: Testbed) -> None:
    far = bed.link().namespace
    agent = start_web(bed, listen_addr="127.0.0.1:8080", read_addr=f"{HOST}:8081")
    for namespace in (far, bed.host):
        for method, target in CHANGES:
            assert raw(namespace, HOST, method, target, port=8081)[0] == 403
        for target in READS:
            assert raw(namespace, HOST, "GET", target, port=8081)[0] == 200, target
    expect_untouched(agent)


# Web pages, proxies, names


@pytest.mark.parametrize(
    ("headers", "status", "key"),
    [
        ([HOST_HEADER, "Origin: http://evil.example.org"], 403, "agent.api.origins"),
        ([HOST_HEADER, "Origin: null"], 403, "agent.api.origins"),
        ([HOST_HEADER, "Origin: http://evil.example.org", f"Origin: http://{HOST}:{PORT}"], 400, "duplicate header Origin"),
        ([HOST_HEADER, "Sec-Fetch-Site: cross-site"], 403, "agent.api.origins"),
        ([HOST_HEADER, "Sec-Fetch-Site: same-site"], 403, "agent.api.origins"),
        ([HOST_HEADER, "Forwarded: for=203.0.113.1"], 403, "agent.api.proxied"),
        ([HOST_HEADER, "X-Forwarded-For: 203.0.113.1"], 403, "agent.api.proxied"),
        ([HOST_HEADER, "Via: 1.1 proxy"], 403, "agent.api.proxied"),
        (["Host: rebind.example.org"], 403, "agent.api.hosts"),
        (["Host: 203.0.113.1"], 403, "agent.api.hosts"),
        ([HOST_HEADER, HOST_HEADER], 400, "2 Host headers"),
        ([], 400, "0 Host headers"),
    ],
)
def test_strange_headers(bed: Testbed, headers: list[str], status: int, key: str) -> None:
    agent = start(bed)
    for method, target in CHANGES:
        got, text = raw(bed.host, HOST, method, target, headers)
        assert got == status and key in text, (method, target, text)
    expect_untouched(agent)


def test_names_and_pages_that_are_listed(bed: Testbed) -> None:
    api = {"hosts": "agent.example.net", "origins": "https://noc.example.net", "proxied": True}
    start(bed, api=api)
    headers = [
        f"Host: agent.example.net:{PORT}",
        "Origin: https://noc.example.net",
        "Via: 1.1 proxy",
    ]
    assert raw(bed.host, HOST, "GET", REGISTER, headers)[0] == 200


def test_links_drain_nothing(bed: Testbed) -> None:
    agent = start(bed)
    for target in ("/v1/drain", "/v1/apps/web/drain", "/v1/undrain"):
        status, text = raw(bed.host, HOST, "GET", target)
        assert status == 405 and "Allow: POST, PUT, DELETE" in text
    expect_untouched(agent)


def test_a_vip_is_no_address_of_the_api(bed: Testbed) -> None:
    far = bed.link().namespace
    options = {"listen_addr": f":{PORT}", "api": {"remote": "register"}}
    agent = bed.start_agent(config(PEER, apps=(WEB,), agent=options))
    bed.wait_loopback({VIP4: "lo:web"})
    vip = VIP4.partition("/")[0]
    far.ip(f"route add {VIP4} via {HOST}")
    for namespace in (far, bed.host):
        for method, target in [*CHANGES, *(("GET", path) for path in READS)]:
            status, text = raw(namespace, vip, method, target, [f"Host: {vip}"])
            assert status == 403 and "agent.api.on_vips" in text, (method, target)
    expect_untouched(agent)


def test_no_mapping_of_a_vip_leads_to_the_api(bed: Testbed) -> None:
    """Behind it, the API sees the host's own address as that of the request."""
    far = bed.link().namespace
    far.ip(f"route add {VIP4} via {HOST}")
    options = {"listen_addr": f":{PORT}", "api": {"remote": "register"}}
    agent = bed.start_agent(config(PEER, apps=(WEB,), agent=options))
    bed.wait_loopback({VIP4: "lo:web"})
    for nat in (f"tcp:80:{PORT}", f"tcp:{PORT}", f"tcp:80:{HOST}:{PORT}"):
        answer = agent.register("evil", "192.0.2.99/32", nats=[nat])
        assert answer.status == 403 and f"the agent itself (agent.listen_addr :{PORT})" in answer.text
    assert agent.register("other", "192.0.2.99/32", nats=[f"tcp:80:{PORT + 1}", f"udp:80:{PORT}"]).status == 200
    mapped = {**WEB, "nats": [f"tcp:80:{PORT}"]}
    refused = agent.reload(config(PEER, apps=(mapped,), agent=options), status=422)
    assert "agent.api.on_vips" in str(refused)
    open_to_vips = {**options, "api": {"remote": "register", "on_vips": True}}
    agent.reload(config(PEER, apps=(mapped,), agent=open_to_vips))
    wait_until(lambda: agent.app("web")["nat"]["rules"][0]["present"], "the mapping is there")
    status, _ = raw(far, VIP4.partition("/")[0], "GET", "/info", port=80)
    assert status == 200


IMAGE = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
)


@pytest.mark.parametrize("referer", ["http://evil.example.org/page", None])
@pytest.mark.parametrize("path", ["/unregister?name=web", REGISTER])
def test_an_image_of_a_foreign_page(bed: Testbed, path: str, referer: str | None) -> None:
    """At another address than loopback a browser sends no Sec-Fetch-Site, and the page may have it
    leave Referer out."""
    agent = start(bed, api={"remote": "register"})
    headers = [*IMAGE, *([f"Referer: {referer}"] if referer else [])]
    words = [word for header in headers for word in ("-H", header)]
    said = curl(bed, *words, f"{HOST}:{PORT}{path}", wrapper=())
    assert said.endswith(" 403")
    assert (referer or "does not say which page") in said
    expect_untouched(agent)


def test_basic_authorization(bed: Testbed) -> None:
    """A tool that adds it to whatever it asks is what it is without: no more, no less."""
    start(bed)
    basic = ("-u", "user:secret")
    assert curl(bed, *basic, f"127.0.0.1:{PORT}/info", wrapper=()).endswith(" 200")
    assert curl(bed, *basic, f"127.0.0.1:{PORT}{REGISTER}", wrapper=()).endswith(" 200")
    said = curl(bed, *basic, "-i", "-X", "POST", f"127.0.0.1:{PORT}/v1/reload", wrapper=())
    assert said.endswith(" 401") and "WWW-Authenticate: Bearer" in said
    assert "not 'Bearer TOKEN'" in said


# Checks of the agent's own


def check_of(agent: Agent, name: str) -> str:
    return str(agent.app(name)["monitors"][0]["said"])


OWN_URLS = ("/unregister?name=web", f"/register?name=evil&vip={VIP6}&monitor=port:tcp:1")


@pytest.mark.parametrize("target", OWN_URLS)
@pytest.mark.parametrize("address", ["127.0.0.1", HOST])
def test_a_check_changes_nothing(bed: Testbed, address: str, target: str) -> None:
    agent = start(bed, api={"remote": "register"}, monitor_interval="100ms")
    url = f"http://{address}:{PORT}{target}"
    assert agent.register("check", "192.0.2.99/32", monitors=[url]).status == 200
    said = "status 403: a check of the agent itself may change nothing"
    wait_until(lambda: said in check_of(agent, "check"), said)
    expect_untouched(agent)


def test_a_check_by_tcp_changes_nothing(bed: Testbed) -> None:
    """It sends octets of its choice, so any header."""
    request = f"POST /v1/drain HTTP/1.1\r\n{HOST_HEADER}\r\nUser-Agent: curl\r\n\r\n"
    monitor = {"tcp": f"127.0.0.1:{PORT}", "send": request, "expect": "403 Forbidden"}
    check = {**app("check", "192.0.2.99/32"), "monitors": [monitor]}
    bed.link()
    agent = bed.start_agent(config(PEER, apps=(WEB, check), agent={"listen_addr": f":{PORT}"}))
    wait_until(lambda: agent.app("check")["health"] == "up", "the request was refused")
    expect_untouched(agent)


def test_a_check_of_consul_changes_nothing(bed: Testbed) -> None:
    consul = Consul(bed.host)
    agent = start(bed, consul_addr=consul.addr, monitor_interval="100ms")
    url = f"http://127.0.0.1:{PORT}/unregister?name=web"
    consul.register("evil-service", tags("192.0.2.99/32", f"gocast_monitor={url}"))
    wait_until(lambda: agent.get("/v1/apps/evil-service").status == 200, "the app is there")
    # With no word of the answer.
    wait_until(lambda: check_of(agent, "evil-service") == "status 403", "the check was refused")
    expect_untouched(agent)


# GoCast's documented uses


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", HOST])
def test_gocast_users(bed: Testbed, address: str) -> None:
    agent = start(bed)
    base = f"http://{address}:{PORT}"
    for path in (f"/register?name=a&vip={VIP6}&monitor=port:tcp:{PORT}", "/info", "/ping"):
        assert curl(bed, f"{base}{path}", wrapper=()).endswith(" 200")
    wait_until(lambda: agent.app("a")["health"] == "up", "the check passes")
    assert curl(bed, f"{base}/unregister?name=a", wrapper=()).endswith(" 200")
    assert agent.get("/v1/apps/a").status == 404


# Floods


def test_refused_requests_are_a_number(bed: Testbed) -> None:
    """One client fills neither the log nor the events; another cause is heard all the same."""
    agent = start(bed, api={"local": "read"})
    # Few enough for the minute that has five lines, also on a machine that is slow.
    for _ in range(50):
        assert agent.get(REGISTER).status == 403
    for _ in range(50):
        assert agent.admin("/register?name=b&vip=127.0.0.1/32").status == 400
        assert agent.admin(f"/register?name=b&vip={VIP4}").status == 409
    refused = agent.admin("/v1/events?kind=request.refused").json()["events"]
    said = [event["text"] for event in refused]
    assert len([text for text in said if "agent.api.local" in text]) == 5
    assert len([text for text in said if "belongs to app 'web'" in text]) == 5
    assert agent.log.count(": refused: ") == len(said) == 10
    counts = agent.admin("/v1/status").json()["api"]["refused"]
    assert (counts["forbidden"], counts["invalid"], counts["conflict"]) == (50, 50, 50)


def vips(first: int, n: int) -> list[str]:
    return [f"198.18.{(first + i) // 256}.{(first + i) % 256}/32" for i in range(n)]


def ask_for(name: str, wanted: list[str]) -> str:
    return f"/register?name={name}" + "".join(f"&vip={vip}" for vip in wanted)


def test_budgets(bed: Testbed) -> None:
    """Each principal has its own; a refusal names the key and has had no effect."""
    api = {"max_apps": 3, "max_vips": 5, "max_kilobytes": 4}
    agent = start(bed, api=api)
    for i in range(3):
        assert agent.get(ask_for(f"a{i}", vips(i, 1))).status == 200
    for target, key in (
        (ask_for("a3", vips(3, 1)), "agent.api.max_apps"),
        (ask_for("a2", vips(2, 4)), "agent.api.max_vips"),
        (f"{ask_for('a2', vips(2, 1))}&monitor=http://10.0.1.1/{4000 * 'x'}", "agent.api.max_kilobytes"),
    ):
        answer = agent.get(target)
        assert answer.status == 403 and key in answer.text and "local would have" in answer.text
    assert agent.app("a2")["vips"][0]["prefix"] == vips(2, 1)[0]
    assert len(agent.app("a2")["vips"]) == 1 and agent.get("/v1/apps/a3").status == 404
    assert agent.admin(ask_for("a3", vips(3, 1))).status == 200
    agent.stop()
    options = {"listen_addr": f":{PORT}", "state_file": str(agent.state_file), "api": {"max_apps": 2}}
    second = bed.start_agent(config(PEER, apps=(WEB,), agent=options))
    [alarm] = [a for a in second.status("status")["alarms"] if a["alarm"] == "stored-app-refused"]
    assert "agent.api.max_apps" in alarm["text"] and alarm["app"] == "a2"
    assert second.unregister("a0").status == 200
    assert second.unregister("a2").json()["result"] == "unregistered"


def test_changes_without_end(bed: Testbed) -> None:
    """Apps that are registered already can be renewed and unregistered all the same."""
    agent = start(bed, api={"max_apps": 3, "max_changes": 1})
    said = [agent.get(ask_for("a", vips(i, 1))).status for i in range(8)]
    assert said == 6 * [200] + 2 * [429]
    answer = agent.get(ask_for("a", vips(8, 1)))
    assert answer.status == 429 and "agent.api.max_changes" in answer.text
    assert agent.get(ask_for("a", vips(5, 1))).json()["result"] == "unchanged"
    assert agent.app("a")["vips"][0]["prefix"] == vips(5, 1)[0]
    assert agent.admin(ask_for("b", vips(9, 1))).status == 200
    assert agent.unregister("a").json()["result"] == "unregistered"
    assert agent.get(ask_for("a", vips(1, 1))).status == 429
    assert agent.status("status")["api"]["refused"]["rate"] == 4


def test_a_stop_with_as_many_vips_as_allowed(bed: Testbed) -> None:
    """Removing addresses from lo is quadratic in the kernel: what is allowed is removed in time."""
    agent = start(bed)
    for i in range(64):
        ask = agent.get if i % 2 else agent.admin
        assert ask(ask_for(f"a{i}", vips(64 * i, 64))).status == 200
    answer = agent.get(ask_for("more", vips(5000, 1)))
    assert answer.status == 403 and "agent.vips.max" in answer.text
    wait_until(lambda: agent.status("status")["vips"]["bound"] >= 4096, "all are on lo")
    agent.stop()
    assert "could not be removed" not in agent.log
    bed.wait_loopback({})
