"""Which notices were read: whatever is read in whatever order, it is what a set of all read numbers would say."""

from hypothesis import given
from hypothesis import strategies as st

from app.notifications.read_notices import ReadNotices, from_text, to_text

LAST = 30
numbers = st.integers(1, LAST)
# "all up to", or "each of these".
readings = st.lists(st.one_of(numbers, st.lists(numbers, min_size=1, max_size=5)), max_size=12)


def after(steps: list[int | list[int]]) -> tuple[ReadNotices, set[int]]:
    read, plain = ReadNotices(0), set[int]()
    for step in steps:
        read = read.with_all_to(step) if isinstance(step, int) else read.with_each(step)
        plain |= set(range(1, step + 1)) if isinstance(step, int) else set(step)
    return read, plain


@given(readings)
def test_it_has_and_counts_what_was_read(steps: list[int | list[int]]) -> None:
    read, plain = after(steps)

    assert {number for number in range(1, LAST + 1) if read.has(number)} == plain
    assert read.count == len(plain)


@given(readings, numbers, numbers)
def test_it_lists_the_unread_either_way(steps: list[int | list[int]], first: int, last: int) -> None:
    read, plain = after(steps)

    unread = [number for number in range(first, last + 1) if number not in plain]
    assert list(read.unread(first, last)) == unread
    assert list(read.unread_backwards(first, last)) == unread[::-1]


@given(readings)
def test_the_cursor_stands_before_the_first_unread_and_ranges_are_as_few_as_can_be(
    steps: list[int | list[int]],
) -> None:
    read, plain = after(steps)

    assert read.up_to + 1 not in plain
    ends = [read.up_to, *(end for pair in read.ranges for end in pair)]
    assert all(read.ranges[n + 1][0] > read.ranges[n][1] + 1 for n in range(len(read.ranges) - 1))
    assert ends == sorted(ends)


@given(readings)
def test_it_is_kept_as_text(steps: list[int | list[int]]) -> None:
    read, _ = after(steps)

    assert from_text(read.up_to, to_text(read)) == read


@given(readings, numbers)
def test_a_cursor_that_a_node_of_before_moved_keeps_what_was_read_beyond_it(
    steps: list[int | list[int]], moved_to: int
) -> None:
    read, plain = after(steps)
    moved = from_text(max(read.up_to, moved_to), to_text(read))

    assert {number for number in range(1, LAST + 1) if moved.has(number)} == plain | set(range(1, moved_to + 1))
