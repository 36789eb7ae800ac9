"""The strip of looks on the pages of classes and units, of pictures that were really made."""

import json
import re

import pytest
from small_photos import picture
from small_runs import PARAMETERS, concept_configuration, run

from atlas.config import RenderBlock
from atlas.config.problems import checked
from atlas.core.analysis import ClassFacets, Diversity
from atlas.site import SiteMetadata, build_site
from atlas.store.selections import configuration_name


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(store, folder of the site, class facets) of a class with looks by photos, beside seeds, and a unit with some."""
    folder = tmp_path_factory.mktemp("looks")
    for colour, name in enumerate(("red", "green", "blue")):
        (folder / "photos" / name).mkdir(parents=True)
        for seed in range(5):
            picture(colour, seed).save(folder / "photos" / name / f"{seed}.png")
    blocks = [
        {"classes": ("red",), "seeds": "facets:3"},
        {"classes": ("red",), "seeds": (0, 1)},
        {"layers": ("act2",), "units": (1,), "seeds": "facets:2"},
    ]
    config = concept_configuration(folder, folder / "photos")
    blocks = tuple(checked(RenderBlock, block | {"parameters": PARAMETERS}) for block in blocks)
    report, plan, store = run(config.model_copy(update={"render": blocks, "concepts": ()}))
    assert report.failed == []
    build(config, store, folder / "site")
    (clusters,) = clusters_of(plan, store)
    return store, folder / "site", clusters


def build(config, store, site):
    build_site(store, site, SiteMetadata(), configuration=configuration_name(config.file, store.path))


def clusters_of(plan, store):
    return [store.document(ClassFacets, task.key) for task in plan.facets]


def page(site, pattern):
    (found,) = site.glob(pattern)
    return found.read_text(), json.loads(found.with_suffix(".json").read_text())["data"]


def numbers(html, name):
    row = re.search(rf'<tr data-apart="{name}">(.*?)</tr>', html, re.DOTALL)
    return re.findall(r"<td>(.*?)</td>", row[1])


def test_looks_come_in_order_with_their_share_of_the_photos(built):
    _, site, clusters = built
    html, data = page(site, "m/*/c/0.html")
    used = clusters.counts.used
    words = [f"{each.size} of {used} photos, {100 * each.size / used:.0f} %" for each in clusters.clusters]
    assert re.findall(r'"look-words">(.*?)<', html) == words
    assert re.findall(r'"look-number">(.*?)<', html) == ["1", "2", "3"]
    (looks,) = data["looks"]
    assert [look["photos"] for look in looks["looks"]] == [each.size for each in clusters.clusters]
    assert [look["photo"] for look in looks["looks"]] == [clusters.photos[crop.photo].digest for crop in clusters.crops]
    strip = html[html.index('class="looks"') : html.index("</ul>", html.index('class="looks"'))]
    assert strip.count('class="cell') == 3 and "Photo credits" in html
    assert [look["rendering"] for look in looks["looks"]] == re.findall(r'data-recipe="r-(\w+)"', strip)
    assert all(f'id="r-{look["rendering"]}"' in html for look in looks["looks"])


def test_how_far_they_lie_apart_stands_beside_that_of_seeds(built):
    store, site, _ = built
    html, data = page(site, "m/*/c/0.html")
    documents = [store.any_document(key) for key in store.keys()]
    measured = {len(one.pictures): one for one in documents if isinstance(one, Diversity)}
    (looks,) = data["looks"]
    assert looks["apart"] == {
        "pictures": 3,
        "diversity": measured[3].features,
        "diversity_pixels": measured[3].pixels,
    }
    assert looks["seeds"]["pictures"] == 2 and numbers(html, "looks")[0] == "3" and numbers(html, "seeds")[0] == "2"
    assert "numbers.html" in html or "metrics" in html


def test_a_unit_has_looks_by_directions_and_says_how_to_compare(built):
    _, site, _ = built
    html, data = page(site, "m/*/l/*/1.html")
    assert re.findall(r'"look-words">(.*?)<', html) == ["direction 1", "direction 2"]
    assert data["looks"][0]["layer"] == "act" and "seeds" not in data["looks"][0]
    assert "seeds = [0, 1, 2, 3]" in html and 'data-apart="seeds"' not in html


def test_looks_of_two_numbers_keep_the_cluster_that_they_share(tmp_path):
    for name, seeds in {"red": (0, 1, 2, 40, 41, 90), "green": (0,), "blue": (0,)}.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for seed in seeds:
            picture(("red", "green", "blue").index(name), seed).save(tmp_path / "photos" / name / f"{seed}.png")
    blocks = [
        checked(RenderBlock, {"classes": ("red",), "seeds": f"facets:{n}", "parameters": PARAMETERS}) for n in (3, 4)
    ]
    config = concept_configuration(tmp_path, tmp_path / "photos", render=()).model_copy(
        update={"render": tuple(blocks), "concepts": ()}
    )
    report, plan, store = run(config)
    few, many = clusters_of(plan, store)
    sizes = [[each.size for each in found.clusters] for found in (few, many)]
    shared = {each.references for each in few.clusters} & {each.references for each in many.clusters}
    assert report.failed == [] and list(map(len, sizes)) == [3, 4] and shared
    build(config, store, tmp_path / "site")
    html, data = page(tmp_path / "site", "m/*/c/0.html")
    strips = sorted(data["looks"], key=lambda strip: len(strip["looks"]))
    assert [[look["photos"] for look in strip["looks"]] for strip in strips] == sizes
    anchors = re.findall(r'id="(r-\w+)"', html)
    assert len(anchors) == len(set(anchors))
