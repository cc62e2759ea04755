"""The commands under ``poolhouse plugins``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import as_command

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The settings file (default: $POOLHOUSE_CONFIG, or ./poolhouse.toml)."),
]
PluginsDir: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Each file in this folder is a plugin, beside the installed ones.")
]

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def plugins(
    command: typer.Context,
    config: Config = None,
    plugins_dir: PluginsDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show each hook with its kind and the plugins that implement it, in calling order.

    \b
    Examples:
      poolhouse plugins
      poolhouse plugins --json
      poolhouse plugins --plugins-dir plugins
      poolhouse plugins new reserved-names
    """
    as_command(command)
    if command.invoked_subcommand is None:
        _show(config, plugins_dir, as_json=as_json)


def _show(config: Path | None, plugins_dir: Path | None, *, as_json: bool) -> None:
    import json

    from poolhouse.cli.checking import loaded_plugins
    from poolhouse.cli.failures import told
    from poolhouse.cli.opening import settings_of
    from poolhouse.cli.plugin_files import plugins_in

    settings = settings_of(config)
    with told():
        files = plugins_in(plugins_dir) if plugins_dir is not None else []
        hooks = loaded_plugins(settings, files).describe()
    if as_json:
        described = [
            {
                "hook": hook.name,
                "kind": hook.kind,
                "plugins": [{"name": name, "place": place} for name, place in hook.implementations],
            }
            for hook in hooks
        ]
        typer.echo(json.dumps(described, indent=2))
        return
    width = max(len(hook.name) for hook in hooks)
    for hook in hooks:
        names = ", ".join(f"{name} ({place})" if place else name for name, place in hook.implementations)
        typer.echo(f"{hook.name:<{width}}  {hook.kind:<8} {names or '-'}")


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in reserved-names.")],
) -> None:
    """Make the project of a new plugin here: its package, a test, types, CI. Its tests pass as they are.

    \b
    Examples:
      poolhouse plugins new reserved-names
    """
    from poolhouse.cli.plugin_project import new_project

    folder = new_project(name, Path())
    typer.echo(f"{folder} is there. Its README.md says how its tests are run.")
