"""`python -m worker chaves`: the keys that tokens are signed with, and how to change them."""

from collections.abc import Callable

import click

from app import clock, keys
from app.keys import BadKeys, Key
from app.settings import SettingsError, TokenKeys


@click.group(invoke_without_command=True)
@click.pass_context
def chaves(context: click.Context) -> None:
    """The keys of tokens: JWT_KEYS, or JWT_SECRET where there is no set.

    Without a command: lists them by kid, never the keys themselves. The others print a set, which is a secret, and
    change nothing: what they print is the next value of JWT_KEYS.

    \b
    To change the key without logging anybody out:
      1. chaves nova            put what it prints on every node, and restart the nodes one by one
      2. chaves promover KID    the same with what that prints; from now on the new key signs
      3. wait JWT_TTL_S: until then there are tokens of the old key
      4. chaves remover KID     the same with the old key's kid
    A set that began with JWT_SECRET (jwt-secret in the list) has it until step 4; leave JWT_SECRET out then, too.
    """
    try:
        context.obj = TokenKeys.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    if context.invoked_subcommand is None:
        for line in _lines(context.obj):
            click.echo(line)


def _lines(settings: TokenKeys) -> list[str]:
    lines = [
        f"{key.kid:<{keys.KID_CHARS_MAX}} {'verifies' if n else 'signs, verifies'}"
        for n, key in enumerate(settings.jwt_keys)
    ]
    if settings.secret:
        use = "verifies tokens without a kid" if lines else "signs, verifies"
        lines.append(f"{'JWT_SECRET, without a kid':<{keys.KID_CHARS_MAX}} {use}")
    return lines or ["no key: neither JWT_KEYS nor JWT_SECRET is set"]


@chaves.command()
@click.pass_obj
def nova(settings: TokenKeys) -> None:
    """Print the set with a new key behind the others, which verifies and does not sign yet."""
    kid = clock.day_of(clock.now()).isoformat()
    _print(lambda: keys.with_new(settings.jwt_keys, secret=settings.secret, kid=kid))


@chaves.command()
@click.argument("kid")
@click.pass_obj
def promover(settings: TokenKeys, kid: str) -> None:
    """Print the set with the key KID in front, where it signs."""
    _print(lambda: keys.promoted(settings.jwt_keys, kid))


@chaves.command()
@click.argument("kid")
@click.pass_obj
def remover(settings: TokenKeys, kid: str) -> None:
    """Print the set without the key KID; its tokens are refused from then on."""
    _print(lambda: keys.without(settings.jwt_keys, kid))


def _print(changed: Callable[[], tuple[Key, ...]]) -> None:
    try:
        click.echo(keys.written(changed()))
    except BadKeys as error:
        raise click.ClickException(f"JWT_KEYS {error}") from None
