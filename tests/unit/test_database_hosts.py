"""Addresses with several database servers."""

import pytest

from app.database_hosts import Host, split


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        ("db1", (Host("db1", 3306),)),
        ("db1:3307", (Host("db1", 3307),)),
        ("db1,db2:3307,10.0.0.3", (Host("db1", 3306), Host("db2", 3307), Host("10.0.0.3", 3306))),
        ("[::1]:3307,db2", (Host("::1", 3307), Host("db2", 3306))),
    ],
)
def test_an_address_names_its_servers_in_order(hosts: str, found: tuple[Host, ...]) -> None:
    address, several = split(f"mysql+pymysql://saldo:se%2Cnha%40@{hosts}/bank?charset=utf8mb4")

    assert several == found
    assert (address.username, address.password, address.database) == ("saldo", "se,nha@", "bank")
    assert (address.host, address.port or 3306) == (found[0].name, found[0].port)
    assert address.query == {"charset": "utf8mb4"}
