/** A small chat between one person and others, which answers and tells like the server. */
export class TinyChat {
  me = 1;
  events = [];
  #messages = [];
  #sides = new Map();

  constructor(others) {
    others.forEach((other) => this.#sides.set(other, { unread: 0, readTo: 0, theirReadTo: 0, theirReceivedTo: 0 }));
  }

  #tell(name, event) {
    this.events.push([name, { ...event, seq: this.events.length + 1 }]);
  }

  #of(other) {
    return this.#messages.filter(({ de, para }) => de === other || para === other);
  }

  send(de, para, texto = "Oi", id_cliente = null) {
    const other = de === this.me ? para : de;
    const side = this.#sides.get(other);
    if (para === this.me) side.unread += 1;
    const message = {
      mensagem_id: this.#messages.length + 1, de, para, tipo: "texto", texto, timestamp: "2026-11-23T12:00:00+00:00", id_cliente,
      editada: false, apagada: false, valor: null, correntista_id: null, situacao: null, operacao_id: null,
    };
    this.#messages.push(message);
    this.#tell("chat_mensagem", { ...message, conversa: other, nome: `Pessoa ${other}`, nao_lidas: side.unread });
    return message;
  }

  change(other, random) {
    const own = this.#of(other);
    if (own.length === 0) return;
    const at = this.#messages.indexOf(own[Math.floor(random() * own.length)]);
    const gone = random() < 0.3;
    this.#messages[at] = { ...this.#messages[at], texto: gone ? "" : `mudada ${this.events.length}`, editada: true, apagada: gone };
    this.#tell("chat_alterada", { ...this.#messages[at], conversa: other });
  }

  read(other, random) {
    const own = this.#of(other);
    const upTo = own[Math.floor(random() * own.length)]?.mensagem_id ?? 0;
    const side = this.#sides.get(other);
    if (upTo <= side.readTo) return;
    side.readTo = upTo;
    side.unread = own.filter(({ de, mensagem_id }) => de === other && mensagem_id > upTo).length;
    this.#tell("chat_lida", { conversa: other, usuario_id: this.me, lida_ate: upTo, recebida_ate: upTo, nao_lidas: side.unread });
  }

  readByOther(other, random) {
    const side = this.#sides.get(other);
    const newest = this.#of(other).at(-1)?.mensagem_id ?? 0;
    side.theirReceivedTo = newest;
    if (random() < 0.5) side.theirReadTo = newest;
    this.#tell("chat_lida", { conversa: other, usuario_id: other, lida_ate: side.theirReadTo, recebida_ate: side.theirReceivedTo });
  }

  #conversation(other) {
    const { unread, readTo, theirReadTo, theirReceivedTo } = this.#sides.get(other);
    const ultima = this.#of(other).at(-1) ?? null;
    return { usuario_id: other, nome: `Pessoa ${other}`, nao_lidas: unread, lida_ate: readTo, outro_lida_ate: theirReadTo, outro_recebida_ate: theirReceivedTo, ultima };
  }

  get conversations() {
    const found = [...this.#sides.keys()].map((other) => this.#conversation(other)).filter(({ ultima }) => ultima);
    return { conversas: found, nao_lidas: found.reduce((sum, { nao_lidas }) => sum + nao_lidas, 0) };
  }

  page(other, { before = Infinity, after = null, limit = 40 } = {}) {
    const own = this.#of(other).filter(({ mensagem_id: id }) => id < before && id > (after ?? 0));
    const rows = after === null ? own.reverse() : own;
    return { conversa: own.length ? this.#conversation(other) : null, mensagens: rows.slice(0, limit), more: rows.length > limit };
  }
}
