# SPDX-License-Identifier: MIT
"""The page at GET /, in a real browser."""

import gzip
import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from . import bgp
from .agent import REPO, Agent
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .devtools import Tab
from .rawpeer import RawListener
from .testbed import ROUTER_AS, Testbed
from .wait import wait_until

URL = "http://127.0.0.1:8080/"
AXE = REPO / ".deps" / "axe" / "axe.min.js"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
MARKUP = "<img src=x onerror=hacked=1><script>hacked=1</script>"


@pytest.fixture
def tab(bed: Testbed) -> Iterator[Tab]:
    opened = Tab(bed.host)
    yield opened
    opened.close()


def state_of(name: str) -> str:
    return f"document.querySelector('#apps [data-key={name}] td')?.innerText.trim()"


def fetch(agent: Agent, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = agent.connect()
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    return response


def expect_no_complaints(tab: Tab) -> None:
    assert not tab.complaints, tab.complaints


def test_over_http(bed: Testbed) -> None:
    """For browsers alone; style and script once in one form, then not again."""
    link = bed.link()
    there = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS}
    agent = bed.start_agent(config(there, apps=(DNS,), agent={"read_addr": "127.0.0.1:8081"}))
    assert agent.get("/").status == 404
    assert "/v1/apps" in agent.get("/").json()["endpoints"]
    total = 0
    for path in ("/", "/page/style.css", "/page/script.js", "/page/icon.svg"):
        plain = fetch(agent, path, **BROWSER)
        text = plain.read()
        assert plain.status == 200 and plain.headers["Content-Encoding"] is None
        policy = plain.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert plain.headers["Referrer-Policy"] == "no-referrer"
        total += len(text)
        packed = fetch(agent, path, **BROWSER, Accept_Encoding="br, gzip")
        if path == "/":  # docs/decisions/embedded-page.md says why
            assert packed.headers["Content-Encoding"] is None
        else:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(packed.read()) == text
            tag = packed.headers["ETag"]
            again = fetch(agent, path, Accept_Encoding="gzip", If_None_Match=tag)
            assert (again.status, again.read(), again.headers["ETag"]) == (304, b"", tag)
            assert fetch(agent, path, If_None_Match=tag).status == 200
    assert total < 100 * 1024
    # It reads, so it is there where nothing else may be done.
    agent.listen_addr = "127.0.0.1:8081"
    assert fetch(agent, "/", **BROWSER).status == 200


def test_a_client_without_the_role_does_not_see_it(bed: Testbed) -> None:
    bed.link()
    there = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    options = {"api": {"local": "none", "remote": "none"}}
    agent = bed.make_agent(config(there, apps=(DNS,), agent=options))
    agent.spawn()
    wait_until(lambda: agent.admin("/v1/status").status == 200, "it runs", ignore=(OSError,))
    for path in ("/", "/page/script.js"):
        refused = fetch(agent, path, **BROWSER)
        assert refused.status == 403 and b"<" not in refused.read()


def test_live(bed: Testbed, tab: Tab) -> None:
    """Changes are shown at once; so are an agent that is gone, and its return."""
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router, description="tor1"), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    followers = [fetch(agent, "/v1/events", Accept="text/event-stream") for _ in range(8)]
    tab.open(URL)
    tab.wait("document.getElementById('live').innerText.includes('not live')", "all places of followers are taken")
    for follower in followers:
        follower.close()
    tab.complaints.clear()  # of the refusal, 429
    tab.open(URL)
    tab.wait("!!document.querySelector('#live .good')", "it is live")
    tab.wait(f"{state_of('dns')} === 'up'", "the app is up")
    assert "tor1" in tab.text("#sessions") and "established" in tab.text("#sessions")
    assert tab.run("document.querySelectorAll('#apps .good').length") >= 3  # up, and twice sent
    # The delays before the page asks: up to half a second after an event, else five seconds.
    tab.run("window.seen = []; window.waits = []; window.timeout = setTimeout; 0")
    tab.run("setTimeout = (call, ms) => { waits.push(ms); return timeout(call, ms); }; 0")
    for number, wanted in enumerate(("down", "up", "down")):
        tab.run(
            f"new MutationObserver(() => {{ if ({state_of('dns')} === '{wanted}')"
            f" seen[{number}] ??= Date.now(); }})"
            ".observe(document.getElementById('apps'), {childList: true, subtree: true})"
        )
        events = f"[...document.querySelectorAll('#events th')].filter(e => e.innerText === 'app.{wanted}').length"
        before = tab.run(events)
        tab.run("window.waits = []")
        service.kill() if wanted == "down" else service.start()
        tab.wait(f"seen[{number}]", f"the app is {wanted} on the page")
        assert tab.run("Math.min(...waits)") <= 500, "it asks for the event's sake"
        tab.wait(f"{events} > {before}", f"the event app.{wanted} on the page")
    assert "nothing listens on tcp port" in tab.text("#apps")
    assert "app.down" in tab.text("#events")
    expect_no_complaints(tab)

    agent.stop()
    tab.wait("!!document.querySelector('#live .bad')", "it says that the agent does not answer")
    agent.start()
    tab.wait("!!document.querySelector('#live .good')", "it is live again")
    service.start()
    tab.wait(f"{state_of('dns')} === 'up'", "what happens then is seen")
    events = "[...document.querySelectorAll('#events tr')].map(row => row.dataset.key)"
    shown = tab.run(events)
    assert len(shown) == len(set(shown))
    left = [c for c in tab.complaints if "ERR_CONNECTION_REFUSED" not in c and "ERR_INCOMPLETE" not in c]
    assert not left, left
    agent.reload(config(peer(router), apps=(DNS,), agent={"api": {"local": "none", "remote": "none"}}))
    tab.wait("document.getElementById('live').innerText.includes('status 403')", "it says why")


def test_a_person_at_the_keyboard(bed: Testbed, tab: Tab) -> None:
    """Opened details stay open, the focus stays; a hidden page asks for nothing."""
    bed.link()
    service = bed.start_service(PORT)
    there = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    apps = (DNS, app("web", "192.0.2.80/32", "port:tcp:80"), app("ntp", "192.0.2.123/32"))
    bed.start_agent(config(there, apps=apps))
    tab.open(URL)
    tab.wait(f"{state_of('dns')} === 'up'", "the app is up")
    tab.run("document.querySelector('details[data-key=dns] summary').focus()")
    tab.press("Enter", 13, "\r")
    assert tab.run("document.querySelector('details[data-key=dns]').open")
    service.kill()
    tab.wait(f"{state_of('dns')} === 'down'", "the app is down")
    assert tab.run("document.querySelector('details[data-key=dns]').open")
    assert tab.run("document.activeElement.parentElement.dataset.key") == "dns"
    assert tab.run("document.querySelectorAll('details[data-key=dns] svg path.bad[d^=M]').length") == 1

    tab.press("/", 191, "/")
    assert tab.run("document.activeElement.name") == "q"
    tab.type("192.0.2.12")
    tab.wait("document.querySelectorAll('#apps tbody').length === 1", "the app is found")
    assert tab.text("#links") == "1 to 1 of 1 app."
    assert tab.run("location.search") == "?q=192.0.2.12&show=all"
    tab.run("document.querySelector('[name=q]').value = ''")
    tab.run("document.querySelector('[name=show]').value = 'down'")
    tab.run("document.querySelector('[name=show]').dispatchEvent(new Event('input', {bubbles: true}))")
    tab.wait("document.querySelectorAll('#apps tbody').length === 2", "those that are down")
    expect_no_complaints(tab)

    tab.run("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    tab.run("document.dispatchEvent(new Event('visibilitychange'))")
    assert tab.run("stream.readyState") == 2  # closed
    tab.run("new Promise(resolve => setTimeout(resolve, 600))")  # an answer may be on its way
    asked = len(tab.requests)
    service.start()
    tab.run("new Promise(resolve => setTimeout(resolve, 1000))")
    assert len(tab.requests) == asked
    tab.run("delete document.hidden")
    tab.run("document.dispatchEvent(new Event('visibilitychange'))")
    tab.wait("document.querySelectorAll('#apps tbody').length === 1", "it is up to date")


def test_why_and_events(bed: Testbed, tab: Tab) -> None:
    """A VIP is explained when it is asked for, and as long as it is looked at; events have a filter."""
    bed.link()
    service = bed.start_service(PORT)
    there = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    bed.start_agent(config(there, apps=(DNS, app("ntp", "192.0.2.123/32"))))
    tab.open(f"{URL}?q=dns")
    tab.wait(f"{state_of('dns')} === 'up'", "the app is up")
    tab.run("document.querySelector('#apps [data-key=dns] a').focus()")
    tab.press("Enter", 13, "\r")
    tab.wait("!!document.querySelector('#why h2')", "it is explained")
    assert tab.run("location.search") == "?q=dns&show=all&from=0&why=192.0.2.53%2F32"
    health = "document.querySelector('#why tbody tr:nth-child(2) td').innerText"
    assert tab.run(health).strip() == "yes" and "Peer 10.0.1.1" in tab.text("#why")
    tab.wait("!!document.querySelector('#live .good')", "it is live")
    service.kill()
    tab.wait(f"{health}.trim() === 'no'", "it follows")

    tab.run("document.querySelector('[name=events]').focus()")
    tab.type("APP.DOWN")
    tab.wait("document.querySelectorAll('#events tr').length === 1", "one event is found")
    assert "app.down" in tab.text("#events") and "Why 192.0.2.53/32" in tab.text("#why")
    tab.run("[...document.querySelectorAll('#why a')].find(a => a.innerText === 'Close').click()")
    tab.wait("document.readyState === 'complete' && !document.querySelector('#why h2')", "it is closed")
    assert tab.run("document.querySelector('[name=events]').value") == "APP.DOWN"
    tab.wait(f"{state_of('ntp')} === undefined", "the search is the same")
    expect_no_complaints(tab)


def test_texts_of_others_are_no_markup(bed: Testbed, tab: Tab) -> None:
    """In a description, a drain, the answer to a check, a NOTIFICATION, and the search."""
    link = bed.link()
    listener = RawListener(link.namespace, link.router_ip)
    answer = f"exec:echo '{MARKUP}'; exit 1"
    there = {"peer_ip": link.router_ip, "peer_as": ROUTER_AS, "description": MARKUP}
    agent = bed.start_agent(config(there, apps=(app("dns", VIP4, answer),)))
    session = listener.accept()
    session.establish(ROUTER_AS)
    wait_until(lambda: MARKUP in agent.app("dns")["monitors"][0]["said"], "the answer to the check")
    agent.drain(reason=MARKUP)
    session.send(bgp.notification(6, 2, bytes([len(MARKUP)]) + MARKUP.encode()))
    wait_until(lambda: agent.peer(link.router_ip)["last_notification"], "the NOTIFICATION")
    tab.open(f"{URL}?q={'%22' + MARKUP.replace('<', '%3C').replace(' ', '%20')}")
    tab.open(URL)
    tab.wait(f"{state_of('dns')} === 'drained'", "the app is there")
    shown = tab.text()
    for part in ("#facts", "#sessions", "#apps", "#events"):
        assert MARKUP in tab.text(part) or part == "#apps", shown
    assert MARKUP in tab.run("document.querySelector('#apps').textContent")
    assert tab.run("typeof hacked") == "undefined"
    assert tab.run("document.querySelectorAll('main img, main script, header script').length") == 0
    expect_no_complaints(tab)
    # The policy is in force: not even the page itself can make markup of a text.
    why = tab.run("(() => { try { document.body.innerHTML = '<b>'; } catch (e) { return String(e); } })()")
    assert "TrustedHTML" in why
    wait_until(lambda: tab.run("1") and tab.complaints, "the browser complains")


def test_ten_thousand_apps(bed: Testbed, tab: Tab) -> None:
    bed.link()
    there = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    apps = tuple(
        {**app(f"app{i:05}", f"100.64.{i >> 8}.{i & 255}/32"), "bind": "none"} for i in range(10000)
    )
    agent = bed.start_agent(config(there, apps=apps))
    wait_until(lambda: agent.status("status")["apps"]["up"] == 10000, "all are up", 60)
    tab.open(URL)
    assert tab.run("document.querySelectorAll('#apps tbody').length") == 50
    assert tab.text("#links").startswith("1 to 50 of 10000 apps.")
    tab.run("document.querySelector('[name=q]').focus()")
    tab.type("app09999")
    tab.wait("document.querySelectorAll('#apps tbody').length === 1", "one is found")
    assert "100.64.39.15/32" in tab.text("#apps")
    expect_no_complaints(tab)


def test_its_size(bed: Testbed) -> None:
    """docs/page.md: of 100 apps with a check and a VIP at two peers, all that a browser loads."""
    routers = [bed.start_router("bird"), bed.start_router("bird")]
    apps = tuple(app(f"app{i:03}", f"198.51.100.{i}/32", "exec:true") for i in range(100))
    # A hundred commands ten times a second are more than a busy machine does in time.
    options = {"monitor_interval": "2s", "timeout": "1m"}
    agent = bed.start_agent(config(*map(peer, routers), apps=apps, agent=options))

    def size(state: str) -> int:
        page = fetch(agent, "/", **BROWSER).read()
        assert page.count(b"<tbody data-key") == 50 and b"1 to 50 of 100 apps." in page
        assert page.count(f'<td data-peer="{routers[1].ip}" title="{state}'.encode()) == 50
        return len(page) + sum(
            len(fetch(agent, f"/page/{name}", **BROWSER).read()) for name in ("style.css", "script.js", "icon.svg")
        )

    for router in routers:
        router.wait_routes(*(f"198.51.100.{i}/32" for i in range(100)))
    assert size("") <= 100 * 1000
    routers[1].stop()
    wait_until(lambda: agent.peer(routers[1].ip)["state"] != "established", "the session is down")
    assert size("no session") <= 100 * 1000


def test_without_scripts(bed: Testbed, tab: Tab) -> None:
    bed.link()
    there = {"peer_ip": "10.0.1.1", "peer_as": ROUTER_AS}
    apps = tuple(app(f"app{i:03}", f"198.51.100.{i}/32") for i in range(1, 151))
    agent = bed.start_agent(config(there, apps=apps))
    wait_until(lambda: agent.status("status")["apps"]["up"] == 150, "all are up")
    tab.without_scripts()
    tab.call("Page.navigate", url=f"{URL}?q=app14&show=up")
    page = wait_until(
        lambda: (html := tab.html()) and " of 10 apps" in html and html,
        "the page is there",
        ignore=(AssertionError,),  # the page before is going
    )
    assert len(re.findall("<tbody data-key", page)) == 10
    assert 'http-equiv="refresh"' in page
    page = fetch(agent, "/?q=&show=all&from=100", **BROWSER).read().decode()
    assert "101 to 150 of 150 apps." in page and "Previous</a>" in page
    expect_no_complaints(tab)


def test_no_barriers(bed: Testbed, tab: Tab) -> None:
    """axe-core finds nothing, light and dark, on a desk and on a telephone, which needs no scrolling
    sideways."""
    assert AXE.exists(), f"{AXE} is missing: run 'scripts/deps.sh test'"
    router = bed.start_router("bird")
    there = {"peer_ip": "10.0.2.1", "peer_as": ROUTER_AS, "description": "tor2"}
    bed.link()
    bed.start_service(PORT)
    apps = (DNS, app("web", "192.0.2.80/32", "port:tcp:80", "exec:sleep 0.01; echo not well; exit 1"))
    agent = bed.start_agent(config(peer(router), there, apps=apps))
    agent.drain("dns", reason="maintenance")
    tab.open(f"{URL}?why=192.0.2.80/32")
    tab.wait(f"{state_of('web')} === 'down'", "the app is down")
    tab.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    tab.run(AXE.read_text() + ";0")
    for scheme, width, telephone in (("light", 1400, False), ("dark", 1400, False), ("dark", 360, True)):
        tab.prefer(scheme)
        tab.size(width, 800, telephone)
        found: list[dict[str, Any]] = tab.run("axe.run().then(result => result.violations)")
        assert not found, json.dumps(found, indent=1)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width
    expect_no_complaints(tab)
