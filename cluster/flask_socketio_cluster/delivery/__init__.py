"""Durable events to sockets: in order, each once, to nobody else."""
