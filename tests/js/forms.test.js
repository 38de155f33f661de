import assert from "node:assert/strict";
import { test } from "node:test";
import { Accounts } from "../../app/web/static/js/models/accounts.js";
import { fieldOf, problems, strength, withoutField } from "../../app/web/static/js/models/credentials.js";
import { bodyOf, isOperation, problemsOf, summaryOf } from "../../app/web/static/js/models/operation.js";

const accounts = new Accounts();
accounts.replace([{ CorrentistaID: 1, NomeCorrentista: "A", Saldo: 100, versao: 1 }]);
const draft = (values) => ({ kind: "saque", account: 1, cents: 1000, description: "", target: null, ...values });
const wrong = (values) => Object.keys(problemsOf(draft(values), accounts));

test("what the bank would refuse is said beside its field", () => {
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(wrong({ cents: 0 }), ["valor"]);
  assert.deepEqual(wrong({ cents: 10001 }), ["valor"]);
  assert.deepEqual(wrong({ kind: "deposito", cents: 10001 }), []);
  assert.deepEqual(wrong({ kind: "pagamento" }), ["descricao"]);
  assert.deepEqual(wrong({ kind: "transferencia" }), ["destino"]);
  assert.deepEqual(wrong({ kind: "transferencia", target: 1 }), ["destino"]);
  assert.deepEqual(wrong({ kind: "transferencia", target: 2 }), []);
});

test("the body is the contract's", () => {
  assert.deepEqual(bodyOf(draft({})), { correntista_id: 1, valor: "10.00" });
  assert.deepEqual(bodyOf(draft({ kind: "pagamento", description: " Luz " })), { correntista_id: 1, valor: "10.00", descricao: "Luz" });
  assert.deepEqual(bodyOf(draft({ kind: "transferencia", target: 2 })), {
    correntista_id_origem: 1,
    correntista_id_destino: 2,
    valor: "10.00",
  });
});

test("an operation in one line", () => {
  const text = summaryOf(draft({ kind: "transferencia", target: 2 })).replace(/\s/g, " ");
  assert.equal(text, "Transferência de R$ 10,00 para a conta 2");
  assert.equal(isOperation("saque"), true);
  assert.equal(isOperation("toString"), false);
});

test("a password's strength is said in words", () => {
  const levels = ["", "curta", "senha12345", "mariasilva9", "          ", "abababababab", "banana4242", "Banana42!x", "correta-cavalo-bateria"].map(
    (password) => strength(password, ["Maria Silva", "maria@teste.com"]).level,
  );
  assert.deepEqual(levels, [0, 1, 1, 1, 1, 1, 2, 3, 4]);
  assert.match(strength("curta").words, /faltam 5/);
  assert.match(strength("violao-ri").words, /falta 1 caractere/);
});

test("registering asks for more than logging in", () => {
  const fields = { nome: "", email: "ana@teste.com", senha: "curta" };
  assert.deepEqual(Object.keys(problems(fields, { registering: true })), ["nome", "senha"]);
  assert.deepEqual(problems(fields, { registering: false }), {});
  assert.deepEqual(Object.keys(problems({ email: "ana", senha: "" }, { registering: false })), ["email", "senha"]);
  assert.deepEqual(Object.keys(problems({ nome: "Ana", email: "a@b.co", senha: "ãbcde".repeat(16) }, { registering: true })), ["senha"]);
  const wrongOf = (senha) => Object.keys(problems({ nome: "Ana", email: "a@b.co", senha }, { registering: true }));
  for (const senha of ["          ", "abababababab", "violao-ri "]) assert.deepEqual(wrongOf(senha), ["senha"], senha);
  assert.deepEqual(wrongOf("violao-rio"), []);
});

test("an error of the server finds its field", () => {
  assert.equal(fieldOf("email_em_uso", "Já existe um cadastro com este e-mail."), "email");
  assert.equal(fieldOf("credenciais_invalidas", "E-mail ou senha incorretos."), "senha");
  assert.equal(fieldOf("dados_invalidos", "nome: não pode ficar em branco."), "nome");
  assert.equal(fieldOf("senha_incorreta", "A senha atual não confere."), "senha");
  assert.equal(fieldOf("codigo_incorreto", "O código não confere, já foi usado ou venceu."), "codigo");
  assert.equal(fieldOf("dados_invalidos", "nova: repete sempre os mesmos caracteres."), "nova");
  assert.equal(fieldOf("banco_indisponivel", "O serviço está indisponível."), "");
  assert.equal(withoutField("nome: não pode ficar em branco."), "Não pode ficar em branco.");
});
