"""What people do with cases: close, open again, give to somebody. A case is closed when none of its leads is left."""

from __future__ import annotations

from casework.acting import Grant
from casework.review.desk import WORKERS, Desk, reason_given
from casework.review.routing import able
from crawler.errors import UserMistake
from storage.cases.cases import CaseAct, WorkedCases, assign_case, case_on, close_case, reopen_case
from storage.cases.lead_shapes import WorkedCase
from storage.db import writing


def named_case(desk: Desk, word: str) -> WorkedCase:
    """This case, where one of its leads is of his districts."""
    return WorkedCases(desk.engine).named(word, desk.acting.districts)


def close_named(desk: Desk, case: WorkedCase, reason: str) -> WorkedCase:
    """Nothing is left to do against this actor."""
    desk.acting.needs(*WORKERS)
    act = CaseAct(at=desk.now, reason=reason_given(reason, "结案"))
    with writing(desk.engine).begin() as connection:
        close_case(connection, case.id, act, desk.acting.sign)
        return case_on(connection, case.id)


def reopen_named(desk: Desk, case: WorkedCase, reason: str) -> WorkedCase:
    """There is something to do again."""
    desk.acting.needs(Grant.REVIEWER, Grant.ADMIN)
    act = CaseAct(at=desk.now, reason=reason_given(reason, "重开"))
    with writing(desk.engine).begin() as connection:
        if not reopen_case(connection, case.id, act, desk.acting.sign):
            raise UserMistake(f"{case.number} 没有结案")
        return case_on(connection, case.id)


def assign_named(desk: Desk, case: WorkedCase, unit: str, to: str) -> WorkedCase:
    """责任部门 and 责任人 of a case."""
    desk.acting.needs(*WORKERS)
    chosen = able(desk, unit, to)
    with writing(desk.engine).begin() as connection:
        assign_case(connection, case.id, chosen, CaseAct(at=desk.now), desk.acting.sign)
        return case_on(connection, case.id)
