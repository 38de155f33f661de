// One emit by the adapter's own emitter: what it publishes is the wire format that the load emitter repeats.
import { Emitter } from "@socket.io/redis-emitter"
import { createClient } from "redis"

const [redisPort, room, payload] = process.argv.slice(2)
const client = createClient({ url: `redis://127.0.0.1:${redisPort}` })
await client.connect()
new Emitter(client).to(room).emit("notificacao", JSON.parse(payload))
await client.close()
