// @ts-check

export const PASSWORD_MIN = 10;
export const PASSWORD_BYTES_MAX = 72;
const DIFFERENT_MIN = 5;

/** What must be left of a password without the words and the walks that anybody could try. */
const OTHER_CHARS_MIN = 5;

/** The first that anybody tries. The bank has the long lists, and the last word. */
const COMMON = [
  "senha", "minha", "password", "iloveyou", "admin", "mudar", "acesso", "teste", "saldo", "vivo", "banco", "conta", "cliente",
  "brasil", "flamengo", "corinthians", "palmeiras", "jesus", "deus", "teamo", "amor", "familia",
];

/** Along the alphabet, the digits and the keys: the rows, the columns, and up and down between two rows. */
const WALKS = [
  "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjklç", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
  "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "qawsedrftgyhujikolp",
].flatMap((walk) => [walk, [...walk].reverse().join("")]);
const WALK_MIN = 3;

/** Signs that stand for letters. @type {Record<string, string>} */
const LETTERS = { "@": "a", 4: "a", 3: "e", 1: "i", "!": "i", 0: "o", $: "s", 5: "s", 7: "t" };

/**
 * How hard a password is to guess, in words that a person can act on.
 * @param {string} password
 * @param {string[]} [known] what anybody could try first: the name, the e-mail
 * @returns {{ level: 0 | 1 | 2 | 3 | 4, words: string }}
 */
export function strength(password, known = []) {
  if (password === "") return { level: 0, words: "" };
  const missing = PASSWORD_MIN - lengthOf(password);
  if (missing > 0) return { level: 1, words: `Curta: ${missing === 1 ? "falta 1 caractere" : `faltam ${missing} caracteres`}.` };
  if (new Set(password).size < DIFFERENT_MIN) return { level: 1, words: "Fraca: repete sempre os mesmos caracteres." };
  if (isGuessable(password.toLowerCase(), known)) return { level: 1, words: "Fraca: contém algo que se adivinha logo." };
  const kinds = [/[a-zà-ú]/, /[A-ZÀ-Ú]/, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length;
  const score = password.length + 3 * kinds + new Set(password).size;
  if (score < 22) return { level: 2, words: "Razoável: mais algumas letras ajudam." };
  if (score < 34) return { level: 3, words: "Boa." };
  return { level: 4, words: "Forte." };
}

/**
 * Whether it is known words and walks, and little else.
 * @param {string} password in small letters
 * @param {string[]} known
 */
function isGuessable(password, known) {
  const words = [...COMMON, ...known.flatMap((text) => text.toLowerCase().split(/[\s@._-]+/))].filter(({ length }) => length >= 4);
  words.sort((one, other) => other.length - one.length);
  const spelled = [...password].map((sign) => LETTERS[sign] ?? sign).join("");
  return [password, spelled].some((text) => {
    const rest = withoutWalks(words.reduce((left, word) => left.replaceAll(word, " "), text));
    return rest.length < text.length && rest.replace(/[^\p{L}\p{N}]/gu, "").length < OTHER_CHARS_MIN;
  });
}

/** @param {string} text */
function withoutWalks(text) {
  let rest = "";
  for (let at = 0; at < text.length; ) {
    const length = Math.max(...WALKS.map((walk) => stepsOf(walk, text, at)));
    if (length < WALK_MIN) rest += text[at];
    at += length < WALK_MIN ? 1 : length;
  }
  return rest;
}

/**
 * How many characters of `text` from `at` on go along the walk.
 * @param {string} walk
 * @param {string} text
 * @param {number} at
 */
function stepsOf(walk, text, at) {
  let steps = 0;
  while (at + steps < text.length && walk.includes(text.slice(at, at + steps + 1))) steps += 1;
  return steps;
}

/**
 * Characters as the bank counts them: spaces around are none, and an emoji is one.
 * @param {string} password
 */
function lengthOf(password) {
  return [...password.trim()].length;
}

/**
 * The form's own look before the server's; one text per field that is wrong.
 * @param {{ nome?: string, email: string, senha: string }} fields
 * @param {{ registering: boolean }} options
 * @returns {Record<string, string>}
 */
export function problems({ nome = "", email, senha }, { registering }) {
  const missing = senha === "" ? NO_PASSWORD : "";
  return onlyWrong({
    nome: registering && nome.trim().length < 2 ? "Diga como você se chama." : "",
    email: emailProblem(email),
    senha: registering ? newPasswordProblem(senha) : missing,
  });
}

export const NO_PASSWORD = "Digite a senha.";

/** @param {Record<string, string>} found by the names of the fields; empty texts for those that are right */
export const onlyWrong = (found) => Object.fromEntries(Object.entries(found).filter(([, text]) => text !== ""));

/** @param {string} email */
export const emailProblem = (email) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim()) ? "" : "Este e-mail não parece completo.");

/** @param {string} password */
export function newPasswordProblem(password) {
  if (password === "") return NO_PASSWORD;
  if (lengthOf(password) < PASSWORD_MIN) return `Use ao menos ${PASSWORD_MIN} caracteres.`;
  if (new Set(password).size < DIFFERENT_MIN) return "A senha repete sempre os mesmos caracteres.";
  return new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX ? "A senha é longa demais." : "";
}

/** Errors that are about one field, whatever their text. @type {Record<string, string>} */
const FIELD_OF_CODE = { credenciais_invalidas: "senha", senha_incorreta: "senha", codigo_incorreto: "codigo" };

/**
 * The field that an error of the server is about; empty for the form as a whole.
 * @param {string} code
 * @param {string} text
 */
export function fieldOf(code, text) {
  const said = text.toLowerCase();
  if (FIELD_OF_CODE[code]) return FIELD_OF_CODE[code];
  const [, named] = /^([a-z_]+): /.exec(said) ?? [];
  if (named) return named;
  if (said.includes("e-mail")) return "email";
  if (said.includes("senha")) return "senha";
  return said.includes("nome") ? "nome" : "";
}

/**
 * The server names the field first ("email: não é válido."); beside the field that is said already.
 * @param {string} text
 */
export function withoutField(text) {
  const said = text.replace(/^[a-z_.]+: /, "");
  return said.charAt(0).toUpperCase() + said.slice(1);
}
