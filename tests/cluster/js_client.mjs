// The browser's Socket.IO client, run by node: prints what it hears as JSON lines, emits what standard input says.
// node js_client.mjs <address> <transports as JSON> [<auth as JSON>]
import { createInterface } from "node:readline"
import { io } from "socket.io-client"

const [address, transports, auth] = process.argv.slice(2)
const socket = io(address, {
  transports: JSON.parse(transports),
  auth: auth ? JSON.parse(auth) : undefined,
  forceNew: true,
  reconnectionDelay: 50,
})

/** @param {string} event @param {unknown} [payload] */
const say = (event, payload) => console.log(JSON.stringify({ event, payload }))

socket.onAny((event, payload) => say(event, payload))
socket.io.on("open", () => socket.io.engine.once("upgrade", ({ name }) => say("upgrade", { transport: name })))
socket.on("connect", () => say("connect", { transport: socket.io.engine.transport.name, id: socket.io.engine.id }))
socket.on("disconnect", (reason) => say("disconnect", { reason }))
socket.on("connect_error", (error) => say("connect_error", { message: error.message }))

createInterface({ input: process.stdin })
  .on("line", (line) => socket.emit(...JSON.parse(line)))
  .on("close", () => {
    socket.close()
    process.exit(0)
  })
