"""What is publicly known to be vulnerable among the pinned dependencies, where that can be asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from release.source import ReleaseError

UNREACHABLE = ("ConnectionError", "Failed to resolve", "ConnectTimeout", "ProxyError")


def advisories(lock: Path) -> str:
    """One line: that osv.dev knows of none, or that it could not be asked, which is not the same.

    Raises: ReleaseError: there are some, or the check itself failed; what was said.
    """
    words = [sys.executable, "-m", "pip_audit", "--strict", "--vulnerability-service", "osv"]
    lock_only = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-r", str(lock)]
    ran = subprocess.run([*words, *lock_only], capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return "known vulnerabilities: none (osv.dev)"
    if any(sign in ran.stderr for sign in UNREACHABLE):
        return "known vulnerabilities: NOT CHECKED, osv.dev cannot be reached from here"
    raise ReleaseError(f"known vulnerabilities:\n{ran.stdout}{ran.stderr[-2000:]}")
