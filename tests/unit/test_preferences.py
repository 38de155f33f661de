"""What a person prefers: documents and clients from before go on, quiet hours are quiet, security is always told."""

from datetime import datetime

import pytest

from app.errors import Invalid
from app.fields import read
from app.notifications.preferences import Preferences, from_document, with_kept

OLD = (
    '{"sons":{"deposito":"moeda"},"mudos":["saque"],"silencio":{"ativo":true,"inicio":"22:00","fim":"07:00"},'
    '"volume":40,"bloqueio_min":5}'
)


def at(clock: str, offset: str = "-03:00") -> datetime:
    return datetime.fromisoformat(f"2026-11-30T{clock}:00{offset}")


def test_a_document_from_before_means_what_it_meant() -> None:
    kept = from_document(OLD)

    assert (kept.mudos, kept.volume, kept.bloqueio_min, kept.silencio.ativo) == (["saque"], 40, 5, True)
    assert (kept.ocultos, kept.sem_push, kept.push_valores, kept.fuso) == ([], [], False, "America/Sao_Paulo")


def test_a_client_from_before_sets_back_nothing_that_it_does_not_know() -> None:
    kept = read(Preferences, {"ocultos": ["saque"], "sem_push": ["deposito"], "push_valores": True, "fuso": "UTC"})

    merged = with_kept(Preferences.model_validate_json(OLD), kept)

    assert (merged.ocultos, merged.sem_push, merged.push_valores, merged.fuso) == (["saque"], ["deposito"], True, "UTC")
    assert merged.mudos == ["saque"]
    assert with_kept(read(Preferences, {"ocultos": [], "push_valores": False}), kept).ocultos == []


def test_security_is_shown_and_pushed_whatever_is_chosen() -> None:
    chosen = read(
        Preferences,
        {"ocultos": ["seguranca", "saque"], "sem_push": ["seguranca", "saque"], "silencio": {"ativo": True}},
    )

    assert chosen.ocultos == ["saque"]
    assert chosen.pushes("seguranca", at("23:00"))
    assert not chosen.pushes("deposito", at("23:00"))


def test_a_kind_that_is_not_wanted_is_not_pushed() -> None:
    chosen = read(Preferences, {"sem_push": ["saque"]})

    assert (chosen.pushes("saque", at("12:00")), chosen.pushes("deposito", at("12:00"))) == (False, True)


def test_quiet_hours_reach_over_midnight_in_the_zone_of_the_person() -> None:
    quiet = read(Preferences, {"silencio": {"ativo": True, "inicio": "22:00", "fim": "07:00"}})
    times = ["21:59", "22:00", "23:30", "00:00", "06:59", "07:00"]

    assert [quiet.is_quiet(at(time)) for time in times] == [False, True, True, True, True, False]
    assert quiet.is_quiet(at("01:30", "+00:00")), "22:30 in São Paulo"
    elsewhere = quiet.model_copy(update={"fuso": "America/Noronha"})
    assert elsewhere.is_quiet(at("00:00", "+00:00")), "22:00 in Noronha, 21:00 in São Paulo"


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "/etc/localtime", "Foo/Bar", "tzdata.zi", "America"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid, match="fuso"):
        read(Preferences, {"fuso": zone})
