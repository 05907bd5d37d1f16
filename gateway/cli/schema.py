"""`telco-gateway schema`: the graph as SDL, and whether it is still what was reviewed and released."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import ConfigurationError

schema = typer.Typer(help="The graph as SDL.", no_args_is_help=True)


@schema.command(name="print")
def print_sdl() -> None:
    """The SDL of this version, on stdout."""
    from gateway.schema import print_sdl as sdl

    typer.echo(sdl(), nl=False)


@schema.command()
def check(
    reviewed: Annotated[Path, typer.Option(help="The SDL as reviewed.")] = Path("contracts/schema.graphql"),
    released: Annotated[Path, typer.Option(help="The SDL clients use, if there is one.")] = Path(
        "contracts/released/schema.graphql"
    ),
    changelog: Annotated[Path, typer.Option(help="Where a breaking change is announced.")] = Path("CHANGELOG.md"),
) -> None:
    """Fails when the graph differs from the reviewed SDL, or breaks the released one without saying so.

    Exit code: 0 it is as reviewed, 1 it is not, 2 there is no reviewed SDL here to compare it with.
    """
    from gateway.schema import print_sdl as current_sdl

    if not reviewed.exists():
        raise ConfigurationError(
            f"--reviewed: {reviewed} is not there; run this in the repository, or name the SDL that was reviewed "
            "(telco-gateway schema print writes one)."
        )
    sdl, reviewed_sdl = current_sdl(), reviewed.read_text()
    difference = list(
        difflib.unified_diff(reviewed_sdl.splitlines(), sdl.splitlines(), str(reviewed), "this code", n=1)
    )
    if difference:
        typer.echo("\n".join(difference), err=True)
        typer.echo(f"\nIf this is meant: telco-gateway schema print > {reviewed}, and review the change.", err=True)
        raise typer.Exit(1)
    unannounced = _unannounced(released, sdl, changelog)
    for description in unannounced:
        typer.echo(f"breaks clients: {description}", err=True)
    if unannounced:
        typer.echo(f"\nDeprecate instead, or quote each line above in {changelog}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"the graph is what {reviewed} says")


def _unannounced(released: Path, sdl: str, changelog: Path) -> list[str]:
    """Breaking changes since the release that the changelog does not quote word by word."""
    from graphql import build_schema, find_breaking_changes

    if not released.exists():
        return []
    changes = find_breaking_changes(build_schema(released.read_text()), build_schema(sdl))
    announced = changelog.read_text() if changelog.exists() else ""
    return [change.description for change in changes if change.description not in announced]
