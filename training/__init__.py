"""How the bundled encoder is made: `python -m training --help`."""
