// @ts-check
import { el, fill, icon, setText } from "../lib/dom.js";
import { navigate } from "../lib/router.js";
import { longDay } from "../models/dates.js";
import { formatAmount, formatBRL, toCents, toDecimal } from "../models/money.js";
import { DESCRIPTION_MAX, OPERATIONS } from "../models/operation.js";
import { datesOf, outcomeWords, repeatWords, sourceOf, titleOf, whenOf, whenProblems } from "../models/schedule.js";
import { absent } from "./absent.js";
import { amountField } from "./amount_field.js";
import { approvedHere } from "./code_dialog.js";
import { field, showProblems } from "./field.js";
import { toast } from "./toasts.js";
import { dateFields } from "./when_fields.js";
/** @import { App } from "../app.js" */
/** @import { Agenda } from "../lib/agenda.js" */
/** @import { Scope } from "../lib/scope.js" */
/** @import { Schedule } from "../types/wire.js" */

/**
 * One schedule: what it is, and while it is active the ways to change and to cancel it.
 * @param {App} app
 * @param {Agenda} agenda
 * @param {number} id
 * @param {Scope} scope
 */
export function scheduleView(app, agenda, id, scope) {
  const stage = el("div", { class: "panel operation", "aria-busy": "true" });
  const node = el("div", { class: "operate" }, el("header", { class: "section-head" }, el("h1", {}, "Agendamento"), el("a", { href: "#/agenda" }, "Voltar à agenda")), stage);
  let shown = "";
  const update = () => {
    const schedule = agenda.find(id);
    // What is being changed here is not written over by what did not change there.
    const now = schedule ? JSON.stringify(schedule) : `${agenda.failed}`;
    if (now === shown) return;
    shown = now;
    stage.removeAttribute("aria-busy");
    if (schedule) fill(stage, facts(app, schedule), schedule.estado === "ativo" ? form(app, schedule, scope) : null);
    else if (agenda.failed) fill(stage, el("p", { class: "form-notice", role: "status" }, icon("triangle-alert"), agenda.failed));
    else fill(stage, absent("Este agendamento não existe", "Ou não é seu, ou já faz muito tempo que terminou."));
  };
  scope.add(agenda.on("change", update));
  return { node, title: "Agendamento", dispose: () => scope.dispose() };
}

/**
 * @param {App} app
 * @param {Schedule} schedule
 */
function facts({ bank }, schedule) {
  const { tipo, valor, dia_util: done, ultima: last, correntista_id_destino: target } = schedule;
  const source = sourceOf(schedule);
  const name = bank.accounts.find(source)?.name;
  const fact = (/** @type {string} */ label, /** @type {string | HTMLElement} */ value) => el("div", {}, el("dt", {}, label), el("dd", {}, value));
  return el(
    "div",
    { class: "confirm" },
    el("h2", {}, `${OPERATIONS[tipo].title}: ${titleOf(schedule)}`),
    el("p", { class: "confirm-sum" }, formatBRL(toCents(valor))),
    el(
      "dl",
      { class: "facts" },
      fact("Da conta", name ? `${name} · conta ${source}` : `conta ${source}`),
      target ? fact("Para a conta", String(target)) : null,
      fact("Repete", repeatWords(whenOf(schedule))),
      done ? fact("Próxima vez", longDay(done)) : null,
      last || schedule.estado === "cancelado" ? fact("Situação", outcomeWords(schedule)) : null,
      last?.operacao_id ? fact("Comprovante", el("a", { href: `#/comprovante/${last.operacao_id}` }, "Ver comprovante")) : null,
    ),
    last && last.resultado !== "feito" ? el("p", { class: "form-notice" }, icon("triangle-alert"), last.mensagem) : null,
  );
}

/**
 * @param {App} app
 * @param {Schedule} schedule
 * @param {Scope} scope
 */
function form(app, schedule, scope) {
  const { id, tipo, valor, descricao, proxima_data: next } = schedule;
  const amount = amountField();
  const input = el("input", { id: "descricao", name: "descricao", maxlength: DESCRIPTION_MAX, autocomplete: "off", "data-testid": "op-descricao" });
  const description = field(tipo === "pagamento" ? "O que está pagando" : "Mensagem (opcional)", input);
  const when = whenOf(schedule);
  const dates = dateFields({ ...when, day: next ?? when.day });
  amount.restore(formatAmount(toCents(valor)));
  input.value = descricao;
  const fields = { valor: amount, descricao: description, ...dates.fields };
  const notice = el("p", { class: "form-notice", role: "alert", "data-testid": "op-aviso" });
  const save = el("button", { type: "submit", "data-testid": "agenda-salvar" }, "Salvar");
  const cancel = el("button", { type: "button", class: "secondary outline", "data-testid": "agenda-cancelar", onclick: () => askCancel(app, schedule) }, "Cancelar agendamento");
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (showProblems(fields, problemsOf(tipo, amount, input.value, dates.chosen))) return;
    notice.replaceChildren();
    save.disabled = true;
    try {
      const change = { valor: toDecimal(amount.cents), descricao: input.value.trim(), ...datesOf(dates.chosen) };
      await approvedHere(scope)((headers) => app.http.put(`/agendamentos/${id}`, change, headers));
      toast({ title: "Agendamento alterado", text: titleOf(schedule), kind: "ok" });
      navigate("agenda");
    } catch (error) {
      fill(notice, icon("triangle-alert"), /** @type {Error} */ (error).message);
    }
    save.disabled = false;
  };
  return el(
    "form",
    { class: "agenda-edit", novalidate: true, onsubmit: submit, "aria-label": "Alterar", "data-testid": "form-agendamento" },
    el("h2", {}, "Alterar"),
    ...Object.values(fields).map((each) => each.node),
    notice,
    el("div", { class: "actions" }, cancel, save),
  );
}

/**
 * @param {Schedule["tipo"]} kind
 * @param {{ cents: number, problem: string }} amount
 * @param {string} description
 * @param {import("../models/schedule.js").When} when
 */
function problemsOf(kind, amount, description, when) {
  /** @type {Record<string, string>} */
  const found = whenProblems(when);
  if (amount.problem || amount.cents === 0) found.valor = amount.problem || "Digite um valor.";
  if (kind === "pagamento" && description.trim() === "") found.descricao = "Diga o que está pagando.";
  return found;
}

/**
 * @param {App} app
 * @param {Schedule} schedule
 */
function askCancel({ http }, schedule) {
  const refused = el("p", { class: "field-error", role: "alert" });
  const keep = el("button", { type: "button", class: "secondary outline", onclick: () => dialog.close() }, "Manter");
  const submit = el("button", { type: "submit", "data-testid": "agenda-cancelar-sim" }, "Cancelar agendamento");
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await http.delete(`/agendamentos/${schedule.id}`);
      dialog.close();
      toast({ title: "Agendamento cancelado", text: titleOf(schedule), kind: "ok" });
      navigate("agenda");
    } catch (error) {
      submit.disabled = false;
      setText(refused, /** @type {Error} */ (error).message);
    }
  };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "cancelar-titulo", onclose: () => dialog.remove() },
    el(
      "form",
      { class: "dialog", onsubmit: send },
      el("h2", { id: "cancelar-titulo" }, "Cancelar este agendamento?"),
      el("p", {}, `${titleOf(schedule)}, ${formatBRL(toCents(schedule.valor))}. Nada mais dele será feito.`),
      refused,
      el("div", { class: "actions" }, keep, submit),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
