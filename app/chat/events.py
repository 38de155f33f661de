"""Socket events of the chat: each gives its acknowledgement, or raises what the client is told."""

from app import wire
from app.chat import payloads
from app.chat.chat import Chat
from app.fields import read


def on_chat_enviar(chat: Chat, user_id: int, data: object) -> payloads.SentOut:
    body = read(payloads.Send, data)
    sent = chat.send(user_id, receiver_id=body.para, text=body.texto, client_id=body.id_cliente)
    return {"ok": True, "id": sent.id}


def on_chat_editar(chat: Chat, user_id: int, data: object) -> payloads.SentOut:
    return {"ok": True, "id": chat.edit(user_id, read(payloads.Edit, data)).id}


def on_chat_apagar(chat: Chat, user_id: int, data: object) -> payloads.SentOut:
    return {"ok": True, "id": chat.delete(user_id, read(payloads.Delete, data)).id}


def on_chat_lida(chat: Chat, user_id: int, data: object) -> payloads.SideOut:
    return payloads.side(chat.read(user_id, read(payloads.UpTo, data)))


def on_chat_recebida(chat: Chat, user_id: int, data: object) -> payloads.SideOut:
    return payloads.side(chat.receive(user_id, read(payloads.UpTo, data)))


def on_chat_digitando(chat: Chat, user_id: int, data: object) -> None:
    chat.type(user_id, read(payloads.To, data))


HANDLERS = {
    wire.CHAT_ENVIAR: on_chat_enviar,
    wire.CHAT_EDITAR: on_chat_editar,
    wire.CHAT_APAGAR: on_chat_apagar,
    wire.CHAT_LIDA: on_chat_lida,
    wire.CHAT_RECEBIDA: on_chat_recebida,
    wire.CHAT_DIGITANDO: on_chat_digitando,
}
