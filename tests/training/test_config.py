"""Settings from a file, and the chain of stages."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from training.config import Config, overlay, read_config
from training.stages import Chain, Stage


def test_a_file_replaces_only_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(
        'base = "models/other"\n[distillation]\nsteps = 7\n[distillation.optimiser]\nwarmup = 2\n'
    )
    config = read_config(file)
    assert config.base == Path("models/other")
    assert (config.distillation.steps, config.distillation.optimiser.warmup) == (7, 2)
    assert config.retrieval == Config().retrieval


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no setting 'step' in Distillation"):
        overlay(Config(), {"distillation": {"step": 7}})


class Counted:
    """Two stages that write how often they ran."""

    def __init__(self, source: Path) -> None:
        self.runs: list[str] = []
        self.stages = [
            Stage("first", self._make("first"), files=lambda config: [source]),
            Stage("second", self._make("second"), needs=("first",), settings=lambda config: config.averaging),
        ]

    def _make(self, name: str):  # type: ignore[no-untyped-def]
        return lambda config, folder: self.runs.append(name)


def chain(config: Config, counted: Counted) -> Chain:
    return Chain(config, counted.stages, Console(quiet=True))


def test_a_stage_runs_once_and_again_only_when_what_it_reads_has_changed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("one")
    config, counted = Config(work=tmp_path / "work"), Counted(source)
    chain(config, counted).run("second")
    chain(config, counted).run("second")
    assert counted.runs == ["first", "second"]
    chain(overlay(config, {"averaging": {"last": 2}}), counted).run("second")
    assert counted.runs == ["first", "second", "second"]
    source.write_text("two")
    chain(config, counted).run("second")
    assert counted.runs == ["first", "second", "second", "first", "second"]


def test_a_broken_stage_keeps_its_folder_for_the_same_key_only(tmp_path: Path) -> None:
    config = Config(work=tmp_path)
    seen: list[bool] = []

    def make(config: Config, folder: Path) -> None:
        seen.append((folder / "half").exists())
        (folder / "half").touch()
        if len(seen) == 1:
            raise RuntimeError("stopped")

    stage = Stage("train", make, settings=lambda config: config.averaging)
    with pytest.raises(RuntimeError):
        Chain(config, [stage], Console(quiet=True)).run("train")
    Chain(config, [stage], Console(quiet=True)).run("train")
    Chain(overlay(config, {"averaging": {"last": 2}}), [stage], Console(quiet=True)).run("train")
    assert seen == [False, True, False]
