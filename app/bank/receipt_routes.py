"""HTTP routes of receipts."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from flask import Blueprint, Response, request
from flask_socketio_cluster.limits import limiter
from flask_socketio_cluster.limits.limiter import Limiter
from flask_socketio_cluster.transport import connection

from app import http
from app.bank import receipt_payloads, receipt_pdf, receipt_qr, receipts
from app.bank.receipts import ReceiptView
from app.db import Database
from app.errors import FileUnderWay
from app.fields import ID_MAX
from app.users import bearer
from app.users.auth import Auth, Identity

VERIFICATIONS = limiter.per_minute("verify", 30)
PDFS = limiter.per_minute("receipt-pdf", 60)


class OneEach:
    """One PDF at a time a user on this node, so that nobody fills the gate that all of them pass.

    A statement's file is another matter: it takes long, and a receipt may be asked for meanwhile.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users: set[int] = set()

    @contextmanager
    def one_of(self, user_id: int) -> Iterator[None]:
        """Raises FileUnderWay, at once."""
        with self._lock:
            if user_id in self._users:
                raise FileUnderWay(retry_after_s=receipt_pdf.RETRY_AFTER_S)
            self._users.add(user_id)
        try:
            yield
        finally:
            with self._lock:
                self._users.discard(user_id)


def blueprint(db: Database, auth: Auth, limits: Limiter, *, public_url: str) -> Blueprint:
    """`public_url`: where anybody reaches this bank. What a client calls it (`Host`) has no say in it."""
    routes = Blueprint("comprovantes", __name__)
    requires_user = bearer.requires_user(auth)
    own = OneEach()

    def verify_url(view: ReceiptView) -> str:
        return f"{public_url}/#/verificar/{receipts.grouped(view.code)}"

    @http.route(
        routes, "GET", f"/comprovante/<int(max={ID_MAX}):operacao_id>", answers={200: receipt_payloads.ProofOut}
    )
    @requires_user
    def comprovante(identity: Identity, operacao_id: int) -> Any:
        """O comprovante de uma operação que tocou uma conta própria, com o código que o verifica; nunca um saldo."""
        view = db.transact(receipts.of_operation, operacao_id, identity.user_id)
        address = verify_url(view)
        return http.answer(receipt_payloads.proof(view, address=address, picture=receipt_qr.picture(address)))

    @http.route(
        routes,
        "GET",
        f"/comprovante/<int(max={ID_MAX}):operacao_id>.pdf",
        answers={200: None},
        media_type="application/pdf",
    )
    @requires_user
    def comprovante_pdf(identity: Identity, operacao_id: int) -> Any:
        """O comprovante, em PDF, de uma operação que tocou uma conta própria."""
        limits.check(PDFS, str(identity.user_id))
        view = db.transact(receipts.of_operation, operacao_id, identity.user_id)
        environ, address = request.environ, verify_url(view)
        with own.one_of(identity.user_id):
            made = receipt_pdf.render(view, verify_url=address, is_gone=lambda: connection.is_gone(environ))
        answer = Response(made, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'attachment; filename="comprovante-{operacao_id}.pdf"'
        return answer

    @http.route(routes, "GET", "/verificar/<codigo>", answers={200: receipt_payloads.VerifiedOut}, open_to_all=True)
    def verificar(codigo: str) -> Any:
        """Confirma em público que um comprovante é verdadeiro; os nomes saem encobertos."""
        limits.check(VERIFICATIONS, http.client_address())
        return http.answer(receipt_payloads.verified(db.read(receipts.by_code, codigo[: receipts.CODE_CHARS * 2])))

    return routes
