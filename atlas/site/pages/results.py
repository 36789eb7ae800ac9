"""The pages of results: what scores say of the pictures of one model, and of those of all."""

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from atlas.core.score import PhotoSplit
from atlas.evaluation.rows import Row
from atlas.site.catalog.model import Model
from atlas.site.catalog.results import Results, score_words
from atlas.site.contents import Contents
from atlas.site.documents.base import Document
from atlas.site.drawings.result_tables import sections
from atlas.site.drawings.score_plots import Drawn, draw_score, score_plots
from atlas.site.page import Link, Page, Placed
from atlas.site.page_kind import PageKind, SearchEntry

ADDRESS = "results/index.html"
ACROSS = "How far pictures can be trusted, by model and method: what judges that had no part in them say."


def results_address(model: Model) -> str:
    """Return the address of a model's results."""
    return f"{model.folder}/results/index.html"


def scores_of(results: Results) -> list[tuple[str, str]]:
    """Return the scores that a page of results shows: the anchor of each, and its title."""
    return [(results.slugs[name], score_words(name)[0]) for name in results.by_score]


class ResultsData(Document):
    """What scores say of pictures."""

    model: str | None = Field(description="the rendered one; null on the page of all")
    rows: tuple[Row, ...] = Field(description="every figure, as in the CSV")
    left_out: tuple[str, ...] = Field(description="what could not be scored, and what it would take")
    splits: tuple[PhotoSplit, ...] = Field(description="of photos, into those that judge and those fitted to")
    files: tuple[str, ...] = Field(description="the same as CSV, and curves")


class ResultsKind(PageKind):
    """The page of all models' results."""

    name = "results"
    data = ResultsData
    header = "Results"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield the one page, if anything was scored or should have been."""
        if has_some(contents.catalog.results):
            yield Placed(ADDRESS, partial(results_page, contents))

    def search(self, contents: Contents) -> Iterator[SearchEntry]:
        """Yield an entry for the page."""
        if has_some(contents.catalog.results):
            yield SearchEntry("Results", "scores of pictures", ADDRESS, "evaluation table judges")


class ModelResultsKind(PageKind):
    """The pages of a model's results."""

    name = "model-results"
    template = "results.html"
    data = ResultsData
    header = "Results"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield a page for each model of which anything was scored."""
        for model in contents.catalog.models:
            if contents.catalog.results.of(model).scores:
                yield Placed(results_address(model), partial(results_page, contents, model), model)


RESULTS = ResultsKind()
MODEL_RESULTS = ModelResultsKind()


def results_page(contents: Contents, model: Model | None = None) -> Page:
    """Return the page of a model's results, or of all if it is None."""
    catalog = contents.catalog
    results = catalog.results if model is None else catalog.results.of(model)
    address = ADDRESS if model is None else results_address(model)
    words = ACROSS if model is None else f"How far the pictures of {model.card.name} can be trusted: {_scores(results)}"
    made = sections(results, contents.glossary)
    others = [one for one in catalog.models if catalog.results.of(one).scores] if model is None else []
    return Page(
        address,
        "Results" if model is None else f"Results · {model.card.name}",
        words[:300],
        ResultsData(
            model=None if model is None else model.card.name,
            rows=results.rows,
            left_out=results.left_out,
            splits=results.splits,
            files=tuple(results.files),
        ),
        {
            "results": results,
            "sections": made,
            "plots": {results.slugs[score]: _drawings(results, score, contents) for score in results.by_score},
            "model": model,
            "models": [Link(results.titles[one.card.identity.fingerprint], results_address(one)) for one in others],
            "across": ADDRESS if model is not None and len(catalog.results.titles) > 1 else "",
        },
        crumbs=[Link("Results")] if model is None else [Link(model.card.name, model.address), Link("Results")],
        files={f"{address.rpartition('/')[0]}/{name}": text.encode() for name, text in results.files.items()},
    )


def _drawings(results: Results, score: str, contents: Contents) -> list[Drawn]:
    """Return the plots of a score, whose files are then in the site; none where what draws them is not installed."""
    plots = score_plots(results, score, contents.catalog.method_cards.title)
    drawings = [drawing for plot in plots if (drawing := draw_score(plot)).files]
    for path, content in (file for drawing in drawings for file in drawing.files):
        contents.pictures.drawing(path, content)
    return drawings


def has_some(results: Results) -> bool:
    """Tell whether anything was scored, or should have been."""
    return bool(results.scores or results.left_out)


def _scores(results: Results) -> str:
    return (
        f"{len(results.rows):,} figures of {', '.join(results.by_score).replace('_', ' ')}, with judges and intervals."
    )
