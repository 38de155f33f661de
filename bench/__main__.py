"""Run the benchmarks: `python -m bench [--quick] [--only deliver,connections,…]`."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import machine, report
from bench.build import BUILD, HERE, BuildFailed, build
from bench.lab import QUICK, Lab, Scale
from bench.measures import cluster, connections, deaf, deliver, money, room
from bench.payload import users
from bench.peers import Node, Peer, Stock
from bench.peers.ours import Ours
from tests.support.servers import DatabaseServer, mariadb_server

LIVE = ("deliver", "room", "deaf")
PEERS = ("ours", "stock", "node")
MEASURES = (*LIVE, "connections", "cluster", "money", "screen")


def main() -> int:
    arguments = _arguments()
    try:
        build()
    except BuildFailed as failed:
        print(f"the benchmarks cannot be built: {failed}", file=sys.stderr)
        return 1
    machine.raise_file_limit()
    with ExitStack() as exit_stack:
        directory = Path(exit_stack.enter_context(tempfile.TemporaryDirectory(prefix="saldo-bench-")))
        database = exit_stack.enter_context(mariadb_server())
        ours = Ours(database.url)
        scale = QUICK if arguments.quick else Scale()
        ours.prepare(users(max(money.USERS, *scale.crowds)))
        peers: list[Peer] = [peer for peer in (ours, Stock(), Node()) if peer.name in arguments.peers]
        lab = Lab(peers, scale, directory)
        _run(lab, ours, database, arguments.only)
    about = machine.describe()
    lab.results.save(BUILD / "results.json", about)
    # Only a whole run replaces the figures that are kept.
    whole = not arguments.quick and (arguments.only, arguments.peers) == (MEASURES, PEERS)
    target = (HERE if whole else BUILD) / "RESULTS.md"
    target.write_text(report.render(lab.results, about))
    print(f"written to {target}")
    return 0


def _run(lab: Lab, ours: Ours, database: DatabaseServer, only: tuple[str, ...]) -> None:
    if set(only) & set(LIVE):
        with lab.live() as lives:
            if "deliver" in only:
                deliver.idle(lab, lives)
                deliver.run(lab, lives)
                deliver.durable(lab, lives)
                deliver.foreign(lab, lives)
            if "room" in only:
                room.run(lab, lives)
            if "deaf" in only:
                deaf.run(lab, lives)
    if "connections" in only:
        connections.run(lab)
    if "cluster" in only:
        cluster.run(lab)
    if "money" in only:
        money.run(lab, ours, database.pid)
    if "screen" in only:
        money.screen(lab, ours)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's run, small and rough")
    parser.add_argument("--only", type=_some_of(MEASURES), default=MEASURES, help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--peers", type=_some_of(PEERS), default=PEERS, help=f"some of {','.join(PEERS)}")
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
