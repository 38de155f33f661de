// @ts-check
import { ApiError } from "./http.js";
/** @import { Credentials, Passkey } from "../types/wire.js" */
/** @import { Http } from "./http.js" */

const NOT_DONE = "O aparelho não confirmou. Tente de novo quando quiser.";
const KNOWN_DEVICE = "Este aparelho já tem uma chave para a sua conta.";

/**
 * Whether this browser can use passkeys, and this page is where the bank takes them.
 * @param {Pick<Http, "get">} http
 * @returns {Promise<boolean>}
 */
export async function passkeysHere(http) {
  if (typeof PublicKeyCredential === "undefined" || !("parseRequestOptionsFromJSON" in PublicKeyCredential)) return false;
  return http.get("/chaves-de-acesso/disponiveis").then(
    ({ disponiveis, origem }) => disponiveis && origem === location.origin,
    () => false,
  );
}

/**
 * Raises an ApiError for a person.
 * @param {Pick<Http, "post">} http
 * @returns {Promise<Credentials>}
 */
export async function enterByPasskey(http) {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(await http.post("/login/chave/opcoes"));
  const credential = await asked(() => navigator.credentials.get({ publicKey: options }));
  return http.post("/login/chave", { credencial: credential });
}

/**
 * Raises an ApiError for a person.
 * @param {Pick<Http, "post">} http
 * @param {{ senha: string, codigo?: string }} proof
 * @returns {Promise<Passkey>}
 */
export async function makePasskey(http, proof) {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await http.post("/chaves-de-acesso/opcoes", proof));
  const credential = await asked(() => navigator.credentials.create({ publicKey: options }));
  return http.post("/chaves-de-acesso", { credencial: credential });
}

/**
 * @param {() => Promise<Credential | null>} ask
 * @returns {Promise<unknown>} as JSON
 */
async function asked(ask) {
  try {
    return /** @type {PublicKeyCredential} */ (await ask()).toJSON();
  } catch (error) {
    const known = error instanceof DOMException && error.name === "InvalidStateError";
    throw new ApiError(known ? KNOWN_DEVICE : NOT_DONE, { status: 0 });
  }
}
