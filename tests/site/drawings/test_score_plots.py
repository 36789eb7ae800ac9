"""What scores have at several layers: one plot of all models, by name of a layer where there is one model alone."""

from types import SimpleNamespace

from atlas.evaluation.rows import Row
from atlas.site.drawings.score_plots import score_plots


def row(model: str, layer: str, value: float) -> Row:
    return Row(
        model=model,
        method="preimage",
        settings="",
        score="inversion",
        measure="psnr",
        title="PSNR",
        layer=layer,
        judge="",
        family="",
        relation="",
        classes=0,
        value=value,
        low=value - 1,
        high=value + 1,
        n=5,
        pictures=5,
        photos=5,
        better="higher",
        key=model + layer,
    )


def plots(rows: list[Row]):
    documents = [SimpleNamespace(key=each.key, score="inversion", curves=()) for each in rows]
    results = SimpleNamespace(by_score={"inversion": rows}, scores=documents)
    return score_plots(results, "inversion", str.title)


CNN = [row("cnn", layer, value) for layer, value in (("stem", 20.0), ("body", 15.0), ("end", 9.0))]
VIT = [row("vit", layer, value) for layer, value in (("blocks.0", 22.0), ("blocks.6", 21.0))]


def test_several_models_are_lines_of_one_plot_over_the_depth_of_their_own_layers():
    (plot,) = plots([*CNN, *VIT])
    assert [(line.title, line.x, line.y) for line in plot.lines] == [
        ("cnn, Preimage", (0, 0.5, 1), (20, 15, 9)),
        ("vit, Preimage", (0, 1), (22, 21)),
    ]
    assert plot.lines[0].low == (19, 14, 8) and plot.lines[0].high == (21, 16, 10)
    assert plot.x_names == () and plot.x_title.startswith("depth")


def test_of_one_model_layers_are_named_and_one_layer_is_no_line():
    (plot,) = plots(CNN)
    assert plot.x_names == ("stem", "body", "end") and plot.lines[0].x == (0, 1, 2)
    assert "20.0 at stem to 9.00 at end" in plot.words
    assert plots(CNN[:1]) == []
