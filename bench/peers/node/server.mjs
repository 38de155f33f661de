// Node's Socket.IO behind its Redis adapter, doing what the other servers do: a room a user, the same events on connect.
// server.mjs PORT REDIS_PORT [sharded|checked]
// checked: also sharded, and a client proves who it is by a token that the database did not revoke, as with this project:
// JWT_SECRET, DATABASE_PORT, DATABASE_USER, DATABASE_PASSWORD, DATABASE_NAME.
import { createServer } from "node:http"
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter"
import { createClient } from "redis"
import { Server } from "socket.io"

const [port, redisPort] = process.argv.slice(2, 4).map(Number)
const form = process.argv[4]
const adapt = form ? createShardedAdapter : createAdapter
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
  const { uid } = socket.data.uid ? socket.data : socket.handshake.auth
  socket.emit("conexao", { mensagem: "Conectado ao servidor WebSocket" })
  socket.join([`user_${uid}`, "todos"])
  socket.emit("autenticado", { mensagem: "Autenticado com sucesso", usuario_id: uid, email: `u${uid}@teste.com` })
})
if (form === "checked") io.use(await checks(process.env))
http.listen(port, "127.0.0.1", 4096)
process.on("SIGTERM", () => process.exit(0))

async function checks(env) {
  const { default: jwt } = await import("jsonwebtoken")
  const { createPool } = await import("mysql2/promise")
  const pool = createPool({
    host: "127.0.0.1",
    port: Number(env.DATABASE_PORT),
    user: env.DATABASE_USER,
    password: env.DATABASE_PASSWORD,
    database: env.DATABASE_NAME,
    connectionLimit: 4,
  })
  const known = `
    SELECT users.id, users.token_generation, revocations.session_id, user_streams.seq
    FROM users JOIN user_streams ON user_streams.user_id = users.id
    LEFT JOIN revocations ON revocations.user_id = users.id AND revocations.session_id = ?
    WHERE users.id = ?`
  return async (socket, next) => {
    try {
      const claims = jwt.verify(socket.handshake.auth.token, env.JWT_SECRET, { algorithms: ["HS256"] })
      const [[user]] = await pool.execute(known, [claims.sid, claims.sub])
      if (!user || user.session_id !== null || user.token_generation !== claims.ger) throw new Error("revoked")
      Object.assign(socket.data, { uid: user.id, seq: user.seq })
      next()
    } catch (error) {
      next(error)
    }
  }
}
