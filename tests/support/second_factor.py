"""A person's second factor."""

import pyotp

from tests.support.people import PASSWORD, Person


def switch_on(person: Person) -> list[str]:
    """Its recovery codes, each good once."""
    secret = person.post("/segundo-fator", {"senha": PASSWORD}).json()["segredo"]
    confirmed = person.post("/segundo-fator/confirmar", {"codigo": pyotp.TOTP(secret).now()})
    return list(confirmed.json()["codigos_de_recuperacao"])
