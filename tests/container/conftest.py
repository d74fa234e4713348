"""One engine, one base and one image of each target for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.base import import_base, make_base
from tests.container.engine import Engine, own_engine, with_runtime
from tests.container.served import Served, serving

ROOT = Path(__file__).parent.parent.parent
BASE, TORCH_INDEX = "BASE", "TORCH_INDEX"
"""In the environment: an image or an archive of one instead of debootstrap's; where torch comes from."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Room on a disk: /tmp may be memory, which no overlay lies on."""
    with tempfile.TemporaryDirectory(prefix="sanad-container-", dir="/var/tmp") as made:
        yield Path(made)


@pytest.fixture(scope="session")
def engine(folder: Path) -> Iterator[Engine]:
    storage = folder / "storage"
    storage.mkdir()
    with own_engine(storage) as engine:
        yield engine


@pytest.fixture(scope="session")
def base(engine: Engine, folder: Path) -> str:
    """The base image by its digest, as the build argument names it."""
    given = os.environ.get(BASE)
    if not given:
        return make_base(engine, folder)
    if Path(given).is_file():
        return import_base(engine, Path(given))
    engine.run("pull", given)
    return given


@pytest.fixture(scope="session")
def runner(engine: Engine, base: str) -> Engine:
    """The engine with the runtime that works here."""
    return with_runtime(engine, base)


@pytest.fixture(scope="session")
def image(runner: Engine, base: str) -> str:
    """The default target."""
    runner.build(ROOT, "localhost/sanad", *_trust(), "--build-arg", f"BASE={base}")
    return "localhost/sanad"


@pytest.fixture(scope="session")
def models_image(runner: Engine, base: str, image: str, folder: Path) -> str:
    """The target with torch, built upon the layers of the other."""
    options = ["--target", "models", "--build-arg", f"BASE={base}"]
    if (index := os.environ.get(TORCH_INDEX)) and Path(index).is_dir():
        options += [
            *_simple_index(Path(index), folder / "index"),
            "--build-arg",
            f"{TORCH_INDEX}=file:///index",
        ]
    elif index:
        options += ["--build-arg", f"{TORCH_INDEX}={index}"]
    runner.build(ROOT, "localhost/sanad-models", *_trust(), *options)
    return "localhost/sanad-models"


@pytest.fixture(scope="session")
def milvus_image(runner: Engine, base: str, image: str) -> str:
    """The target that speaks to a Milvus server, built upon the same layers."""
    runner.build(
        ROOT, "localhost/sanad-milvus", *_trust(), "--target", "milvus", "--build-arg", f"BASE={base}"
    )
    return "localhost/sanad-milvus"


@pytest.fixture(scope="session")
def served(runner: Engine, image: str) -> Iterator[Served]:
    """A container that has had its first start, confined, and is asked but never written to."""
    with serving(runner, image, "served", "served") as served:
        yield served


def _trust() -> list[str]:
    """This machine's certificates, for the build alone: a proxy on the way to the index may need them."""
    return ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"] if Path(CERTIFICATES).is_file() else []


def _simple_index(wheels: Path, index: Path) -> list[str]:
    """The options that lay an index of the torch wheels in a folder before the build."""
    listing = index / "torch" / "index.html"
    listing.parent.mkdir(parents=True)
    links = []
    for wheel in sorted(wheels.glob("torch-*.whl")):
        subprocess.run(["cp", "--reflink=auto", str(wheel), str(listing.parent)], check=True)
        links.append(f'<a href="{wheel.name}">{wheel.name}</a>')
    listing.write_text("\n".join(links), "utf-8")
    return ["--volume", f"{index}:/index:ro"]
