"""Checks of a deployment, before and while it runs: what is wrong, and what to do."""

from flask_socketio_cluster.doctor.findings import Finding, Level, checked

__all__ = ["Finding", "Level", "checked"]
