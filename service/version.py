"""The service's name and version, as the installed distribution states them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NAME = "sanad"
try:
    VERSION = version("sanad-search")
except PackageNotFoundError:  # run from a folder that was never installed
    VERSION = "0+unknown"
