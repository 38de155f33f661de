"""What a push says where anybody may read it."""

import json
from typing import Any

import pytest

from app.push import message

AMOUNT = "R$ 123,45"


def notice(kind: str, words: str, *, way: str | None = None) -> dict[str, Any]:
    rows = [{"TipoOperacao": way}] if way else []
    data = {"operacao_id": 9, "movimentacoes": rows} if way else {}
    return {"tipo": kind, "mensagem": words, "dados": data, "id": "7-12", "seq": 12}


def test_no_amount_is_named_unless_the_person_chose_so() -> None:
    received = notice("transferencia", f"Você recebeu {AMOUNT} de Bob", way="Crédito")

    assert message.of_event(received, with_amounts=False).text == "Você recebeu uma transferência"
    assert message.of_event(received, with_amounts=True).text == f"Você recebeu {AMOUNT} de Bob"


@pytest.mark.parametrize("kind", ["aviso", "agendamento", "cobranca", "leilao", "transferencia"])
def test_free_words_that_may_hold_an_amount_are_kept_back(kind: str) -> None:
    for words in (f"Agendamento de {AMOUNT} não foi feito", "Saldo: 12 reais", "Saldo: ١٢ reais"):
        assert not any(c.isdigit() for c in message.of_event(notice(kind, words), with_amounts=False).text)
    assert message.of_event(notice(kind, "Manutenção hoje"), with_amounts=False).text == "Manutenção hoje"


def test_a_click_opens_the_receipt_the_screen_of_security_or_else_the_notices() -> None:
    assert message.of_event(notice("saque", "x", way="Débito"), with_amounts=False).path == "/#/comprovante/9"
    assert message.of_event(notice("seguranca", "x"), with_amounts=False).path == "/#/seguranca"
    assert message.of_event(notice("aviso", "x"), with_amounts=False).path == "/#/avisos"
    strange = notice("aviso", "x") | {"dados": {"operacao_id": "//attacker.example"}}
    assert message.of_event(strange, with_amounts=False).path == "/#/avisos"


def test_the_longest_text_fits_a_push() -> None:
    longest = message.of_event(notice("aviso", "\U0001f4b8" * 1000), with_amounts=True)

    assert len(json.dumps(longest.payload(), ensure_ascii=False).encode()) < 3000
