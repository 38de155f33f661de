"""The benchmarks: `python -m bench`, or `make bench`.

load/      the load programs in C, and their drivers
peers/     the servers that are compared: this project, stock Flask-SocketIO, Node's socket.io, bare PyMySQL
measures/  one module a question
stack, lab what runs during a measurement; processes reads CPU and memory; report writes RESULTS.md
"""
