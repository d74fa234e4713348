"""The Dockerfile and the script it starts, as far as they can be judged without a build."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "words",
    [
        ["hadolint", "--failure-threshold", "style", "Dockerfile"],
        ["shellcheck", "release/start.sh", "release/install.sh"],
    ],
    ids=lambda w: w[0],
)
def test_the_linters_have_nothing_to_say(words: list[str]) -> None:
    ran = subprocess.run([BIN / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


def test_the_base_is_an_argument_pinned_by_digest() -> None:
    (base,) = re.findall(r"^ARG BASE=(.*)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"docker\.io/library/python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", base)
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    names = {name for _, name in stages}
    assert {parent for parent, _ in stages} - names == {"${BASE}"}
    assert stages[-1][1] == "default"


def test_what_is_copied_passes_dockerignore_and_nothing_else_does() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in ignored if line and not line.startswith("#")) == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = set()
    for words in re.findall(r"^COPY (?!--from)(?:--\S+ )*(.*)$", DOCKERFILE, re.MULTILINE):
        copied |= set(words.split()[:-1])
    assert copied == let_in


def test_only_pytrec_eval_asks_for_scipy_which_the_image_leaves_out() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    (askers,) = re.findall(r"^scipy==.*\n(?:    --hash.*\n)+((?:    # .*\n)+)", lock, re.MULTILINE)
    assert askers == "    # via pytrec-eval-terrier\n"
