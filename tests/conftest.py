"""Shared fixtures. Tests import each other's fakes as `tests.fakes`: pytest runs from the project's root."""
