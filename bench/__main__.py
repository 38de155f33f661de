"""Run the benchmarks: `python -m bench [--quick] [--only deliver,connections,…]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench import machine, report
from bench.build import BUILD, HERE, BuildFailed, build
from bench.lab import QUICK, Lab, Scale
from bench.measures import cluster, connections, deaf, deliver, room
from bench.peers import Node, Stock

LIVE = ("deliver", "room", "deaf")
MEASURES = (*LIVE, "connections", "cluster")


def main() -> int:
    arguments = _arguments()
    try:
        build()
    except BuildFailed as failed:
        print(f"the benchmarks cannot be built: {failed}", file=sys.stderr)
        return 1
    machine.raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="saldo-bench-") as directory:
        lab = Lab([Stock(), Node()], QUICK if arguments.quick else Scale(), Path(directory))
        _run(lab, arguments.only)
    about = machine.describe()
    lab.results.save(BUILD / "results.json", about)
    (BUILD if arguments.quick or arguments.only != MEASURES else HERE).joinpath("RESULTS.md").write_text(
        report.render(lab.results, about)
    )
    return 0


def _run(lab: Lab, only: tuple[str, ...]) -> None:
    if set(only) & set(LIVE):
        with lab.live() as lives:
            if "deliver" in only:
                deliver.idle(lab, lives)
                deliver.run(lab, lives)
                deliver.foreign(lab, lives)
            if "room" in only:
                room.run(lab, lives)
            if "deaf" in only:
                deaf.run(lab, lives)
    if "connections" in only:
        connections.run(lab)
    if "cluster" in only:
        cluster.run(lab)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's run, small and rough")
    parser.add_argument("--only", type=_names, default=MEASURES, help=f"some of {','.join(MEASURES)}")
    return parser.parse_args()


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(MEASURES):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(MEASURES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
