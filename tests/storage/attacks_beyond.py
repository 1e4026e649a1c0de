"""The tamper corpus on what others know of an archive: time stamps, a head on paper, the database."""

from __future__ import annotations

import hashlib
import re
import shutil

from attacks import attack
from attacks_chain import another_digit, drop_last
from tampering import Victim, redigested

# -- stamps ----------------------------------------------------------------------------------------


@attack("token_missing", "stamped")
def token_dropped(victim: Victim) -> None:
    victim.token_path(3).unlink()


@attack("token_unreadable", "stamped")
def token_of_nonsense(victim: Victim) -> None:
    victim.token_path(3).write_bytes(b"0\x82nonsense")


@attack("token_unreadable", "stamped")
def token_cut(victim: Victim) -> None:
    raw = victim.token_path(3).read_bytes()
    victim.token_path(3).write_bytes(raw[: len(raw) // 2])


@attack("token_mismatch", "stamped")
def token_of_another_manifest(victim: Victim) -> None:
    victim.token_path(3).write_bytes(victim.token_path(2).read_bytes())


@attack("token_untrusted", "stamped")
def token_of_another_authority(victim: Victim) -> None:
    victim.token_path(3).write_bytes(victim.tools["other"].stamp(victim.head_path(3).read_bytes()))


@attack("token_expired", "stamped")
def token_of_an_expired_certificate(victim: Victim) -> None:
    victim.token_path(3).write_bytes(victim.tools["expired"].stamp(victim.head_path(3).read_bytes()))


@attack("token_mismatch", "stamped")
def last_manifest_retimed(victim: Victim) -> None:
    raw = victim.head_path(7).read_bytes()
    victim.head_path(7).write_bytes(re.sub(rb'("sealed_at":".{20})(.)', another_digit, raw))


@attack("token_mismatch", "stamped")
def everything_recomputed_under_the_old_tokens(victim: Victim) -> None:
    _everything_recomputed(victim)


@attack("not_stamped", "stamped")
def everything_recomputed_and_tokens_dropped(victim: Victim) -> None:
    _everything_recomputed(victim)
    for number in range(1, 8):
        victim.rebind(number, demand="sealed")
        victim.token_path(number).unlink()
    victim.relink(1)


@attack("token_untrusted", "stamped")
def everything_recomputed_and_stamped_by_another_authority(victim: Victim) -> None:
    _everything_recomputed(victim)
    for number in range(1, 8):
        victim.token_path(number).write_bytes(victim.tools["other"].stamp(victim.head_path(number).read_bytes()))


@attack("not_stamped", "stamped")
def last_manifests_and_their_tokens_dropped(victim: Victim) -> None:
    drop_last(victim, 2)


@attack("chain_cut", "stamped")
def last_head_dropped_but_not_its_token(victim: Victim) -> None:
    victim.head_path(7).unlink()
    victim.leaves_path(7).unlink()


def _everything_recomputed(victim: Victim) -> None:
    at = victim.place("resource", 3)
    victim.recompute(at, redigested(victim.packed(at), lambda body: body[::-1]))


# -- what others know: a head on paper, the database -----------------------------------------------------


@attack("fork", "head")
def everything_recomputed_against_a_head_on_paper(victim: Victim) -> None:
    _everything_recomputed(victim)


@attack("chain_cut", "head")
def last_manifests_and_their_files_dropped_against_a_head_on_paper(victim: Victim) -> None:
    drop_last(victim, 2, with_files=True)


@attack("fork", "rows")
def everything_recomputed_beside_the_database(victim: Victim) -> None:
    _everything_recomputed(victim)


@attack("chain_cut", "rows")
def last_manifests_and_their_files_dropped_beside_the_database(victim: Victim) -> None:
    drop_last(victim, 2, with_files=True)


@attack("chain_cut", "rows")
def all_manifests_dropped_beside_the_database(victim: Victim) -> None:
    drop_last(victim, 7)


@attack("chain_cut", "rows")
def last_manifests_their_files_and_their_rows_dropped(victim: Victim) -> None:
    files = ", ".join(f"'{victim.file(number).name}'" for number in (6, 7))
    drop_last(victim, 2, with_files=True)
    victim.sql(
        "PRAGMA foreign_keys = OFF",
        f"DELETE FROM captures WHERE file IN ({files})",
        "DELETE FROM sealed_extents WHERE number > 5",
        "DELETE FROM seals WHERE number > 5",
    )


@attack("fork", "rows")
def everything_and_the_rows_of_manifests_recomputed(victim: Victim) -> None:
    _everything_recomputed(victim)
    for number in range(1, 8):
        digest = hashlib.sha256(victim.head_path(number).read_bytes()).hexdigest()
        victim.sql(f"UPDATE seals SET sha256 = '{digest}' WHERE number = {number}")


def _rows(name: str, kind: str, *statements: str) -> None:
    def act(victim: Victim) -> None:
        victim.sql(*statements)

    act.__name__ = name
    attack(kind, "rows")(act)


FIRST = "WHERE id = (SELECT min(id) FROM captures WHERE expired_in IS NULL)"
_rows("row_points_elsewhere", "rows", f"UPDATE captures SET offset = offset + 1 {FIRST}")
_rows("row_of_another_address", "rows", f"UPDATE captures SET url = 'https://a.example/' {FIRST}")
_rows("row_of_another_digest", "rows", f"UPDATE captures SET sha256 = '{'00' * 32}' {FIRST}")
_rows("row_of_another_time", "rows", f"UPDATE captures SET taken_at = '2025-01-01 00:00:00.000000' {FIRST}")
_rows("row_of_another_id", "rows", f"UPDATE captures SET id = 'ffffffff-0000-4000-8000-000000000000' {FIRST}")
_rows("row_said_to_be_expired", "rows", f"UPDATE captures SET expired_in = 4 {FIRST}")
_rows("row_of_an_expired_record_revived", "rows", "UPDATE captures SET expired_in = NULL WHERE expired_in = 4")
_rows("row_of_a_manifest_edited", "fork", f"UPDATE seals SET sha256 = '{'00' * 32}' WHERE number = 3")
_rows("row_of_a_manifest_never_written", "chain_cut", "UPDATE seals SET number = 8 WHERE number = 7")
_rows("row_says_it_was_stamped", "token_missing", "UPDATE seals SET stamped_at = '2026-01-01 00:00:00.000000'")
_rows("extent_longer_than_sealed", "rows", 'UPDATE sealed_extents SET "to" = "to" + 9 WHERE number = 7')
_rows("audit_entry_edited", "audit", "DROP TRIGGER audit_no_update", "UPDATE audit SET who = 'x' WHERE id = 2")
_rows("audit_entry_removed", "audit", "DROP TRIGGER audit_no_delete", "DELETE FROM audit WHERE id = 3")
_rows("audit_log_cut", "audit", "DROP TRIGGER audit_no_delete", "DELETE FROM audit WHERE id > 3")
_rows("audit_log_gone", "audit", "DROP TABLE audit")
_rows("rows_of_manifests_gone", "rows", "PRAGMA foreign_keys = OFF", "DROP TABLE seals")
_rows("rows_of_extents_gone", "rows", "DROP TABLE sealed_extents")


@attack("not_stamped", "stamped")
def all_manifests_and_their_tokens_dropped(victim: Victim) -> None:
    drop_last(victim, 7)
    shutil.rmtree(victim.archive / "manifests")


@attack("rows", "rows")
def rows_that_unpack_for_ever(victim: Victim) -> None:
    columns = "id, how, file, offset, length, taken_at, size, sha256, expired_in"
    endless = "url TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL"
    victim.sql(
        "ALTER TABLE captures RENAME TO kept",
        f"CREATE TABLE captures ({columns}, {endless})",
        f"INSERT INTO captures ({columns}) SELECT {columns} FROM kept",
    )
