"""Which networks are of one family where nobody says so: those whose architectures' names begin alike."""

import pytest

from atlas.plan.judges import _stem


@pytest.mark.parametrize(
    ("architecture", "stem"),
    [
        ("efficientnet-lite0", "efficientnetlite"),
        ("efficientnet_lite0", "efficientnetlite"),
        ('resnet18{"zero_init_last":true}', "resnet"),
        ('vit_small{"dynamic_img_size":true}', "vitsmall"),
        ("hf-hub:timm/resnet50.a1_in1k", "resnet"),
        ("hf-hub:timm/vit_base_patch16_224", "vitbasepatch"),
        ("my_module:network", "network"),
    ],
)
def test_sources_and_arguments_are_no_part_of_a_name(architecture, stem):
    assert _stem(architecture) == stem
