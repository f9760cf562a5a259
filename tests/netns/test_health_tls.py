"""https monitors against real TLS servers: which certificates pass, and the errors about others."""

from typing import Any

import pytest

from . import responders
from .certificates import Authority
from .configs import VIP4, config
from .health import PEER, agent_with, expect
from .test_metrics import samples
from .testbed import Testbed
from .wait import wait_until

P = 7777
URL = f"https://127.0.0.1:{P}/"
NAME = "www.example.com"
UP = "answered as expected"
# A handshake that loads all authorities of the system takes long on a machine under load.
PATIENT = {"timeout": "10s"}

CASES: dict[str, tuple[tuple[str, ...], int, dict[str, Any], str, str]] = {
    "the address": (("IP:127.0.0.1",), 2, {}, "up", UP),
    "another address": (("IP:127.0.0.2",), 2, {}, "down", "host name '127.0.0.1'"),
    "the name": ((f"DNS:{NAME}",), 2, {"tls_name": NAME}, "up", UP),
    "not the name": (("DNS:example.com",), 2, {"tls_name": NAME}, "down", f"host name '{NAME}'"),
    "a wildcard": (("DNS:*.example.com",), 2, {"tls_name": NAME}, "up", UP),
    "the address is not the name": (("IP:127.0.0.1",), 2, {"tls_name": NAME}, "down", "host name"),
    "expired": (("IP:127.0.0.1",), -1, {}, "down", "certificate has expired"),
}


@pytest.mark.parametrize("case", CASES)
def test_certificate(bed: Testbed, case: str) -> None:
    names, days, options, health, said = CASES[case]
    authority = Authority(bed.workdir)
    with responders.http(bed.host, P, cert=authority.issue(*names, days=days)):
        monitor = {"https": URL, "tls_ca": str(authority.file), **PATIENT, **options}
        expect(agent_with(bed, monitor), health, said)


def test_end_of_the_certificate(bed: Testbed) -> None:
    """Of every check anew, also of one that was renewed; and kept when the service is gone."""

    def left() -> float:
        found = samples(agent, "vipherald_certificate_expires_in_seconds")
        return found.get(("a", f"https://127.0.0.1:{P}/"), 0) / 86400

    authority = Authority(bed.workdir)
    monitor = {"https": URL, "tls_ca": str(authority.file), "interval": "100ms", **PATIENT}
    with responders.http(bed.host, P, cert=authority.issue("IP:127.0.0.1", days=2)):
        agent = agent_with(bed, monitor)
        expect(agent, "up")
        assert 1.9 < left() <= 2
    expect(agent, "down")
    assert 1.9 < left() <= 2
    longer = authority.issue("IP:127.0.0.1", days=5)
    with responders.http(bed.host, P, cert=longer):
        wait_until(lambda: 4.9 < left() <= 5, "the end of the new certificate")
    longer.write_text(longer.read_text() + authority.file.read_text())
    with responders.http(bed.host, P, cert=longer):  # with its issuer, which ends first
        wait_until(lambda: 1.9 < left() <= 2, "the end of the issuer")
    with responders.http(bed.host, P, cert=authority.issue("IP:127.0.0.1", days=1)):
        wait_until(lambda: 0.9 < left() <= 1, "the end of the last certificate")
        assert agent.app("a")["monitors"][0]["certificate_expires"]


def test_name_is_asked_for(bed: Testbed) -> None:
    """Also as Host in the request: a server with many sites selects one by it."""
    authority = Authority(bed.workdir)
    with responders.http(bed.host, P, cert=authority.issue(f"DNS:{NAME}")):
        monitor = {"https": URL, "tls_ca": str(authority.file), "tls_name": NAME}
        expect(agent_with(bed, {**monitor, "header": f"X-Host: {NAME}:{P}"}), "up")


def test_issuer(bed: Testbed) -> None:
    """The agent's CA file applies unless the monitor has its own."""
    (bed.workdir / "other").mkdir()
    authority, other = Authority(bed.workdir), Authority(bed.workdir / "other")
    bed.link()
    apps = (
        {"name": "a", "vip": VIP4, "monitors": [{"https": URL, **PATIENT}]},
        {
            "name": "b",
            "vip": "192.0.2.54/32",
            "monitors": [{"https": URL, "tls_ca": str(other.file), **PATIENT}],
        },
    )
    with responders.http(bed.host, P, cert=authority.issue("IP:127.0.0.1")):
        agent = bed.start_agent(config(PEER, apps=apps, agent={"tls_ca": str(authority.file)}))
        expect(agent, "up", UP)
        expect(agent, "down", "certificate", app="b")


def test_system_is_trusted_by_default(bed: Testbed) -> None:
    """The agent sees the test's authority in place of the system's list."""
    authority = Authority(bed.workdir)
    bed.link()
    app = {"name": "a", "vip": VIP4, "monitors": [{"https": URL, **PATIENT}]}
    with responders.http(bed.host, P, cert=authority.issue("IP:127.0.0.1")):
        stranger = bed.start_agent(config(PEER, apps=(app,)))
        expect(stranger, "down", "certificate")
        stranger.stop()
        list_of_system = "/etc/ssl/certs/ca-certificates.crt"
        mount = f"mount --bind {authority.file} {list_of_system} && exec \"$@\""
        wrapper = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", mount, "sh")
        expect(bed.start_agent(config(PEER, apps=(app,)), wrapper=wrapper), "up", UP)


def test_authority_that_cannot_be_read(bed: Testbed) -> None:
    """The result is unknown: the health stays."""
    authority = Authority(bed.workdir)
    with responders.http(bed.host, P, cert=authority.issue("IP:127.0.0.1")):
        agent = agent_with(bed, {"https": URL, "tls_ca": str(authority.file)})
        expect(agent, "up", UP)
        authority.file.unlink()
        expect(agent, "up", f"cannot read tls_ca '{authority.file}': No such file")
