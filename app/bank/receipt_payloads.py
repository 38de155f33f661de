"""A receipt for its parties, and for whoever verifies it."""

from typing_extensions import TypedDict

from app import clock, money
from app.bank.receipts import ReceiptView, grouped
from app.names import mask


class VerifiedOut(TypedDict):
    valido: bool
    codigo: str
    tipo: str
    valor: float
    data: str
    origem: str | None
    destino: str | None


class PartyOut(TypedDict):
    CorrentistaID: int
    Titular: str


class ProofOut(TypedDict):
    operacao_id: int
    tipo: str
    valor: float
    descricao: str
    data: str
    origem: PartyOut | None
    destino: PartyOut | None
    codigo: str
    endereco: str
    qr: str


def verified(view: ReceiptView) -> VerifiedOut:
    return {
        "valido": True,
        "codigo": grouped(view.code),
        "tipo": view.kind,
        "valor": money.to_json(view.amount_cents),
        "data": clock.iso(view.made_at),
        "origem": mask(view.source_name) if view.source_name else None,
        "destino": mask(view.target_name) if view.target_name else None,
    }


def proof(view: ReceiptView, *, address: str, picture: str) -> ProofOut:
    """A receipt for its parties. `address` verifies it; `picture` is that address as a QR code."""
    return {
        "operacao_id": view.operation_id,
        "tipo": view.kind,
        "valor": money.to_json(view.amount_cents),
        "descricao": view.description,
        "data": clock.iso(view.made_at),
        "origem": _party(view.source_id, view.source_name),
        "destino": _party(view.target_id, view.target_name),
        "codigo": grouped(view.code),
        "endereco": address,
        "qr": picture,
    }


def _party(account_id: int, name: str | None) -> PartyOut | None:
    return {"CorrentistaID": account_id, "Titular": name} if name else None
