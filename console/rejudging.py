"""Judges again what a row says was found, before it leaves the house: today's rules must find the same on the page.

What rules of another version found is not judged again: it goes out with words that say so. A picture is not read
again either: its finding is held against the text that was kept when it was read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from console.comparison import COMPARED, differences
from console.picture_words import office_shapes
from console.rescreen import FIELD_WORDS
from crawler.config import Config
from crawler.errors import EvidenceBroken
from crawler.items import Finding, Listing
from crawler.pictures import PictureText
from detectors.picture_verdict import SHAPE_RULE, judge_picture
from detectors.rule import load_rules
from pipelines.judge import packaged_screen
from storage.exhibits import ExhibitStore
from storage.models import encodable
from storage.registry import StoredRegistry
from storage.shapes import ExhibitDetail

NAMED = 12  # digits of a digest that tell versions apart


@cache
def _digests() -> frozenset[str]:
    return frozenset(rule.digest for rule in load_rules())


def words_of(finding: Finding) -> str:
    """What is said of a finding that was not judged again."""
    return f"按当时规则版本（{finding.rule} {finding.rule_digest[:NAMED]}）认定，未重新判定"


class Rejudging:
    """Today's rules, the registry that the home goes by, and the office's shapes; loaded when first needed."""

    def __init__(self, config: Config, store: ExhibitStore) -> None:
        self._config, self._store = config, store

    def check(self, detail: ExhibitDetail, seen: Listing, images: Collection[str]) -> dict[Finding, str]:
        """The words on findings that are not judged again. `EvidenceBroken` where the page does not give the others.

        `seen` is the listing as the page has it; `images` are the digests of its pictures as they were kept.
        """
        said: dict[Finding, str] = {}
        for finding in detail.exhibit.findings:
            name = f"证据项 {detail.exhibit.id}：引文“{finding.quote}”"
            text = self._text(finding, images, name) if finding.image else None
            if not _stands(finding, seen, text):
                raise EvidenceBroken(f"{name}不在固定的{'图片' if text else '网页'}上，不能导出")
            if finding.rule_digest not in _digests() and finding.rule != SHAPE_RULE:
                said[finding] = words_of(finding)
                continue
            again = self._again(finding, seen, text)
            if again is None and finding.rule == SHAPE_RULE:
                said[finding] = words_of(finding)
            elif again is None:
                raise _differs(name, finding, "结论")
            elif wrong := differences(finding, again):
                raise _differs(name, finding, "、".join(dict.fromkeys(FIELD_WORDS.get(one, "其他") for one in wrong)))
        return said

    def _text(self, finding: Finding, images: Collection[str], name: str) -> PictureText:
        """What was read in the finding's picture, which is kept and has the digest that the finding names."""
        if finding.image not in images:
            raise EvidenceBroken(f"{name}所在的图片没有固定，或与固定的不同，不能导出")
        text = self._store.text_in_picture(finding.image)
        if text is None:
            raise EvidenceBroken(f"{name}所在的图片没有保存识别出的文字，不能导出")
        return text

    def _again(self, finding: Finding, seen: Listing, text: PictureText | None) -> Finding | None:
        """The finding as today's rules give it, of those of its rule the likest; `None` where they find nothing."""
        screen = packaged_screen(StoredRegistry.current(self._config.database))
        if text is None:
            found: Sequence[Finding] = screen.judge(seen)
        else:
            found = judge_picture(screen, seen, text, finding.image, office_shapes(self._config))
        wanted = (finding.rule, finding.rule_digest)
        same = [_written(one) for one in found if (one.rule, one.rule_digest) == wanted]
        return min(same, key=lambda one: len(differences(finding, one)), default=None)


def _differs(name: str, finding: Finding, what: str) -> EvidenceBroken:
    return EvidenceBroken(
        f"{name}按规则 {finding.rule} 重新判定，{what}与数据库中的不同，不能导出；"
        "若名录或软件更新过，先用 lantian rescreen --apply 改判"
    )


def _written(finding: Finding) -> Finding:
    """As the database writes it."""
    return replace(finding, **{name: encodable(getattr(finding, name)) for name in COMPARED})


def _stands(finding: Finding, seen: Listing, text: PictureText | None) -> bool:
    """Whether the quote stands where the finding says; a likeness has none."""
    if finding.rule == SHAPE_RULE and not finding.quote:
        return text is not None
    whole: str = encodable(text.text if text else getattr(seen, finding.field))
    return whole[finding.start : finding.end].startswith(finding.quote) and bool(finding.quote)
