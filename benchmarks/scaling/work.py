"""Work: a configuration of so many jobs, and a store that has them all, without their pictures."""

from pathlib import Path

from atlas.config import Config
from atlas.core.record import Asset, Failure, Measurement, Provenance, Record
from atlas.models.load import VisionModel, load_model
from atlas.plan.make import make_plan
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.documents import encode

NAME, CHANNELS, STEPS = "wide", 1000, 64
"""Of the network; channels of each layer; steps of a picture, whose objectives its record lists."""
MOST_LAYERS = 100
"""Of the network; what is larger is rendered by more seeds."""
PROVENANCE = Provenance(
    versions={"atlas": "1", "torch": "2"}, device="cpu", batch_size=8, seconds=1.0, created="2026-01-01T00:00:00+00:00"
)


def configuration(folder: Path, jobs: int) -> Config:
    """Return the configuration of a number of jobs, a multiple of 1,000; its store is in ``folder``."""
    layers = min(jobs // CHANNELS, MOST_LAYERS)
    return Config.model_validate(
        {
            "file": folder / "atlas.toml",
            "store": {"path": folder / "store"},
            "executor": {"kind": "serial", "device": "cpu"},
            "models": (
                {
                    "name": NAME,
                    "source": "callable",
                    "architecture": "network:wide",
                    "arguments": {"layers": layers, "channels": CHANNELS},
                    "folder": Path(__file__).parent,
                    "size": 8,
                },
            ),
            "render": (
                {
                    "layers": ["1.*"],
                    "method": "maco",
                    "parameters": {"steps": STEPS, "image_size": 32},
                    "seeds": list(range(jobs // layers // CHANNELS)),
                },
            ),
        }
    )


def model_of(config: Config) -> VisionModel:
    """Return the model of a configuration."""
    return load_model(config.models[0])


def plan_of(config: Config, model: VisionModel) -> Plan:
    """Return the plan of a configuration."""
    return make_plan(config, {NAME: model})


def fill(plan: Plan, store: Store) -> None:
    """Give a store a record of every job of a plan, as a run would; nothing is synced, and there are no pictures."""
    for model in plan.models.values():
        store.save_card(model.card)
    for number, task in enumerate(plan.jobs):
        image = Asset(role="image", sha256=task.key, media_type="image/png", bytes=2000, width=32, height=32)
        record = Record(
            key=task.key,
            job=task.job,
            status="done",
            assets=(image, image.model_copy(update={"role": "alpha"})),
            measurements=(Measurement(name="objective", value=number), Measurement(name="activation", value=1)),
            trace=tuple(number + step / 7 for step in range(STEPS)),
            provenance=PROVENANCE,
        )
        path = store.document_path(task.key)
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(record))


def hold(plan: Plan, store: Store, count: int) -> None:
    """Put the first jobs of a plan in quarantine."""
    for task in plan.jobs[:count]:
        store.record_failure(task.failed(Failure(kind="quarantined", message="its worker died 3 times"), PROVENANCE))
