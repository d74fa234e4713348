"""Nothing that is installed reports on its user or leaves anything in the home directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ENCODE = """
from index.encoder import load_encoder
print(load_encoder().encode_queries(["summit"]).shape[0])
"""


@pytest.mark.slow
def test_the_encoder_reports_to_nobody(tmp_path: Path) -> None:
    """ONNX Runtime keeps a device's id and what it is about to send under the home directory."""
    # `CI` silences it too: what is tested is a user's machine.
    environment = {k: v for k, v in os.environ.items() if k not in {"CI", "ORT_DISABLE_TELEMETRY"}}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    ran = subprocess.run(
        [sys.executable, "-c", ENCODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "1\n"
    assert list(tmp_path.rglob("*")) == []
