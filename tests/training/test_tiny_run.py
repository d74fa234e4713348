"""The pipeline on a tiny base and data: it runs, repeats itself, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from tests.training.tiny import base_model, configuration, data_folder
from training import loop
from training.config import Config
from training.pipeline import chain

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return data_folder(root / "given"), base_model(root / "base")


def averaged(config: Config) -> dict[str, torch.Tensor]:
    folder = chain(config, Console(quiet=True)).run("average")
    from safetensors.torch import load_file

    return load_file(folder / "float" / "model.safetensors")


def run(places: tuple[Path, Path], work: Path) -> Config:
    from dataclasses import replace

    return replace(configuration(*places), work=work)


def test_the_same_seed_gives_the_same_weights(places: tuple[Path, Path], tmp_path: Path) -> None:
    first = averaged(run(places, tmp_path / "one"))
    second = averaged(run(places, tmp_path / "two"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_stopped_run_goes_on_to_the_same_weights(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = averaged(run(places, tmp_path / "whole"))
    saves = 0
    save = loop._save

    def stop_after_the_fourth(*given: object) -> None:
        nonlocal saves
        save(*given)  # type: ignore[arg-type]
        saves += 1
        if saves == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_save", stop_after_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        averaged(run(places, tmp_path / "broken"))
    resumed = averaged(run(places, tmp_path / "broken"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_average_is_of_both_runs_and_of_where_they_began(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    config = run(places, tmp_path)
    found = averaged(config)
    last = {
        name: [
            torch.load(path, weights_only=True)["encoder.layer.0.output.dense.bias"].float()
            for path in sorted((config.work / name).glob("step-*.pt"))
        ]
        for name in ("tuned", "tuned-again", "lexical")
    }
    assert not torch.equal(last["tuned"][-1], last["tuned-again"][-1])
    runs = (sum(last["tuned"][-2:]) + sum(last["tuned-again"][-2:])) / 4
    assert len(last["lexical"]) == 2
    student = torch.load(config.work / "student" / "weights.pt", weights_only=True)
    untrained = student["encoder.layer.0.output.dense.bias"]
    wanted = 0.8 * runs + 0.1 * sum(last["lexical"]) / 2 + 0.1 * untrained
    assert torch.allclose(found["encoder.layer.0.output.dense.bias"], wanted, atol=1e-6)


def test_the_served_graph_gives_the_float_model_embeddings(places: tuple[Path, Path], tmp_path: Path) -> None:
    from training.evaluate import onnx_embed, torch_embed

    config = run(places, tmp_path)
    served = chain(config, Console(quiet=True)).run("export")
    texts = ["the old house is in the city", "بيت قديم في مدينة", "river"]
    whole = torch_embed(config.work / "average" / "float", 1)(texts)
    small = onnx_embed(served, 1)(texts)
    assert np.allclose(np.linalg.norm(small, axis=1), 1.0, atol=1e-5)
    assert (whole * small).sum(axis=1).min() > 0.97
