"""What `make release-check` laid in dist/: each package installed in a clean environment and run from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from release.archive import sha256
from release.assemble import environment
from release.build import build
from release.source import Source, export
from tests.release.test_bundle import DREAMLINER, ROOT, SMOKE

pytestmark = pytest.mark.shipping
DIST = ROOT / "dist"
NOT_PACKAGED = {"service/README.md", "service/EMBEDDING.md"}
"""Pages about the code, read beside it."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return export(tmp_path_factory.mktemp("source") / "tree")


@pytest.fixture(params=["-py3-none-any.whl", ".tar.gz"], ids=["wheel", "sdist"])
def package(request: pytest.FixtureRequest, source: Source) -> Path:
    return DIST / f"sanad_search-{source.version}{request.param}"


def test_it_installs_in_a_clean_environment_and_serves_from_there(
    package: Path, source: Source, tmp_path: Path
) -> None:
    python = environment(tmp_path / "environment", source, package)
    shutil.copytree(source.tree / "seeds", tmp_path / "seeds")
    shutil.copy(SMOKE, tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    smoke = [sys.executable, "-I", tmp_path / SMOKE.name, python.parent, tmp_path / "seeds", work]
    ran = subprocess.run(smoke, cwd=work, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert {seen["version"], seen["openapi"], seen["info"]} == {source.version}
    assert all("/environment/lib/" in file for file in seen["files"])
    assert seen["synced"].startswith("5 added, 0 changed, 0 unchanged, 0 removed, 0 refused; 79 passages")
    assert DREAMLINER in seen["hit"]
    assert (seen["page"], seen["box"]) == (True, True)
    assert sorted(file.name for file in work.iterdir()) == ["log", "store"]


def test_its_metadata_is_what_an_index_accepts(package: Path) -> None:
    twine = [sys.executable, "-m", "twine", "check", "--strict", package]
    ran = subprocess.run(
        twine, capture_output=True, text=True, check=False, env=os.environ | {"NO_COLOR": "1"}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_wheel_holds_every_file_of_both_packages_and_no_other(source: Source) -> None:
    with zipfile.ZipFile(DIST / f"sanad_search-{source.version}-py3-none-any.whl") as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = [
        file for room in ("index", "service") for file in (source.tree / room).rglob("*") if file.is_file()
    ]
    assert held == {file.relative_to(source.tree).as_posix() for file in files} - NOT_PACKAGED


def test_the_same_commit_gives_the_same_wheel(source: Source, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        _, wheel = build(export(tmp_path / "tree"), tmp_path / "out")
    finally:
        os.umask(before)
    assert sha256(wheel) == sha256(DIST / wheel.name)


def test_the_bill_of_materials_names_what_the_lock_pins_the_encoder_and_its_data(source: Source) -> None:
    bill: Any = json.loads((DIST / "sbom.cdx.json").read_text("utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "sanad-search")
    assert bill["metadata"]["component"]["version"] == source.version
    by_type: dict[str, dict[str, Any]] = {}
    for component in bill["components"]:
        by_type.setdefault(component["type"], {})[component["name"].lower().replace("_", "-")] = component
    lock = (source.tree / "requirements.lock").read_text("utf-8")
    pinned = {
        line.split("==")[0]: line.split()[0].split("==")[1] for line in lock.splitlines() if "==" in line
    }
    libraries = {name: component["version"] for name, component in by_type["library"].items()}
    assert {name: libraries.get(name) for name in pinned} == pinned
    extras = {
        name: {one["value"] for one in component["properties"]}
        for name, component in by_type["library"].items()
        if component.get("scope") == "optional"
    }
    assert {
        name: extras[name] for name in ("torch", "transformers", "grpcio", "pymilvus", "ray", "pyarrow")
    } == {
        "torch": {"models"},
        "transformers": {"models"},
        "grpcio": {"milvus"},
        "pymilvus": {"milvus"},
        "ray": {"ray"},
        "pyarrow": {"milvus", "ray"},
    }
    assert not set(extras) & set(pinned)
    assert not [name for name in extras if name.startswith("nvidia")]
    (encoder,) = by_type["machine-learning-model"].values()
    graph = source.tree / "index" / "model" / "onnx" / "model_int8.onnx"
    assert encoder["hashes"] == [{"alg": "SHA-256", "content": sha256(graph)}]
    assert "tatoeba" in by_type["data"]
    assert all(component["licenses"] for component in bill["components"])


def test_the_licences_are_listed(source: Source) -> None:
    page = (DIST / "LICENSES.md").read_text("utf-8")
    assert "| [faiss-cpu](" in page
    assert page.index("### The extra `ray` adds") < page.index("| [ray](") < page.index("## The encoder")
    assert "| Tatoeba | CC BY 2.0 FR" in page
