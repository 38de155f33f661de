"""`python -m worker`: run a worker, send notifications, check the books, keep the schema."""

from gevent import monkey

monkey.patch_all()

from importlib import import_module  # noqa: E402

import click  # noqa: E402

from app.settings import SettingsError, Stores  # noqa: E402

# Where in worker.commands each command is; of these only the one that is asked for is loaded.
COMMANDS = {
    "administrador": "administration.administrador",
    "agenda": "agenda.agenda",
    "auditoria": "auditoria.auditoria",
    "chaves": "chaves.chaves",
    "conciliar": "conciliar.conciliar",
    "demo": "demo.demo",
    "doutor": "doutor.doutor",
    "drenar": "administration.drenar",
    "encerrar-sessoes": "administration.encerrar_sessoes",
    "migrate": "migrate.migrate",
    "notify": "notify.notify",
    "painel": "painel.painel",
    "restaurado": "restaurado.restaurado",
    "run": "run.run",
}


class Commands(click.Group):
    """COMMANDS, as click wants them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(".")
        command: click.Command = getattr(import_module(f"worker.commands.{module}"), name)
        return command


@click.group(cls=Commands)
@click.pass_context
def cli(context: click.Context) -> None:
    """Saldo Vivo's worker and its tools. Where the stores are: DATABASE_URL and REDIS_URL."""
    try:
        context.obj = Stores.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    cli(prog_name="python -m worker")
