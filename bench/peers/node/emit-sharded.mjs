// One emit by a server with the sharded adapter, which has no emitter of its own.
import { createShardedAdapter } from "@socket.io/redis-adapter"
import { createClient } from "redis"
import { Server } from "socket.io"

const [redisPort, room, payload] = process.argv.slice(2)
const publisher = createClient({ url: `redis://127.0.0.1:${redisPort}` })
const subscriber = publisher.duplicate()
await Promise.all([publisher.connect(), subscriber.connect()])
const io = new Server({ adapter: createShardedAdapter(publisher, subscriber) })
io.to(room).emit("notificacao", JSON.parse(payload))
await publisher.close()
process.exit(0)
