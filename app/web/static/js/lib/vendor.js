// @ts-check
import { styled } from "./stylesheets.js";

const folder = new URL("../../vendor/", import.meta.url).pathname;

/**
 * A third-party module that set-up put beside ours. The address is made here, so that the checker
 * takes the types of the package and does not read the copy.
 * @param {string} file
 * @returns {Promise<any>}
 */
const load = (file) => import(`${folder}${file}`);

/** @returns {Promise<typeof import("socket.io-client")>} */
export const loadSocketIo = () => load("socket.io.esm.min.js");

/** @returns {Promise<typeof import("uplot")>} */
export const loadPlot = async () => (await styled(["../vendor/uPlot.min"], () => load("uPlot.esm.min.js"))).default;
