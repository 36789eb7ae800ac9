"""What preimage does with photos and with its own parameters; rules common to all methods are in test_contract.py."""

import io
from hashlib import sha256

import numpy as np
import pytest
import torch
from method_runs import model_with, rendered, resolved
from PIL import Image
from pydantic import ValidationError
from reference_photos import References

from atlas.core.job import LOGITS, Preprocessing, Target
from atlas.errors import ModelError, PhotoError
from atlas.methods import RenderBatch, methods
from atlas.methods.last_scan import LastScan
from atlas.methods.photos import photos_of, reference_digests, square_of
from atlas.methods.preimage.largest import largest_on_photos
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

PREIMAGE = methods.get("preimage")
CPU = torch.device("cpu")


def photo(seed, side=96):
    """Return (digest, PNG) of a picture of smooth blobs of colour."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] / side
    image = np.full((side, side, 3), 110.0)
    for _ in range(12):
        row, column, width = *generator.random(2), 0.05 + 0.15 * generator.random()
        blob = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2))
        image += blob[..., None] * generator.normal(size=3) * 70
    buffer = io.BytesIO()
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(buffer, "PNG")
    return sha256(buffer.getvalue()).hexdigest(), buffer.getvalue()


PHOTOS = dict(photo(seed) for seed in (1, 2))
FIRST, SECOND = PHOTOS


def loaded(architecture="tiny_networks:tiny", **options):
    options = {"size": 32} | options
    return load_model(ModelSpec(name="tiny", source="callable", architecture=architecture, **options))


@pytest.fixture(scope="module")
def tiny():
    return loaded()


def render(model, targets, seeds=None, **parameters):
    seeds = seeds or [0] * len(targets)
    return rendered(methods.get("preimage"), model, targets, seeds, PHOTOS.__getitem__, **parameters)


def codes(model, target, image):
    """Return the activation of an image and of the target's photo at its size."""
    network = model.network(model.numerics_for(target.layer), CPU)
    shown = torch.from_numpy(image)[None]
    both = torch.cat([shown, photos_of([target], shown.shape[2], PHOTOS.__getitem__)])
    with torch.no_grad():
        return network(both, target.layer).numpy()


def error(model, target, image, channels=slice(None)):
    found, wanted = codes(model, target, image)[:, channels]
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


def inversion(layer, of=FIRST):
    return Target(kind="inversion", layer=layer, photo=of)


def test_the_defaults_are_those_of_the_paper():
    known = methods.get("preimage").parameters()
    assert (known.alpha, known.beta, known.length, known.bound, known.momentum) == (6, 2, 80, 160, 0.9)
    assert known.slope == pytest.approx(80 / 6.5) and known.learning_rate == 0.01
    assert (known.steps, round(known.steps * known.calm)) == (350, 50)
    assert (known.weight, known.jitter, known.channels, known.window) == ("depth", "stride", "all", 0)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"weight": -1.0}, 'write "depth" or a number above 0, not -1'),
        ({"weight": "deep"}, "depth"),
        ({"jitter": 0}, 'write "stride" or a number from 1'),
        ({"channels": "1-"}, "names no channels"),
        ({"alpha": 0.5}, "greater than or equal to 1"),
        ({"stretch": "yes"}, "by kind"),
    ],
)
def test_what_is_no_parameter_is_refused(parameters, words):
    with pytest.raises(ValidationError, match=words):
        methods.get("preimage").parameters(**parameters)


def test_pictures_have_the_models_larger_side_unless_chosen():
    method, wide = methods.get("preimage"), Preprocessing(channels=3, height=96, width=128, mean=(0.5,), std=(0.5,))
    for parameters, side in (({}, 128), ({"image_size": 64}, 64)):
        found = resolved(method, model_with(wide), **parameters)
        assert found.side == side and method.sizes(found) == {f"image_size = {side}": (side, side)}


# --- photos ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layer", "weight"), [("stem", "depth"), ("body", "depth"), ("head", 20), (LOGITS, 20)])
def test_an_inversion_has_nearly_the_code_of_its_own_photo(tiny, layer, weight):
    targets = [inversion(layer), inversion(layer, SECOND)]
    found = render(tiny, targets, steps=100, weight=weight)
    for target, other, one in zip(targets, targets[::-1], found, strict=True):
        assert one.status == "done" and error(tiny, target, one.image) < 0.05
        assert error(tiny, target, one.image) < 0.5 * error(tiny, other, one.image)


def test_seeds_agree_on_what_a_layer_keeps_and_not_on_what_it_drops(tiny):
    """The logits are of a mean over positions, so that they know little of where things are."""
    spreads = {}
    for layer in ("stem", LOGITS):
        found = render(tiny, [inversion(layer)] * 3, [1, 2, 3], steps=100)
        images = np.stack([one.image for one in found])
        spreads[layer] = float(images.std(axis=0).mean())
    assert spreads["stem"] < 0.5 * spreads[LOGITS]


def test_a_caricature_has_more_of_what_is_positive_in_the_code(tiny):
    target = Target(kind="caricature", layer="body", photo=FIRST)
    (one,) = render(tiny, [target], steps=60, stretch="never")
    found, held = codes(tiny, target, one.image)
    positive = held.clip(min=0)
    assert float((found * positive).sum()) > 1.1 * float((held * positive).sum())
    shown = photos_of([target], 32, PHOTOS.__getitem__)[0].numpy()
    noise = np.random.default_rng(0).random(shown.shape)
    assert np.abs(one.image - shown).mean() < 0.7 * np.abs(noise - shown).mean()  # it is still that photo's


def test_a_caricature_starts_from_the_photo_whatever_the_jitter(tiny):
    """A vanishing weight and rate leave the photo, but for the colours that are too far from the mean."""
    target = Target(kind="caricature", layer="body", photo=FIRST)
    still = {"steps": 1, "learning_rate": 1e-12, "stretch": "never", "bound": 400.0}
    shown = photos_of([target], 32, PHOTOS.__getitem__)[0].numpy()
    for jitter in (1, 4):
        (one,) = render(tiny, [target], jitter=jitter, **still)
        np.testing.assert_allclose(one.image, shown, atol=1e-5)


def test_channels_that_are_masked_out_do_not_count(tiny):
    target = inversion("body")
    (half,) = render(tiny, [target], steps=100, channels="0-3")
    (whole,) = render(tiny, [target], steps=100)
    kept, dropped = slice(0, 4), slice(4, None)
    assert error(tiny, target, half.image, kept) < 0.05
    assert error(tiny, target, half.image, dropped) > 3 * error(tiny, target, whole.image, dropped)
    with pytest.raises(ModelError, match='channels = "3-16", but layer "body" has 16 channels'):
        render(tiny, [target], steps=2, channels="3-16")


def test_a_window_leaves_what_it_does_not_see_to_the_prior(tiny):
    """The window's receptive field is 4 * 2 + 3 + 2 pixels wide around the middle of 48; the rest becomes grey."""
    (one,) = render(tiny, [inversion("body")], steps=200, image_size=48, window=4)
    contrast = one.image.std(axis=0)
    varied = np.abs(np.diff(one.image, axis=2)).mean(axis=0)
    assert varied[18:30, 18:30].mean() > 3 * varied[:10].mean()
    assert contrast.shape == (48, 48)


def test_an_early_layer_weighs_more_and_keeps_more_of_its_photo(tiny):
    target = inversion("stem")
    (by_depth,), (weak,) = render(tiny, [target], steps=100), render(tiny, [target], steps=100, weight=1)
    assert error(tiny, target, by_depth.image) < 0.2 * error(tiny, target, weak.image)


def test_a_photo_that_activates_nothing_is_an_error(monkeypatch):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, "PNG")
    monkeypatch.setitem(PHOTOS, "0" * 64, buffer.getvalue())
    with pytest.raises(ModelError, match="activates nothing there"):
        render(loaded("atlas.descriptors:hogb"), [inversion("blocks", "0" * 64)], steps=2)


# --- steps -------------------------------------------------------------------------------------------------------


def test_the_last_steps_are_calm(tiny, monkeypatch):
    from atlas.synthesis.scores import naturalness as preimage
    from atlas.synthesis.steps.decayed_adagrad import DecayedAdaGrad

    rates, corners = [], []
    original, windows = DecayedAdaGrad.step, preimage.windows
    monkeypatch.setattr(
        DecayedAdaGrad, "step", lambda self, closure=None: (rates.append(self.param_groups[0]["lr"]), original(self))[1]
    )
    monkeypatch.setattr(
        preimage,
        "windows",
        lambda images, places, size: (corners.append(tuple(places[0].tolist())), windows(images, places, size))[1],
    )
    render(tiny, [inversion("body")], steps=14, jitter=5)
    full = 0.01 * 32**2 * 80**2 / 6
    assert rates == pytest.approx([full] * 12 + [full / 10] * 2)
    assert len(set(corners[:12])) > 4 and set(corners[12:14]) == {(2, 2)}


def test_units_have_no_calm_steps(tiny):
    """The authors' code has them for inversions only: without jitter a unit's picture fills with fine noise."""
    unit, shown = Target(kind="channel", layer="body", unit=1), {"steps": 20, "jitter": 4}
    with_calm, without = (render(tiny, [unit], calm=calm, **shown)[0] for calm in (0.5, 0.0))
    assert np.array_equal(with_calm.image, without.image)


def test_the_objective_is_minus_the_energy(tiny):
    """At the first step, of the noise that it starts from: C times the relative error, and both penalties."""
    from atlas.synthesis.scores.naturalness import BallPixels, alpha_norm, total_variation, uniform_noise

    target = inversion("body")
    (one,) = render(tiny, [target], [5], steps=1, weight=7.0, jitter=1)
    start = BallPixels(uniform_noise((3, 32, 32), 80.0, [torch.Generator().manual_seed(5)]), 160.0)
    prior = alpha_norm(start.values, 6.0, 80.0)[0] + total_variation(start.values, 2.0, 80 / 6.5)[0]
    expected = 7 * error(tiny, target, start()[0].detach().numpy()) + float(prior.detach())
    assert one.trace[0] == pytest.approx(-expected, rel=1e-4)


# --- units -------------------------------------------------------------------------------------------------------


def test_a_unit_weighs_less_the_larger_its_largest_activation_is(tiny):
    """Ten times M with ten times the weight is the same."""
    target = Target(kind="channel", layer="body", unit=3)
    shown = {"steps": 20, "stretch": "never"}
    strong = render(tiny, [target], **shown, largest=1.0)[0]
    same = render(tiny, [target], **shown, largest=10.0, weight=10)[0]
    weak = render(tiny, [target], **shown, largest=10.0)[0]
    np.testing.assert_allclose(strong.image, same.image, atol=1e-5)
    assert weak.image.std() < 0.8 * strong.image.std()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_largest_activation_that_is_not_given_is_estimated(tiny, sign):
    from atlas.synthesis.scores.reach import strongest_answer

    target = Target(kind="neuron", layer="body", unit=3, sign=sign)
    expected = strongest_answer(tiny.network(tiny.numerics_for("body"), CPU), "body", sign, 32)
    estimated, given = (render(tiny, [target], steps=10, largest=one)[0] for one in (0.0, expected))
    np.testing.assert_allclose(estimated.image, given.image, atol=1e-5)


@pytest.fixture
def references():
    kept = References()
    kept.lists = [kept.photos(colour) for colour in (0, 2)]
    return kept


def largest_by_hand(model, references, listed, target, side=32):
    """Return the largest activation of a unit over photos and positions, photo by photo."""
    network, best = model.network(model.numerics_for(target.layer), CPU), 0.0
    for digest in reference_digests(target.model_copy(update={"references": listed}), references):
        photo = square_of(references(digest), "photo", side)
        with torch.no_grad():
            best = max(best, float((network(photo[None], target.layer)[0, target.unit] * target.sign).max()))
    return best


@pytest.mark.parametrize("kind", ["channel", "neuron", "logit"])
@pytest.mark.parametrize("sign", [1, -1])
def test_largest_on_photos_is_the_units_own(tiny, references, kind, sign):
    layer = LOGITS if kind == "logit" else "body"
    found = [
        Target(kind=kind, layer=layer, unit=unit, sign=sign, references=listed)
        for unit, listed in [(3, references.lists[0]), (5, references.lists[0]), (3, references.lists[1])]
    ]
    shown = {"steps": 6, "stretch": "never"}
    together = rendered(PREIMAGE, tiny, found, [0, 0, 0], references, largest="photos", **shown)
    for target, one in zip(found, together, strict=True):
        own = largest_by_hand(tiny, references, target.references, target) or 1.0  # nothing above 0 is no scale
        (given,) = rendered(PREIMAGE, tiny, [target], [0], references, largest=own, **shown)
        np.testing.assert_allclose(one.image, given.image, atol=1e-4)
        np.testing.assert_allclose(one.trace, given.trace, rtol=1e-3, atol=1e-5)


def test_photos_are_looked_at_once_for_all_units_of_a_layer_and_anew_for_others(tiny, references):
    read = []
    network = tiny.network(tiny.numerics_for("body"), CPU)

    def load(digest):
        read.append(digest)
        return references(digest)

    def look(unit, listed, side=32):
        target = Target(kind="channel", layer="body", unit=unit, references=listed)
        values = resolved(PREIMAGE, tiny, largest="photos", image_size=side)
        read.clear()
        largest_on_photos(RenderBatch(network, [target], [0], values, load), last)
        return len(read)

    last = LastScan()
    assert look(3, references.lists[0]) == 1 + 6
    assert look(5, references.lists[0]) == 0
    assert look(5, references.lists[1]) == 1 + 6
    assert look(5, references.lists[1], 48) == 1 + 6


def test_reference_photos_are_asked_for_where_the_largest_is_looked_for_on_them(tiny):
    for kind, wanted in {
        "channel": True,
        "neuron": True,
        "logit": True,
        "inversion": False,
        "caricature": False,
    }.items():
        assert PREIMAGE.refers_to_photos(kind, resolved(PREIMAGE, tiny, largest="photos")) == wanted
        assert not PREIMAGE.refers_to_photos(kind, resolved(PREIMAGE, tiny))
    with pytest.raises(ValueError, match='write "photos" or a number of at least 0, not -1'):
        PREIMAGE.parameters(largest=-1.0)


def test_photos_that_cannot_be_opened_are_no_scale(tiny, references):
    target = Target(kind="channel", layer="body", unit=1, references=references.listed([b"no photo"]))
    with pytest.raises(PhotoError, match="none of the reference photos of .* can be decoded"):
        rendered(PREIMAGE, tiny, [target], [0], references, steps=1, largest="photos")


def test_a_unit_that_no_gradient_reaches_is_dead_though_the_prior_has_one():
    model = loaded("tiny_networks:with_dead_units")
    targets = [Target(kind="channel", layer="act2", unit=unit) for unit in (0, 1, 2)]
    assert [one.status for one in render(model, targets, steps=20)] == ["dead", "done", "done"]


def test_what_diverges_has_failed_and_leaves_the_others_alone():
    model = loaded("tiny_networks:exploding")
    targets = [Target(kind="logit", layer=LOGITS, unit=unit) for unit in (3, 1)]
    found = render(model, targets, steps=5, largest=1.0)
    assert [one.status for one in found] == ["failed", "done"]
    assert "objective became nan at step 1 of 5" in found[0].message


def test_units_and_caricatures_are_stretched_and_inversions_are_not(tiny):
    unit, caricature = Target(kind="logit", layer=LOGITS, unit=1), Target(kind="caricature", layer="body", photo=FIRST)
    for target, by_kind in ((unit, True), (caricature, True), (inversion("body"), False)):
        ranges = {}
        for choice in ("by kind", "always", "never"):
            image = render(tiny, [target], steps=10, stretch=choice)[0].image
            ranges[choice] = (float(image.min()), float(image.max()))
        assert ranges["always"] == (0, 1) != ranges["never"]
        assert ranges["by kind"] == ranges["always" if by_kind else "never"]


# --- models ------------------------------------------------------------------------------------------------------


def test_hogb_is_inverted_far_better_than_hog():
    """Table 4: the error is 36.6 % with hard orientation bins and 11.5 % with bilinear ones, DSIFT's 9.4 %."""
    errors = {}
    for name in ("hog", "hogb", "dsift"):
        model = loaded(f"atlas.descriptors:{name}", size=64, mean=0, std=1)
        target = inversion("blocks")
        (one,) = render(model, [target], steps=140)
        assert np.array_equal(one.image[0], one.image[1])
        errors[name] = error(model, target, one.image) ** 0.5
    assert errors["hogb"] < 0.6 * errors["hog"] and errors["dsift"] < 0.6 * errors["hog"]
    assert errors["hogb"] < 0.25


def test_transformers_are_inverted_too():
    spec = {"architecture": "vit_tiny_patch16_224", "pretrained": False, "arguments": {"img_size": 64}, "size": 64}
    model = load_model(ModelSpec(name="vit", **spec))
    target = inversion("blocks.1")
    (one,) = render(model, [target], steps=12, jitter=1)
    start = render(model, [target], steps=1, jitter=1, learning_rate=1e-12)[0]
    assert one.status == "done" and one.image.shape == (3, 64, 64)
    assert error(model, target, one.image) < 0.8 * error(model, target, start.image)
