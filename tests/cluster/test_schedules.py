"""A schedule on the whole cluster: asked for on one node, done by one of the workers, told live on others."""

from collections.abc import Callable

from app import clock
from app.schedules import business_days
from tests.support.cluster import Cluster
from tests.support.people import Person, eventually


def test_what_is_due_today_is_done_by_itself_and_told_live_to_both(
    cluster: Cluster, person: Callable[..., Person]
) -> None:
    """On a day without banks it waits, and the page is told which day that is."""
    alice, bob = person("Alice Souza"), person("Bob Pereira")
    alice.deposit("100.00")
    today = clock.day_of(clock.now())
    wanted = {
        "tipo": "transferencia",
        "correntista_id_origem": alice.account,
        "correntista_id_destino": bob.account,
        "valor": "25.00",
        "data": today.isoformat(),
    }
    with alice.listening(cluster.node_url("web2")) as hers, bob.listening(cluster.node_url("web3")) as his:
        made = alice.post("/agendamentos", wanted).json()
        if not business_days.is_business_day(today):
            assert made["dia_util"] > today.isoformat()
            return
        done = hers.wait_for("notificacao", lambda payload: payload["dados"].get("agendamento_id") == made["id"])
        got = his.wait_for("notificacao", lambda payload: payload["tipo"] == "transferencia")

        assert (done.payload["dados"]["propria"], done.payload["dados"]["valor"]) == (False, 25.0)
        assert done.payload["dados"]["operacao_id"] == got.payload["dados"]["operacao_id"]
        eventually(lambda: alice.get("/agendamentos").json()[0]["estado"] == "encerrado", "the end of the schedule")
        assert (alice.balance(), bob.balance()) == (75.0, 25.0)
