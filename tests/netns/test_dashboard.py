"""A real Prometheus scrapes an agent; every query of the dashboard has an answer, and the alerts are loaded."""

import http.client
import json
import re
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from . import responders
from .certificates import Authority
from .configs import DNS, PORT, VIP4, VIP6, app, config, peer
from .faultserver import FaultServer
from .process import Process
from .routers.base import REPO
from .testbed import Testbed
from .wait import TIMEOUT, wait_until

PROMETHEUS = REPO / ".deps" / "prometheus" / "usr" / "bin" / "prometheus"
AT = ("127.0.0.1", 9090)


class Prometheus:
    def __init__(self, bed: Testbed, scheme: str):
        assert PROMETHEUS.exists(), f"{PROMETHEUS} is missing: run 'scripts/deps.sh test'"
        self._host = bed.host
        file = bed.workdir / "prometheus.yaml"
        scrape = {
            "job_name": "vipherald",
            "scheme": scheme,
            "tls_config": {"insecure_skip_verify": True},
            "static_configs": [{"targets": ["127.0.0.1:8080"]}],
        }
        file.write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(REPO / "dist" / "prometheus" / "alerts.yaml")],
                    "scrape_configs": [scrape],
                }
            )
        )
        argv = [
            str(PROMETHEUS), f"--config.file={file}", f"--storage.tsdb.path={bed.workdir}/tsdb",
            f"--web.listen-address={AT[0]}:{AT[1]}", "--log.level=warn",
        ]  # fmt: skip
        with bed.host.inside():
            self.process = Process(argv, bed.workdir / "prometheus.log")

    def get(self, path: str, **query: object) -> Any:
        with self._host.inside():
            connection = http.client.HTTPConnection(*AT, timeout=TIMEOUT)
            connection.connect()
        connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(query)}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    def query(self, expression: str) -> list[Any]:
        return self.get("query", query=expression)["result"]

    def answer(self, expression: str, what: str = "") -> list[Any]:
        """Waits for one: after a scrape of more than its second there is none until the next."""
        return wait_until(lambda: self.query(expression), f"{what}: {expression}")


@contextmanager
def prometheus(bed: Testbed, scheme: str = "http") -> Iterator[Prometheus]:
    p = Prometheus(bed, scheme)
    try:
        wait_until(
            lambda: len(p.query("sum_over_time(up[1m]) >= 5")) > 0, "five scrapes", 60, (OSError, ValueError)
        )
        yield p
    finally:
        p.process.kill()


def dashboard() -> list[tuple[str, str]]:
    script = REPO / "scripts" / "check-dashboard"
    r = subprocess.run([script, "--print"], capture_output=True, text=True, check=True)
    return [(title, expression) for title, expression in json.loads(r.stdout)]


def questions() -> list[str]:
    """The expressions of docs/metrics.md."""
    page = (REPO / "docs" / "metrics.md").read_text()
    section = page.split("\n## Questions\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", section, re.M)
    assert len(found) == section.count("\n| ") - 2  # all but the head
    return found


@pytest.mark.long
def test_every_query_has_an_answer(bed: Testbed) -> None:
    router = bed.start_router("frr")
    bed.start_service(PORT)
    consul = FaultServer(bed.host)
    authority = Authority(bed.workdir)
    apps = (
        DNS,
        app("down", "192.0.2.99/32", "exec:false"),
        {
            "name": "secure", "vip": "192.0.2.98/32",
            "monitors": [
                {"https": "https://localhost:8443/", "tls_ca": str(authority.file), "timeout": "10s"}
            ],
        },
    )  # fmt: skip
    pair = authority.issue("DNS:localhost")
    pair.chmod(0o600)
    tls = {"cert": str(pair), "key": str(pair), "client_ca": str(authority.file)}
    keys = {"traffic": True, "consul_addr": consul.addr, "api": {"tls": tls}}
    with responders.http(bed.host, 8443, cert=pair):
        absent = {"peer_ip": "10.0.1.99", "peer_as": 65000}
        agent = bed.make_agent(config(peer(router, bfd=True), absent, apps=apps, agent=keys))
        agent.spawn()
        router.wait_routes(VIP4, VIP6, "192.0.2.98/32")
        assert agent.admin(f"/v1/peers/{router.ip}/reset", "POST").status == 200
        with prometheus(bed, "https") as p:
            router.wait_routes(VIP4, VIP6, "192.0.2.98/32")
            scraped = time.time()
            wait_until(
                lambda: p.query(f"timestamp(vipherald_app_up) > {scraped}"), "the next scrape"
            )
            for title, expression in dashboard():
                p.answer(expression, title)
            for expression in questions():
                p.answer(expression)
            [down] = p.answer("vipherald_vip_announced == 0")
            assert down["metric"]["app"] == "down" and down["metric"]["vip"] == "192.0.2.99/32"
            [why] = [e for e in questions() if "group_left (state)" in e]
            assert [r["metric"]["state"] for r in p.answer(why)] == ["down"]
            [no_session] = [e for e in questions() if "session_up == 0" in e]
            unsent = {(r["metric"]["peer"], r["metric"]["app"]) for r in p.answer(no_session)}
            assert unsent == {("10.0.1.99", name) for name in ("dns", "down", "secure")}

            def rules() -> bool:
                [group] = p.get("rules")["groups"]
                health = [rule["health"] for rule in group["rules"]]
                assert health and "err" not in health
                return set(health) == {"ok"}

            def pending() -> set[str]:
                return {alert["labels"]["alertname"] for alert in p.get("alerts")["alerts"]}

            wait_until(rules, "all rules have been evaluated")
            wait_until(lambda: "VipheraldAppDown" in pending(), "the alert")
    consul.close()


@pytest.mark.long
def test_who_announces_a_vip(bed: Testbed) -> None:
    """The questions of the fleet, before and after the app went down."""
    router = bed.start_router("bird")
    service = bed.start_service(PORT)
    agent = bed.start_agent(config(peer(router), apps=(DNS,)))
    router.wait_routes(VIP4, VIP6)
    announced = {title: expression for title, expression in dashboard()}
    with prometheus(bed) as p:

        def vips() -> dict[str, str]:
            found = p.query(announced["Who announces which VIP"])
            return {f"{s['metric']['vip']} {s['metric']['instance']}": s["value"][1] for s in found}

        here = {f"{VIP4} 127.0.0.1:8080": "1", f"{VIP6} 127.0.0.1:8080": "1"}
        wait_until(lambda: vips() == here, "the host announces both")
        service.kill()
        wait_until(lambda: set(vips().values()) == {"0"}, "no host announces them")

        def nowhere() -> list[str]:
            return [s["value"][1] for s in p.query(announced["VIPs announced nowhere"])]

        wait_until(lambda: nowhere() == ["2"], "both are announced nowhere")
        agent.stop()
        wait_until(lambda: p.query("up == 0") and not p.query("vipherald_vip_announced"), "the host is gone")
        assert nowhere() == ["2"]
