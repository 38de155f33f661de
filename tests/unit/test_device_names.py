"""A device has a short name in a person's words, whatever its client says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.users.device_names import NAME_CHARS_MAX, UNKNOWN, name_of

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} Mobile Safari/537.36", "Chrome no Android"),
        (f"{WINDOWS} {CHROMIUM} Safari/537.36 Edg/131.0.0.0", "Edge no Windows"),
        (f"{WINDOWS} {CHROMIUM} Safari/537.36 OPR/116.0.0.0", "Opera no Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) SamsungBrowser/27.0 {CHROMIUM}", "Samsung Internet no Android"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.1 Safari/605.1.15", "Safari no Mac"),
        (f"{IPHONE} {WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1", "Safari no iPhone"),
        (f"{IPHONE} {WEBKIT} CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome no iPhone"),
        (f"{IPHONE} {WEBKIT} FxiOS/133.0 Mobile/15E148 Safari/605.1.15", "Firefox no iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox no Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROMIUM} Safari/537.36", "Chrome no ChromeOS"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Navegador no Windows"),
        ("python-requests/2.32.3", "python-requests"),
        ("Mozilla/5.0", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_device_is_called_as_people_call_it(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name


@given(st.text(max_size=600) | st.text(max_size=60).map(lambda text: f"{text}/1.0 Chrome/"))
def test_whatever_a_client_says_the_name_is_short_and_plain(user_agent: str) -> None:
    name = name_of(user_agent)

    assert 0 < len(name) <= NAME_CHARS_MAX
    assert name.isprintable()
