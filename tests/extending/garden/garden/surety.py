"""An analysis: how sure models are of what photos show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch

from atlas.config import AnalyseBlock
from atlas.core.analysis import Analysis
from atlas.core.figures import mean
from atlas.core.job import LOGITS
from atlas.core.metric_card import MetricCard
from atlas.photos import Photo
from atlas.plan.findings.analyser import Analyser
from atlas.plan.findings.scene import Fixed, Scene
from atlas.tasks.analysis import photos_digest
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of
from atlas.tasks.look import as_input

CARD = MetricCard(
    name="surety",
    title="surety",
    about="models",
    summary="the probability of what the model takes a photo for, whether it is right or not",
    definition="The largest probability of any class, mean over photos.",
    lowest=0,
    highest=1,
    n="mean over n photos, with the bootstrap's interval over photos",
)


@dataclass(frozen=True)
class SuretyTask(FindingTask):
    """How sure a model is of some photos."""

    name: ClassVar[str] = "surety"
    cards: ClassVar[tuple[MetricCard, ...]] = (CARD,)

    photos: tuple[Photo, ...]

    def find(self, bench: Bench) -> Found:
        """Return the figure; with more than one number or picture, see the fields of Finding."""
        network = bench.network(self.analysis.numerics)
        sure: dict[str, float] = {}
        for photo in self.photos:
            image = as_input(bench.photos.image(photo), network)
            with torch.no_grad():
                sure[photo.digest] = float(network(image, LOGITS).softmax(dim=1).max())
        return Found({"figures": (figure_of(CARD.name, mean(sure)),), "photo_count": len(sure)})


def plan_surety(block: AnalyseBlock, scene: Scene) -> Iterator[Fixed]:
    """Yield a finding for each of a table's models; its parameters decide its key, with the photos."""
    for name in scene.names(block):
        model = scene.models[name]
        analysis = Analysis(
            kind="finding",
            version=1,
            model=model.card.identity,
            layers=(LOGITS,),
            photos=photos_digest(scene.photos),
            parameters={"analysis": "surety", "split": scene.split_parameter},
            numerics=model.numerics_for(LOGITS),
        )
        task = SuretyTask(
            model=name,
            analysis=analysis,
            models=(scene.studied(name),),
            split=scene.record,
            photos=scene.photos,
        )
        yield Fixed((task,))


SURETY = Analyser((CARD,), plan_surety)
