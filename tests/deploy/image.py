"""What deployments have to agree with: the image, as the Dockerfile makes it, and the service's settings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from service.settings import Settings

ROOT = Path(__file__).parent.parent.parent
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
IMAGE = re.compile(r"[a-z0-9./-]+:(?:v?\d+\.\d+\.\d+|RELEASE\.[0-9TZ-]+)(?:@sha256:[0-9a-f]{64})?")
"""A name, a tag that names one version, and it may be a digest."""


def version() -> str:
    """The version of the distribution."""
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project["version"]


@dataclass(frozen=True)
class Image:
    """What the Dockerfile says of its last stage and of the stages that this one stands on."""

    stages: tuple[str, ...]
    user: str
    port: int
    volume: str
    environment: Mapping[str, str]

    @classmethod
    def read(cls) -> Self:
        """From the Dockerfile."""
        text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
        environment = {}
        for line in re.findall(r"^ENV (.+)$", text, re.M):
            environment |= dict(pair.split("=", 1) for pair in line.split())
        return cls(
            stages=tuple(re.findall(r"^FROM .+ AS (\S+)$", text, re.M)),
            user=re.findall(r"^USER (\S+)$", text, re.M)[-1],
            port=int(re.findall(r"^EXPOSE (\d+)$", text, re.M)[-1]),
            volume=re.findall(r"^VOLUME (\S+)$", text, re.M)[-1],
            environment=environment,
        )

    def settings(self, given: Mapping[str, str]) -> Settings:
        """The settings that the service reads in this image with these variables; it knows every SANAD_ one."""
        whole = {
            name: value for name, value in {**self.environment, **given}.items() if name.startswith("SANAD_")
        }
        assert {name.removeprefix("SANAD_").lower() for name in whole} <= set(Settings.model_fields)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in whole.items():
                patch.setenv(name, value)
            return Settings()
