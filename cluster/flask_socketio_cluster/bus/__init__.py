"""How nodes hear of each other: a client manager with a Redis channel for each room."""
