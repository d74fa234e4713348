"""One thread for NumPy's products. Imported by the programs before anything that imports NumPy, which reads it then.

Requests are what runs in parallel here: a second thread saves microseconds of a product while the machine is idle, and
costs milliseconds while the other core is busy. `OPENBLAS_NUM_THREADS` in the environment wins.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
