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
    name = configuration_name(config.file, store.path)
    build_site(store, folder / "site", SiteMetadata(), configuration=name)
    (task,) = plan.facets
    return store, folder / "site", store.document(ClassFacets, task.key)


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
