// Node's Socket.IO behind its Redis adapter, doing what the other servers do: a room a user, the same events on connect.
// server.mjs PORT REDIS_PORT [sharded]
import { createServer } from "node:http"
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter"
import { createClient } from "redis"
import { Server } from "socket.io"

const [port, redisPort] = process.argv.slice(2, 4).map(Number)
const adapt = process.argv[4] === "sharded" ? createShardedAdapter : createAdapter
const publisher = createClient({ url: `redis://127.0.0.1:${redisPort}` })
const subscriber = publisher.duplicate()
for (const client of [publisher, subscriber]) client.on("error", () => {})
await Promise.all([publisher.connect(), subscriber.connect()])

const http = createServer((request, response) => {
  response.writeHead(request.url === "/healthz" ? 200 : 404, { "content-length": "0" })
  response.end()
})
const io = new Server(http, { adapter: adapt(publisher, subscriber) })
// The memory advice of Socket.IO's own documentation: let go of the handshake's request.
io.engine.on("connection", (raw) => { raw.request = null })
io.on("connection", (socket) => {
  const { uid } = socket.handshake.auth
  socket.emit("conexao", { mensagem: "Conectado ao servidor WebSocket" })
  socket.join([`user_${uid}`, "todos"])
  socket.emit("autenticado", { mensagem: "Autenticado com sucesso", usuario_id: uid, email: `u${uid}@teste.com` })
})
http.listen(port, "127.0.0.1", 4096)
process.on("SIGTERM", () => process.exit(0))
