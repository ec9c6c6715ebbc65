"""Click: commands and groups by decorator, options by name, help from docstrings."""

import functools

import click
from click.testing import CliRunner


def common(function):
    @click.option("--loud/--quiet", default=False, help="How to say it.")
    @functools.wraps(function)
    def wrapper(*args, loud, **kwargs):
        said = function(*args, **kwargs)
        click.echo(said.upper() if loud else said)

    return wrapper


class Length(click.ParamType):
    name = "length"

    def convert(self, value, param, ctx):
        if not value.endswith("m"):
            self.fail(f"{value} is no length", param, ctx)
        return int(value[:-1])


def checked(ctx, param, value):
    if value and value < 0:
        raise click.BadParameter("below zero")
    return value


@click.group(invoke_without_command=True)
@click.version_option("1.2")
@click.pass_context
def main(ctx):
    """The shop.

    Sells.
    """
    ctx.obj = {"name": "shop"}
    ctx.call_on_close(lambda: click.echo("closed"))


@main.command()
@click.argument("names", nargs=-1)
@click.option("-n", "--number", type=int, callback=checked, show_default=True, default=1)
@common
@click.pass_obj
def greet(obj, names, number):
    """Greets NAMES."""
    return f"{obj['name']} {' '.join(names)} {number}"


@main.command("walk", short_help="Walks.")
@click.option("--length", type=Length(), required=True)
def walk_far(length):
    click.echo(length * 2)


@main.group()
def more(): ...


@more.command()
@click.confirmation_option(prompt="Sure?")
def drop():
    raise click.ClickException("can't")


@more.result_callback()
def after(result, **kwargs):
    return result


def answer():
    runner = CliRunner()
    commands = (
        [["--help"], ["--version"], ["greet", "a", "b", "--loud"], ["greet", "--help"], []]
        + [["greet", "-n", "-1"], ["walk-far"], ["walk", "--length", "3m"], ["walk"]]
        + [["walk", "--length", "3"], ["more", "drop", "--yes"], ["nothing"]]
    )
    results = [runner.invoke(main, each) for each in commands]
    names = [main.name, greet.name, sorted(main.commands), sorted(more.commands)]
    return names, [(each.exit_code, each.output, repr(each.exception)) for each in results]
