"""Transfers between contacts are cards in their conversation. Knows the bank, the chat and the contacts."""

from flask_socketio_cluster.streams.stream import Append
from sqlalchemy import Connection

from app.bank.actions import Transferred
from app.chat import money
from app.contacts import queries


def add(connection: Connection, transfer: Transferred) -> list[Append]:
    """Write the card, or settle the request that the transfer pays; what both are told.

    Raises NotFound for a request that asks for something else, RequestSettled for one that is not open any more.
    """
    if transfer.request_id is not None:
        return money.pay(
            connection,
            request_id=transfer.request_id,
            payer_id=transfer.payer_id,
            account_id=transfer.target_account_id,
            amount_cents=transfer.amount_cents,
            operation_id=transfer.operation_id,
        )
    return money.add_transfer(
        connection,
        payer_id=transfer.payer_id,
        payee_id=transfer.payee_id,
        operation_id=transfer.operation_id,
        amount_cents=transfer.amount_cents,
        text=transfer.description,
        connected=queries.held_connected,
    )
