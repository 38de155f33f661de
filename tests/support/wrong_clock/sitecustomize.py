"""For processes under libfaketime, whose 0.9.10 refuses Python's sleep: it takes a moment of the steady clock for one
of the day."""

import select
import time

time.sleep = lambda seconds: select.select([], [], [], float(seconds))  # type: ignore[assignment]  # it takes no None
