"""What the tests of python-socketio's and python-engineio's undocumented names share."""

import inspect
from collections.abc import Callable
from typing import Any

from tests.support.ports import LOOPBACK

# Where no Redis is.
NOWHERE = f"redis://{LOOPBACK}:1"


def parameters(function: Callable[..., Any]) -> list[str]:
    """The names of what it takes."""
    return [name for name in inspect.signature(function).parameters if name != "self"]
