"""The command line: `sanad`, or `python -m index`."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from index import threads  # noqa: F401  (before NumPy)
from index.commands import bulk, corpus, evaluate, keys, model, search, serve, upkeep, watch
from index.errors import IndexingError, QueryError, StoreDamagedError

FAILED, USAGE, DAMAGED = 1, 2, 3
"""Exit codes besides 0, done."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(metadata.version("sanad-search"))
        raise typer.Exit


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="sanad",
        help="Ask Arabic and English articles in Arabic or English; every answer names its source.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_sanad)
    for module in (corpus, bulk, watch, search, evaluate, serve, keys, model, upkeep):
        module.register(app)
    return app


def _sanad(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What comes before a command."""


def main() -> None:
    """Run a command; what is wrong is said in one line on stderr.

    Exits with 0 when done, 1 when it failed, 2 on wrong usage, 3 when something stored is damaged.
    """
    try:
        build()()
    except StoreDamagedError as error:
        _fail(error, DAMAGED)
    except QueryError as error:
        _fail(error, USAGE)
    except IndexingError as error:
        _fail(error, FAILED)
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _fail(error: IndexingError, code: int) -> None:
    sys.stderr.write(f"sanad: {error}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
