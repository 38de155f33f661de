"""The one message that every server delivers, and the marks that the load programs overwrite in it."""

import json

# Six digits each: the emitter writes user ids of one width over the mark's.
FIRST_USER = 100_001
MARKED_USER = 999_999
ROOM_MARK = f"user_{MARKED_USER}"
SEQ_MARK = "9990009990"
STAMP_MARK = "~T" + "0" * 19
KEY_MARK = "~K" + "0" * 19

EVENT = "notificacao"
PAYLOAD = {
    "tipo": "transferencia",
    "mensagem": f"Você recebeu R$ 1.234,56 de Maria Santos {STAMP_MARK}",
    "timestamp": "2026-11-23T13:05:09.123456+00:00",
    "dados": {"valor": 1234.56, "descricao": "Almoço de sexta", "correntista_id": 2, "operacao_id": 918273},
}
PAYLOAD_JSON = json.dumps(PAYLOAD, ensure_ascii=False)


def users(count: int, *, skip: int = 0) -> range:
    """The ids of `count` users, after the first `skip`."""
    return range(FIRST_USER + skip, FIRST_USER + skip + count)
