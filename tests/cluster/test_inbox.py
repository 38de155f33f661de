"""The inbox over several nodes: what is read or preferred on one device is so on all of them."""

from tests.support.cluster import Cluster
from tests.support.people import Person


def given(alice: Person, bob: Person, times: int) -> None:
    """Notices 1 to `times` of Alice."""
    assert bob.deposit(f"{times}.00").status_code == 201
    for _ in range(times):
        assert bob.transfer(alice, "1.00").status_code == 201


def test_one_that_is_read_anywhere_is_read_on_every_device(cluster: Cluster, alice: Person, bob: Person) -> None:
    given(alice, bob, 3)
    with alice.listening(cluster.node_url("web1")) as here, alice.listening(cluster.node_url("web2")) as there:
        answer = alice.post("/notificacoes/lidas", {"seqs": [2]})
        assert answer.json() == {"ate": 0, "nao_lidas": 2, "seqs": [2]}
        for feed in (here, there):
            feed.wait_for("notificacoes_lidas", lambda told: told == answer.json())
        here.emit("notificacoes_lidas", {"seqs": [1]})
        there.wait_for("notificacoes_lidas", lambda told: told == {"ate": 2, "nao_lidas": 1, "seqs": [1]})
        here.emit("notificacoes_lidas", {"ate": 3})
        there.wait_for("notificacoes_lidas", lambda told: told == {"ate": 3, "nao_lidas": 0, "seqs": []})
    assert alice.get("/notificacoes").json()["nao_lidas"] == 0


def test_a_reading_says_what_was_read_and_of_not_too_much_at_once(alice: Person) -> None:
    bodies: list[dict[str, object]] = [{}, {"seqs": []}, {"seqs": list(range(101))}, {"seqs": ["1"]}]
    for body in bodies:
        assert alice.post("/notificacoes/lidas", body).status_code == 422


def test_a_filtered_inbox_says_where_it_goes_on(alice: Person, bob: Person) -> None:
    given(alice, bob, 3)
    assert alice.deposit("1.00").status_code == 201

    first = alice.get("/notificacoes", sentido="entrada", tipo="transferencia,saque", limite=2)
    rest = alice.get(first.links["next"]["url"])

    assert [row["seq"] for row in first.json()["notificacoes"]] == [3, 2]
    assert [row["seq"] for row in rest.json()["notificacoes"]] == [1]
    assert "next" not in rest.links
    assert alice.get("/notificacoes", tipo="transferencia,outro").status_code == 422


def test_what_is_preferred_reaches_every_device_and_an_old_client_sets_nothing_back(
    cluster: Cluster, alice: Person
) -> None:
    with alice.listening(cluster.node_url("web1")) as feed:
        kept = alice.put("/preferencias", {"ocultos": ["saque", "seguranca"], "push_valores": True}).json()
        assert (kept["ocultos"], kept["push_valores"]) == (["saque"], True)
        feed.wait_for("preferencias", lambda told: told == kept)

    assert alice.put("/preferencias", {"mudos": ["saque"]}).json() == {**kept, "mudos": ["saque"]}
    assert alice.get("/preferencias").json() == {**kept, "mudos": ["saque"]}
