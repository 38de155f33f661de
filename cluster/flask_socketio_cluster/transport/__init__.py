"""Engine.IO sessions, WebSockets and heartbeat of one node."""
