"""The faults. Each one breaks something, has the witnesses move money meanwhile, and mends it again."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.spawn import kill_group
from tests.cluster.chaos import faults_of_delivery as delivery
from tests.cluster.chaos import faults_of_network as network
from tests.cluster.chaos import faults_of_nights as nights
from tests.cluster.chaos import faults_of_schedules as schedules
from tests.cluster.chaos import faults_of_several as several
from tests.cluster.chaos.lab import NODES, WORKERS, Lab


@dataclass(frozen=True)
class Fault:
    """`work(lab, hold_s)` returns when what it broke is mended, though perhaps still starting.

    `hold_s`: how long it stays broken once the witnesses are done, in a long run and in a short one (None: not
    part of it). `extra_s`: what the fault itself may add to PROMISED_S, such as the time without any database.
    """

    name: str
    work: Callable[[Lab, float], None]
    hold_s: float
    short_hold_s: float | None
    extra_s: float = 0.0


def kill_web_node(lab: Lab, hold_s: float) -> None:
    name = f"web{lab.random.randint(1, NODES)}"
    old = lab.cluster.pid(name)
    kill_group(old)
    lab.burst()
    lab.cluster.wait_restarted(name, old)


def replace_web_node(lab: Lab, hold_s: float) -> None:
    name = f"web{lab.random.randint(1, NODES)}"
    old = lab.cluster.pid(name)
    os.kill(old, signal.SIGTERM)
    lab.burst()
    lab.cluster.wait_restarted(name, old)


def stop_web_node(lab: Lab, hold_s: float) -> None:
    """Its sockets are silent, its requests wait, and it may hold locks; everybody else goes on."""
    pid = lab.cluster.pid(f"web{lab.random.randint(1, NODES)}")
    kill_group(pid, signal.SIGSTOP)
    lab.hold(hold_s)
    kill_group(pid, signal.SIGCONT)


def kill_worker(lab: Lab, hold_s: float) -> None:
    name = f"worker{lab.random.randint(1, WORKERS)}"
    kill_group(lab.cluster.pid(name))
    lab.burst()


def kill_nginx(lab: Lab, hold_s: float) -> None:
    """There is no other way in; what counts is how soon everybody is back after it."""
    old = lab.cluster.pid("nginx")
    lab.burst()
    for listener in lab.listeners():
        listener.away()
    kill_group(old)
    lab.cluster.wait_restarted("nginx", old)
    for listener in lab.listeners():
        listener.back()


def kill_redis(lab: Lab, hold_s: float) -> None:
    lab.redis.kill()
    lab.burst()
    lab.hold(hold_s)
    lab.redis.start()


def stop_redis(lab: Lab, hold_s: float) -> None:
    lab.redis.stop()
    lab.burst()
    lab.hold(hold_s)
    lab.redis.cont()


def kill_database(lab: Lab, hold_s: float) -> None:
    lab.burst()
    lab.mariadb.kill()
    lab.hold(hold_s)
    lab.mariadb.start()
    lab.burst()


def kill_everything(lab: Lab, hold_s: float) -> None:
    """As when the machine under all of it is switched off."""
    lab.burst()
    for entry in lab.cluster.processes():
        kill_group(entry["pid"])
    lab.redis.kill()
    lab.mariadb.kill()
    lab.hold(hold_s)
    lab.mariadb.start()
    lab.redis.start()
    lab.burst()


def stop_one_worker(lab: Lab, hold_s: float) -> None:
    _stop_workers(lab, hold_s, [lab.random.randint(1, WORKERS)])


def stop_every_worker(lab: Lab, hold_s: float) -> None:
    _stop_workers(lab, hold_s, list(range(1, WORKERS + 1)))


def _stop_workers(lab: Lab, hold_s: float, numbers: list[int]) -> None:
    pids = [lab.cluster.pid(f"worker{number}") for number in numbers]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    lab.burst()
    lab.hold(hold_s)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


FAULTS = [
    Fault("web node: SIGKILL", kill_web_node, 0, 0),
    Fault("web node: SIGTERM", replace_web_node, 0, None),
    Fault("web node: SIGSTOP", stop_web_node, 12, None, extra_s=12),
    Fault("worker: SIGKILL", kill_worker, 0, 0),
    Fault("workers: SIGKILL after publish", delivery.kill_between_publish_and_delete, 0, 0),
    Fault("worker: SIGKILL in a schedule", schedules.kill_in_the_middle, 0, 0),
    Fault("devices away, schedule done", schedules.do_while_devices_are_away, 0, 0),
    Fault("one of two workers: SIGSTOP", stop_one_worker, 15, 3),
    Fault("every worker: SIGSTOP", stop_every_worker, 10, 6.5),
    Fault("nginx: SIGKILL", kill_nginx, 0, 0),
    Fault("Redis: SIGKILL", kill_redis, 3, 3),
    Fault("Redis: SIGKILL, long", kill_redis, 40, None),
    Fault("Redis: SIGSTOP", stop_redis, 12, 7),
    Fault("Redis: all data lost", delivery.empty_redis, 0, 0),
    Fault("Redis: subscriptions cut", delivery.cut_subscriptions, 0, 0),
    Fault("Redis: subscriptions silent", delivery.deafen_subscriptions, 8, None),
    Fault("last message of a burst lost", delivery.drop_last_message, 0, 0),
    Fault("mariadbd: SIGKILL", kill_database, 3, 1, extra_s=8),
    Fault("all of it at once: SIGKILL", kill_everything, 2, None, extra_s=30),
    Fault("client network: slow", network.slow, 6, 2),
    Fault("client network: stalled", network.stall, 6, None),
    Fault("client network: cut", network.cut, 4, 2),
    Fault("client network: vanished", network.vanish, 4, None),
    Fault("mariadbd: read-only", nights.make_database_read_only, 5, None),
    Fault("mariadbd: disk full", nights.fill_database_disk, 5, None, extra_s=70),
    Fault("mariadbd: connections used up", nights.use_up_connections, 8, None, extra_s=8),
    Fault("Redis: out of memory", nights.fill_redis, 8, None),
    Fault("Redis: READONLY", nights.make_redis_a_replica, 8, None),
    Fault("Redis: 300 ms late", nights.slow_redis, 10, None),
    Fault("web node: descriptors used up", nights.use_up_descriptors, 8, None),
    Fault("web node: starved of CPU", nights.starve_web_node, 8, None),
    Fault("outbox: a poison row", nights.poison_outbox, 0, 0),
]

# Where there are several databases and several Redis. Those of a database add what a failover takes.
FAULTS_OF_SEVERAL = [
    Fault("database that is written to: SIGKILL", several.kill_written_database, 3, None, extra_s=12),
    Fault("another database: SIGKILL", several.kill_another_database, 3, None, extra_s=12),
    Fault("Redis primary: SIGKILL", several.kill_redis_primary, 3, None),
    Fault("both primaries: SIGKILL", several.kill_both_primaries, 2, None, extra_s=12),
    Fault("web node: SIGKILL", kill_web_node, 0, None),
    Fault("worker: SIGKILL", kill_worker, 0, None),
    Fault("worker: SIGKILL in a schedule", schedules.kill_in_the_middle, 0, None),
]
