// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { navigate } from "../lib/router.js";
import { Scope } from "../lib/scope.js";
import { formatBRL } from "../models/money.js";
import { bodyOf, DESCRIPTION_MAX, isOperation, OPERATIONS, problemsOf, summaryOf } from "../models/operation.js";
import { receiptPath } from "../models/statement.js";
import { amountField } from "./amount_field.js";
import { confirmStep } from "./confirm.js";
import { field, showProblems } from "./field.js";
/** @import { App } from "../app.js" */
/** @import { Draft } from "../models/operation.js" */
/** @import { OperationKind } from "../types/wire.js" */

/**
 * One operation: fill in, confirm, and on to the receipt.
 * @param {App} app
 * @param {string[]} params kind and, optionally, the account
 */
export function operationView(app, [name, account]) {
  const kind = isOperation(name) ? name : "transferencia";
  const scope = new Scope();
  const { title } = OPERATIONS[kind];
  const stage = el("div", { class: "panel operation" });
  const form = operationForm(app, { kind, account: Number(account) || 0, scope, next: (draft) => showConfirm(draft) });
  const showForm = () => fill(stage, form.node);
  const showConfirm = (/** @type {Draft} */ draft) => {
    const holder = kind === "transferencia" ? app.http.get(`/correntistas/${draft.target}/titular`) : null;
    const back = (/** @type {Record<string, string>} */ problems = {}) => {
      showForm();
      form.show(problems);
    };
    fill(stage, confirmStep(app, draft, { holder, back, confirm: () => send(app, draft, scope) }));
    stage.querySelector("h2")?.focus();
  };
  showForm();
  const node = el("div", { class: "operate" }, el("h1", {}, title), kindTabs(kind), stage);
  return { node, title, dispose: () => scope.dispose() };
}

/** @param {OperationKind} current */
function kindTabs(current) {
  const tabs = Object.entries(OPERATIONS).map(([kind, { verb, icon: name }]) =>
    el(
      "a",
      { href: `#/operar/${kind}`, "aria-current": kind === current ? "page" : null, "data-testid": `aba-${kind}` },
      icon(name),
      el("span", {}, verb),
    ),
  );
  return el("nav", { class: "tabs", "aria-label": "Tipo de operação" }, ...tabs);
}

/**
 * @param {App} app
 * @param {{ kind: OperationKind, account: number, scope: Scope, next: (draft: Draft) => void }} options
 */
function operationForm(app, { kind, account, scope, next }) {
  const amount = amountField();
  const source = accountSelect(app, kind, account, scope);
  const target = targetField();
  const description = descriptionField(kind);
  const fields = {
    valor: amount,
    conta: source,
    ...(kind === "transferencia" ? { destino: target } : {}),
    ...(kind === "pagamento" || kind === "transferencia" ? { descricao: description } : {}),
  };
  const draft = () => ({
    kind,
    account: Number(source.input.value),
    cents: amount.cents,
    unread: amount.problem,
    description: description.input.value,
    target: Number(target.input.value) || null,
  });
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!showProblems(fields, problemsOf(draft(), app.bank.accounts))) next(draft());
  };
  const node = el(
    "form",
    { novalidate: true, onsubmit: submit, "data-testid": `form-${kind}` },
    ...Object.values(fields).map((each) => each.node),
    el("button", { type: "submit", "data-testid": "op-continuar" }, "Continuar"),
  );
  return { node, show: (/** @type {Record<string, string>} */ problems) => showProblems(fields, problems) || amount.input.focus() };
}

/**
 * @param {App} app
 * @param {OperationKind} kind
 * @param {number} chosen
 * @param {Scope} scope
 */
function accountSelect({ bank }, kind, chosen, scope) {
  const select = el("select", { id: "conta", name: "conta", "data-testid": "op-conta" });
  const made = field(kind === "deposito" ? "Na conta" : "Da conta", select);
  const showBalance = () => {
    const account = bank.accounts.find(Number(select.value));
    setText(made.hint, account ? `Saldo: ${formatBRL(account.cents)}` : "");
  };
  select.addEventListener("change", showBalance);
  const update = () => {
    const current = Number(select.value) || chosen;
    bank.accounts.list.forEach(({ id, name }, index) => {
      const option = select.options[index] ?? select.appendChild(el("option"));
      option.value = String(id);
      setText(option, `${name} · conta ${id}`);
      option.selected = id === current;
    });
    showBalance();
  };
  scope.add(bank.on("change", update));
  update();
  return made;
}

function targetField() {
  const input = el("input", {
    id: "destino",
    name: "destino",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: 15,
    "data-testid": "op-destino",
  });
  input.addEventListener("input", () => (input.value = input.value.replace(/[^0-9]/g, "")));
  return field("Para a conta", input, { hint: "O número da conta de quem recebe." });
}

/** @param {OperationKind} kind */
function descriptionField(kind) {
  const input = el("input", { id: "descricao", name: "descricao", maxlength: DESCRIPTION_MAX, autocomplete: "off", "data-testid": "op-descricao" });
  return kind === "pagamento"
    ? field("O que está pagando", input, { hint: "Por exemplo: conta de luz." })
    : field("Mensagem (opcional)", input, { hint: "Quem recebe vê no extrato." });
}

/**
 * Sends what was confirmed. Rejects with the bank's reason; when no answer came the operation
 * stays pending, and the banner of the page takes over. Whoever went elsewhere meanwhile is not
 * pulled away: the notification tells them there.
 * @param {App} app
 * @param {Draft} draft
 * @param {Scope} scope
 */
async function send(app, draft, scope) {
  const body = bodyOf(draft);
  const answer = await app.operations.send({ kind: draft.kind, body, summary: summaryOf(draft) });
  if (answer && !scope.disposed) navigate(receiptPath(answer.movimentacao));
}
