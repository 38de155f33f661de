"""The versions of what this package stands on: those it was made for, and those with known faults."""

from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flask_socketio_cluster.doctor.findings import Finding, fault, ok

DISTRIBUTION = "flask-socketio-cluster"

# Distribution, versions, what is wrong with them.
KNOWN_FAULTS = (
    ("redis", "<8.1", "8.0 drops messages of a subscription after five idle seconds; older ones were not tried"),
    ("python-socketio", "<5.16.4", "CVE-2025-61765 and CVE-2026-48804"),
    ("python-engineio", "<4.13.3", "a payload is read whole before its size is looked at"),
    ("gunicorn", "<22", "CVE-2024-1135: requests can be smuggled past the proxy"),
    ("bcrypt", "<5", "reads only the first 72 bytes of a password without a word"),
)


def check() -> Iterator[Finding]:
    found = [finding for finding in (*_required(), *_known()) if finding is not None]
    yield from found or [ok("versions", "all are those that this package was made for")]


def _required() -> Iterator[Finding | None]:
    for text in metadata.requires(DISTRIBUTION) or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        installed = _installed(wanted.name)
        if installed is None or not wanted.specifier.contains(installed, prereleases=True):
            yield fault(
                "versions",
                f"{wanted.name} is {installed or 'missing'}; this package was made for {wanted.specifier or 'any'}",
                "install from the lock file, requirements.txt",
            )


def _known() -> Iterator[Finding | None]:
    for name, bad, why in KNOWN_FAULTS:
        installed = _installed(name)
        if installed is not None and SpecifierSet(bad).contains(installed, prereleases=True):
            yield fault("versions", f"{name} {installed}: {why}", f"install {name} outside of {bad}")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
