// @ts-check

/** A request without an answer for this long counts as unanswered. */
const ANSWER_MS_MAX = 20_000;

export class ApiError extends Error {
  /**
   * @param {string} message for a person
   * @param {{ status: number, code?: string }} facts status 0: no answer came
   */
  constructor(message, { status, code = "" }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const CUT_SHORT = "O arquivo não chegou inteiro. Tente de novo.";
export const NO_ANSWER = "Não houve resposta do banco. Confira sua conexão.";

export class Http {
  #token;
  #refused;

  /**
   * @param {object} parts
   * @param {() => string | null} parts.token
   * @param {(token: string, code: string) => void} parts.refused called when a token that was sent is no longer taken
   */
  constructor({ token, refused }) {
    this.#token = token;
    this.#refused = refused;
  }

  /** @param {string} path */
  get(path) {
    return this.#json("GET", path);
  }

  /**
   * One page of something long.
   * @param {string} path
   * @returns {Promise<{ body: any, next: string | null }>} `next`: the path of the page that follows, if one does
   */
  async page(path) {
    const response = await this.#fetch("GET", path);
    const next = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "");
    return { body: await response.json(), next: next && next[1] };
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   */
  post(path, body = {}, headers = {}) {
    return this.#json("POST", path, body, headers);
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @param {Record<string, string>} [headers]
   */
  put(path, body, headers = {}) {
    return this.#json("PUT", path, body, headers);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  delete(path, body) {
    return this.#json("DELETE", path, body);
  }

  /**
   * A file that only its owner may fetch, so that a plain link would not do. It must begin in time and may be long.
   * @param {string} path
   */
  async file(path) {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), ANSWER_MS_MAX);
    const response = await this.#fetch("GET", path, undefined, {}, waiting.signal).finally(() => clearTimeout(timer));
    return response.blob().catch(() => {
      throw new ApiError(CUT_SHORT, { status: 0 });
    });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>}
   */
  async #json(method, path, body, headers) {
    const response = await this.#fetch(method, path, body, headers);
    return response.status === 204 ? null : response.json();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @param {AbortSignal} [signal]
   */
  async #fetch(method, path, body, headers = {}, signal = AbortSignal.timeout(ANSWER_MS_MAX)) {
    const token = this.#token();
    const response = await fetch(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
    }).catch(() => {
      throw new ApiError(NO_ANSWER, { status: 0 });
    });
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.status === 401 && token) this.#refused(token, error.code);
    throw error;
  }
}

/** How the server says "later" where it does not say when; the page knows better once it was told. */
const VAGUE = /\s*(Aguarde[^.]*|Tente de novo em instantes)\.$/;

/** @param {Response} response */
async function errorOf(response) {
  const body = await response.json().catch(() => ({}));
  const said = body.erro ?? "O banco não pôde responder agora. Tente de novo em instantes.";
  const again = whenAgain(response);
  const text = again ? `${said.replace(VAGUE, "")}${again}` : said;
  return new ApiError(text, { status: response.status, code: body.codigo });
}

/**
 * The server says how long to wait; so the person is told, rather than left to guess.
 * @param {Response} response
 */
function whenAgain({ status, headers }) {
  const seconds = Math.ceil(Number(headers.get("Retry-After")));
  if (![429, 503].includes(status) || !(seconds > 0)) return "";
  return seconds < 100 ? ` Tente de novo em ${seconds} s.` : ` Tente de novo em ${Math.ceil(seconds / 60)} min.`;
}
