"""The kinds of notices that a person tells apart, in the words of the wire, and which way their money went."""

from typing import Any, Literal

KINDS = (
    "deposito",
    "saque",
    "transferencia",
    "pagamento",
    "agendamento",
    "aviso",
    "mensagem",
    "contato",
    "cobranca",
    "seguranca",
)
NOTICE, MESSAGE, REQUEST = "aviso", "mensagem", "cobranca"
# Always shown and always pushed: what somebody does with another's password must not be hidden from its owner.
SECURITY = "seguranca"

Way = Literal["entrada", "saida"]
_WAYS: dict[str, Way] = {"Crédito": "entrada", "Débito": "saida"}


def kind_of(payload: dict[str, Any]) -> str:
    """A kind that is not known counts as a plain notice."""
    kind = payload["tipo"]
    return kind if kind in KINDS else NOTICE


def way_of(payload: dict[str, Any]) -> Way | None:
    """Which way the money of a notice went; None for a transfer between own accounts and where no money moved."""
    rows = payload["dados"].get("movimentacoes")
    # Who notifies from a script writes `dados` freely.
    ways = {str(row.get("TipoOperacao")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    return _WAYS.get(ways.pop()) if len(ways) == 1 else None
