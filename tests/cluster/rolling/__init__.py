"""All nodes and workers of a running cluster are replaced, one by one, while people use it.

`python -m tests.cluster.rolling` is the long run; `test_rolling.py` the short one.
"""
