"""Split: the photos of a set in two parts, once: those that judge pictures, and those that methods may be fitted to."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from atlas.core.canonical import canonical_json, digest_bytes, seeded_rank
from atlas.core.score import PhotoSplit
from atlas.photos.photo import Photo
from atlas.photos.photo_set import PhotoSet


@dataclass(frozen=True)
class Split:
    """Which photos judge; all others may be given to methods.

    Attributes:
        judging: digests of the photos that judge.
        record: what the store keeps of it. lists: sha256 to bytes of the two lists that the record names.
    """

    judging: frozenset[str]
    record: PhotoSplit
    lists: dict[str, bytes]

    @property
    def swapped(self) -> "Split":
        """The same with both parts exchanged: those that methods may be fitted to judge what was fitted to the others.

        Its share and seed are those that it was made with, the share of the other part.
        """
        record = self.record
        other = PhotoSplit(
            share=1 - record.share,
            seed=record.seed,
            judging=record.fitted,
            fitted=record.judging,
            judging_count=record.fitted_count,
            fitted_count=record.judging_count,
        )
        return Split(frozenset(json.loads(self.lists[record.fitted])), other, self.lists)

    def judges(self, photos: Sequence[Photo]) -> tuple[Photo, ...]:
        """Return those of some photos that judge, in the order of their digests, each once."""
        found = {photo.digest: photo for photo in photos if photo.digest in self.judging}
        return tuple(found[digest] for digest in sorted(found))


def split_photos(photo_set: PhotoSet, share: float, seed: int) -> Split:
    """Return a photo set in two parts.

    Within each group the photos are put in an order that depends on their content and the seed alone, the sha256 of the
    seed and the digest, and the first of them judge: the share, rounded, but at least one, and not the last one. So
    another photo moves at most one over to the other part. A photo that is in two groups judges if it does in one.

    Args:
        share: of each group's photos that judge, in (0, 1).
        seed: which ones.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for photo in photo_set.photos:
        groups[photo.group].add(photo.digest)
    judging: set[str] = set()
    for digests in groups.values():
        count = min(max(1, round(share * len(digests))), len(digests) - 1)
        judging |= set(sorted(digests, key=lambda digest: seeded_rank(seed, digest))[:count])
    fitted = {digest for digests in groups.values() for digest in digests} - judging
    lists = [canonical_json(sorted(part)).encode() for part in (judging, fitted)]
    names = [digest_bytes(data) for data in lists]
    record = PhotoSplit(
        share=share,
        seed=seed,
        judging=names[0],
        fitted=names[1],
        judging_count=len(judging),
        fitted_count=len(fitted),
    )
    return Split(frozenset(judging), record, dict(zip(names, lists, strict=True)))
