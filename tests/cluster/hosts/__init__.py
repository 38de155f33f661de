"""The bank on several hosts, of which one is cut off from the others while people use it.

Each host is a network namespace; `python -m tests.cluster.hosts` needs root. See `network.py` for who is where.
"""
