"""The second engine: a store on a Milvus server or cluster, which any number of service processes share.

How it lies there, what it promises and what Milvus cannot promise is told in `docs/milvus.md`; here, in short. Rows are
only ever added, under a serial number that is not committed yet, and what is replaced or removed stays where it was.
The commit is one row in the log: it says which serial number is the last that counts, and which older rows do not count
any more. A view reads by the last such row that it knows; what no view can need is swept a minute later.
"""
