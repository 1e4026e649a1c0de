"""Leads that two people decided, in letters that went out, and looks at what they are about; on either database."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from review_specimens import ANN, BEN, PROMISE, Office

from casework.acting import Grant
from casework.letters.content import digest_of
from casework.review.deciding import approve, claim, confirm
from patrol.recheck import stands, write_due
from storage.cases.following import watch_on
from storage.cases.lead_shapes import Moved
from storage.cases.letter_shapes import KeptLetter, KeptLetterLead, NewLetter, NewLetterLead, NewOperator, Sent
from storage.cases.letters import KeptLetters, LetterAct, approve_on, draft_on, numbers_ahead, send_on
from storage.cases.moves import Step
from storage.cases.moving import move_on
from storage.cases.operators import Operators, confirm_on
from storage.cases.shapes import WorkedLead
from storage.db import writing
from storage.rechecks import NewRecheck, Rechecks, Verdict

OPERATOR, SEAT = "杭州示例网络有限公司", "浙江省杭州市"
DAYS = (1, 3, 7, 30)
DAY = timedelta(days=1)


@dataclass
class Post:
    """An office that writes letters."""

    office: Office

    @property
    def engine(self):
        return self.office.engine

    @property
    def letters(self) -> KeptLetters:
        return KeptLetters(self.engine)

    def decided(self, *items: str) -> tuple[WorkedLead, ...]:
        """A lead for each item, each of a seller of its own."""
        for item in items:
            self.office.see({item: (PROMISE,)}, seller_id=f"shop-{item}", seller=f"示例店 {item}")
        self.office.take_in()
        new = self.office.leads("new")
        ann, ben = self.office.ann, self.office.desk(BEN, Grant.REVIEWER, Grant.EXAMINER)
        confirm(ann, claim(ann, new))
        return approve(ben, self.office.leads("confirmed"))

    def operator(self) -> int:
        if not Operators(self.engine).current():
            new = NewOperator(platform="taobao", name=OPERATOR, seat=SEAT, credit_code="", source="")
            with writing(self.engine).begin() as connection:
                confirm_on(connection, new, ANN, self.office.later(), self.office.ann.acting.sign)
        return Operators(self.engine).current()[0].id

    def drafted(self, *leads: WorkedLead, reminds: int | None = None) -> KeptLetter:
        """A draft whose content is of no matter here."""
        store, now = self.office.store, self.office.later()
        text = json.dumps([one.number for one in leads])
        (number,) = numbers_ahead(self.engine, now, 1)
        new = NewLetter(
            number=number,
            kind="remove" if reminds is None else "remind",
            verb="商请",
            addressee=OPERATOR,
            operator_id=self.operator(),
            case_id=None,
            content=text,
            digest=digest_of(text),
            articles=("示例-一",),
            leads=tuple(
                NewLetterLead(lead_id=one.id, number=one.number, exhibits=store.exhibits(one.id)) for one in leads
            ),
            reminds=reminds,
        )
        with writing(self.engine).begin() as connection:
            draft_on(connection, new, LetterAct(by=ANN, at=now), self.office.ann.acting.sign)
        return self.letters.named(number)

    def sent(self, *leads: WorkedLead, due_at: datetime | None = None, reminds: int | None = None) -> KeptLetter:
        """Approved and sent, its leads' addresses under re-check."""
        letter = self.drafted(*leads, reminds=reminds)
        watches = {one.id: self.recheck(one) for one in leads if reminds is None}
        now, ben = self.office.later(), self.office.ben.acting
        sent = Sent(document=f"示知函〔2026〕{letter.id}号", at=now, due_at=due_at)
        with writing(self.engine).begin() as connection:
            approve_on(connection, letter.id, LetterAct(by=BEN, at=now), ben.sign)
            send_on(connection, letter.id, sent, LetterAct(by=BEN, at=now), ben.sign)
            for one in leads if reminds is None else ():
                move_on(connection, one.id, Step.SEND, Moved(by=BEN, at=now), ben.sign)
                watch_on(connection, letter.id, one.id, [watches[one.id]], now)
        return self.letters.named(letter.number)

    def recheck(self, lead: WorkedLead) -> int:
        exhibit = self.office.store.exhibits(lead.id)[0]
        new = NewRecheck(platform="taobao", query=lead.url, quote="包授权", reason="示例函", by=ANN, exhibit=exhibit)
        now = self.office.later()
        return Rechecks(self.engine).add(new, now + DAY, now)

    def look(self, recheck: int, verdict: Verdict, at: datetime, capture: str = "") -> None:
        """One more look that came to this, as patrol concludes it."""
        rechecks = Rechecks(self.engine)
        write_due(self.engine, DAYS, max(at, rechecks.recheck(recheck)[0].next_at))
        waiting = [one for one in rechecks.recheck(recheck)[1] if one.verdict is None]
        seen = capture or ("capture" if verdict is not Verdict.UNSEEN else "")
        for one in waiting:
            rechecks.conclude(replace(one, verdict=verdict, capture=seen, at=at), partial(stands, DAYS))

    def row(self, letter: KeptLetter) -> KeptLetterLead:
        (row,) = self.letters.leads_of(letter.id)
        return row
