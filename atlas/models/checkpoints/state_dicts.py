"""Which tensors of a checkpoint are a network's: found by fit, whatever keys and prefixes training left around them.

All tensors of a file have one dotted name: the keys down to their table, then their name in it. A network's tensors are
those whose names are the network's own behind one prefix (``state_dict.model.conv.weight`` for ``conv.weight``), or the
network's without a prefix that the file lacks. So a key and a prefix are found in the same way, and a prefix that both
have stays. Parts of names that only wrappers put there are no part of a name where it takes that to fit.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from atlas.models.checkpoints.stand_ins import Array

WRAPPERS = frozenset(
    ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "_module")
)
"""What DataParallel, torch.compile, sharding, checkpointed activations and Lightning's Fabric put into names."""

_OPEN = UninitializedParameter | UninitializedBuffer
_DEPTH, _LISTED = 6, 64
# Weights averaged over training come first (as in timm), then what scripts call the weights, then the file's order.
_AVERAGED = re.compile(r"(^|[._])(ema|swa|avg|averaged?|teacher|shadow)([._]|$)")
_USUAL = (
    "state_dict", "model", "model_state_dict", "net", "network", "weights", "params", "student", "backbone", "encoder",
    "module", "generator",
)  # fmt: skip


class Leaves(dict[str, Tensor]):
    """The tensors of a checkpoint by dotted name.

    Attributes:
        table: dotted name to the dotted keys of the table that the tensor lies in.
        nameless: how many tensors lie in lists.
        outermost: the keys of the outermost table, as text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[str, str] = {}
        self.nameless = 0
        self.outermost: list[str] = []

    def below(self, key: str) -> "Leaves":
        """Return those whose name begins with a key or a dotted path of keys."""
        kept = Leaves()
        for name in [name for name in self if name.startswith(key.rstrip(".") + ".")]:
            kept[name], kept.table[name] = self[name], self.table[name]
        return kept


def leaves(content: Any) -> Leaves:
    """Return the tensors by name in tables within tables, and in lists of them."""
    found = Leaves()
    found.outermost = [str(key) for key in content] if isinstance(content, Mapping) else []
    seen: set[int] = set()

    def walk(value: Any, place: tuple[str, ...]) -> None:
        if id(value) in seen or len(place) > _DEPTH:  # a damaged file may hold itself
            return
        seen.add(id(value))
        table = isinstance(value, Mapping)
        items = value.items() if table else enumerate(value[:_LISTED]) if isinstance(value, list | tuple) else ()
        for key, inner in items:
            tensor = inner.tensor() if isinstance(inner, Array) else inner
            if isinstance(tensor, Tensor):
                if not table or not isinstance(key, str):
                    found.nameless += 1
                    continue
                name = ".".join((*place, key))
                found[name], found.table[name] = tensor, ".".join(place)
            elif isinstance(key, str) or not table:  # whole numbers are the parameters of an optimiser
                walk(inner, (*place, str(key)))

    walk(content, ())
    return found


@dataclass(frozen=True)
class Match:
    """A network's names, and the names of the file's tensors that are taken for them.

    Attributes:
        taken: the network's name to the file's.
        missing: the network's names without a tensor.
        unlike: the network's names whose tensor has another shape.
        unknown: the file's other names in the same tables, to how the network would spell them.
        prefix: what stands before the network's names in the file.
        apart: what stands before some of them instead, as ``head.`` beside ``backbone.``.
        others: further sets of tensors in the file that fit as well.
    """

    taken: Mapping[str, str]
    missing: tuple[str, ...]
    unlike: tuple[str, ...]
    unknown: Mapping[str, str]
    prefix: str = ""
    apart: str = ""
    others: tuple["Match", ...] = ()

    @property
    def whole(self) -> bool:
        """Whether there is a tensor of the right shape for every name."""
        return not self.missing and not self.unlike


def match(own: Mapping[str, Tensor], file: Leaves, optional: Collection[str]) -> Match:
    """Return how a checkpoint's tensors fit a network best.

    Args:
        own: the network's tensors by name. Of names that share one tensor, the file needs to have one.
        optional: the network's names that the file need not have, and whose shapes do not count.
    """
    plain = _search({name: name for name in own}, {name: name for name in file}, own, file, optional)
    if plain.whole:
        return plain
    bare = _search(_unwrapped(own), _unwrapped(file), own, file, optional)
    return bare if bare.whole or len(bare.taken) > len(plain.taken) else plain


def tied(own: Mapping[str, Tensor]) -> dict[str, str]:
    """Return each name whose tensor has another name as well, to the first of its names."""
    names: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for name, tensor in own.items():
        if not isinstance(tensor, _OPEN) and not tensor.is_meta and tensor.numel():
            names[tensor.data_ptr(), tensor.shape, tensor.stride()].append(name)
    return {name: same[0] for same in names.values() if len(same) > 1 for name in same}


def _unwrapped(names: Iterable[str]) -> dict[str, str]:
    """Return names without the parts that wrappers put there, and the names themselves; collisions keep the parts."""
    found: dict[str, str] = {}
    for name in names:
        bare = ".".join(part for part in name.split(".") if part not in WRAPPERS)
        found[name if bare in found else bare] = name
    return found


def _search(
    own_names: Mapping[str, str],
    file_names: Mapping[str, str],
    own: Mapping[str, Tensor],
    file: Leaves,
    optional: Collection[str],
) -> Match:
    """Try each pair of prefixes under which names agree; return the best match, with the other whole ones.

    Args:
        own_names, file_names: the spelling that is compared, to the name itself.
    """
    tried: list[Match] = []
    shared = tied(own)
    for prefix, added in _prefixes(list(own_names), list(file_names)):
        taken = dict(_taken(own_names, file_names, prefix, added))
        apart, rest = _rest(taken, own_names, file_names, own, file, {*optional, *shared})
        taken |= rest
        if len(set(taken.values())) < len(taken) or any(taken == other.taken for other in tried):
            continue  # of two equal branches, one would get the other's weights
        there = {*taken, *(shared[name] for name in taken if name in shared)}
        missing = tuple(name for name in own if not there & {name, shared.get(name, name)} and name not in optional)
        unlike = tuple(name for name in taken if name not in optional and not same_shape(own[name], file[taken[name]]))
        tried.append(Match(taken, missing, unlike, _unknown(taken, file_names, file, prefix, added), prefix, apart))
    if not tried:
        return _nothing(own, file, optional)
    whole = sorted((one for one in tried if one.whole), key=_preference)
    if not whole:
        return max(tried, key=lambda one: (len(one.taken) - len(one.unlike), -len(one.unknown)))
    best, *others = whole
    elsewhere = {name for other in others for name in other.taken.values()}
    unknown = {name: bare for name, bare in best.unknown.items() if name not in elsewhere}
    return replace(best, unknown=unknown, others=tuple(others))


def _nothing(own: Mapping[str, Tensor], file: Leaves, optional: Collection[str]) -> Match:
    """Return the match where no name agrees: all of the table that a training script would have the weights in."""
    tables = Counter(file.table.values())
    table = min(tables, key=lambda key: (*_rank(key), -tables[key]))
    inside = {name: name[len(table) :].lstrip(".") for name in file if file.table[name] == table}
    return Match({}, tuple(name for name in own if name not in optional), (), inside, table and f"{table}.")


def _prefixes(own: list[str], file: list[str], kept: int = 24) -> Iterator[tuple[str, str]]:
    """Yield pairs (the file's prefix, the network's) by how many names agree behind them, most first."""
    shares = Counter(head for name in own for head in _heads(name)[:4])
    added = ["", *(head for head, share in shares.items() if 2 * share >= len(own))]
    wanted = {name[len(head) :] for head in added for name in own if name.startswith(head)}
    behind: dict[str, list[str]] = defaultdict(list)
    for name in file:
        for head in ("", *_heads(name)):
            if name[len(head) :] in wanted:
                behind[name[len(head) :]].append(head)
    votes = Counter(
        (prefix, head)
        for head in added
        for name in own
        if name.startswith(head)
        for prefix in behind[name[len(head) :]]
    )
    ranked = votes.most_common(kept)
    yield from (pair for pair, count in ranked if 2 * count >= ranked[0][1])


def _heads(name: str) -> list[str]:
    """Return ``a.`` and ``a.b.`` for ``a.b.c``."""
    return [name[: place + 1] for place, sign in enumerate(name) if sign == "."]


def _taken(own: Mapping[str, str], file: Mapping[str, str], prefix: str, added: str) -> Iterator[tuple[str, str]]:
    """Yield (the network's name, the file's): behind the prefix, else beside it, as a head that is kept apart."""
    outside = ["", *_heads(prefix[:-1])][::-1] if prefix else []
    for name, original in own.items():
        behind = prefix + name.removeprefix(added)
        for candidate in (behind, *(head + name for head in outside)):
            if candidate in file:
                yield original, file[candidate]
                break


def _rest(
    taken: Mapping[str, str],
    own_names: Mapping[str, str],
    file_names: Mapping[str, str],
    own: Mapping[str, Tensor],
    file: Leaves,
    needless: Collection[str],
) -> tuple[str, dict[str, str]]:
    """Return one further prefix in the same tables behind which all the other names are, in their shapes, and these.

    Nothing if there is none or several, or the others are most: then it is no head that a library keeps apart.
    """
    used, tables = set(taken.values()), {file.table[name] for name in taken.values()}
    left = {
        name: original for name, original in own_names.items() if original not in taken and original not in needless
    }
    if not 0 < len(left) <= len(taken):
        return "", {}
    first = next(iter(left))
    heads = [name[: -len(first)] for name in file_names if name.endswith(f".{first}")]
    found = [(head, {original: file_names.get(head + name, "") for name, original in left.items()}) for head in heads]
    fitting = [
        (head, rest)
        for head, rest in found
        if all(
            given in file and given not in used and file.table[given] in tables and same_shape(own[name], file[given])
            for name, given in rest.items()
        )
    ]
    return fitting[0] if len(fitting) == 1 else ("", {})


def _unknown(
    taken: Mapping[str, str], names: Mapping[str, str], file: Leaves, prefix: str, added: str
) -> dict[str, str]:
    """Return the names that were not taken, of the tables from which some were, as the network would spell them."""
    used = set(taken.values())
    tables = {file.table[name] for name in used}
    return {
        name: added + bare[len(prefix) :] if bare.startswith(prefix) else name[len(file.table[name]) :].lstrip(".")
        for bare, name in names.items()
        if name not in used and file.table[name] in tables
    }


def _preference(one: Match) -> tuple[bool, int, int]:
    return _rank(one.prefix.rstrip("."))


def _rank(key: str) -> tuple[bool, int, int]:
    """Return what sets of weights are sorted by: averaged ones, then the usual keys, then the shallowest."""
    parts = key.split(".") if key else []
    usual = next((_USUAL.index(part) for part in parts if part in _USUAL), len(_USUAL) if parts else -1)
    return not _AVERAGED.search(key.lower()), usual, len(parts)


def same_shape(own: Tensor, given: Tensor) -> bool:
    """Tell whether a tensor has the network's shape, or the network's is still open."""
    return isinstance(own, _OPEN) or own.shape == given.shape
