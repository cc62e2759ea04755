"""Jobs, as the commands treat them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from poolhouse.cli import jobs
from poolhouse.cli.failures import Failure
from poolhouse.errors import InvalidParameter
from poolhouse.records.jobs import Job
from poolhouse.records.pools import Pool
from poolhouse.server.app import Server


async def listed(server: Server) -> dict[str, Job]:
    return {jobs.id_of(job): job async for job in jobs.listed(server)}


async def test_jobs_are_listed_with_their_state_and_their_figures(server: Server, pool: Pool) -> None:
    leases = server.jobs.leases
    held = await leases.take("user-import", pool.id)
    assert held is not None
    await leases.renew(held, {"file": "0123abcd", "creates_groups": False, "lines": 64, "wrong": 1})
    await server.services.pools.delete(pool.id)
    found = await listed(server)
    running, waiting = found[f"user-import/{pool.id}"], found[f"pool-removal/{pool.id}"]

    assert ("running", "waiting") == (running.state, waiting.state)
    assert jobs.told(running) == "leased until 2027-01-15T08:00:10+00:00  lines 64, wrong 1"
    assert jobs.told(waiting).startswith("due 2027-01-15T08:00:00+00:00")
    assert {"state": "running", "leased_until": "2027-01-15T08:00:10+00:00", "due": None}.items() <= json.loads(
        json.dumps(jobs.summary(running))
    ).items()


async def test_a_held_job_ends_after_its_part_and_a_waiting_one_at_once(server: Server, pool: Pool) -> None:
    leases, job_id = server.jobs.leases, f"user-import/{pool.id}"
    held = await leases.take("user-import", pool.id)
    assert held is not None
    assert await jobs.cancel(server, job_id) == f"{job_id} ends after the part that is under way."
    assert "being cancelled" in jobs.told((await listed(server))[job_id])
    await leases.release(held)
    with pytest.raises(Failure, match="has ended already"):
        await jobs.cancel(server, job_id)

    waiting = await leases.take("user-import", pool.id)
    assert waiting is not None
    await leases.release(waiting)

    assert await jobs.cancel(server, job_id) == f"{job_id} is cancelled."
    with pytest.raises(Failure, match="has ended already"):
        await jobs.cancel(server, job_id)


async def test_a_removal_is_not_cancelled(server: Server, pool: Pool) -> None:
    await server.services.pools.delete(pool.id)

    with pytest.raises(InvalidParameter, match="has to be finished"):
        await jobs.cancel(server, f"pool-removal/{pool.id}")


async def test_what_was_given_up_is_told_with_its_error_and_can_be_tried_again(server: Server) -> None:
    leases = server.jobs.leases
    for _ in range(leases.pace.tries):
        held = await leases.take("count", "p")
        assert held is not None
        await leases.fail(held, "OSError")
    (failed,) = (await listed(server)).values()
    assert jobs.told(failed).endswith("failed 12 times in a row: OSError")

    assert await jobs.retry(server, "count/p") == "count/p goes on as soon as somebody takes it up."
    assert ["waiting"] == [job.state for job in (await listed(server)).values()]


@pytest.mark.parametrize("act", [jobs.cancel, jobs.retry])
@pytest.mark.parametrize("job_id", ["user-import/nobodys", "user-import", "", "/", "a/b/c"])
async def test_a_job_that_is_not_there_is_told_so(
    server: Server, act: Callable[[Server, str], Awaitable[str]], job_id: str
) -> None:
    with pytest.raises(Failure, match="There is no job"):
        await act(server, job_id)
