"""Push services: whose addresses are taken from browsers, which may say any. The worker connects to no other host."""

from collections.abc import Collection
from urllib.parse import urlsplit

ENDPOINT_CHARS_MAX = 1024

# Of Chrome and its relatives, Firefox, Edge on Windows, and Safari. A name that begins with a dot stands for every host
# below it.
KNOWN_HOSTS = (
    "fcm.googleapis.com",
    ".push.services.mozilla.com",
    ".notify.windows.com",
    ".push.apple.com",
)


class PushServices:
    """The known ones and `others`: hosts such as push.example, or whole origins such as http://127.0.0.1:9000."""

    def __init__(self, others: Collection[str] = ()) -> None:
        self._hosts = (*KNOWN_HOSTS, *(other for other in others if "//" not in other))
        self._origins = tuple(other for other in others if "//" in other)

    def takes(self, endpoint: str) -> bool:
        """Whether it is the address of a push service: https on its usual port, or one of the named origins."""
        if (
            len(endpoint) > ENDPOINT_CHARS_MAX
            or not endpoint.isascii()
            or not endpoint.isprintable()
            or " " in endpoint
        ):
            return False
        origin = origin_of(endpoint)
        host = origin.removeprefix("https://")
        # What else an address may have (a name, a port, a backslash) makes a host that is on no list.
        return origin in self._origins or (host != origin and any(_fits(host, known) for known in self._hosts))


def origin_of(endpoint: str) -> str:
    """Scheme and all that comes before the path; what is no address gives an origin that nothing accepts."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _fits(host: str, known: str) -> bool:
    return host.endswith(known) and host != known if known.startswith(".") else host == known
