"""What vital does with photos, layers and its own parameters; common rules are in test_contract.py."""

import numpy as np
import pytest
import torch
from method_runs import rendered, resolved
from reference_photos import References, encoded
from small_photos import picture

from atlas.core.job import LOGITS, Target
from atlas.errors import ModelError, PhotoError
from atlas.methods import methods
from atlas.methods.photos import square_of
from atlas.methods.vital.settings import SPECTRAL_RATE, class_penalty, class_weights
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.steps.ascent import Stopped

CPU = torch.device("cpu")
VITAL = methods.get("vital")
FEW = {"steps": 20, "warmup": 2, "jitter": 4, "image_size": 32}


def loaded(network="colours", **options):
    return load_model(
        ModelSpec(name="tiny", source="callable", architecture=f"tiny_networks:{network}", size=32, **options)
    )


@pytest.fixture(scope="module")
def colours():
    return loaded()


@pytest.fixture(scope="module")
def references():
    return References()


def logit(references, unit, colour=None):
    return Target(
        kind="logit", layer=LOGITS, unit=unit, references=references.photos(unit if colour is None else colour)
    )


def fitted(model, **parameters):
    return resolved(VITAL, model, **parameters)


def render(model, targets, load_input, seeds=None, **parameters):
    return rendered(VITAL, model, targets, seeds, load_input, **(FEW | parameters))


def shares(one):
    """Return the class probabilities of a picture."""
    network = loaded().network("float32", CPU)
    with torch.no_grad():
        return network(torch.from_numpy(one.image)[None], LOGITS).softmax(dim=1)[0]


# --- classes -----------------------------------------------------------------------------------------------------


PAPER = {"parametrization": "pixels", "crops": 0, "class_weights": "paper", "values": 0}
"""What the paper's setting is, besides its steps."""

FREE = {"contrast": 0, "crops": 0, "class_weights": "paper"}
"""A spectrum that may grow, which flat colours need."""


@pytest.mark.parametrize("options", [PAPER, FREE])
def test_a_class_comes_to_look_like_its_photos(colours, references, options):
    options = options | {"steps": 120, "learning_rate": 0.2}
    made = render(colours, [logit(references, unit) for unit in range(3)], references, **options)
    for unit, one in enumerate(made):
        assert one.status == "done"
        assert one.trace[-1] > one.trace[0] / 3  # a loss of less than a third
        assert one.image.mean(axis=(1, 2)).argmax() == unit
        assert shares(one).argmax() == unit


def test_layers_that_count_alike_and_crops_give_the_class_as_well(colours, references):
    made = render(colours, [logit(references, unit) for unit in range(3)], references, steps=120, learning_rate=0.2)
    for unit, one in enumerate(made):
        assert one.trace[-1] > one.trace[0] * 0.6
        assert one.image.mean(axis=(1, 2)).argmax() == unit
        assert shares(one).argmax() == unit


def test_photos_are_shown_as_pictures_are(colours):
    """Of one photo and a picture of another size, all that is matched is seen at the resolution."""
    from atlas.synthesis.scores.matching import StageMaps, mean_sorted
    from atlas.synthesis.views.shifted import resized

    references = References()
    photo = encoded(picture(1, 0))
    target = Target(kind="logit", layer=LOGITS, unit=1, references=references.listed([photo]))
    seen = []

    def watched(module, inputs):
        seen.append(tuple(inputs[0].shape[2:]))

    network = colours.network("float32", CPU)
    handle = network.module.register_forward_pre_hook(watched)
    try:
        render(colours, [target], references, image_size=48, resolution=(24, 24), steps=2, class_references="all")
    finally:
        handle.remove()
    assert set(seen) == {(24, 24)}
    square = square_of(photo, "photo", 48)
    shown = resized(square[None], (24, 24))
    goals = mean_sorted(StageMaps(network, ["act"]), iter(shown), CPU, 12)
    assert goals["act"].shape[2] == 144  # half the side


def test_the_photos_decide_and_not_the_class(colours, references):
    one = render(colours, [logit(references, 0, colour=2)], references, learning_rate=0.2, class_references="all")[0]
    assert one.image.mean(axis=(1, 2)).argmax() == 2


@pytest.mark.parametrize("options", [PAPER | {"crops": 1}, {"values": 16}])
def test_a_picture_does_not_depend_on_its_batch(colours, references, options):
    targets = [logit(references, unit) for unit in (0, 1, 2, 1)]
    together = render(colours, targets, references, seeds=[5, 6, 7, 8], **options)
    alone = render(colours, targets[1:2], references, seeds=[6], **options)[0]
    np.testing.assert_allclose(together[1].trace[:10], alone.trace[:10], rtol=1e-4)
    assert np.abs(together[1].image - alone.image).mean() < 0.01
    assert not np.allclose(together[1].image, together[3].image, atol=0.05)  # the same photos, another seed


@pytest.fixture
def matched(monkeypatch):
    """The photos that are matched, as sorted mean colours, of every rendering in turn."""
    from atlas.methods.vital import classes

    found, real = [], classes.mean_sorted

    def watched(maps_of, photos, *rest):
        photos = list(photos)
        found.append(sorted(tuple(photo.mean(dim=(1, 2)).tolist()) for photo in photos))
        return real(maps_of, iter(photos), *rest)

    monkeypatch.setattr(classes, "mean_sorted", watched)
    return found


def test_photos_that_cannot_be_decoded_are_left_out(colours, references, matched):
    good = [encoded(picture(0, seed)) for seed in range(4)]
    for files in ([b"no photo", good[0], good[1][:60], *good[1:]], good):
        target = Target(kind="logit", layer=LOGITS, references=references.listed(files))
        render(colours, [target], references, steps=1)
    assert len(matched[0]) == 4
    assert matched[0] == matched[1]


def test_photos_that_the_model_takes_for_another_class_are_no_references(colours, references, matched):
    """Of a class's folder with as many photos of another class; unless all are asked for."""
    own, foreign = ([encoded(picture(colour, seed)) for seed in range(20)] for colour in (0, 2))
    target = Target(kind="logit", layer=LOGITS, references=references.listed([*own, *foreign]))
    alone = Target(kind="logit", layer=LOGITS, references=references.listed(own))
    render(colours, [target], references, steps=1)
    render(colours, [alone], references, steps=1)
    render(colours, [target], references, steps=1, class_references="all")
    assert matched[0] == matched[1]
    assert len(matched[2]) == 40


@pytest.mark.parametrize("which", ["recognised", "all"])
def test_references_are_drawn_by_the_seed(colours, references, matched, which):
    target = Target(kind="logit", layer=LOGITS, references=references.photos(0, count=40))
    options = {"steps": 1, "references": 5, "class_references": which}
    render(colours, [target, target, target], references, seeds=[1, 2, 1], **options)
    render(colours, [target], references, seeds=[2], **options)
    first, second, again = matched  # the third of the batch is the first, and is matched once
    assert len(set(first)) == len(set(second)) == 5
    assert first != second
    assert second == again


def test_a_class_that_the_model_sees_in_no_photo_is_told_so(colours, references):
    with pytest.raises(PhotoError, match="takes none of the 6 photos of logit 0 for its class") as told:
        render(colours, [logit(references, 0, colour=2)], references)
    assert 'parameters.class_references = "all"' in str(told.value)


def test_photos_of_which_none_can_be_decoded_are_an_error(colours):
    references = References()
    for files in ([b"no photo", b""], []):
        target = Target(kind="logit", layer=LOGITS, unit=1, references=references.listed(files))
        with pytest.raises(PhotoError, match="none of the reference photos of logit 1 can be decoded"):
            render(colours, [target], references)


def test_it_can_be_stopped_while_photos_are_read(colours, references):
    with pytest.raises(Stopped):
        render(colours, [logit(references, 0)], references, should_stop=lambda: True)


def test_a_photos_own_activations_are_reached_by_the_photo_itself(colours):
    """With one reference photo, the loss that the trace begins with is that of noise; that of the photo is 0."""
    from atlas.synthesis.scores.matching import MatchScore, StageMaps, mean_sorted

    network = colours.network("float32", CPU)
    photo = square_of(encoded(picture(1, 0)), "photo", 32)
    maps_of = StageMaps(network, ["act", "act2"])
    goals = mean_sorted(maps_of, iter([photo]), CPU, 12)
    score = MatchScore(network, maps_of, goals, {"act": 1.0, "act2": 1.0}, 0.0)
    assert score(photo[None]).item() == pytest.approx(0, abs=1e-9)
    assert score(1 - photo[None]).item() < -1e-3


# --- layers and weights ------------------------------------------------------------------------------------------


def test_layers_and_weights_are_spelled_out_in_what_enters_the_key(colours):
    values = fitted(colours)
    assert values.layers == ("act", "act2")
    assert values.class_weights == "balanced"
    assert fitted(colours, class_weights="paper").class_weights == (1.0, 1.0)
    assert values.class_penalty == 0.0
    assert values.shown == (32, 32)
    assert [VITAL.samples(kind, values) for kind in ("logit", "channel")] == [2, 1]
    assert VITAL.reads(values) == ("act", "act2")
    chosen = fitted(colours, layers=("act2", "features"), class_weights=(2, 3), class_penalty=0.1)
    assert chosen.layers == ("features", "act2")  # in order of completion
    assert chosen.class_weights == (2.0, 3.0)
    assert chosen.class_penalty == 0.1


def test_layers_that_do_not_exist_and_weights_that_do_not_fit_are_refused(colours):
    with pytest.raises(ModelError, match=r'no layer "atc2"') as error:
        fitted(colours, layers=("atc2",))
    assert '"act2"' in error.value.remedy
    with pytest.raises(ModelError, match=r"1 weights for 2 layers \(act, act2\)"):
        fitted(colours, class_weights=(1.0,))
    for wrong in ({"class_weights": (-1.0, 1.0)}, {"class_weights": (0.0, 0.0)}, {"class_penalty": -1.0}):
        with pytest.raises(ValueError, match="at least 0"):
            VITAL.parameters(**wrong)


def test_the_papers_weights_are_those_of_its_networks():
    five = ["a", "b", "c", "d", "e"]
    assert class_weights("paper", five, "resnet50") == [1, 1, 1, 1, 1]
    assert class_weights("paper", five, "densenet121.ra_in1k") == [1, 1, 1, 1, 100]
    assert class_weights("paper", five, "convnext_base") == [10, 1, 1, 1, 1]
    assert class_weights("paper", five, "torchvision.models:vit_l_32") == [1, 1, 1, 1, 0.1]
    assert class_weights("paper", five[:3], "densenet121") == [1, 1, 1]
    assert class_penalty("paper", "vit_large_patch16_224") == 0.003
    assert class_penalty("paper", "vit_large_patch32_384") == 0.0003
    assert class_penalty("paper", "resnet50") == 0


def test_the_rate_is_that_of_what_is_optimised(colours):
    for fields, rate in (({"parametrization": "pixels"}, 1.0), ({}, SPECTRAL_RATE), ({"learning_rate": 0.3}, 0.3)):
        values = fitted(colours, **fields)
        assert (values.learning_rate, values.side) == (rate, 32)
