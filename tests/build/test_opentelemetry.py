# SPDX-License-Identifier: MIT
"""docs/opentelemetry.md: the scrape configurations are ones that Prometheus takes, as the receiver has its code."""
import re
import subprocess
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMTOOL = ROOT / ".deps/prometheus/usr/bin/promtool"
PAGE = (ROOT / "docs/opentelemetry.md").read_text()


def check(text, directory):
    assert PROMTOOL.exists(), f"{PROMTOOL} is missing: run 'scripts/deps.sh test'"
    file = directory / "prometheus.yaml"
    file.write_text(text)
    return subprocess.run([PROMTOOL, "check", "config", "--syntax-only", file], capture_output=True, text=True)


def jobs():
    """The job of the page, alone and with each block that goes under it."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    [collector] = [b for b in blocks if b.startswith("# collector")]
    job = textwrap.dedent(re.search(r" *- job_name.*?(?=processors:)", collector, re.S)[0])
    job = "scrape_configs:\n" + textwrap.indent(job, "  ")
    under = [textwrap.dedent(b) for b in blocks if b.startswith("          ")]
    bare = re.sub(r".*static_configs.*\n", "", job)
    return [job, *((job if "static_configs" not in b else bare) + textwrap.indent(b, "    ") for b in under)]


def test_scrape_configurations(tmp_path):
    found = jobs()
    assert len(found) == 3
    for text in found:
        r = check(text, tmp_path)
        assert r.returncode == 0, f"{text}\n{r.stdout}{r.stderr}"


def test_names():
    known = (ROOT / "docs/metrics.md").read_text()
    names = re.findall(r"\b(?:vipherald|process)_[a-z_]+\b(?!\.)", PAGE)
    assert names
    for name in names:
        assert f"| `{name}` |" in known, name
