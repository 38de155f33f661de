"""How often somebody may try a password or register: by address, by account, by device, and by what it costs us.

Whoever guesses is stopped by the pair of address and account first, so that one address hardly counts against the
account, and never locks its owner out elsewhere. Against many addresses the account's own limit stands; it does not
hold for a device that the owner has logged in on before. See docs/security.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter

from app import clock
from app.errors import ClientGone, Overloaded, TooFast
from app.users.devices import Device

GUESSES_BY_ADDRESS_AND_ACCOUNT = limiter.per_minute("guess-address-account", 10)
GUESSES_BY_ACCOUNT = limiter.per_minute("guess-account", 60)
# Of who is in, whatever the session: whoever took one must not find out the password with it.
GUESSES_BY_USER = limiter.per_minute("guess-user", 10)
GUESSES_BY_USER_HOURLY = limiter.per_hour("guess-user-hour", 40)
LOGINS_BY_DEVICE = limiter.per_minute("login-device", 10)
# Of one person, on any known device: outside of what all known devices of a node share.
ASSURED_LOGINS_BY_USER = limiter.per_minute("login-assured", 1)
REGISTRATIONS_BY_ADDRESS = limiter.per_minute("register-address", 20)
REGISTRATIONS_BY_ADDRESS_HOURLY = limiter.per_hour("register-address-hour", 100)

# Each takes a mail, and the place of the code before it; so one address hardly counts against the account.
RECOVERIES_BY_ADDRESS_AND_ACCOUNT = limiter.per_hour("recovery-address-account", 3)
RECOVERIES_BY_ACCOUNT = limiter.per_hour("recovery-account", 10)
RECOVERIES_BY_ADDRESS = limiter.per_hour("recovery-address", 20)
# A code has five tries of its own (see `recovery`).
RECOVERY_TRIES_BY_ADDRESS_AND_ACCOUNT = limiter.per_hour("recovery-try-address-account", 20)
RECOVERY_TRIES_BY_ADDRESS = limiter.per_hour("recovery-try-address", 60)

# One bcrypt of cost 12, measured on a slow core: what an attempt costs a node, whatever comes of it.
ATTEMPT_CPU_MS = 250
# Strangers and known devices have a share each, so that neither can use up the other's.
STRANGERS_CPU_MS_BY_ADDRESS = limiter.per_minute("password-cpu-ms-stranger", 10_000)
KNOWN_CPU_MS_BY_ADDRESS = limiter.per_minute("password-cpu-ms-known", 10_000)
# Of one node, for all addresses together, each share: half a core, and more for a moment. At once it is less than what
# waits for bcrypt, so that strangers never fill that queue.
CPU_MS_PER_S = 500
CPU_MS_AT_ONCE = 4_000


class CpuBudget:
    """What passwords may cost this node: `per_s` on the average, `at_once` after a rest; in milliseconds of CPU."""

    def __init__(self, *, per_s: int = CPU_MS_PER_S, at_once: int = CPU_MS_AT_ONCE) -> None:
        self._per_s = per_s
        self._at_once = at_once
        self._left = float(at_once)
        self._counted_s = clock.monotonic_s()

    def take(self, cost_ms: int) -> None:
        """Raises Overloaded, with the seconds until there is enough."""
        self._refill()
        if self._left < cost_ms:
            raise Overloaded(retry_after_s=int((cost_ms - self._left) / self._per_s) + 1)
        self._left -= cost_ms

    def give_back(self, cost_ms: int) -> None:
        """What was taken and not spent."""
        self._left += cost_ms

    def _refill(self) -> None:
        now_s = clock.monotonic_s()
        self._left = min(self._at_once, self._left + (now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s


class Attempts:
    """Each method counts one attempt and is entered for its work on the password.

    Raises TooFast, or Overloaded when the node has nothing left to spend on it. Who is stopped by one limit does not
    count against the next; and who left the queue, or found it full, has cost the node nothing.
    """

    def __init__(self, limits: Limiter) -> None:
        self._limits = limits
        self._strangers = CpuBudget()
        self._known = CpuBudget()

    @contextmanager
    def on_known_device(self, device: Device, user_id: int, address: str) -> Iterator[None]:
        """A login on a device that the user has logged in on before. The first in a minute is there for its user alone:
        what others spend on their own devices cannot take it away."""
        self._limits.check(LOGINS_BY_DEVICE, str(user_id), device.id)
        self._limits.check(KNOWN_CPU_MS_BY_ADDRESS, address, cost=ATTEMPT_CPU_MS)
        with nullcontext() if self._is_assured(user_id) else _spending(self._known):
            yield

    def _is_assured(self, user_id: int) -> bool:
        try:
            self._limits.check(ASSURED_LOGINS_BY_USER, str(user_id))
        except TooFast:
            return False
        return True

    @contextmanager
    def by_stranger(self, email: str, address: str) -> Iterator[None]:
        """A login on any other device."""
        self._limits.check(GUESSES_BY_ADDRESS_AND_ACCOUNT, email, address)
        self._limits.check(GUESSES_BY_ACCOUNT, email)
        with self._spending_on_stranger(address):
            yield

    @contextmanager
    def by_user(self, user_id: int, address: str) -> Iterator[None]:
        """A password that somebody who is in has to give once more, or makes anew."""
        self._limits.check(GUESSES_BY_USER, str(user_id))
        self._limits.check(GUESSES_BY_USER_HOURLY, str(user_id))
        self._limits.check(KNOWN_CPU_MS_BY_ADDRESS, address, cost=ATTEMPT_CPU_MS)
        with _spending(self._known):
            yield

    def count_recovery(self, email: str, address: str) -> None:
        """A code by mail that is asked for, whether anybody has the e-mail or not."""
        self._limits.check(RECOVERIES_BY_ADDRESS_AND_ACCOUNT, email, address)
        self._limits.check(RECOVERIES_BY_ADDRESS, address)
        self._limits.check(RECOVERIES_BY_ACCOUNT, email)

    def count_recovery_try(self, email: str, address: str) -> None:
        """A code by mail that is typed in."""
        self._limits.check(RECOVERY_TRIES_BY_ADDRESS_AND_ACCOUNT, email, address)
        self._limits.check(RECOVERY_TRIES_BY_ADDRESS, address)

    @contextmanager
    def to_reset(self, address: str) -> Iterator[None]:
        """A new password of somebody who has shown a good code."""
        with self._spending_on_stranger(address):
            yield

    @contextmanager
    def to_register(self, address: str) -> Iterator[None]:
        self._limits.check(REGISTRATIONS_BY_ADDRESS, address)
        self._limits.check(REGISTRATIONS_BY_ADDRESS_HOURLY, address)
        with self._spending_on_stranger(address):
            yield

    @contextmanager
    def _spending_on_stranger(self, address: str) -> Iterator[None]:
        self._limits.check(STRANGERS_CPU_MS_BY_ADDRESS, address, cost=ATTEMPT_CPU_MS)
        with _spending(self._strangers):
            yield


@contextmanager
def _spending(budget: CpuBudget) -> Iterator[None]:
    budget.take(ATTEMPT_CPU_MS)
    try:
        yield
    except (ClientGone, Overloaded):
        budget.give_back(ATTEMPT_CPU_MS)
        raise
