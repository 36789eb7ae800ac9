"""Tasks: what executors run, be they batches of pictures or analyses of photos."""

from atlas.store import Store
from atlas.tasks.batch import Batch, PlannedJob
from atlas.tasks.bench import AnalysisBatch, PlannedAnalysis

Task = Batch | AnalysisBatch
"""What one worker does at a time."""
Planned = PlannedJob | PlannedAnalysis
"""What ends in one outcome."""


def is_stored(store: Store, planned: Planned) -> bool:
    """Tell whether the store has what was planned."""
    again = isinstance(planned, PlannedJob) and planned.again
    return store.has(planned.key) and not (again and store.is_dead(planned.key))
