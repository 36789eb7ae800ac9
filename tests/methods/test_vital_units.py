"""VITAL inside a network: reference patches, what is matched of them, clusters and concepts."""

import numpy as np
import pytest
import torch
from method_runs import rendered, resolved
from PIL import Image
from reference_photos import References, encoded

from atlas.core.job import LOGITS, Target
from atlas.errors import ConfigError, ModelError, PhotoError
from atlas.methods import RenderBatch, methods
from atlas.methods.last_scan import LastScan
from atlas.methods.photos import square_of
from atlas.methods.vital.patches import Cut, channel_means, scan
from atlas.methods.vital.units import UnitMaps, UnitReferences, between_0_and_1, clusters, matched_at
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.photos.views import PatchGrid

CPU = torch.device("cpu")
VITAL = methods.get("vital")
OTHERS = ("ClassToken", "Shortcut", "ChannelsLast")
FEW = {"steps": 12, "warmup": 2, "jitter": 4, "image_size": 32, "patch_size": 16, "patch_stride": 16}


@pytest.fixture(scope="module")
def colours():
    spec = ModelSpec(name="tiny", source="callable", architecture="tiny_networks:colours", size=32)
    return load_model(spec)


@pytest.fixture
def network(colours):
    return colours.network("float32", CPU)


def spotted(colour, place, side=32, seed=0):
    """Return a grey photo with a bright quarter of one colour at one of four places."""
    pixels = np.random.default_rng([colour, place, seed]).uniform(0.3, 0.4, (side, side, 3))
    row, column = divmod(place, 2)
    half = side // 2
    pixels[row * half : (row + 1) * half, column * half : (column + 1) * half, colour] += 0.5
    return encoded(Image.fromarray((pixels * 255).round().astype(np.uint8)))


@pytest.fixture
def references():
    """Twelve photos: of each colour four, each with its spot at another place."""
    kept = References()
    kept.list = kept.listed([spotted(colour, place) for colour in range(3) for place in range(4)])
    return kept


def photos_in(references):
    return [digest for digest, data in references.inputs.items() if data[:4] == b"\x89PNG"]


def channel(references, unit, layer="act2", **fields):
    return Target(kind=fields.pop("kind", "channel"), layer=layer, unit=unit, references=references.list, **fields)


def direction(references, values):
    digest = references.add(np.asarray(values, "<f4").tobytes())
    return Target(kind="direction", layer="act2", direction=digest, cosine_power=2.0, references=references.list)


def fitted(model, **parameters):
    return resolved(VITAL, model, **(FEW | parameters))


def render(model, targets, load_input, seeds=None, **parameters):
    seeds = seeds or [7] * len(targets)
    return rendered(VITAL, model, targets, seeds, load_input, "float32", **(FEW | parameters))


def finder(network, model, load_input, **parameters):
    batch = RenderBatch(network, [], [], fitted(model, **parameters), load_input)
    return UnitReferences(batch, ["act", "act2"], LastScan())


# --- patches -----------------------------------------------------------------------------------------------------


def test_the_best_patches_are_those_of_an_exhaustive_search_one_of_each_photo(network, references):
    digests = photos_in(references)
    cut = Cut(PatchGrid(32, 16, 8), size=(32, 32))
    found = scan(network, "act2", digests, cut, channel_means, 5, references, lambda: False)
    with torch.no_grad():
        scores = []
        for digest in digests:
            photo = square_of(references(digest), "photo", 32)
            views = torch.cat([cut.patches(photo, [box]) for box in range(len(cut.grid.boxes))])
            scores.append(network(views, "act2").mean(dim=(2, 3)))
    best = torch.stack(scores).max(dim=1)  # (photos, C)
    for unit in range(12):
        order = best.values[:, unit].sort(descending=True, stable=True).indices[:5]
        torch.testing.assert_close(found.scores[:, unit], best.values[order, unit], rtol=1e-5, atol=1e-6)
        photos = [digest for digest, _ in found.of(unit, 5)]
        assert len(set(photos)) == 5
    assert {digest for digest, _ in found.of(0, 4)} == set(digests[:4])  # red is in these
    for place, (digest, box) in enumerate(sorted(found.of(0, 4), key=lambda each: digests.index(each[0]))):
        left, top, *_ = cut.grid.boxes[box]
        assert (top // 16, left // 16) == divmod(place, 2) and digest == digests[place]  # and there


def test_further_units_of_a_layer_do_not_look_at_all_photos_again(colours, network, references):
    read = []

    def load(digest):
        read.append(digest)
        return references(digest)

    found = finder(network, colours, load, references=2)
    found.chosen([channel(references, 0), channel(references, 1)])
    assert len(read) == 13  # the list and twelve photos
    found.chosen([channel(references, 2)])
    assert len(read) == 13
    for other in ({"layer": "act"}, {"kind": "neuron"}, {"kind": "neuron", "position": (1, 1)}):
        read.clear()
        found.chosen([channel(references, 2, **other)])
        assert len(read) == 13


def test_a_neurons_patches_excite_it_at_its_own_position(colours, network, references):
    """The spots fill one of four patches; a corner of the grid sees the same in all, but the patch's own noise."""
    corner = channel(references, 0, kind="neuron", position=(7, 1))
    ((best, *_),) = finder(network, colours, references, references=3).chosen([corner])
    digests = photos_in(references)
    cut = Cut(PatchGrid(32, 16, 16), size=(32, 32))
    values = {}
    with torch.no_grad():
        for digest in digests:
            photo = square_of(references(digest), "photo", 32)
            for box in range(4):
                values[digest, box] = network(cut.patches(photo, [box, box]), "act2")[0, 0, 7, 1].item()
    assert values[best] == pytest.approx(max(values.values()), rel=1e-5)


def test_photos_that_cannot_be_decoded_are_left_out_and_none_at_all_is_an_error(colours, network, references):
    some = [b"no photo", *(references.inputs[digest] for digest in list(references.inputs)[:2])]
    references.list = references.listed(some)
    assert len(finder(network, colours, references).chosen([channel(references, 0)])[0]) == 2
    references.list = references.listed([b"no photo"])
    with pytest.raises(PhotoError, match="none of the reference photos can be decoded"):
        render(colours, [channel(references, 0)], references)


def test_a_concepts_patches_are_those_with_the_highest_cosine(colours, network, references):
    green, blue = [0.0] * 12, [0.0] * 12
    green[1] = blue[2] = 1.0
    targets = [direction(references, green), direction(references, blue)]
    chosen = finder(network, colours, references, references=4).chosen(targets)
    cut = Cut(PatchGrid(32, 16, 16), size=(32, 32))
    for unit, patches in ((1, chosen[0]), (2, chosen[1])):
        cosines = {}
        for digest in photos_in(references):
            with torch.no_grad():
                views = cut.patches(square_of(references(digest), "photo", 32), range(4))
                means = network(views, "act2").mean(dim=(2, 3))
            cosines[digest] = (means[:, unit] / means.norm(dim=1)).max().item()
        assert [digest for digest, _ in patches] == sorted(cosines, key=cosines.__getitem__, reverse=True)[:4]
    with pytest.raises(ModelError, match="5 values"):
        render(colours, [direction(references, [1.0] * 5)], references)


# --- clusters ----------------------------------------------------------------------------------------------------


def test_clusters_are_told_apart_largest_first_and_nearest_first():
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]).repeat_interleave(torch.tensor([5, 9, 7]), dim=0)
    means = centres + torch.randn(21, 2, generator=generator)
    members = clusters(means, 3, "unit")
    assert [set(each) for each in members] == [set(range(5, 14)), set(range(14, 21)), set(range(5))]
    for each in members:
        centre = means[each].mean(dim=0)
        distances = [(means[place] - centre).norm().item() for place in each]
        assert distances == sorted(distances)
    with pytest.raises(PhotoError, match="21 reference patches make no 22 clusters"):
        clusters(means, 22, "unit")


def test_a_unit_that_answers_to_two_things_is_rendered_once_for_each(colours, references):
    target = channel(references, 0)
    several = VITAL.expanded(target, fitted(colours, clusters=3))
    assert [one.cluster for one in several] == [0, 1, 2]
    assert VITAL.expanded(target, fitted(colours)) == (target,)
    logit = Target(kind="logit", layer=LOGITS, references=references.list)
    assert VITAL.expanded(logit, fitted(colours, clusters=3)) == (logit,)
    options = {"clusters": 3, "references": 4, "cluster_patches": 12, "steps": 60, "learning_rate": 0.2}
    made = render(colours, several, references, seeds=[3, 3, 3], **options)
    assert [one.status for one in made] == ["done"] * 3
    assert not np.allclose(made[0].image, made[1].image, atol=0.02)
    alone = render(colours, several[1:2], references, seeds=[3], **options)[0]
    np.testing.assert_allclose(made[1].trace[:10], alone.trace[:10], rtol=1e-3, atol=1e-6)


def test_clusters_are_of_what_the_patches_show(colours, network, references):
    found = finder(network, colours, references, clusters=3, cluster_patches=12, references=12)
    chosen = found.chosen([channel(references, 0, cluster=number) for number in range(3)])
    digests = photos_in(references)
    groups = [{digests.index(digest) // 4 for digest, _ in one} for one in chosen]
    assert sorted(map(sorted, groups)) == [[0], [1], [2]]


# --- what is matched ---------------------------------------------------------------------------------------------


def test_matched_maps_are_relevance_times_activation(network, references):
    """The relevance of channel 1 at ``act`` by the z+ rule, by hand for this network of two convolutions."""
    views = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    maps = UnitMaps(network, [channel(references, 1)], ["act", "act2"], "lrp", references)(views)
    module = network.module
    with torch.no_grad():
        act, act2 = (network(views, layer) for layer in ("act", "act2"))
    weight = module.late.weight[1:2].clamp(min=0)
    leaf = act.clone().requires_grad_()
    whole = torch.nn.functional.conv2d(leaf, weight, module.late.bias[1:2], stride=2, padding=1)
    sent = act2[:, 1:2] / 64  # of the mean of 8 x 8 positions
    (share,) = torch.autograd.grad(whole, leaf, sent / (whole.detach() + 1e-5))
    expected = between_0_and_1((act * share).flatten(2)) * act.flatten(2)
    torch.testing.assert_close(maps["act"], expected, rtol=1e-4, atol=1e-6)
    at_itself = between_0_and_1(act2[:, 1:2].flatten(2)) * act2[:, 1:2].flatten(2)
    torch.testing.assert_close(maps["act2"][:, 1:2], at_itself, rtol=1e-4, atol=1e-6)
    assert maps["act2"][:, [0, *range(2, 12)]].abs().max() == 0


def test_relevance_becomes_a_share_of_the_largest_in_each_channel_and_what_is_irrelevant_stays_0():
    maps = torch.tensor([[[1.0, 4.0, 2.0], [5.0, 5.0, 5.0], [-2.0, 0.0, 1.0], [-3.0, -1.0, -2.0], [0.0, 0.0, 0.0]]])
    assert between_0_and_1(maps).tolist() == [[[0.25, 1, 0.5], [1, 1, 1], [0, 0, 1], [0, 0, 0], [0, 0, 0]]]


def test_relevance_without_negative_values_and_with_a_0_is_scaled_as_by_the_authors():
    """Their code: each channel moved and scaled by its smallest and largest value."""
    maps = torch.rand(3, 7, 50, generator=torch.Generator().manual_seed(0)).sub(0.3).clamp_min(0)
    low, high = maps.amin(dim=2, keepdim=True), maps.amax(dim=2, keepdim=True)
    assert (low == 0).all()
    assert torch.equal(between_0_and_1(maps), (maps - low) / (high - low))


def test_where_a_signed_network_is_against_the_unit_nothing_is_matched():
    model = load_model(ModelSpec(name="v", architecture="test_vit", pretrained=False))
    network = model.network("float32", CPU)
    target = Target(kind="channel", layer="blocks.2", unit=5)
    side = network.preprocessing.height
    views = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    maps = UnitMaps(network, [target], ["blocks.2"], "lrp", {}.__getitem__)(views)["blocks.2"][:, 5]
    tokens = network.raw_taps(network.inputs(views), ["blocks.2"])["blocks.2"].float()[:, :, 5]
    patches = tokens[:, 1:]  # whose mean is the channel's value; the class token has no relevance of its own
    assert (patches < 0).any() and (patches > 0).any()
    expected = patches.clamp_min(0).square() / patches.amax(dim=1, keepdim=True)
    torch.testing.assert_close(maps[:, 1:], expected, rtol=1e-4, atol=1e-6)
    assert (maps[:, 0] == 0).all()


def test_layers_up_to_the_units_own_are_matched():
    order = ["stem", "one", "two.conv", "two", "three"]
    assert matched_at(["stem", "one", "two", "three"], "two.conv", order) == ["stem", "one", "two.conv"]
    assert matched_at(["stem", "one", "two", "three"], "two", order) == ["stem", "one", "two"]
    assert matched_at(["stem", "one"], "stem", order) == ["stem"]


# --- pictures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relevance", ["lrp", "guided"])
@pytest.mark.parametrize("kind", ["channel", "neuron"])
def test_a_units_picture_comes_to_excite_it(colours, references, kind, relevance):
    targets = [channel(references, unit, kind=kind) for unit in range(3)]
    options = {"steps": 60, "learning_rate": 0.2, "references": 4, "relevance": relevance}
    if kind == "neuron":
        options["jitter"] = 0  # with it, another part of the picture is at the neuron's place in every step
    made = render(colours, targets, references, **options)
    network = colours.network("float32", CPU)
    with torch.no_grad():
        activation = network(torch.stack([torch.from_numpy(one.image) for one in made]), "act2")[:, :3]
    for one in made:
        assert one.status == "done" and one.trace[-1] > one.trace[0]
    values = activation[:, :, 4, 4] if kind == "neuron" else activation.mean(dim=(2, 3))
    assert values.argmax(dim=0).tolist() == [0, 1, 2]  # of the three pictures, a unit's own excites it most


def test_a_concepts_picture_shows_it(colours, references):
    green = [0.0] * 12
    green[1] = 1.0
    made = render(colours, [direction(references, green)], references, references=4, steps=80, learning_rate=0.2)[0]
    assert made.trace[-1] > made.trace[0]
    assert made.image.mean(axis=(1, 2)).argmax() == 1


def test_classes_can_be_matched_where_they_are_relevant(colours, references):
    red = [references.inputs[digest] for digest in list(references.inputs)[:4]]
    target = Target(kind="logit", layer=LOGITS, unit=0, references=references.listed(red))
    with_it, without = (
        render(colours, [target], references, class_relevance=rule, steps=60, learning_rate=0.2)[0]
        for rule in ("lrp", "none")
    )
    assert with_it.status == "done" and with_it.trace[-1] > with_it.trace[0]
    assert not np.allclose(with_it.image, without.image, atol=0.02)


@pytest.mark.parametrize(
    "name", ["tiny_networks:grey", "networks:ClassToken", "networks:Shortcut", "networks:ChannelsLast"]
)
@pytest.mark.parametrize("kind", ["logit", "channel"])
def test_networks_of_other_kinds(references, name, kind):
    """One channel of colour; tokens with a class token; shortcuts added in place; channels last."""
    size, parameters = (32, {}) if name.startswith("tiny") else (16, {"image_size": None})
    model = load_model(ModelSpec(name="other", source="callable", architecture=name, size=size))
    layer = LOGITS if kind == "logit" else fitted(model, **parameters).layers[-1]
    options = parameters | {"patch_size": 8, "references": 4, "steps": 30, "learning_rate": 0.1}
    options |= {"class_references": "all"}
    target = channel(references, 2, layer=layer, kind=kind)
    one = render(model, [target], references, **options)[0]
    assert one.status == "done" and np.isfinite(one.image).all()
    assert one.trace[-1] > one.trace[0]


# --- settings ----------------------------------------------------------------------------------------------------


def test_batch_norms_stay_where_relevance_passes_through_them(colours):
    values = fitted(colours)
    assert [VITAL.keeps_norms(kind, values) for kind in ("logit", "channel", "direction")] == [False, True, True]
    assert VITAL.keeps_norms("logit", fitted(colours, class_relevance="lrp"))


def test_patches_are_those_of_224_pixels_in_proportion(colours):
    values = resolved(VITAL, colours)
    assert (values.patch_size, values.patch_stride) == (9, 7)
    with pytest.raises(ConfigError, match="patch_size: 40 pixels are more than the model's input of 32"):
        resolved(VITAL, colours, patch_size=40)
