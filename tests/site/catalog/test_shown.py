"""Names of renderings: as short as they can be, and no two alike that differ in a parameter."""

from records import done, job
from sample_store import BOOK

from atlas.site.catalog.shown import ordered, titles


def named(**parameters):
    record, _ = done()
    changed = job(parameters=parameters)
    return record.model_copy(update={"job": changed, "key": changed.key})


def test_the_best_recognised_methods_picture_leads():
    record, _ = done()
    made = []
    for method in ("fourier", "maco", "cbr", "natural"):
        by_it = record.job.model_copy(update={"method": method})
        made.append(record.model_copy(update={"job": by_it, "key": by_it.key}))
    assert [it.record.job.method for it in ordered(made, BOOK)] == ["natural", "maco", "cbr", "fourier"]


def test_as_many_parameters_are_named_as_tell_renderings_apart():
    made = [
        named(crops=4, crop_mean=0.5, crop_std=0.1, image_size=224),
        named(crops=4, crop_mean=0.5, crop_std=0.1, image_size=320),
        named(crops=8, crop_mean=0.8, crop_std=0.2, image_size=320),
    ]
    assert titles(made, BOOK) == [
        "MACO · seed 0 · crop mean 0.5 · crop std 0.1 · crops 4 · image size 224",
        "MACO · seed 0 · crop mean 0.5 · crop std 0.1 · crops 4 · image size 320",
        "MACO · seed 0 · crop mean 0.8 · crop std 0.2",
    ]
