"""Awaiting: what a store has of scores and analyses that a plan has no tasks of, since it makes pictures alone."""

from contextlib import suppress

from atlas.core.finding import Finding
from atlas.core.score import Score
from atlas.core.selection import Selection
from atlas.errors import StoreError
from atlas.plan.plan import Plan
from atlas.store import Store


def with_evaluated(selection: Selection, earlier: Selection | None, plan: Plan, store: Store) -> Selection:
    """Return a selection with what an earlier one has of the scores and analyses that the configuration still asks for.

    Scores are kept of pictures that are all still planned; of further pictures the next evaluation tells.

    Args:
        selection: of a plan that awaits them. earlier: of the same configuration; None if there is none.
    """
    if earlier is None:
        return selection
    keys, scores, findings = set(selection.keys), list[str](), list[str]()
    for key in (*earlier.scores, *earlier.findings):
        with suppress(StoreError):  # what is damaged or lost is repair's to tell
            document = store.any_document(key)
            if isinstance(document, Score):
                if document.score not in plan.awaits or not plan.keys.issuperset(one.key for one in document.pictures):
                    continue
                scores.append(key)
            elif isinstance(document, Finding) and document.kind in plan.awaits:
                findings.append(key)
            else:
                continue
            keys |= {key, *document.analysis.upstream}
    cards = {print_: card for print_, card in earlier.cards.items() if card.name in plan.specs}
    return selection.model_copy(
        update={
            "models": {print_: each for print_, each in earlier.models.items() if print_ in cards} | selection.models,
            "cards": cards | selection.cards,
            "keys": tuple(sorted(keys & {*earlier.keys, *selection.keys})),
            "scores": tuple(scores),
            "findings": tuple(findings),
            "left_out": earlier.left_out,
        }
    )
