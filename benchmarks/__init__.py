"""How well Sanad finds, and how fast: what makes the figures of RESULTS.md. Not part of the package."""
