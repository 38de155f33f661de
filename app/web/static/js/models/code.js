// @ts-check

/**
 * A code as the bank compares it, without what only groups it. Keyboards of telephones make one dash of two, and a
 * header takes no such sign.
 * @param {string} text as it was typed
 */
export const readCode = (text) => text.normalize("NFKC").replace(/[^a-z0-9]/gi, "");

/**
 * In fours, so that it can be read and typed.
 * @param {string} secret
 */
export const inGroups = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");
