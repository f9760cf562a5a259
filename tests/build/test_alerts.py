# SPDX-License-Identifier: MIT
"""dist/prometheus/alerts.yaml: each alert fires in its case, and none while all is well."""
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "dist/prometheus/alerts.yaml"
PROMTOOL = ROOT / ".deps/prometheus/usr/bin/promtool"
PEER, APP = 'peer="10.0.0.1"', 'app="dns"'
VIP = f'{APP},vip="192.0.2.53/32"'

BUILD = 'vipherald_build_info{version="1.0"}'
CHECKS = 'vipherald_alarm{alarm="checks-behind",subject=""}'
STRAY = 'vipherald_alarm{alarm="stray-traffic",subject="192.0.2.53/32"}'
INCLUDED = 'vipherald_alarm{alarm="included-file",subject="/etc/vipherald.d/dns.yaml"}'
UNCOUNTED = 'vipherald_alarm{alarm="traffic-uncounted",subject=""}'
ENDS = f'vipherald_certificate_expires_in_seconds{{{APP},monitor="https://127.0.0.1/"}}'

# Series of a host on which all is well; "T": now.
HEALTHY = {
    'up{job="vipherald"}': 1,
    BUILD: 1,
    f"vipherald_vip_announced{{{VIP}}}": 1,
    f"vipherald_vip_advertised{{{VIP},{PEER}}}": 1,
    f'vipherald_vip_advertised{{{VIP},peer="10.0.1.1"}}': 1,
    f'vipherald_app_state{{{APP},state="up"}}': 1,
    f'vipherald_app_state{{{APP},state="down"}}': 0,
    f'vipherald_app_state{{{APP},state="last-resort"}}': 0,
    f'vipherald_app_state{{{APP},state="kept"}}': 0,
    f'vipherald_app_transitions_total{{{APP},to="down"}}': 7,
    f'vipherald_bgp_session_up{{{PEER},peer_asn="65000"}}': 1,
    f"vipherald_peer_admin_down{{{PEER}}}": 0,
    f"vipherald_bfd_session_up{{{PEER}}}": 1,
    CHECKS: "_x90",
    STRAY: "_x90",
    INCLUDED: "_x90",
    UNCOUNTED: "_x90",
    "vipherald_config_changed": 0,
    f"vipherald_vip_packets_total{{{VIP}}}": "0+60x90",
    ENDS: 90 * 86400,
    "vipherald_config_last_reload_successful": 1,
    "vipherald_config_rolled_back": 0,
    "vipherald_config_restart_needed": 0,
    "vipherald_consul_up": 1,
    'vipherald_api_certificate_expiry_timestamp_seconds{key="cert"}': 90 * 86400,
    "vipherald_state_file_stored": 1,
    f"vipherald_fleet_up{{{VIP}}}": 3,
    f"vipherald_fleet_min_up{{{VIP}}}": 2,
    "vipherald_fleet_kept": 0,
}
# The samples that differ when the alert fires, and a word of its text.
CASES = {
    "VipheraldDown": ({'up{job="vipherald"}': 0}, "web1:9180"),
    "VipheraldNoHosts": ({'up{job="vipherald"}': "_x90"}, "no host"),
    "VipheraldVipNotAnnouncedAnywhere": ({f"vipherald_vip_announced{{{VIP}}}": 0}, "192.0.2.53/32"),
    "VipheraldVipNotAtAllPeers": ({f"vipherald_vip_advertised{{{VIP},{PEER}}}": 0}, "fewer peers"),
    "VipheraldAppDown": ({f'vipherald_app_state{{{APP},state="down"}}': 1}, "dns is down"),
    "VipheraldAppFlaps": ({f'vipherald_app_transitions_total{{{APP},to="down"}}': "0+1x90"}, "times"),
    "VipheraldLastResort": ({f'vipherald_app_state{{{APP},state="last-resort"}}': 1}, "last-resort"),
    "VipheraldSessionDown": ({f'vipherald_bgp_session_up{{{PEER},peer_asn="65000"}}': 0}, "10.0.0.1"),
    "VipheraldBfdDown": ({f"vipherald_bfd_session_up{{{PEER}}}": 0}, "10.0.0.1"),
    "VipheraldChecksBehind": ({CHECKS: 1}, "checks"),
    "VipheraldConfigStale": ({"vipherald_config_changed": 1}, "not reloaded"),
    "VipheraldServiceCertificateEnds": ({ENDS: 3 * 86400}, "https://127.0.0.1/ of dns"),
    "VipheraldNoTraffic": (
        {f"vipherald_vip_packets_total{{{VIP}}}": "0+60x60 3600x30"}, "192.0.2.53/32 of dns",
    ),
    "VipheraldStrayTraffic": ({STRAY: 1}, "192.0.2.53/32"),
    "VipheraldTrafficNotCounted": ({UNCOUNTED: 1}, "count"),
    "VipheraldConfigRejected": ({"vipherald_config_last_reload_successful": 0}, "rejected"),
    "VipheraldIncludedFileBroken": ({INCLUDED: 1}, "/etc/vipherald.d/dns.yaml of web1"),
    "VipheraldRestartNeeded": ({"vipherald_config_restart_needed": 2}, "2 changed keys"),
    "VipheraldConsulStale": ({"vipherald_consul_up": 0}, "Consul"),
    "VipheraldCertificateEnds": (
        {'vipherald_api_certificate_expiry_timestamp_seconds{key="cert"}': 10 * 86400}, "cert",
    ),
    "VipheraldFleetShort": ({f"vipherald_fleet_up{{{VIP}}}": "3x60 2x30"}, "192.0.2.53/32"),
    "VipheraldFleetKept": ({"vipherald_fleet_kept": 1}, "down"),
    "VipheraldStateNotStored": ({"vipherald_state_file_stored": 0}, "state file"),
}


def names():
    return re.findall(r"^ *- alert: (\w+)$", ALERTS.read_text(), re.M)


def on_host(series):
    name, _, labels = series.partition("{")
    if "instance=" in labels:
        return series
    return f'{name}{{instance="web1:9180"{"," if labels else ""}{labels or "}"}'


def promtool(*arguments):
    assert PROMTOOL.exists(), f"{PROMTOOL} is missing: run 'scripts/deps.sh test'"
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True)


def query(directory, series):
    """Which alerts fire after 90 minutes, with their texts."""
    values = [
        {"series": on_host(name), "values": value if isinstance(value, str) else f"{value}+0x90"}
        for name, value in series.items()
    ]
    # None is expected; promtool prints those that came.
    checks = [
        {"eval_time": "90m", "alertname": name, "exp_alerts": []} for name in names()
    ]
    test = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": values, "alert_rule_test": checks}],
    }
    file = directory / "test.yaml"
    file.write_text(json.dumps(test))  # which is YAML as well
    r = promtool("test", "rules", str(file))
    said = r.stdout + r.stderr
    found = re.findall(r"alertname: (\w+), time: 1h30m.*?got:\[(.*?)\n\s*\]\n", said, re.S)
    assert (r.returncode == 0) == (not found), said
    return dict(found)


def test_rules_are_valid():
    r = promtool("check", "rules", str(ALERTS))
    assert r.returncode == 0, r.stdout + r.stderr


def test_silent_while_all_is_well(tmp_path):
    assert query(tmp_path, HEALTHY) == {}


def test_each_fires_in_its_case(tmp_path):
    assert set(names()) == set(CASES)
    for name, (changed, word) in CASES.items():
        assert set(changed) <= set(HEALTHY), name
        fired = query(tmp_path, {**HEALTHY, **changed})
        assert set(fired) == {name} and word in fired[name], f"{name}: {fired}"


def test_a_disabled_peer_is_no_alert(tmp_path):
    changed = {
        f'vipherald_bgp_session_up{{{PEER},peer_asn="65000"}}': 0,
        f"vipherald_peer_admin_down{{{PEER}}}": 1,
    }
    assert query(tmp_path, {**HEALTHY, **changed}) == {}


def test_other_ways(tmp_path):
    """Of alerts with more than one cause."""
    for name, changed in (
        ("VipheraldLastResort", {f'vipherald_app_state{{{APP},state="kept"}}': 1}),
        ("VipheraldConfigRejected", {"vipherald_config_rolled_back": 1}),
    ):
        assert set(query(tmp_path, {**HEALTHY, **changed})) == {name}


def test_a_vip_whose_hosts_are_gone(tmp_path):
    """Prometheus has no series of a host that does not answer: nothing is 0 then."""
    vip, up = f"vipherald_vip_announced{{{VIP}}}", 'up{job="vipherald"}'
    other = 'instance="web2:9180"'
    gone = {
        **{name: value for name, value in HEALTHY.items() if name not in (vip, up)},
        vip: "1x60 stale _x29",
        up: "1x60 0x30",
        BUILD: "1x60 stale _x29",
    }
    alert = "VipheraldVipNotAnnouncedAnywhere"
    fired = query(tmp_path, gone)
    assert set(fired) == {"VipheraldDown", alert} and "192.0.2.53/32" in fired[alert]
    for announced, wanted in ((1, False), (0, True)):
        second = {
            f'up{{job="vipherald",{other}}}': 1,
            f"vipherald_vip_announced{{{VIP},{other}}}": announced,
        }
        assert (alert in query(tmp_path, {**gone, **second})) == wanted, announced
    # Unregistered on purpose: the host answers.
    assert query(tmp_path, {**gone, up: 1, BUILD: 1}) == {}
    # The host is rebooted later than that, or another one is that had the VIP as well.
    unregistered = {**gone, vip: "1x30 stale _x59"}
    assert set(query(tmp_path, unregistered)) == {"VipheraldDown"}
    second = {
        f'up{{job="vipherald",{other}}}': 1,
        f'vipherald_build_info{{version="1.0",{other}}}': 1,
        f"vipherald_vip_announced{{{VIP},{other}}}": "1x40 stale _x49",
    }
    assert set(query(tmp_path, {**unregistered, **second})) == {"VipheraldDown"}
    died = {name: f"1x40 {'0x50' if name.startswith('up') else 'stale _x49'}" for name in second}
    assert alert in query(tmp_path, {**unregistered, **died})
    # An update of the agent in between has another series of its version.
    updated = {BUILD: "1x50 stale _x39", 'vipherald_build_info{version="1.1"}': "_x50 1x10 stale _x29"}
    assert alert in query(tmp_path, {**gone, **updated})
    assert set(query(tmp_path, {**unregistered, **updated})) == {"VipheraldDown"}


def test_vips_of_a_disabled_peer_are_no_alert(tmp_path):
    changed = {
        f"vipherald_vip_advertised{{{VIP},{PEER}}}": 0,
        f'vipherald_bgp_session_up{{{PEER},peer_asn="65000"}}': 0,
        f"vipherald_bfd_session_up{{{PEER}}}": 0,
        f"vipherald_peer_admin_down{{{PEER}}}": 1,
    }
    assert query(tmp_path, {**HEALTHY, **changed}) == {}


def test_a_quiet_vip_is_no_alert(tmp_path):
    """One that never has much, and one that is withdrawn."""
    traffic = f"vipherald_vip_packets_total{{{VIP}}}"
    assert query(tmp_path, {**HEALTHY, traffic: "0+1x60 60x30"}) == {}
    withdrawn = {
        traffic: "0+60x60 3600x30",
        f"vipherald_vip_announced{{{VIP}}}": "1x60 0x30",
        f'vipherald_vip_announced{{{APP},vip="192.0.2.54/32"}}': 1,
    }
    assert "VipheraldNoTraffic" not in query(tmp_path, {**HEALTHY, **withdrawn})


def test_every_metric_is_documented():
    page = (ROOT / "docs/metrics.md").read_text()
    for name in set(re.findall(r"\bvipherald_[a-z_]+\b", ALERTS.read_text())):
        assert f"| `{name}` |" in page, name
