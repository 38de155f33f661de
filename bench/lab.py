"""What a run works with: the servers, how long and how large, and where figures go."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from bench.load import Client
from bench.payload import users
from bench.peers import Peer
from bench.results import Results
from bench.stack import Stack, stack

# Slowly enough that the heartbeats of the connections (one each 25 s) do not fall into one window.
CONNECT_PER_S = 50


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How long and how large."""

    clients: int = 1000
    connect_per_s: float = CONNECT_PER_S
    rounds: int = 5
    window_s: float = 3
    idle_s: float = 10
    settle_s: float = 1.5
    flood: int = 12_000
    crowds: tuple[int, ...] = (1000, 5000)
    clusters: tuple[int, ...] = (1, 2, 4, 8)
    outages_s: tuple[float, ...] = (3, 40)
    money_rounds: int = 5
    storm: int = 5000
    online: int = 10_000


QUICK = Scale(
    clients=200,
    connect_per_s=0,
    rounds=1,
    window_s=1,
    idle_s=2,
    settle_s=0.5,
    flood=3000,
    crowds=(200,),
    clusters=(1, 2),
    outages_s=(1,),
    money_rounds=1,
    storm=300,
    online=600,
)


@dataclass
class Lab:
    peers: list[Peer]
    scale: Scale
    directory: Path
    results: Results = field(default_factory=Results)

    @property
    def names(self) -> set[str]:
        return {peer.name for peer in self.peers}

    def rounds(self, stacks: list["Live"]) -> Iterator["Live"]:
        """Every stack, as many times as there are rounds, each round starting with another."""
        for number in range(self.scale.rounds):
            shift = number % len(stacks)
            yield from stacks[shift:] + stacks[:shift]

    @contextmanager
    def live(self) -> Iterator[list["Live"]]:
        """A node of each kind with its clients, all running at once."""
        with ExitStack() as exit_stack:
            lives = []
            for peer in self.peers:
                running = exit_stack.enter_context(stack(peer, self.directory / peer.name))
                running.add_nodes(1)
                lives.append(Live(running, running.client(users(self.scale.clients))))
            connecting = [Thread(target=live.connect, args=(self.scale,)) for live in lives]
            for thread in connecting:
                thread.start()
            for thread in connecting:
                thread.join()
            yield lives


@dataclass(frozen=True)
class Live:
    """A running node with its connected clients."""

    stack: Stack
    client: Client

    @property
    def name(self) -> str:
        return self.stack.peer.name

    def connect(self, scale: Scale) -> None:
        self.client.connect(scale.clients, per_second=scale.connect_per_s)
