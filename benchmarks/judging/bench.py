"""Bench: judges in front of which pictures pass once; what they said is kept beside the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judging.gallery import Shot
from judging.judges import Judge, Verdict
from judging.ledger import Ledger
from judging.plausibility import Scale, Split, contrast, scale_of

LOOKS = 16
"""Pictures that a judge is shown at once."""
MISSED = Verdict(0.0, 1000)
"""Of a picture that could not be made."""


@dataclass(frozen=True)
class Judged:
    """What is known of one picture.

    Attributes:
        verdicts: by judge. ratio: its plausibility ratio by the first judge, if there are photos of its class.
        contrast: None without a picture.
    """

    shot: Shot
    verdicts: dict[str, Verdict]
    ratio: float | None
    contrast: float | None


@dataclass
class Bench:
    """The judges of one network's pictures.

    Attributes:
        judges: the one that tables are sorted by first; it also measures plausibility. parts: the photos, if any.
    """

    folder: Path
    judges: Sequence[Judge]
    parts: Split | None = None
    _scale: Scale | None = field(default=None, repr=False)

    @property
    def scale(self) -> Scale | None:
        """What the first judge sees of the judging photos."""
        if self._scale is None and self.parts is not None:
            self._scale = scale_of(self.parts, self.judges[0])
        return self._scale

    def judged(self, shots: Sequence[Shot]) -> list[Judged]:
        """Return what the judges say of pictures, asking them only about those that they have not seen."""
        ledgers = {judge.name: self._look(judge, shots) for judge in self.judges}
        found = []
        for shot in shots:
            if shot.pixels is None:
                found.append(Judged(shot, dict.fromkeys(ledgers, MISSED), None, None))
                continue
            rows = {name: ledger[shot.key] for name, ledger in ledgers.items()}
            verdicts = {name: Verdict(row["p"], row["rank"]) for name, row in rows.items()}
            found.append(Judged(shot, verdicts, rows[self.judges[0].name].get("ratio"), contrast(shot.pixels)))
        return found

    def _look(self, judge: Judge, shots: Sequence[Shot]) -> dict[str, dict[str, float]]:
        scale = self.scale if judge is self.judges[0] else None
        known = [judge.model.card.identity.fingerprint, str(self.parts) if scale else ""]
        ledger = Ledger(self.folder / "verdicts" / f"{judge.name}.jsonl")
        rows = {key: row for key, row in ledger.rows().items() if row["of"] == known}
        unseen = list({shot.key: shot for shot in shots if shot.pixels is not None and shot.key not in rows}.values())
        for start in range(0, len(unseen), LOOKS):
            chunk = unseen[start:][:LOOKS]
            probabilities, features = judge.look([shot.pixels for shot in chunk if shot.pixels is not None])
            indices = [shot.aim[0] for shot in chunk]
            for shot, verdict, each in zip(chunk, judge.verdicts(probabilities, indices), features, strict=True):
                near = scale.ratio(shot.aim[0], each) if scale and shot.aim[0] in scale.apart else None
                row = {"p": verdict.p, "rank": verdict.rank, "ratio": near}
                rows[shot.key] = row
                ledger.add(shot.key, of=known, **row)
        return rows
