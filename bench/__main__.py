"""Run the benchmarks: `python -m bench [--quick] [--only deliver,connections,…]`."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import machine, report
from bench.build import BUILD, HERE, BuildFailed, build
from bench.lab import QUICK, Lab, Scale
from bench.measures import cluster, connections, deaf, deliver, money, presence, room, storm
from bench.payload import users
from bench.peers import Node, Peer, Stock
from bench.peers.ours import Ours
from tests.support.servers import DatabaseServer, mariadb_server

LIVE = ("deliver", "room", "deaf")
PEERS = ("ours", "stock", "node")
MEASURES = (*LIVE, "connections", "cluster", "money", "screen", "presence", "storm")


def main() -> int:
    arguments = _arguments()
    try:
        build()
    except BuildFailed as error:
        print(f"the benchmarks cannot be built: {error}", file=sys.stderr)
        return 1
    machine.raise_file_limit()
    with ExitStack() as exit_stack:
        directory = Path(exit_stack.enter_context(tempfile.TemporaryDirectory(prefix="saldo-bench-")))
        database = exit_stack.enter_context(mariadb_server())
        ours = Ours(database.url)
        scale = QUICK if arguments.quick else Scale()
        ours.prepare(users(max(scale.clients, cluster.CLIENTS, *scale.crowds)))
        peers: list[Peer] = [peer for peer in (ours, Stock(), Node()) if peer.name in arguments.peers]
        lab = Lab(peers, scale, directory)
        failed = _run(lab, database, arguments.only)
    about = machine.describe(lab.results.loads or [0])
    if arguments.note:
        about["Note"] = arguments.note
    if failed:
        about["Not measured, or not to the end"] = ", ".join(failed)
    lab.results.save(BUILD / "results.json", about)
    # Only a whole run replaces the figures that are kept.
    whole = not arguments.quick and not failed and (arguments.only, arguments.peers) == (MEASURES, PEERS)
    target = (HERE if whole else BUILD) / "RESULTS.md"
    target.write_text(report.render(lab.results, about))
    print(f"written to {target}")
    return 1 if failed else 0


def _run(lab: Lab, database: DatabaseServer, only: tuple[str, ...]) -> list[str]:
    """Every measure that is wanted; those that failed, whose end does not take the others with it."""
    failed = []

    def attempt(name: str, *steps: Callable[[], None]) -> None:
        try:
            for step in steps:
                step()
        except Exception:
            traceback.print_exc()
            failed.append(name)

    def live() -> None:
        delivering = (deliver.idle, deliver.run, deliver.durable, deliver.foreign)
        steps = {"deliver": delivering, "room": (room.run,), "deaf": (deaf.run,)}
        with lab.live() as lives:
            for name in filter(only.__contains__, LIVE):
                attempt(name, *(partial(step, lab, lives) for step in steps[name]))

    if set(only) & set(LIVE):
        attempt("live servers", live)
    alone = {
        "connections": partial(connections.run, lab),
        "cluster": partial(cluster.run, lab),
        "money": partial(money.run, lab, database),
        "screen": partial(money.screen, lab, database),
        "presence": partial(presence.run, lab, database),
        "storm": partial(storm.run, lab, database),
    }
    for name, step in alone.items():
        if name in only:
            attempt(name, step)
    return failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's run, small and rough")
    parser.add_argument("--only", type=_some_of(MEASURES), default=MEASURES, help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--peers", type=_some_of(PEERS), default=PEERS, help=f"some of {','.join(PEERS)}")
    parser.add_argument("--note", help="what else should be known of this run, for its table")
    return parser.parse_args()


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return names

    return read


if __name__ == "__main__":
    sys.exit(main())
