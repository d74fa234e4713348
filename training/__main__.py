"""`python -m training`: make the bundled model, one stage of it, or its figures."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from rich.console import Console

from training.config import Config, read_config

LAST = "card"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="run every stage (or up to --stage) that is not yet done")
    make.add_argument("--stage", default=LAST, help="the last stage to run (default: %(default)s)")
    evaluate = commands.add_parser("evaluate", help="the development figures of a model folder")
    evaluate.add_argument("--model", type=Path, default=Path("index/model"))
    evaluate.add_argument("--json", action="store_true", help="figures as JSON on stdout")
    commands.add_parser("stages", help="list the stages and whether each is done")
    for command in commands.choices.values():
        command.add_argument("--config", type=Path, help="a TOML file laid over training/config.py")
        command.add_argument("--data", type=Path, help="the folder of training and development data")
        command.add_argument("--work", type=Path, help="the folder that stages are made in")
    return root


def configured(arguments: argparse.Namespace) -> Config:
    """The configuration with the command line's folders put over it."""
    config = read_config(arguments.config)
    if arguments.work:
        config = dataclasses.replace(config, work=arguments.work)
    if arguments.data:
        beside = arguments.data.parent
        queries = (beside / "queries" / "passages_queries.jsonl.xz", config.data.queries[-1])
        data = dataclasses.replace(
            config.data, folder=arguments.data, judged=beside / "judged", queries=queries
        )
        config = dataclasses.replace(config, data=data)
    return config


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 done, 1 failed, 2 usage."""
    given = parser().parse_args(arguments)
    console = Console(stderr=True)
    try:
        config = configured(given)
        if given.command == "evaluate":
            _evaluate(config, given.model, console, as_json=given.json)
        else:
            _stages(config, given, console)
    except (OSError, ValueError, KeyError) as error:
        console.print(f"[red]{type(error).__name__}: {error}[/red]")
        return 1
    return 0


def _evaluate(config: Config, folder: Path, console: Console, *, as_json: bool) -> None:
    """The figures of a model folder beside BM25, the teacher and the first model, which are kept."""
    from training import card, report
    from training.pipeline import chain

    beside = report.read_figures(chain(config, console).run("baselines") / report.FILE)
    found = {"int8": report.figures_of_folder(config, folder)} | beside
    if as_json:
        plain = {name: report.plain_figures(figures) for name, figures in found.items()}
        sys.stdout.write(json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join([*card.ranking_rows(found), "", *card.measure_rows(found)]) + "\n")


def _stages(config: Config, given: argparse.Namespace, console: Console) -> None:
    from training.pipeline import chain, stages

    found = chain(config, console)
    if given.command == "stages":
        for stage in stages():
            sys.stdout.write(f"{stage.name}\t{'done' if found.done(stage.name) else 'to do'}\n")
    else:
        sys.stdout.write(f"{found.run(given.stage)}\n")


if __name__ == "__main__":
    sys.exit(main())
