"""Natural: what it chooses for a model, and what the network is shown."""

import pytest
import torch
from method_runs import batch_of, rendered, resolved

from atlas.core.job import LOGITS, Target
from atlas.methods import methods
from atlas.methods.natural import sides_of
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.smoothness import variation_at_scales

NATURAL = methods.get("natural")


def model_of(name, **spec):
    return load_model(ModelSpec(name=name, **spec))


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ({"architecture": "test_resnet", "pretrained": False, "size": 160}, (128, 128)),
        ({"architecture": "test_resnet", "pretrained": False, "size": 96}, (96, 96)),
        ({"architecture": "test_vit", "pretrained": False, "size": 160}, (128, 128)),
        (
            {
                "architecture": "test_vit",
                "pretrained": False,
                "size": 140,
                "arguments": {"img_size": 140, "patch_size": 14, "dynamic_img_size": True},
            },
            (126, 126),
        ),
        (
            {"architecture": "test_vit", "pretrained": False, "arguments": {"dynamic_img_size": False}},
            (160, 160),
        ),
    ],
)
def test_views_are_small_where_the_network_takes_them(model, shown):
    assert resolved(NATURAL, model_of("m", **model)).shown == shown


def test_a_resolution_that_is_given_is_kept():
    assert resolved(NATURAL, model_of("m", architecture="test_resnet", pretrained=False), resolution=64).shown == (
        64,
        64,
    )


def test_the_network_sees_crops_and_wide_crops_mirrored_and_in_changing_colours():
    parameters = NATURAL.parameters(image_size=32, resolution=(32, 32), steps=3, crops=3, wide_crops=1)
    views = NATURAL.views(batch_of(NATURAL.complete(parameters.model_dump()), 0, 1))
    assert (views.count, NATURAL.samples("logit", parameters)) == (4, 4)
    assert views(torch.rand(2, 3, 32, 32), 2, slice(None)).shape == (8, 3, 32, 32)


def test_with_neutral_settings_it_is_maco():
    """Each part is switched off by its neutral value, and then nothing is left but MACO, bit for bit."""
    model = model_of("tiny", source="callable", architecture="tiny_networks:tiny", size=32)
    targets = [Target(kind="logit", layer=LOGITS, unit=unit) for unit in (1, 2)]
    same = {"steps": 5, "image_size": 48, "crops": 3, "crop_mean": 0.5, "crop_std": 0.1, "learning_rate": 0.5}
    neutral = {
        "wide_crops": 0,
        "flip": False,
        "light_jitter": 0.0,
        "colour_jitter": 0.0,
        "contrast": 1.0,
        "statistics": 0.0,
        "blur": 0.0,
        "magnitudes": 0.0,
        "smoothness": 0.0,
        "confidence": 1.0,
    }
    for one, other in zip(
        rendered(NATURAL, model, targets, **same, **neutral),
        rendered(methods.get("maco"), model, targets, **same),
        strict=True,
    ):
        assert one.trace == other.trace and (one.image == other.image).all() and (one.alpha == other.alpha).all()


def test_pictures_are_small_for_a_part_of_the_steps_and_whole_in_the_end():
    model = model_of("tiny", source="callable", architecture="tiny_networks:tiny", size=32)
    target = Target(kind="logit", layer=LOGITS, unit=1)
    settings = {"steps": 8, "image_size": 64, "coarse": 0.5, "coarse_size": 32}
    given = resolved(NATURAL, model, **settings)
    assert sides_of(given) == [32] * 4 + [64] * 4
    [one] = rendered(NATURAL, model, [target], **settings)
    assert one.image.shape == (3, 64, 64) and one.alpha.shape == (64, 64) and one.alpha.min() >= 0


def test_smoothness_makes_pictures_smoother():
    model = model_of("tiny", source="callable", architecture="tiny_networks:tiny", size=32)
    target, settings = Target(kind="logit", layer=LOGITS, unit=1), {"steps": 12, "image_size": 64}
    rough, smooth = (
        variation_at_scales(torch.from_numpy(one.image)[None]).item()
        for weight in (0, 3)
        for one in rendered(NATURAL, model, [target], **settings, smoothness=weight)
    )
    assert smooth < 0.9 * rough


def test_statistics_are_asked_for_where_the_network_holds_some():
    tiny = {"source": "callable", "size": 32}
    assert resolved(NATURAL, model_of("a", architecture="tiny_networks:tiny", **tiny)).statistics > 0
    assert resolved(NATURAL, model_of("b", architecture="tiny_networks:colours", **tiny)).statistics == 0


def test_grey_networks_give_grey_pictures_and_vits_are_rendered_without_statistics():
    grey = model_of("grey", source="callable", architecture="tiny_networks:grey", size=32, channels=1)
    [one] = rendered(NATURAL, grey, [Target(kind="logit", layer=LOGITS, unit=1, sign=-1)], steps=3, image_size=48)
    assert one.status == "done" and (one.image[0] == one.image[1]).all() and (one.image[0] == one.image[2]).all()
    vit = model_of("vit", architecture="test_vit", pretrained=False, size=64)
    [one] = rendered(NATURAL, vit, [Target(kind="logit", layer=LOGITS, unit=1)], steps=3, image_size=64)
    assert one.status == "done" and len(one.trace) == 3


def test_without_norms_a_picture_does_not_depend_on_how_many_are_rendered_with_it():
    """Eight pictures of four views are more than one pass holds: the scale must be of all views all the same."""
    model = model_of("vit", architecture="test_vit", pretrained=False, size=64)
    small = {"steps": 3, "image_size": 64, "crops": 2, "wide_crops": 2, "smoothness": 5.0}
    targets = [Target(kind="logit", layer=LOGITS, unit=unit) for unit in range(8)]
    together = rendered(NATURAL, model, targets, **small)
    (alone,) = rendered(NATURAL, model, targets[:1], **small)
    assert abs(together[0].image - alone.image).max() < 1e-4
