"""Whose addresses are push services: a browser may say any, and the worker must connect to no other host."""

import pytest

from app.push.services import PushServices

KNOWN = [
    "https://fcm.googleapis.com/fcm/send/abc:def",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://wns2-am3p.notify.windows.com/w/?token=BQYA",
    "https://web.push.apple.com/QGuQyavXutnMH",
]
REFUSED = [
    "",
    "fcm.googleapis.com/fcm/send/abc",
    "http://fcm.googleapis.com/fcm/send/abc",
    "ftp://fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://user@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@127.0.0.1/x",
    "https://fcm.googleapis.com\\@127.0.0.1/x",
    "https://fcm.googleapis.com.attacker.example/x",
    "https://attacker.example/https://fcm.googleapis.com/x",
    "https://attacker.example#fcm.googleapis.com",
    "https://attackerpush.apple.com.example/x",
    "https://xnotify.windows.com/x",
    "https://.notify.windows.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://[::1/x",
    "https://localhost/x",
    "https://169.254.169.254/latest/meta-data",
    "https://fcm.googleapis.com/a\r\nX-Header: 1",
    "https://fcm.googleapis.com/ x",
    "https://fcm.googleapis.com/é",
    "https://fcm.googleapis.com/" + "x" * 1024,
]


@pytest.mark.parametrize("endpoint", KNOWN)
def test_the_services_of_the_browsers_are_known(endpoint: str) -> None:
    assert PushServices().takes(endpoint)


@pytest.mark.parametrize("endpoint", REFUSED)
def test_no_other_address_is_taken(endpoint: str) -> None:
    assert not PushServices(("push.example", "http://127.0.0.1:9000")).takes(endpoint)


def test_an_operator_may_name_more() -> None:
    services = PushServices(("push.example", ".below.example", "http://127.0.0.1:9000"))

    taken = ["https://push.example/x", "https://a.below.example/x", "http://127.0.0.1:9000/x"]
    refused = [
        "http://push.example/x",
        "https://below.example/x",
        "http://127.0.0.1:9001/x",
        "https://127.0.0.1:9000/x",
    ]
    assert [services.takes(endpoint) for endpoint in taken] == [True] * 3
    assert [services.takes(endpoint) for endpoint in refused] == [False] * 4
