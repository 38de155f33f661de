"""Which notices a user has read: all up to one number, and single ones beyond it.

A stream counts its notices, so each has a number, and the numbers have no gaps.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Stretches of read notices with unread ones between them.
RANGES_MAX = 500


@dataclass(frozen=True, slots=True)
class ReadNotices:
    """Every notice up to number `up_to`, and beyond it those of `ranges`: first and last number of each, ascending,
    with at least one unread notice before each."""

    up_to: int
    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        return self.up_to + sum(last - first + 1 for first, last in self.ranges)

    def has(self, number: int) -> bool:
        return number <= self.up_to or any(first <= number <= last for first, last in self.ranges)

    def with_all_to(self, number: int) -> "ReadNotices":
        return joined(max(self.up_to, number), self.ranges)

    def with_each(self, numbers: Iterable[int]) -> "ReadNotices":
        return joined(self.up_to, (*self.ranges, *((number, number) for number in numbers)))

    def unread(self, first: int, last: int) -> Iterator[int]:
        """The unread numbers from `first` to `last`, ascending."""
        for read_first, read_last in ((0, self.up_to), *self.ranges):
            yield from range(first, min(read_first - 1, last) + 1)
            first = max(first, read_last + 1)
        yield from range(first, last + 1)

    def unread_backwards(self, first: int, last: int) -> Iterator[int]:
        """The same, descending."""
        for read_first, read_last in reversed(((0, self.up_to), *self.ranges)):
            yield from range(last, max(read_last, first - 1), -1)
            last = min(last, read_first - 1)


def joined(up_to: int, ranges: Iterable[tuple[int, int]]) -> ReadNotices:
    """The same notices with as few ranges as there can be."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if first <= up_to + 1:
            up_to = max(up_to, last)
        elif kept and first <= kept[-1][1] + 1:
            kept[-1] = (kept[-1][0], max(kept[-1][1], last))
        else:
            kept.append((first, last))
    return ReadNotices(up_to, tuple(kept))


def from_text(up_to: int, text: str | None) -> ReadNotices:
    """`text` as `to_text` wrote it, also when the cursor was moved since by a node that does not know it."""
    pairs = (part.partition("-") for part in text.split(",")) if text else ()
    return joined(up_to, [(int(first), int(last or first)) for first, _, last in pairs])


def to_text(read: ReadNotices) -> str | None:
    """The ranges alone: "12,15-18"."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in read.ranges) or None
