"""Figures as files and tables: of the served model, its float version, the teacher, BM25 and a rival."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.config import Config
from training.evaluate import (
    Embed,
    Figures,
    evaluate,
    evaluate_bm25,
    evaluate_english,
    first_dimensions,
    onnx_embed,
    remembering,
    torch_embed,
)
from training.measures import Measure, Ranking

FILE = "figures.json"


def embed_of_folder(config: Config, folder: Path) -> Embed:
    """The embedding function of a served folder (int8) or, where it has no ONNX graph, of a float folder."""
    served = (folder / "onnx" / "model_int8.onnx").exists()
    return onnx_embed(folder, config.threads) if served else torch_embed(folder, config.threads)


def figures_of_folder(config: Config, folder: Path) -> Figures:
    """The figures of a model folder on every set."""
    return evaluate(embed_of_folder(config, folder), config)


def make_baselines(config: Config, folder: Path) -> None:
    """Fills a folder with the figures of what the model is set beside: BM25, the teacher, a rival."""
    found = {
        "BM25": evaluate_bm25(config),
        "teacher": evaluate_english(torch_embed(config.teacher_folder(), config.threads), config),
    }
    if config.export.rival is not None and config.export.rival.exists():
        found["first"] = figures_of_folder(config, config.export.rival)
    write_figures(folder / FILE, found)


def make_evaluation(config: Config, folder: Path) -> None:
    """Fills a folder with the figures of the served model, whole and cut, and of its float version."""
    served = remembering(embed_of_folder(config, config.work / "export"))
    found = {
        "int8": evaluate(served, config),
        "float": figures_of_folder(config, config.work / "joined-average" / "float"),
    }
    for dim, _ in config.retrieval.matryoshka:
        found[f"int8, {dim} dimensions"] = evaluate(first_dimensions(served, dim), config)
    write_figures(folder / FILE, found)


def write_figures(path: Path, found: dict[str, Figures]) -> None:
    """Writes figures by system, then by set."""
    text = json.dumps({name: plain_figures(f) for name, f in found.items()}, indent=1, ensure_ascii=False)
    path.write_text(text, "utf-8")


def plain_figures(figures: Figures) -> dict[str, Any]:
    """Figures as plain values for JSON."""
    return asdict(figures)


def read_figures(path: Path) -> dict[str, Figures]:
    """The figures of a finished evaluation stage, by system."""
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return {name: _figures(part) for name, part in found.items()}


def _figures(part: Mapping[str, Any]) -> Figures:
    rankings = {
        name: Ranking(**{k: Measure(**value) for k, value in measures.items()})
        for name, measures in part["rankings"].items()
    }
    return Figures(rankings, {name: Measure(**value) for name, value in part["measures"].items()})
