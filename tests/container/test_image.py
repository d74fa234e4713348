"""What is in the image, and what is not."""

from __future__ import annotations

import json

import pytest

from tests.container.engine import Engine, EngineError

pytestmark = pytest.mark.shipping
MOST_BYTES = 600_000_000
SPECS = "import importlib.util as u, sys; print([name for name in sys.argv[1:] if u.find_spec(name)])"


def test_it_is_under_600_mb(runner: Engine, image: str, pytestconfig: pytest.Config) -> None:
    size = runner.inspect("image", image)["Size"]
    pytestconfig.get_terminal_writer().line(f"\nthe image: {size / 1_000_000:.0f} MB")
    assert size < MOST_BYTES


def test_it_serves_as_a_user_by_number_with_a_volume_a_port_and_a_health_check(
    runner: Engine, image: str
) -> None:
    facts = runner.inspect("image", image)
    config = facts["Config"]
    assert config["User"] == "10001:10001"
    assert config["Volumes"] == {"/data": {}}
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert config["Cmd"] == ["start-sanad"]
    assert "/readyz" in facts["Healthcheck"]["Test"][-1]


def test_no_torch_and_nothing_that_installs_is_inside(runner: Engine, image: str) -> None:
    unwanted = ("torch", "transformers", "sentence_transformers", "onnx", "pip", "setuptools", "pytest")
    assert runner.once(image, "python3", "-c", SPECS, *unwanted, "onnxruntime") == "['onnxruntime']\n"


def test_the_model_the_seeds_and_the_pages_are_inside(runner: Engine, image: str) -> None:
    site = "/opt/sanad/lib/python3.11/site-packages"
    wanted = (
        f"{site}/index/model/onnx/model_int8.onnx",
        f"{site}/service/templates/search.html",
        f"{site}/service/static/sanad-search.js",
        "/usr/share/sanad/seeds/003_c2fb815239659cbe.txt",
    )
    assert runner.once(image, "ls", *wanted).split() == sorted(wanted)


def test_nothing_but_the_volume_belongs_to_the_user_or_is_open_to_all(runner: Engine, image: str) -> None:
    theirs = ("(", "-user", "10001", "-o", "-perm", "-o+w", ")")
    sticky_or_link = ("-perm", "-1000", "-o", "-type", "l")
    # As root, so that no folder is hidden.
    found = runner.once(image, "find", "/", "-xdev", *theirs, "-not", "(", *sticky_or_link, ")", user="0")
    assert [line for line in found.split() if not line.startswith(("/proc", "/dev"))] == ["/data"]


def test_only_the_target_for_milvus_speaks_to_one(runner: Engine, image: str, milvus_image: str) -> None:
    asked = ("sanad", "status", "--store", "milvus://127.0.0.1:1/x")
    with pytest.raises(EngineError, match=r"\nsanad: a store on Milvus needs .*; pip install 'sanad-search"):
        runner.once(image, *asked)
    with pytest.raises(EngineError, match=r"\nsanad: nothing answers at milvus://127.0.0.1:1"):
        runner.once(milvus_image, *asked)


def test_the_target_with_torch_has_it_for_the_cpu_alone(runner: Engine, models_image: str) -> None:
    versions = "import torch, sentence_transformers; print(torch.version.cuda, torch.cuda.is_available())"
    assert runner.once(models_image, "python3", "-c", versions) == "None False\n"


def test_the_target_with_torch_runs_a_sentence_transformers_model(runner: Engine, models_image: str) -> None:
    told = runner.once(
        models_image,
        *("sh", "-c", "sanad model export /tmp/exported >&2 && sanad model info /tmp/exported --json"),
    )
    assert json.loads(told)["is_cross_lingual"] is True
