"""What is logged, by agent.log and by -v."""

import json
from typing import Any

from .configs import PORT, VIP4, app, config, peer
from .testbed import Testbed


def one_app(bed: Testbed, **log: Any) -> dict[str, Any]:
    router = bed.start_router("bird", password="s3cret")
    bed.start_service(PORT)
    agent = {"log": log} if log else {}
    structure = config(peer(router, password="s3cret"), apps=(app("dns", VIP4, f"port:tcp:{PORT}"),), agent=agent)
    return structure


def test_nothing_but_changes_by_default(bed: Testbed) -> None:
    agent = bed.start_agent(one_app(bed))
    agent.wait_log("app: dns: up")
    agent.get("/v1/apps")
    agent.stop()
    assert " DEBUG " not in agent.log and " TRACE " not in agent.log


def test_messages_of_bgp_and_requests(bed: Testbed) -> None:
    agent = bed.make_agent(one_app(bed))
    agent.arguments.append("-v")
    agent.start()
    agent.wait_log(r"DEBUG bgp: peer 10\.0\.1\.1: sent OPEN AS 65001, hold time \d+ s, router id")
    agent.wait_log(r"DEBUG bgp: peer 10\.0\.1\.1: received OPEN AS 65000")
    agent.wait_log(rf"DEBUG bgp: peer 10\.0\.1\.1: sent UPDATE \+{VIP4} next-hop 10\.0\.1\.2")
    agent.wait_log(rf"DEBUG vip: binding {VIP4} of dns")
    agent.get("/v1/apps")
    agent.wait_log(r"DEBUG api: GET /v1/apps: 200")
    agent.stop()
    assert f"DEBUG bgp: peer 10.0.1.1: sent UPDATE -{VIP4}" in agent.log
    assert "sent NOTIFICATION Cease/Administrative Shutdown" in agent.log
    assert "KEEPALIVE" not in agent.log


def test_every_check_and_keepalive(bed: Testbed) -> None:
    agent = bed.make_agent(one_app(bed))
    agent.arguments.append("-vv")
    agent.start()
    agent.wait_log(r"TRACE bgp: peer 10\.0\.1\.1: received KEEPALIVE")
    agent.wait_log(rf"TRACE monitor: port:tcp:{PORT}: up: ")


def test_changed_at_run_time(bed: Testbed) -> None:
    agent = bed.start_agent(one_app(bed))
    agent.wait_log("app: dns: up")
    assert agent.request("POST", "/v1/log?level=debug").status == 403
    assert agent.admin("/v1/log?level=loud", "POST").status == 400
    assert agent.admin("/v1/log?level=debug&module=nothing", "POST").status == 400
    assert agent.admin("/v1/log?module=bgp", "POST").status == 400
    answer = agent.admin("/v1/log?level=trace&module=bgp", "POST").json()
    assert answer["level"] == "info" and answer["modules"] == {"bgp": "trace"}
    agent.drain("dns")
    agent.wait_log(rf"DEBUG bgp: peer 10\.0\.1\.1: sent UPDATE \+{VIP4}")
    assert " DEBUG api: " not in agent.log
    answer = agent.admin("/v1/log?level=debug", "POST").json()
    assert answer["level"] == "debug" and answer["modules"] == {}
    agent.get("/ping")
    agent.wait_log("DEBUG api: GET /ping: 200")


def test_json_and_a_level_for_a_module(bed: Testbed) -> None:
    structure = one_app(bed, level="warning", format="json", modules={"bgp": "debug"})
    agent = bed.start_agent(structure)
    agent.wait_log("sent OPEN")
    agent.get("/v1/apps")
    agent.stop()
    lines = [json.loads(line) for line in agent.log.splitlines() if line.startswith("{")]
    # Before the configuration is read, the log is as it is without one.
    after = [line for line in lines if line["level"] != "info" or line["module"] == "bgp"]
    assert {line["module"] for line in after} == {"bgp"}
    fields = {"time", "level", "module", "msg"}
    assert all(fields <= set(line) for line in lines)
    assert all("kind" in line for line in lines if set(line) != fields)
    assert "s3cret" not in agent.log
