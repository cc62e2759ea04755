""" "When things break" in docs/operating.md: each line is what a test does."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("\n## When things break\n")[2]
LINES = re.findall(r"^\| (?!What happens)([^|-].*?) \|", TABLE, re.MULTILINE)

E2E = "end_to_end"
PROMISED: dict[str, tuple[tuple[str, str], ...]] = {
    "servers are replaced one by one behind a proxy, under load": (
        ("deploy/test_rolling_restarts.py", "test_rolling_restarts_behind_nginx_and_haproxy_lose_no_request"),
        (f"{E2E}/test_stopping.py", "test_rolling_restarts_behind_a_proxy_lose_no_request"),
    ),
    "a server behind a proxy is gone without a word": (
        ("deploy/test_fronts.py", "test_a_server_that_is_gone_without_a_word_is_missed_by_nobody"),
    ),
    "no server is ready": (("deploy/test_fronts.py", "test_key_sets_are_served_behind_it_while_no_server_is_ready"),),
    "SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2": (
        (f"{E2E}/test_stopping.py", "test_no_signal_but_kill_loses_what_is_under_way"),
    ),
    "a backup while people sign in": (
        (f"{E2E}/test_copies.py", "test_a_backup_under_writes_ends_and_people_sign_in_on_the_copy"),
    ),
    "the SQLite file is damaged": ((f"{E2E}/test_copies.py", "test_damage_is_one_sentence_of_check_and_no_backup"),),
    "the store is away, locked by another process, full or damaged": (
        (f"{E2E}/test_store_away.py", "test_a_locked_store_is_503_in_time_and_no_wrong_password_and_key_sets_go_on"),
        (f"{E2E}/test_store_away.py", "test_a_full_disk_is_named_and_room_ends_it"),
    ),
    "the same, for who verifies tokens": (
        (f"{E2E}/test_store_away.py", "test_a_locked_store_is_503_in_time_and_no_wrong_password_and_key_sets_go_on"),
        ("deploy/test_fronts.py", "test_key_sets_are_served_behind_it_while_no_server_is_ready"),
    ),
    "the same, for who signs in": (
        (f"{E2E}/test_store_away.py", "test_a_locked_store_is_503_in_time_and_no_wrong_password_and_key_sets_go_on"),
        (f"{E2E}/test_store_away.py", "test_a_revoked_token_is_not_good_while_the_store_is_away"),
        ("security/test_27_outages_are_no_guesses.py", "test_what_was_not_checked_does_not_count"),
    ),
    "the SQLite file is deleted, emptied or replaced under a running server": (
        (f"{E2E}/test_store_away.py", "test_a_store_that_is_not_the_one_that_was_opened_acknowledges_nothing"),
    ),
    "MongoDB does a write, and its answer is lost (the connection breaks)": (
        ("contract/test_flows_lost_answers.py", "test_no_lost_answer_is_noticed"),
        ("contract/test_store_lost_answers.py", "test_every_verb_goes_on_and_has_happened_once"),
    ),
    "a server dies, or the store goes away, in the middle of a sign-up": (
        (
            "unit/flows/accounts/test_unfinished_sign_up.py",
            "test_the_same_request_once_more_finishes_what_the_first_began",
        ),
    ),
    "the answer to a refresh is lost on its way to a client that rotates without grace": (
        ("unit/flows/clients/test_grace.py", "test_rotation_without_grace_is_warned_of"),
    ),
    "a process reads the SQLite file and does not end its transaction": (
        (
            "unit/server/test_shortages.py",
            "test_a_long_log_of_the_store_is_one_line_and_another_when_it_is_short_and_again_when_it_grows_again",
        ),
    ),
    "a container (cgroup v2) or a process (`ulimit -v`) has no memory left for a hash": (
        ("unit/crypto/test_memory.py", "test_without_memory_a_password_is_answered_like_a_full_queue"),
        ("unit/crypto/test_memory.py", "test_a_process_with_a_narrow_address_space_refuses_before_it_begins"),
        (
            "unit/crypto/test_memory.py",
            "test_the_log_says_once_that_there_is_too_little_and_once_that_it_is_over",
        ),
    ),
    "the disk is full": ((f"{E2E}/test_store_away.py", "test_a_full_disk_is_named_and_room_ends_it"),),
    "`store.url` names a new, empty file": (
        (f"{E2E}/test_store_away.py", "test_a_new_empty_store_is_said"),
        ("unit/cli/test_kept.py", "test_an_empty_store_beside_its_key_is_not_taken_for_a_new_one"),
    ),
    "`store.url` names no file, and a command is asked": (
        (f"{E2E}/test_no_store_yet.py", "test_a_command_at_a_mistyped_address_says_so_and_leaves_nothing_behind"),
    ),
    "no thread for passwords can be started, or no memory for a hash is left": (
        ("unit/crypto/test_workers.py", "test_a_thread_that_cannot_start_costs_that_call_only"),
        ("unit/crypto/test_passwords.py", "test_no_memory_for_a_hash_is_a_full_queue_and_no_wrong_password"),
    ),
    "the threads for passwords do not move for 10 seconds": (
        ("unit/crypto/test_workers.py", "test_a_pool_that_does_not_move_says_so"),
        ("unit/server/test_health.py", "test_a_server_that_cannot_be_asked_says_why"),
        (f"{E2E}/test_serving.py", "test_a_worker_that_freezes_is_replaced"),
    ),
    "the clock is set back": (
        (
            "security/test_27_clock_set_back.py",
            "test_a_lock_does_not_last_for_the_day_that_the_clock_was_set_back",
        ),
        ("security/test_27_clock_set_back.py", "test_a_cached_record_is_read_again_where_the_clock_was_set_back"),
        ("security/test_27_clock_set_back.py", "test_a_limit_fills_again_where_the_clock_was_set_back"),
        ("security/test_27_clock_set_back.py", "test_codes_are_sent_again_where_the_clock_was_set_back"),
        ("unit/flows/jobs/test_clock_set_back.py", "test_a_lease_of_a_dead_owner_is_over_after_its_own_length"),
        ("unit/flows/jobs/test_clock_set_back.py", "test_a_job_that_waits_for_another_try_is_tried_at_once"),
        (
            "unit/flows/messages/test_clock_set_back.py",
            "test_a_message_that_somebody_dead_holds_is_sent_once_the_lease_is_over",
        ),
        ("unit/flows/messages/test_clock_set_back.py", "test_a_message_that_waits_for_another_try_is_sent"),
    ),
    "workers die, all of them too": (
        (f"{E2E}/test_serving.py", "test_a_worker_that_dies_is_replaced"),
        (f"{E2E}/test_serving.py", "test_where_all_workers_die_somebody_answers_at_once"),
    ),
    "a worker freezes": ((f"{E2E}/test_serving.py", "test_a_worker_that_freezes_is_replaced"),),
    "there are no files left for connections": (
        (f"{E2E}/test_serving.py", "test_a_server_without_files_says_so_in_a_line_and_a_figure"),
    ),
    "the clock makes a step": (("unit/server/test_shortages.py", "test_a_step_of_the_clock_is_one_line"),),
    "a mail server is away": (
        (f"{E2E}/test_outbox.py", "test_a_mail_server_that_is_away_for_seven_minutes_costs_no_message"),
    ),
    "a mail server hangs": (
        (f"{E2E}/test_outbox.py", "test_a_mail_server_that_hangs_holds_up_no_text_message"),
        ("unit/flows/messages/test_outbox.py", "test_a_sender_that_hangs_is_given_up_and_not_asked_again"),
    ),
    "a server is killed while it sends": (
        (
            f"{E2E}/test_outbox.py",
            "test_what_the_mail_server_did_not_greet_when_the_server_was_killed_is_sent_after_the_restart",
        ),
        (
            f"{E2E}/test_outbox.py",
            "test_what_was_handed_over_when_the_server_was_killed_is_unclear_and_comes_no_second_time",
        ),
        (
            "unit/flows/messages/test_outbox.py",
            "test_a_sender_that_tells_no_steps_may_have_handed_over_from_the_beginning",
        ),
    ),
    "nothing sends by a channel": (
        (
            "unit/flows/messages/test_outbox.py",
            "test_without_a_sender_messages_wait_together_unread_and_unwritten_and_that_is_told_once_per_channel",
        ),
    ),
}
"""By what happens: the tests that make it happen, and see what follows."""


def test_each_promise_has_its_tests() -> None:
    assert LINES
    assert set(LINES) - set(PROMISED) == set()


@pytest.mark.parametrize("test", sorted({test for tests in PROMISED.values() for test in tests}), ids="::".join)
def test_the_test_of_a_promise_is_there(test: tuple[str, str]) -> None:
    module, name = test

    assert name in _functions(module)


def test_no_test_is_kept_for_a_promise_that_is_not_made() -> None:
    assert set(PROMISED) - set(LINES) == set()


@cache
def _functions(module: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
