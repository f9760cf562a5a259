"""An authority of one test's own, and certificates that it signs."""

import subprocess
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*args: object) -> None:
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    def __init__(self, directory: Path):
        self._directory = directory
        self._count = 0
        self._key = directory / "authority.key"
        self.file = directory / "authority.pem"
        subject = ["-subj", "/CN=Authority of a test"]
        out = ["-keyout", self._key, "-out", self.file]
        _openssl("req", "-x509", *_KEY, *subject, "-days", 2, *out)

    def issue(self, *names: str, cn: str = "x", usage: str = "", days: int = 2) -> Path:
        """A file with key and certificate for the names ("DNS:x", "IP:y"); days < 0: expired."""
        self._count += 1
        both, request, signed = (
            self._directory / f"server{self._count}.{suffix}" for suffix in ("pem", "csr", "crt")
        )
        wishes = [f"subjectAltName={','.join(names)}"] if names else []
        wishes += [f"extendedKeyUsage={usage}"] if usage else []
        extensions = [word for wish in wishes for word in ("-addext", wish)]
        _openssl("req", *_KEY, "-subj", f"/CN={cn}", *extensions, "-keyout", both, "-out", request)
        signer = ["-CA", self.file, "-CAkey", self._key, "-copy_extensions", "copy"]
        _openssl("x509", "-req", "-in", request, *signer, "-days", days, "-out", signed)
        both.write_text(both.read_text() + signed.read_text())
        return both
