"""Inversions and accentuations as jobs: planned from a block's photos, refused with what works, stored and found."""

import pytest
from small_photos import write_photos
from small_runs import configuration, made, prepared

from atlas.errors import ConfigError
from atlas.jobs.pending import pending

BLOCKS = {
    "vit_inversion": {"layers": ("body", "logits"), "parameters": {"steps": 3}},
    "inversion": {"layers": ("body", "logits"), "parameters": {"steps": 3, "image_size": 32, "crops": 2}},
    "accentuation": {"classes": (1, 2), "parameters": {"steps": 3, "image_size": 32, "crops": 2}},
}


def asked(tmp_path, **block):
    photos = {"path": write_photos(tmp_path / "photos", 2), "cache": tmp_path / "cache"}
    return configuration(tmp_path, photos=photos, **block)


@pytest.mark.parametrize("method", BLOCKS)
def test_each_photo_and_target_is_a_job_that_is_rendered_once(tmp_path, method):
    config = asked(tmp_path, chosen=("red/*",), method=method, **BLOCKS[method])
    plan, store = prepared(config)
    assert len({planned.job.key for planned in plan.jobs}) == 2 * 2
    report, _, _ = made(plan, store, config)
    assert (report.failed, report.dead) == ([], [])
    for record in store.records():
        values = {one.name for one in record.measurements}
        assert {"psnr", "fft2d"} <= values and ("error" in values) == (method != "accentuation")
        assert {asset.role for asset in record.assets} >= {"image", "alpha", "photo"}
    plan, store = prepared(config)
    assert not pending(plan, store).missing


def test_what_the_model_decides_is_in_the_key(tmp_path):
    """The early layer by name, and that there is no attention to match."""
    for method, (name, value) in {"accentuation": ("layer", "act2"), "vit_inversion": ("attention", "off")}.items():
        plan, _ = prepared(asked(tmp_path / method, chosen=("red/000.png",), method=method, **BLOCKS[method]))
        assert {planned.job.parameters[name] for planned in plan.jobs} == {value}


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("vit_inversion", {"attention": "on"}, 'model "tiny" has no attention branch; "auto" matches the layer alone'),
        ("vit_inversion", {"shift": 40}, "shift = 40 moves a picture of 32 pixels out of sight"),
        ("accentuation", {"layer": "bdy"}, 'no layer "bdy"; did you mean "body"'),
    ],
)
def test_parameters_that_do_not_fit_the_model_are_refused_by_the_plan(tmp_path, method, parameters, words):
    block = BLOCKS[method] | {"parameters": parameters}
    with pytest.raises(ConfigError) as raised:
        prepared(asked(tmp_path, chosen=("red/*",), method=method, **block))
    assert words in str(raised.value)
