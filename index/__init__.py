"""Sanad's library: articles in, ranked passages with their provenance out. Knows nothing of HTTP."""

import os

# ONNX Runtime, from 1.29 on, reports each use to its makers unless this is set before it is first imported: hence here,
# against the rule that nothing happens at import. Who wants the reports sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
