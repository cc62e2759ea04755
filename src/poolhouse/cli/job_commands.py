"""The commands under ``poolhouse jobs``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from poolhouse.cli.behalf import group

if TYPE_CHECKING:
    from poolhouse.records.jobs import Job

Config: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="The settings file.")]
JobId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="As `poolhouse jobs list` shows it.")]

app = group("Jobs: what goes on when the one who began it is gone.")


@app.command("list")
def list_jobs(
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False, config: Config = None
) -> None:
    """Show the jobs: those that live, those that failed, and for a week those that are done or were cancelled.

    \b
    Examples:
      poolhouse jobs list
      poolhouse jobs list --json
    """
    import json

    from poolhouse.cli import jobs
    from poolhouse.cli.listing import show
    from poolhouse.cli.opening import with_server

    def line(job: Job) -> str:
        if as_json:
            return json.dumps(jobs.summary(job))
        return f"{jobs.id_of(job):<44} {job.state:<9}  {jobs.told(job)}".rstrip()

    with_server(config, lambda server: show(jobs.listed(server), line, nothing="There are no jobs."))


@app.command()
def cancel(job: JobId, config: Config = None) -> None:
    """End a job: at once, or after the part that is under way. What it has done stays.

    A removal cannot be cancelled: what it began has to be finished.

    \b
    Example:
      poolhouse jobs cancel user-import/eu-west-1_AbCdEfGhI
    """
    from poolhouse.cli import jobs
    from poolhouse.cli.opening import with_server

    typer.echo(with_server(config, lambda server: jobs.cancel(server, job)))


@app.command()
def retry(job: JobId, config: Config = None) -> None:
    """Let a job go on that failed for good, was cancelled, or waits for another try.

    A running server takes it up; an import goes on when the same file is imported again.

    \b
    Example:
      poolhouse jobs retry pool-removal/eu-west-1_AbCdEfGhI
    """
    from poolhouse.cli import jobs
    from poolhouse.cli.opening import with_server

    typer.echo(with_server(config, lambda server: jobs.retry(server, job)))
