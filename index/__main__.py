"""The command line: `sanad`, or `python -m index`."""

from __future__ import annotations

import os
import sys

import typer

from index.commands import corpus, evaluate, keys, model, search, serve
from index.errors import IndexingError, StoreDamagedError

FAILED, DAMAGED = 1, 3
"""Exit codes besides 0 (done) and 2 (usage)."""


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
    for module in (corpus, search, evaluate, serve, keys, model):
        module.register(app)
    return app


def main() -> None:
    """Run a command; what is wrong is said in one line on stderr.

    Exits with 0 when done, 1 when it failed, 2 on wrong usage, 3 when something stored is damaged.
    """
    try:
        build()()
    except StoreDamagedError as error:
        _fail(error, DAMAGED)
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
