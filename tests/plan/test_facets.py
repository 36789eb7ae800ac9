"""Facets as they are asked for: what is refused, what is planned, and keys that stay."""

import pytest
from small_photos import write_photos
from small_runs import PARAMETERS, concept_configuration, configuration, prepared

from atlas.config import RenderBlock
from atlas.config.problems import checked
from atlas.config.seeds import Facets, seeds_of
from atlas.core.job import Facet, Target
from atlas.errors import ConfigError

LIMITS = '"facets:N", N from 2 to 64'


def planned(tmp_path, **block):
    return prepared(configuration(tmp_path, **({"classes": (1,), "parameters": PARAMETERS} | block)))[0]


def test_seeds_are_numbers_or_a_number_of_facets():
    assert checked(RenderBlock, {"classes": [1], "seeds": "facets:4"}).seeds == Facets(4)
    assert checked(RenderBlock, {"classes": [1], "seeds": 3}).seeds == (3,)
    assert seeds_of("facets:64") == Facets(64) and seeds_of(range(2)) == (0, 1) and seeds_of(5) == (5,)


@pytest.mark.parametrize("seeds", ["facets:1", "facets:65", "facets", "facets:four", "facets: 4", "looks:4", "4", ""])
def test_another_text_is_refused_with_what_is_allowed(seeds):
    with pytest.raises(ConfigError) as caught:
        checked(RenderBlock, {"classes": [1], "seeds": seeds})
    (problem,) = caught.value.problems
    assert problem.startswith("seeds: ") and LIMITS in problem
    with pytest.raises(ConfigError, match="from 2 to 64"):
        seeds_of(seeds)


def test_a_facet_changes_the_key_and_none_leaves_it(tmp_path):
    (plain,) = planned(tmp_path).jobs
    assert "facet" not in plain.job.key_fields()["target"]
    tasks = planned(tmp_path, seeds="facets:3").jobs
    assert len({plain.key, *(task.key for task in tasks)}) == 4
    assert [task.job.target.facet.number for task in tasks] == [1, 2, 3]
    assert {(task.job.target.facet.layer, task.job.seed) for task in tasks} == {("act", 0)}


def test_fewer_facets_are_the_first_of_more(tmp_path):
    few, many = (planned(tmp_path, seeds=f"facets:{count}").jobs for count in (2, 5))
    assert [task.key for task in few] == [task.key for task in many][:2]


def test_units_of_layers_have_facets_by_directions(tmp_path):
    plan = planned(tmp_path, layers=("act2",), units=(3, 5), seeds="facets:2", sign="both")
    assert {(task.job.target.unit, task.job.target.sign, task.job.target.facet.number) for task in plan.jobs} == {
        (unit, sign, number) for unit in (3, 5) for sign in (1, -1) for number in (1, 2)
    }


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({"method": "deep_inversion"}, 'method "deep_inversion" has no facets; cbr, feature_vis, fourier, maco'),
        ({"seeds": "facets:12"}, 'layer "act" of 12 units has directions for 11 facets at most'),
    ],
)
def test_what_has_no_facets_says_so_when_it_is_planned(tmp_path, block, says):
    with pytest.raises(ConfigError) as caught:
        planned(tmp_path, **({"seeds": "facets:2", "parameters": {}} | block))
    assert says in str(caught.value) and str(caught.value).count("seeds = ") == 1


def test_a_picture_of_a_photo_has_one_look(tmp_path):
    photos = {"path": write_photos(tmp_path / "photos", 2), "cache": tmp_path / "cache"}
    with pytest.raises(ConfigError, match="has one look, that photo's"):
        planned(
            tmp_path, method="adversarial", photos=photos, chosen=("*/*",), seeds="facets:2", parameters={"steps": 1}
        )


def test_vital_tells_looks_apart_by_photos_of_a_class_only(tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    block = {"method": "vital", "seeds": "facets:2", "parameters": {"image_size": 32, "patch_size": 16}}
    config = concept_configuration(tmp_path, photos, render=({"layers": ("act2",), "units": (0,)} | block,))
    with pytest.raises(ConfigError, match="clusters = 2"):
        prepared(config)


def test_photos_in_another_order_have_the_same_clusters(tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    block = {"classes": ("red",), "seeds": "facets:2", "parameters": PARAMETERS}
    (one,) = prepared(concept_configuration(tmp_path / "a", photos, render=(block,)))[0].facets
    for place, file in enumerate(sorted((photos / "red").iterdir(), reverse=True)):
        file.rename(file.with_name(f"{place}-renamed{file.suffix}"))
    (other,) = prepared(concept_configuration(tmp_path / "b", photos, render=(block,)))[0].facets
    assert one.key == other.key and [photo.digest for photo in one.photos] == sorted(p.digest for p in one.photos)


def test_concepts_take_no_facets(tmp_path):
    with pytest.raises(Exception, match="one look of its class already"):
        concept_configuration(tmp_path, write_photos(tmp_path / "photos", 2), seeds="facets:2")


def test_a_facet_of_photos_names_them():
    with pytest.raises(ValueError, match="references"):
        Target(kind="logit", layer="logits", unit=1, facet=Facet(number=1, strength=1))
    assert str(Target(kind="logit", layer="logits", unit=1, facet=Facet(number=2, layer="a", strength=1))) == (
        "logit 1, facet 2"
    )
