"""The agent on a kernel before Linux 5.18, which does not keep our tag on addresses."""

import os
import subprocess
import warnings

from .agent import REPO, SANITIZER_ENV
from .testbed import Testbed


def kernel_keeps_tags() -> bool:
    """Of this machine. Where it does not, a test says what it shows instead."""
    major, minor = os.uname().release.split(".")[:2]
    keeps = (int(major), int(minor)) >= (5, 18)
    if not keeps:
        warnings.warn(f"Linux {os.uname().release} keeps no tag on addresses", stacklevel=2)
    return keeps


def without_tags(bed: Testbed) -> dict[str, str]:
    """The environment that makes the tag invisible to the agent."""
    library = bed.workdir / "hide_tag.so"
    source = REPO / "tests/netns/hide_tag.c"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", f"-I{REPO}", source, "-o", library], check=True
    )
    # The sanitizer wants to be the first library.
    asan = SANITIZER_ENV["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": asan}
