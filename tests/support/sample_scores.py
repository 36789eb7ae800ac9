"""What scores say of the sample store's pictures: several methods, judges of three relations, hostile names, a curve, a
score of a package that is not installed, and what was left out."""

from collections.abc import Iterator

import numpy as np
from sample_concepts import PROVENANCE, _waves, sprite
from selecting import selection_of

from atlas.analyses import concept_curves, embedding, texture
from atlas.core.analysis import Analysis, PhotoCredit
from atlas.core.canonical import digest
from atlas.core.figures import mean, share
from atlas.core.finding import Finding, FindingFigure, MapPoint, StudiedModel
from atlas.core.metric_card import MetricCard
from atlas.core.record import Record
from atlas.core.score import Judge, PhotoSplit, Score, ScoreCurve, ScoredPicture, ScoreFigure, ScoreValue
from atlas.evaluation import plausibility, spectrum, transfer
from atlas.store import Store

HOSTILE_JUDGE = 'judge <b>"&'
HOSTILE_REASON = "1 picture left out: <img src=x onerror=alert(9)> has no class; give it class_names"
NOT_ASKED = "frechet of Sample Net, maco: it takes <torchmetrics>; pip install lens-atlas[evaluation]"
FOREIGN = MetricCard(
    name="beauty", title="beauty <i>", summary="how <b>fair</b> it is", definition="asked", unit="smiles", n="one"
)
METHODS = ("maco", "fourier", "cbr", "vital")
JUDGES = (
    (HOSTILE_JUDGE, "Vision <Transformers>", "other family", 15),
    ("sibling", "Sample", "same family", 1000),
    ("Sample Net", "Sample", "own", 40),
)
SPLIT = PhotoSplit(share=0.5, seed=0, judging="a1" * 32, fitted="b2" * 32, judging_count=498, fitted_count=497)


CARDS = (
    *transfer.CARDS,
    *plausibility.CARDS,
    *spectrum.CARDS,
    *texture.CARDS,
    embedding.CARD,
    concept_curves.CARD,
    FOREIGN,
)


def scores_of(store: Store) -> list[Score]:
    """Return the scores that the sample's configuration asked for."""
    return [store.document(Score, key) for key in selection_of(store).scores]


def add_scores(store: Store) -> None:
    """Store scores of the pictures of classes by some methods, and say that the configuration asked for them."""
    for card in CARDS:
        store.save_metric(card)
    groups = _groups(store)
    keys = [made for group in groups for made in _scores(store, *group)]
    keys += [_by_layer(store, *group) for group in groups if group[0][0].job.method == "maco"]
    findings = (_alike(store), *_texture(store), _map(store), *_concepts(store))
    told = {"findings": findings, "scores": tuple(sorted(keys)), "left_out": (NOT_ASKED,)}
    store.selections.save(selection_of(store).model_copy(update=told))


def _alike(store: Store) -> str:
    """Store how alike the layers of the first sample model place photos."""
    layers = ("stem", "odd/../name <b>", "blocks.4")
    model = next(store.records()).job.model
    analysis = Analysis(kind="finding", version=1, model=model, layers=layers, parameters={}, numerics="float64")
    figures = tuple(
        FindingFigure(
            name="cka",
            layer=one,
            other_layer=other,
            value=0.9 ** abs(place - layers.index(other)),
            low=0.5,
            high=1,
            n=9,
        )
        for place, one in enumerate(layers)
        for other in layers[place:]
    )
    studied = StudiedModel(name="Sample <Net>", fingerprint=model.fingerprint, layers=layers)
    document = Finding(
        key=analysis.key,
        analysis=analysis,
        kind="cka",
        models=(studied,),
        figures=figures,
        photo_count=9,
        left_out=(HOSTILE_REASON,),
        provenance=PROVENANCE,
    )
    store.commit(document.key, document, {})
    return document.key


def _texture(store: Store) -> Iterator[str]:
    """Store how many changed photos the two sample models recognise: of all, and of two classes."""
    models = {record.job.model.fingerprint: record.job.model for record in store.records()}
    for place, (fingerprint, model) in enumerate(sorted(models.items())):
        analysis = Analysis(kind="finding", version=2, model=model, layers=(), parameters={}, numerics="float64")
        figures = [
            FindingFigure(
                name="texture_bias",
                variant=variant,
                class_index=index,
                value=round((0.9 - 0.1 * place) / step + 0.01 * (index or 0), 4),
                low=0.0,
                high=1.0,
                n=40 if index is None else 20,
            )
            for index in (None, 0, 1)
            for step, variant in enumerate(map(texture.called, ("original", "silhouette", "shuffled_8")), 1)
        ]
        document = Finding(
            key=analysis.key,
            analysis=analysis,
            kind="texture_bias",
            models=(StudiedModel(name=f"Sample <Net> {place}", fingerprint=fingerprint, classes=2),),
            figures=tuple(figures),
            photo_count=40,
            provenance=PROVENANCE,
        )
        store.commit(document.key, document, {})
        yield document.key


def _concepts(store: Store) -> Iterator[str]:
    """Store how two classes' logits fall and rise while concepts go and come, in two orders; one has fewer concepts."""
    model = next(store.records()).job.model
    for index, steps in ((0, 4), (1, 2)):
        analysis = Analysis(kind="finding", version=4 + index, model=model, layers=("x",), parameters={}, numerics="a")
        x = tuple(step / steps for step in range(steps + 1))
        curves = [
            ScoreCurve(name=f"{of}, {order}", x=x, y=y, low=y, high=y, x_title=f"concepts {word}", x_unit="share")
            for of, word in (("deletion", "gone"), ("insertion", "there"))
            for order, power in (("importance", 2), ("random", 1))
            for y in [tuple(3 + 8 * (1 - at if of == "deletion" else at) ** power for at in x)]
        ]
        document = Finding(
            key=analysis.key,
            analysis=analysis,
            kind="concept_curves",
            models=(StudiedModel(name="Sample <Net>", fingerprint=model.fingerprint),),
            class_index=index,
            figures=(
                FindingFigure(name="concept_curves", variant="deletion, random", value=0.5, low=0.4, high=1, n=9),
            ),
            curves=tuple(curves),
            photo_count=9,
            provenance=PROVENANCE,
        )
        store.commit(document.key, document, {})
        yield document.key


def _map(store: Store) -> str:
    """Store a map of the first model's pictures of classes, by two methods, among six photos of two classes."""
    records = [group[0][0] for group in _groups(store) if group]
    model = records[0].job.model
    of_it = [record for group in _groups(store) for record in group[0] if record.job.model == model]
    analysis = Analysis(kind="finding", version=3, model=model, layers=(), parameters={}, numerics="float64")
    files: dict[str, bytes] = {}
    photo_sprite = sprite(_waves(range(6), 64), 3, "webp", files)
    pictures = [
        MapPoint(x=-0.5, y=step / len(of_it), class_index=it.job.target.unit, picture=it.key, method=it.job.method)
        for step, it in enumerate(of_it)
    ]
    gone = MapPoint(x=0, y=0, class_index=0, picture="f" * 64, method="maco")
    photos = [MapPoint(x=0.5, y=step / 6, class_index=step % 2, photo=step) for step in range(6)]
    names = [
        StudiedModel(name=name, fingerprint=model.fingerprint, classes=2) for name in ("Sample <Net>", "judge <b>")
    ]
    document = Finding(
        key=analysis.key,
        analysis=analysis,
        kind="embedding",
        models=tuple(names),
        figures=(FindingFigure(name="embedding", value=0.9, low=0.9, high=0.9, n=len(of_it) + 7),),
        points=(*pictures, gone, *photos),
        photos=tuple(PhotoCredit(digest=digest(step), name=f"{step}.jpg", author="A <i>") for step in range(6)),
        photo_sprite=photo_sprite,
        photo_count=6,
        provenance=PROVENANCE,
    )
    store.commit(document.key, document, files)
    return document.key


def _groups(store: Store) -> list[list[list[Record]]]:
    """Return the pictures of classes by model and method, with one choice of parameters."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(store.records(), key=lambda record: record.key):
        target, plain = record.job.target, record.job.parameters.get("steps") == 64
        of_class = record.status == "done" and target.kind == "logit" and target.sign > 0 and target.photo is None
        if of_class and plain and record.job.method in METHODS:
            groups.setdefault((record.job.model.fingerprint, record.job.method), []).append(record)
    return [[found] for _, found in sorted(groups.items())]


def _scores(store: Store, records: list[Record]) -> list[str]:
    random = np.random.default_rng(int(digest([record.key for record in records])[:8], 16))
    made = []
    for name, family, relation, classes in JUDGES:
        judge = Judge(name=name, family=family, relation=relation, fingerprint=digest(name), classes=classes)
        chances = random.uniform(0, 1, len(records))
        if relation == "own":
            columns = {("own_top1", ""): (chances > 0.1).astype(float)}
        else:
            columns = {("transfer_top1", ""): (chances > 0.5).astype(float), ("transfer_probability", ""): chances}
        made.append(_keep(store, records, "transfer", judge, columns, left_out=(HOSTILE_REASON,)))
        layers = ("head <drop>", "blocks.5") if relation == "other family" else ("pool",)
        near = {(f"plausibility_{k}", layer): random.uniform(0.7, 2, len(records)) for k in (1, 5) for layer in layers}
        made.append(_keep(store, records, "plausibility", judge, near))
    x = tuple(np.round(np.arange(1, 33) / 64, 4).tolist())
    y = np.exp(random.normal(0, 0.5, 32))
    curve = ScoreCurve(
        name="spectrum_ratio",
        x=x,
        y=tuple(y.tolist()),
        low=tuple((y * 0.8).tolist()),
        high=tuple((y * 1.3).tolist()),
        x_title="frequency",
        x_unit="cycles per pixel",
    )
    high = {("high_frequencies", ""): random.uniform(0.001, 0.02, len(records))}
    made.append(_keep(store, records, "spectrum", None, high, (curve,)))
    if records[0].job.method == "maco":
        made.append(_keep(store, records[:1], "beauty/../contest <b>", None, {("beauty", ""): np.array([1234.5])}))
    return made


def _by_layer(store: Store, records: list[Record]) -> str:
    """Store a score that is measured at layers of the rendered model itself, in the network's order."""
    layers = ("stem", "odd/../name <b>", "blocks.4")
    columns = {("psnr", layer): np.full(len(records), 30.0 - 4 * place) for place, layer in enumerate(layers)}
    return _keep(store, records, "inversion", None, columns)


def _keep(store, records, score, judge, columns, curves=(), left_out=()) -> str:
    first = records[0].job
    pairs = [(record.job.target.unit, record.job.seed) for record in records]
    figures = []
    for (name, layer), values in columns.items():
        is_share = name.endswith(("top1", "top5"))
        figure = share([value > 0.5 for value in values]) if is_share else mean(dict(zip(pairs, values, strict=True)))
        told = {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
        figures.append(ScoreFigure(name=name, layer=layer, **told))
    asked = {"score": score, "judge": judge and judge.name, "method": first.method, "of": [one.key for one in records]}
    analysis = Analysis(kind="score", version=1, model=first.model, layers=(), numerics="float64", parameters=asked)
    document = Score(
        key=analysis.key,
        analysis=analysis,
        score=score,
        method=first.method,
        method_version=first.version,
        parameters=first.parameters,
        judge=judge,
        figures=tuple(figures),
        pictures=tuple(
            ScoredPicture(
                key=record.key,
                class_index=record.job.target.unit,
                seed=record.job.seed,
                values=tuple(
                    ScoreValue(name=name, layer=layer, value=float(values[place]))
                    for (name, layer), values in columns.items()
                ),
            )
            for place, record in enumerate(records)
        ),
        curves=curves,
        split=SPLIT if score != "transfer" else None,
        left_out=left_out,
        provenance=PROVENANCE,
    )
    store.commit(document.key, document, {})
    return document.key
