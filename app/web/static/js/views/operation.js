// @ts-check
import { el, icon, setText } from "../lib/dom.js";
import { newKey } from "../app.js";
import { makeOperations } from "../lib/operations.js";
import { navigateTo, newPlace, replaceWith } from "../lib/router.js";
import { makeSchedule } from "../lib/schedules.js";
import { Scope } from "../lib/scope.js";
import { formatBRL } from "../models/money.js";
import { bodyOf, DESCRIPTION_MAX, isOperation, OPERATIONS, problemsOf, summaryOf } from "../models/operation.js";
import { receiptPath } from "../models/statement.js";
import { amountField } from "./amount_field.js";
import { approvedHere } from "./code_dialog.js";
import { confirmStep } from "./confirm.js";
import { field, showProblems } from "./field.js";
import { targetField } from "./target_field.js";
import { whenFields } from "./when_fields.js";
import { toast } from "./toasts.js";
/** @import { App } from "../app.js" */
/** @import { Draft } from "../models/operation.js" */
/** @import { When } from "../models/schedule.js" */
/** @import { OperationKind } from "../types/wire.js" */

/** Behind the kind of operation in the address of what waits to be confirmed. */
const CHECK = "confira";
/** In the same place: the form begins with a day to come. */
const LATER = "agendar";

/**
 * One operation: fill in, confirm, and on to the receipt. Filling in and confirming are two pages of
 * the history, so that going back finds the filled form.
 * @param {App} app
 * @param {string[]} params kind and, optionally, the account, or that this is the second page
 */
export function operationView(app, [name, second]) {
  const kind = isOperation(name) ? name : "transferencia";
  const scope = new Scope();
  const { title } = OPERATIONS[kind];
  /** @type {Draft | null} */
  const draft = second === CHECK ? app.here.kept("rascunho") : null;
  const options = { account: Number(second) || 0, later: second === LATER };
  const content = draft ? confirmPage(app, draft, scope) : formPage(app, kind, options, scope);
  const stage = el("div", { class: "panel operation" }, content);
  const node = el("div", { class: "operate" }, el("h1", {}, title), kindTabs(kind), stage);
  return { node, title, dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {OperationKind} kind
 * @param {{ account: number, later: boolean }} options
 * @param {Scope} scope
 */
function formPage(app, kind, options, scope) {
  const next = (/** @type {Draft} */ draft) => {
    const page = app.places.at(newPlace());
    page.keep("rascunho", draft);
    page.keep("formulario", app.here.id);
    navigateTo(`operar/${kind}/${CHECK}`, page.id);
  };
  return operationForm(app, { kind, ...options, scope, next });
}

/**
 * @param {App} app
 * @param {Draft} draft
 * @param {Scope} scope
 */
function confirmPage(app, draft, scope) {
  const form = app.places.at(app.here.kept("formulario"));
  const isOther = draft.kind === "transferencia" && !app.bank.accounts.has(draft.target);
  const holder = isOther ? app.http.get(`/correntistas/${draft.target}/titular`) : null;
  const back = (/** @type {Record<string, string>} */ problems = {}) => {
    if (scope.disposed) return;
    form.keep("problemas", problems);
    history.back();
  };
  return confirmStep(app, draft, { holder, back, scope, confirm: () => send(app, draft, scope) });
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
 * @param {{ kind: OperationKind, account: number, later: boolean, scope: Scope, next: (draft: Draft) => void }} options
 */
function operationForm(app, { kind, account, later, scope, next }) {
  const { here, bank } = app;
  /** @type {{ valor: string, conta: string, destino: string, descricao: string, cobranca?: number, quando?: When | null } | null} */
  const left = here.kept("campos");
  const amount = amountField();
  const source = accountSelect(app, kind, Number(left?.conta) || account, scope);
  const target = targetField(app, { source: source.input, scope });
  const description = descriptionField(kind);
  if (left) {
    amount.restore(left.valor);
    target.input.value = left.destino;
    target.show();
    description.input.value = left.descricao;
  }
  const request = (kind === "transferencia" && left?.cobranca) || null;
  // What was asked for is paid as it was asked for, or not at all.
  if (request) [amount.node, target.node].forEach(lock);
  const canWait = !request && (kind === "pagamento" || kind === "transferencia");
  const when = canWait ? whenFields({ on: later, left: left?.quando ?? null }) : null;
  const fields = {
    valor: amount,
    conta: source,
    ...(kind === "transferencia" ? { destino: target } : {}),
    ...(canWait ? { descricao: description } : {}),
  };
  const keep = () =>
    here.keep("campos", {
      valor: amount.input.value,
      conta: source.input.value,
      destino: target.input.value,
      descricao: description.input.value,
      ...(request ? { cobranca: request } : {}),
      quando: when && when.chosen,
    });
  const draft = () => ({
    kind,
    account: Number(source.input.value),
    cents: amount.cents,
    unread: amount.problem,
    description: description.input.value,
    target: Number(target.input.value) || null,
    request,
    when: when && when.chosen,
  });
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const problems = { ...problemsOf(draft(), bank.accounts), ...(when && when.problems) };
    if (showProblems({ ...fields, ...(when && when.fields) }, problems)) return;
    keep();
    next(draft());
  };
  // Nothing can be said of an amount before the accounts are there.
  const go = el("button", { type: "submit", "data-testid": "op-continuar" });
  const node = el(
    "form",
    { novalidate: true, onsubmit: submit, oninput: keep, "data-testid": `form-${kind}` },
    request ? el("p", { class: "form-notice", "data-testid": "op-cobranca" }, icon("hand-coins"), "Você está pagando uma cobrança: o valor e o destino são os dela.") : null,
    ...Object.values(fields).map((each) => each.node),
    when && when.node,
    go,
  );
  const ready = () => {
    go.disabled = !bank.loadedAt;
    setText(go, bank.loadedAt ? "Continuar" : "Carregando suas contas…");
  };
  scope.add(bank.on("load", ready));
  ready();
  const problems = here.take("problemas");
  // What is wrong takes the focus, which it can once it is on the page.
  if (problems) queueMicrotask(() => showProblems(fields, problems) || amount.input.focus());
  const check = () => {
    if (!bank.loadedAt || !account || bank.accounts.has(account)) return;
    source.fail(`A conta ${account} não é sua. Escolha uma das suas.`);
  };
  scope.add(bank.on("load", check));
  check();
  return node;
}

/** @param {HTMLElement} node whose value is given */
function lock(node) {
  node.querySelectorAll("input").forEach((input) => (input.readOnly = true));
  node.querySelectorAll("select").forEach((select) => (select.disabled = true));
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
  if (draft.when) return sendLater(app, { ...draft, when: draft.when }, scope);
  const body = bodyOf(draft);
  const answer = await app.part(makeOperations).send({ kind: draft.kind, body, summary: summaryOf(draft) }, approvedHere(scope));
  if (answer && !scope.disposed) replaceWith(receiptPath(answer.movimentacao));
}

/**
 * @param {App} app
 * @param {Draft & { when: When }} draft
 * @param {Scope} scope
 */
async function sendLater(app, draft, scope) {
  await makeSchedule(app, draft, { here: app.here, newKey, approve: approvedHere(scope) });
  toast({ title: "Agendado", text: summaryOf(draft), kind: "ok", href: "#/agenda" });
  if (!scope.disposed) replaceWith("agenda");
}
