"""The commands of `sanad`, one module a group; each registers itself on the application."""
