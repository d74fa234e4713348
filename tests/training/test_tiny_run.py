"""The pipeline on a tiny base and data: it runs, repeats itself, and goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tokenizers import Tokenizer

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from tests.graphs import embedded_together
from tests.training.tiny import base_model, configuration, data_folder
from training import loop
from training.config import Config
from training.pipeline import chain

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return data_folder(root / "given"), base_model(root / "base")


def averaged(config: Config, stage: str = "joined-average") -> dict[str, torch.Tensor]:
    folder = chain(config, Console(quiet=True)).run(stage)
    from safetensors.torch import load_file

    files = sorted((folder / "float").rglob("model.safetensors"))
    return {
        f"{file.parent.name}.{name}": tensor for file in files for name, tensor in load_file(file).items()
    }


def run(places: tuple[Path, Path], work: Path) -> Config:
    from dataclasses import replace

    return replace(configuration(*places), work=work)


@pytest.fixture(scope="module")
def made(places: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Path]:
    """The recipe run once, and the folder of its float model."""
    config = run(places, tmp_path_factory.mktemp("made"))
    return config, chain(config, Console(quiet=True)).run("joined-average") / "float"


@pytest.fixture
def body_and_tokenizer(made: tuple[Config, Path]) -> tuple[Any, Tokenizer]:
    """That model, loaded anew, for a test to change."""
    from training.network import load_body, load_tokenizer

    return load_body(made[1]).eval(), load_tokenizer(made[1], 64)


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

    def stop_now_and_then(*given: object) -> None:
        nonlocal saves
        save(*given)  # type: ignore[arg-type]
        saves += 1
        if saves in (4, 12):
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_save", stop_now_and_then)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            averaged(run(places, tmp_path / "broken"))
    assert (tmp_path / "broken" / "joined").exists()
    resumed = averaged(run(places, tmp_path / "broken"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_average_is_of_both_runs_and_of_where_they_began(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    config = run(places, tmp_path)
    found = averaged(config, "average")
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
    assert torch.allclose(found["float.encoder.layer.0.output.dense.bias"], wanted, atol=1e-6)


def test_the_served_graph_gives_the_float_model_embeddings(made: tuple[Config, Path]) -> None:
    from training.evaluate import onnx_embed, torch_embed

    config, folder = made
    served = chain(config, Console(quiet=True)).run("export")
    texts = ["the old house is in the city", "بيت قديم في مدينة", "river"]
    whole = torch_embed(folder, 1)(texts)
    small = onnx_embed(served, 1)(texts)
    assert np.allclose(np.linalg.norm(small, axis=1), 1.0, atol=1e-5)
    assert (whole * small).sum(axis=1).min() > 0.97


def test_the_served_graph_takes_texts_in_a_batch_too(made: tuple[Config, Path]) -> None:
    from training.evaluate import onnx_embed

    config, _ = made
    served = chain(config, Console(quiet=True)).run("export")
    texts = ["the old house is in the city", "بيت قديم في مدينة", "river"]
    assert (embedded_together(served, texts) * onnx_embed(served, 1)(texts)).sum(axis=1).min() > 0.97


def test_sentence_transformers_gives_the_float_model_embeddings(made: tuple[Config, Path]) -> None:
    from sentence_transformers import SentenceTransformer

    from training.evaluate import torch_embed

    _, folder = made
    texts = ["the old house is in the city", "بيت قديم في مدينة", "river"]
    theirs = SentenceTransformer(str(folder), trust_remote_code=True).encode(texts)
    assert np.allclose(torch_embed(folder, 1)(texts), theirs, atol=2e-3)


def test_both_parts_are_in_the_sum_and_bags_are_its_static_part(
    made: tuple[Config, Path], body_and_tokenizer: tuple[Any, Tokenizer]
) -> None:
    from training.network import encode

    (config, _), (body, tokenizer) = made, body_and_tokenizer
    ids = [tokenizer.encode(text).ids for text in ("the old house is in the city", "بيت قديم", "river")]
    with torch.no_grad():
        found = encode(body, ids, 64)
        bags = body.static.bags(ids, body.get_input_embeddings().weight) @ body.static.projection
    assert torch.allclose(found.static, bags, atol=1e-5)
    share = config.joining.share * torch.tensor([config.joining.known, 1.0, config.joining.known])
    summed = found.contextual @ body.static.rotation + share.unsqueeze(1) * found.static
    assert torch.allclose(found.whole, torch.nn.functional.normalize(summed, dim=1), atol=1e-3)


def test_the_first_dimensions_hold_most_and_no_nearness_changes(
    made: tuple[Config, Path], body_and_tokenizer: tuple[Any, Tokenizer]
) -> None:
    from training.network import embed, encode
    from training.retrieval import read_corpus
    from training.static import looked_at

    (config, _), (body, tokenizer) = made, body_and_tokenizer
    corpus = read_corpus(config)
    with torch.no_grad():
        found_in = encode(body, [*corpus.passages[::5], *corpus.known[::5], *corpus.added[::5]], 8_192).whole
    energy = (found_in.numpy() ** 2).sum(axis=0)
    assert (np.diff(energy) <= 1e-3 * energy[:-1] + 1e-4).all()
    turned = embed(body, tokenizer, looked_at(config))
    back = body.static.rotation.data.T.clone()
    body.static.projection.data = body.static.projection.data @ back
    body.static.rotation.data = torch.eye(len(back))
    before = embed(body, tokenizer, looked_at(config))
    assert np.allclose(turned @ turned.T, before @ before.T, atol=2e-3)
    assert (turned[:, :8] ** 2).sum() > 1.2 * (before[:, :8] ** 2).sum()
