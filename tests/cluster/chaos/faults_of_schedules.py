"""What happens while a worker does what is due."""

from app.jobs.actions import RETRY_S
from deploy.local.spawn import kill_group
from tests.cluster.chaos.lab import Lab
from tests.support.people import eventually

# The job comes every five seconds, later after a failure, and at once while there is more to do.
TAKEN_WITHIN_S = 30.0 + RETRY_S
WEEKS = 2


def kill_in_the_middle(lab: Lab, hold_s: float) -> None:
    """A worker has begun to move the money of a date, and is killed before its commit."""
    payer, payee = lab.witnesses
    with lab.operator.holding(payer.login.account):
        schedule = payer.agenda.transfer(payee.login, 1_11, weeks=WEEKS)
        assert schedule is not None
        eventually(lambda: lab.operator.is_in_work(schedule.id), "a worker that does the schedule", TAKEN_WITHIN_S)
        pid = lab.operator.running_pid()
        assert pid is not None
        kill_group(pid)
    eventually(lambda: lab.operator.are_over([schedule.id]), "its dates done by another worker", TAKEN_WITHIN_S)


def do_while_devices_are_away(lab: Lab, hold_s: float) -> None:
    """Both people have put all devices away; then they come back."""
    payer, payee = lab.witnesses
    devices = [*payer.devices, *payee.devices]
    for device in devices:
        device.leave()
    try:
        schedule = payer.agenda.transfer(payee.login, 1_13, weeks=WEEKS)
        assert schedule is not None
        eventually(lambda: lab.operator.are_over([schedule.id]), "its dates done", TAKEN_WITHIN_S)
    finally:
        for device in devices:
            device.come_back()
