"""What a push says on a screen that anybody may see: by default no amount."""

from dataclasses import dataclass
from typing import Any

from app.notifications.kinds import SECURITY, kind_of, way_of

TEXT_CHARS_MAX = 200
# The tag of several events told together.
MANY = "resumo"
INBOX = "/#/avisos"
SECURITY_SCREEN = "/#/seguranca"


@dataclass(frozen=True, slots=True)
class Message:
    """`tag`: a message of the same tag takes the place of the one before. `path`: what a click opens."""

    title: str
    text: str
    path: str
    tag: str
    is_urgent: bool = False

    def payload(self) -> dict[str, str]:
        return {"titulo": self.title, "texto": self.text, "caminho": self.path, "id": self.tag}


_TITLES = {
    "deposito": "Depósito",
    "saque": "Saque",
    "transferencia": "Transferência",
    "pagamento": "Pagamento",
    "agendamento": "Agendamento",
    "aviso": "Aviso",
    "mensagem": "Mensagem",
    "contato": "Contato",
    "cobranca": "Cobrança",
    "seguranca": "Segurança",
}
_WITHOUT_AMOUNT = {
    ("transferencia", "entrada"): "Você recebeu uma transferência",
    ("transferencia", "saida"): "Você enviou uma transferência",
    ("deposito", "entrada"): "Entrou um depósito na sua conta",
    ("saque", "saida"): "Saiu um saque da sua conta",
    ("pagamento", "saida"): "Saiu um pagamento da sua conta",
}
_SOMETHING = "Há uma novidade na sua conta. Abra para ver."


def of_event(payload: dict[str, Any], *, with_amounts: bool) -> Message:
    """One notification, as it is in the stream."""
    kind = kind_of(payload)
    text = str(payload["mensagem"]) if with_amounts else _without_amounts(kind, payload)
    return Message(_TITLES[kind], _short(text), _path(kind, payload["dados"]), str(payload["id"]), kind == SECURITY)


def of_many(count: int, *, is_urgent: bool) -> Message:
    return Message(f"{count} avisos novos", "Abra para ver todos.", INBOX, MANY, is_urgent)


def _path(kind: str, data: dict[str, Any]) -> str:
    operation, conversation = data.get("operacao_id"), data.get("conversa")
    if kind == SECURITY:
        return SECURITY_SCREEN
    if isinstance(operation, int):
        return f"/#/comprovante/{operation}"
    return f"/#/conversas/{conversation}" if isinstance(conversation, int) else INBOX


def _without_amounts(kind: str, payload: dict[str, Any]) -> str:
    """Words of ours where money moved; otherwise the notification's own, unless a digit in them may be an amount."""
    known = _WITHOUT_AMOUNT.get((kind, str(way_of(payload))))
    if known:
        return known
    if "conversa" in payload["dados"]:  # what was written may be of any kind
        return f"Nova mensagem de {payload['dados'].get('nome')}"
    text = str(payload["mensagem"])
    return _SOMETHING if any(letter.isdigit() for letter in text) else text


def _short(text: str) -> str:
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[: TEXT_CHARS_MAX - 1]}…"
