"""/run/vipherald, where agents have their locks and admin sockets: of this test process alone.

Agents of other test processes, and one that runs on the machine, neither see it nor leave anything in it.
So whatever is left after a test is of that test.
"""

import ctypes
import os
from pathlib import Path

RUN_DIR = Path("/run/vipherald")

_CLONE_NEWNS = 0x00020000
_MS_REC = 0x4000
_MS_SLAVE = 0x80000
_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    texts = (text.encode() for text in (source, target, kind))
    if _libc.mount(*texts, ctypes.c_ulong(flags), data.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def make_private() -> None:
    """Mounts that are made from here on, also those of `ip netns add`, end with this process."""
    RUN_DIR.mkdir(exist_ok=True)
    if _libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", "/", "", _MS_REC | _MS_SLAVE)
    _mount("vipherald", str(RUN_DIR), "tmpfs", 0, "mode=755")


def remove_of(inode: int) -> None:
    """The files of a killed agent of this network namespace; the next one there would take them over."""
    for name in (f"lo-{inode}.lock", f"api-{inode}.sock"):
        (RUN_DIR / name).unlink(missing_ok=True)
    link = RUN_DIR / "api.sock"
    if link.is_symlink() and os.readlink(link) == f"api-{inode}.sock":
        link.unlink()


def remove_leftovers() -> list[str]:
    """Names of all that is left, which is removed."""
    left = sorted(path.name for path in RUN_DIR.iterdir()) if RUN_DIR.exists() else []
    for name in left:
        (RUN_DIR / name).unlink()
    return left
