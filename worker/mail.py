"""Sends what is in the outbox of mails. A worker that dies after a mail was sent sends it again."""

from collections import Counter

from app import clock
from app.db import Database
from app.jobs.job import Result
from app.mail import outbox
from worker.mail_sender import MailSender, Outcome

MAILS_AT_ONCE = 100
# Less than the job's lease by the longest mail.
RUN_S = 30


class MailJob:
    def __init__(self, db: Database, sender: MailSender) -> None:
        self._db = db
        self._sender = sender

    def run(self) -> Result:
        """What is due, for RUN_S. After a failure of the server the rest waits as well."""
        until_s = clock.monotonic_s() + RUN_S
        done: Counter[str] = Counter()
        found = self._db.read(outbox.due, MAILS_AT_ONCE)
        for mail in found:
            outcome = self._sender.send(mail)
            if outcome in (Outcome.LATER, Outcome.PUT_OFF):
                done["put off" if self._db.transact(outbox.put_off, mail) else "given up"] += 1
                if outcome is Outcome.LATER:
                    break
                continue
            self._db.transact(outbox.drop, mail.id)
            done[outcome.name.lower()] += 1
            if clock.monotonic_s() > until_s:
                break
        told = ", ".join(f"{how}: {count}" for how, count in sorted(done.items()))
        return Result(f"mails: {told or 'none'}", more=len(found) == MAILS_AT_ONCE and not done["put off"])
