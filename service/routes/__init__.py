"""The HTTP endpoints, one module a group."""
