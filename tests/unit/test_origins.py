"""Which pages may open a socket: the bank's own, whatever ends TLS before it, and those that the settings name."""

import pytest

from app.realtime import _may_connect

OTHERS = ("https://parceiro.example", "http://localhost:5173")


@pytest.mark.parametrize("others", [(), OTHERS])
@pytest.mark.parametrize("origin", ["https://banco.example", "http://banco.example"])
def test_the_bank_s_own_page_may_whatever_else_is_allowed(others: tuple[str, ...], origin: str) -> None:
    assert _may_connect(others, origin, {"HTTP_HOST": "banco.example"})


@pytest.mark.parametrize("origin", OTHERS)
def test_a_page_that_the_settings_name_may(origin: str) -> None:
    assert _may_connect(OTHERS, origin, {"HTTP_HOST": "banco.example"})
    assert not _may_connect((), origin, {"HTTP_HOST": "banco.example"})


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://banco.example.evil.example",
        "https://banco.example:8443",
        "file://banco.example",
        "banco.example",
        "null",
        "",
    ],
)
def test_any_other_page_may_not(origin: str) -> None:
    assert not _may_connect(OTHERS, origin, {"HTTP_HOST": "banco.example"})


def test_without_a_host_nobody_is_the_bank_s_own() -> None:
    assert not _may_connect((), "https://", {})
