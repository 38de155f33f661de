"""Parts of a whole cluster are killed, stopped, cut off and emptied while people move money and listen.

`python -m tests.cluster.chaos --minutes 30 --seed N`, or `make chaos MINUTES=30 SEED=N`. What is promised and how
this proves it: docs/reliability.md.
"""
