"""What can be refused, and what the person is told. The only place with error texts of the API."""


class AppError(Exception):
    """An answer, not an accident: `status` for HTTP, `code` (slug) and `text` (pt-BR) for the body.

    `retry_after_s` becomes the Retry-After header.
    """

    status = 500
    code = "erro_interno"
    text = "Algo deu errado do nosso lado. Tente de novo em instantes."

    def __init__(self, text: str | None = None, *, retry_after_s: int | None = None) -> None:
        super().__init__(text or self.text)
        self.text = text or self.text
        self.retry_after_s = retry_after_s


class NotJson(AppError):
    status, code, text = 400, "json_invalido", "O corpo da requisição não é um JSON válido."


class NotAuthenticated(AppError):
    status, code, text = 401, "nao_autenticado", "Entre na sua conta para continuar."


class BadToken(AppError):
    status, code, text = 401, "token_invalido", "Sua sessão não é válida. Entre de novo."


class ExpiredToken(AppError):
    status, code, text = 401, "token_expirado", "Sua sessão expirou. Entre de novo."


class SessionOver(ExpiredToken):
    """The login itself has come to its end, so that nothing can be renewed from it."""

    code, text = "sessao_expirada", "Sua sessão chegou ao fim. Entre de novo."


class RevokedToken(AppError):
    status, code, text = 401, "token_revogado", "Sua sessão foi encerrada. Entre de novo."


class WrongCredentials(AppError):
    status, code, text = 401, "credenciais_invalidas", "E-mail ou senha incorretos."


class WrongPassword(AppError):
    """Of somebody who is in: no 401, which would say that the session is over."""

    status, code, text = 403, "senha_incorreta", "A senha atual não confere."


class WrongPasskey(AppError):
    """The same for whatever is wrong with it, also for a key that nobody has."""

    status, code = 401, "chave_de_acesso_invalida"
    text = "Não foi possível entrar com esta chave de acesso. Entre com a senha."


class RefusedPasskey(AppError):
    """Of somebody who is in: no 401, which would say that the session is over."""

    status, code = 422, "chave_de_acesso_invalida"
    text = "O banco não aceitou a chave que o aparelho criou. Tente de novo."


class SecondFactorNeeded(AppError):
    """The password was right; nothing was opened yet."""

    status, code, text = 401, "segundo_fator", "Informe o código do seu aplicativo ou um código de recuperação."


class WrongCode(AppError):
    status, code, text = 401, "codigo_incorreto", "O código não confere, já foi usado ou venceu."


class SecondFactorMissing(AppError):
    status, code = 403, "segundo_fator_exigido"
    text = "A partir deste valor é preciso informar o código do segundo fator."


class ActionNeedsFactor(AppError):
    """Of an administrator who may look and not act."""

    status, code = 403, "segundo_fator_inativo"
    text = "Para agir no painel é preciso ter o segundo fator ativo. Ative-o e tente de novo."


class ActionNeedsCode(AppError):
    status, code, text = 403, "segundo_fator_exigido", "Informe o código do segundo fator para esta ação."


class RefusedCode(AppError):
    """As WrongCode, of somebody who is in: no 401, which would say that the session is over."""

    status, code, text = 403, "codigo_incorreto", WrongCode.text


class NotYourAccount(AppError):
    status, code, text = 403, "conta_de_outra_pessoa", "Esta conta não é sua."


class NotYourOperation(AppError):
    status, code, text = 403, "operacao_de_outra_pessoa", "Esta operação não é sua."


class WrongUser(AppError):
    status, code, text = 403, "usuario_diferente", "O token é de outro usuário que o desta conexão."


class NotFound(AppError):
    status, code, text = 404, "nao_encontrado", "Não encontramos o que você procura."


class NotConnected(AppError):
    status, code, text = 403, "nao_sao_contatos", "Vocês ainda não são contatos um do outro."


class AccountNotFound(AppError):
    status, code, text = 404, "conta_inexistente", "Conta não encontrada."


class UnknownEvent(AppError):
    status, code, text = 404, "evento_desconhecido", "Não existe evento com este nome."


class PushOff(AppError):
    status, code, text = 404, "push_indisponivel", "Este banco não envia avisos a páginas fechadas."


class PasskeysOff(AppError):
    status, code, text = 404, "chaves_indisponiveis", "Este banco não aceita chaves de acesso."


class NoSecondFactor(AppError):
    status, code, text = 409, "segundo_fator_inativo", "O segundo fator não está ativo nem à espera de confirmação."


class SecondFactorActive(AppError):
    status, code, text = 409, "segundo_fator_ativo", "O segundo fator já está ativo. Desative-o antes de trocar."


class MethodNotAllowed(AppError):
    status, code, text = 405, "metodo_nao_permitido", "Este endereço não aceita esse método."


class EmailTaken(AppError):
    status, code, text = 409, "email_em_uso", "Já existe um cadastro com este e-mail."


class KeyInFlight(AppError):
    status, code, text = 409, "chave_em_andamento", "Uma operação com esta chave ainda está em andamento."


class LastNode(AppError):
    status, code, text = 409, "ultimo_no", "Este é o único nó que recebe clientes. Espere que outro esteja pronto."


class OtherNodeDrains(AppError):
    status, code, text = 409, "outro_no_drenando", "Outro nó acabou de ser drenado. Tente de novo em alguns segundos."


class RequestSettled(AppError):
    status, code, text = 409, "cobranca_encerrada", "Esta cobrança já foi paga, recusada ou cancelada."


class TooLarge(AppError):
    status, code, text = 413, "corpo_grande_demais", "O corpo da requisição é grande demais."


class Invalid(AppError):
    status, code, text = 422, "dados_invalidos", "Confira os dados enviados."


class DuplicateKeys(AppError):
    status, code, text = 422, "campo_repetido", "O JSON repete um mesmo campo."


class KeyReused(AppError):
    status, code, text = 422, "chave_reutilizada", "Esta Idempotency-Key já foi usada com outros dados."


class ClientIdReused(AppError):
    status, code, text = 422, "id_cliente_reutilizado", "Este id_cliente já foi usado em outra conversa."


class TooLate(AppError):
    status, code, text = 422, "tarde_demais", "Só é possível mudar uma mensagem até 15 minutos depois do envio."


class InsufficientFunds(AppError):
    status, code, text = 422, "saldo_insuficiente", "Saldo insuficiente."


class BalanceLimit(AppError):
    status, code, text = 422, "limite_da_conta", "A operação passaria do saldo máximo da conta de destino."


class SameAccount(AppError):
    status, code, text = 422, "mesma_conta", "As contas de origem e de destino são a mesma."


class BlockedByYou(AppError):
    status, code, text = 422, "bloqueado_por_voce", "Você bloqueou esta pessoa. Desbloqueie primeiro."


class YourOwnEmail(AppError):
    status, code, text = 422, "proprio_email", "Este é o seu próprio e-mail."


class TooManyPasskeys(AppError):
    status, code, text = 422, "chaves_demais", "Você chegou ao número máximo de chaves de acesso. Remova uma antes."


class TooManyContacts(AppError):
    status, code, text = 422, "contatos_demais", "Você chegou ao número máximo de contatos."


class TooManyRequests(AppError):
    status, code, text = 422, "pedidos_demais", "Você tem muitos pedidos sem resposta. Cancele algum antes."


class TooManyAccounts(AppError):
    status, code, text = 422, "contas_demais", "Você chegou ao número máximo de contas."


class TooManySchedules(AppError):
    status, code, text = 422, "agendamentos_demais", "Você chegou ao número máximo de agendamentos ativos."


class ScheduleEnded(AppError):
    status, code, text = 422, "agendamento_encerrado", "Este agendamento já foi encerrado."


class TooManyReadRanges(AppError):
    status, code = 422, "leituras_demais"
    text = "Há avisos demais lidos um a um, com outros não lidos no meio. Marque todos como lidos."


class TooFast(AppError):
    status, code, text = 429, "muitas_requisicoes", "Muitas tentativas. Aguarde um pouco e tente de novo."


class TooMuchText(AppError):
    """Nothing was written. It stays so for hours, so a client does not try again by itself."""

    status, code, text = (
        429,
        "limite_de_texto",
        "Você já escreveu o máximo permitido por dia. Tente de novo mais tarde.",
    )


class OperationLimit(AppError):
    """Nothing was done under this key, and nothing is under way: it may be asked for again later."""

    status, code = 429, "limite_de_operacoes"
    text = "Você fez muitas operações em pouco tempo. Aguarde e tente de novo."


class ClientGone(AppError):
    """Nobody waits for the answer any more; the status is nginx's word for it."""

    status, code, text = 499, "cliente_ausente", "A conexão foi encerrada antes da resposta."


class FileUnderWay(AppError):
    status, code, text = 429, "arquivo_em_andamento", "Um arquivo seu já está sendo preparado. Espere que ele termine."


class TooManyFiles(AppError):
    status, code, text = 503, "arquivos_demais", "Há muitos arquivos sendo preparados. Tente de novo em instantes."


class DatabaseDown(AppError):
    status, code, text = (
        503,
        "banco_indisponivel",
        "O serviço está indisponível no momento. Tente de novo em instantes.",
    )


class MailOff(AppError):
    status, code, text = 503, "correio_indisponivel", "Este banco não envia e-mails agora. Fale com quem o opera."


class PanelDown(AppError):
    status, code, text = 503, "painel_indisponivel", "Não sabemos agora como estão os nós. Tente de novo em instantes."


class PresenceDown(AppError):
    status, code, text = 503, "presenca_indisponivel", "Não sabemos agora quem está online. Tente de novo em instantes."


class Overloaded(DatabaseDown):
    """Nothing is broken; too much is asked at once. Raised without waiting where a queue is full."""

    code, text = "muita_procura", "Há muita procura no momento. Tente de novo em instantes."


class OutcomeUnknown(AppError):
    status, code = 503, "resultado_desconhecido"
    text = "Não foi possível confirmar a operação. Repita com a mesma Idempotency-Key ou confira o extrato."
