"""Migrations, then demo data, in one process: loading the program takes longer than either."""

import sys

import click

COMMANDS = ("migrate", "demo")


def main() -> None:
    # Loading it patches the standard library, so nothing else may be loaded before.
    from worker.__main__ import cli

    try:
        for command in COMMANDS:
            cli([command], standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
