"""Lines of bulk notifications: each is checked, and a bad one is named by its number."""

import pytest

from app.streams.notify import DATA_BYTES_MAX, KIND_CHARS_MAX, MESSAGE_CHARS_MAX, Notice
from worker.commands.bulk import BadLine, read_lines

GOOD = '{"usuario": 7, "tipo": "aviso", "mensagem": "Ol\\u00e1", "dados": {"n": [1, 2.5, null]}}'


def test_a_good_line_is_a_notice() -> None:
    (notice,) = read_lines([GOOD])

    assert notice.user_id == 7
    assert notice.payload["tipo"] == "aviso"
    assert notice.payload["mensagem"] == "Olá"
    assert notice.payload["dados"] == {"n": [1, 2.5, None]}
    assert notice.payload["timestamp"].endswith("+00:00")


def test_data_may_be_left_out() -> None:
    (notice,) = read_lines(['{"usuario": 7, "tipo": "aviso", "mensagem": "x"}'])

    assert notice.payload["dados"] == {}


def test_empty_lines_are_passed_over_but_counted() -> None:
    with pytest.raises(BadLine) as refused:
        list(read_lines(["", GOOD, "  \n", "{"]))

    assert refused.value.number == 4


def line(**changes: str) -> str:
    fields = {"usuario": "7", "tipo": '"aviso"', "mensagem": '"x"', "dados": "{}", **changes}
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items() if value) + "}"


def test_the_line_that_the_tests_spoil_is_good() -> None:
    assert [type(notice) for notice in read_lines([line()])] == [Notice]


@pytest.mark.parametrize(
    "bad",
    [
        "isto não é JSON",
        "{",
        "[]",
        "{}",
        "7",
        "null",
        "[" * 100_000,
        line(usuario=""),
        line(usuario='"7"'),
        line(usuario="7.0"),
        line(usuario="true"),
        line(usuario="0"),
        line(usuario="-1"),
        line(usuario=str(2**63)),
        line(usuario="9" * 5000),
        line(tipo=""),
        line(tipo='""'),
        line(tipo="1"),
        line(tipo=f'"{"x" * (KIND_CHARS_MAX + 1)}"'),
        line(mensagem=""),
        line(mensagem='""'),
        line(mensagem="null"),
        line(mensagem=f'"{"x" * (MESSAGE_CHARS_MAX + 1)}"'),
        line(mensagem='"\\ud800"'),
        line(dados="[1]"),
        line(dados='"x"'),
        line(dados='{"n": NaN}'),
        line(dados='{"n": Infinity}'),
        line(dados='{"n": 1e999}'),
        line(dados='{"n": "\\ud800"}'),
        line(dados=f'{{"n": "{"x" * DATA_BYTES_MAX}"}}'),
    ],
)
def test_a_bad_line_is_named_by_its_number(bad: str) -> None:
    with pytest.raises(BadLine) as refused:
        list(read_lines([GOOD, bad]))

    assert str(refused.value).startswith("line 2: ")
    assert refused.value.text
