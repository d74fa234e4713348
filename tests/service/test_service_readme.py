"""The service's README: every example runs against a real socket, every setting is in its table."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import Settings
from tests.service.institution import Institution, served

README = (Path(__file__).parents[2] / "service" / "README.md").read_text("utf-8")
RUN = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "-e"],
}


def examples() -> list[tuple[str, str]]:
    return re.findall(r"^```(sh|python|js)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def base(house: Institution) -> Iterator[str]:
    with served(house.app) as base:
        yield base


@pytest.mark.slow
@pytest.mark.parametrize(("language", "text"), examples(), ids=lambda value: value.split("\n")[0][:40])
def test_every_example_runs(base: str, house: Institution, tmp_path: Path, language: str, text: str) -> None:
    tool = "curl" if language == "sh" else RUN[language][0]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    environment = {**os.environ, "SANAD_URL": base, "SANAD_KEY": house.keys.admin}
    ran = subprocess.run(
        [*RUN[language], text], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
    assert "Traceback" not in ran.stderr
    if language == "sh":
        for line in ran.stdout.replace("}{", "}\n{").splitlines():
            assert json.loads(line).get("status") in (None, "enqueued", "processing", "succeeded")


def test_there_are_examples_of_each_kind() -> None:
    kinds = [language for language, _ in examples()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"sh": 4, "python": 3, "js": 1}
    assert "import httpx" in README


def test_every_setting_is_in_the_table() -> None:
    assert table() in README


def table() -> str:
    """The table of settings, as the README holds it; `python -m tests.service.test_service_readme` prints it."""
    rows = ["| setting | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "" if default is None or default == () else json.dumps(default) if default != "" else ""
        rows.append(f"| `SANAD_{name.upper()}` | {shown} | {field.description or ''} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
