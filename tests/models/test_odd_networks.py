"""Networks that people really bring: what they return, how they are built, and where they must be refused."""

import networks
import pytest
import torch

from atlas.errors import ModelError
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("kind", "units"),
    [("tuple", 5), ("list", 5), ("named", 5), ("dict", 5), ("one", 5), ("object", 5)],
)
def test_logits_are_found_in_containers(odd, images, kind, units):
    model = odd("Returning", {"kind": kind})
    logits = model.network(model.numerics_for("logits"), CPU)(images(), "logits")
    assert logits.shape == (2, units) and model.card.layers[-1].units == units
    head = model.network("float32", CPU)(images(), "head")
    assert torch.allclose(logits, head, atol=1e-5)


@pytest.mark.parametrize(("choice", "units"), [("second", 7), ("first", 5)])
def test_ambiguous_output_is_refused_by_name_and_settled_by_choice(odd, choice, units):
    with pytest.raises(ModelError, match=r'(?s)"first", "second".*output = '):
        odd("Returning", {"kind": "ambiguous"})
    model = odd("Returning", {"kind": "ambiguous"}, output=choice)
    assert model.card.layers[-1].units == units
    assert choice in model.card.identity.architecture


@pytest.mark.parametrize(
    ("kind", "choice", "says"),
    [
        ("dict", "logit", 'did you mean "logits"'),
        ("dict", "features", r"\(2, 6, 16, 16\), not \(batch, classes\)"),
        ("tuple", 7, "3 items"),
        ("tuple", "qqq", "leave output out"),
        ("dict", "qqq", 'keys: "'),
        ("map", 1, "returns a Tensor\n.*leave output out"),
    ],
)
def test_wrong_output_choice_is_refused(odd, kind, choice, says):
    with pytest.raises(ModelError, match=says):
        odd("Returning", {"kind": kind}, output=choice)


@pytest.mark.parametrize("kind", ["map", "none"])
def test_without_two_dimensional_output_there_are_layers_but_no_classes(odd, images, kind):
    model = odd("Returning", {"kind": kind})
    assert model.card.classes == () and model.card.layer("logits") is None
    assert model.network("float32", CPU)(images(), "deep").shape == (2, 8, 8, 8)
    with pytest.raises(ModelError, match='no layer "logits"'):
        model.numerics_for("logits")


def test_one_channel_model_sees_luma(odd, images):
    model = odd("Tiny", {"channels": 1}, mean=0.25, std=0.5)
    assert model.card.identity.preprocessing.channels == 1
    batch = images()
    luma = 0.299 * batch[:, 0] + 0.587 * batch[:, 1] + 0.114 * batch[:, 2]
    expected = model.module((luma[:, None] - 0.25) / 0.5)
    assert torch.allclose(model.network("float32", CPU)(batch, "logits"), expected, atol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channel_numbers_are_refused(odd, channels):
    with pytest.raises(ModelError, match=f"{channels} channels"):
        odd("Tiny", {"channels": channels})
    with pytest.raises(ModelError, match=f"first convolution takes {channels} channels"):
        odd("Tiny", {"channels": channels}, channels=3)


@pytest.mark.parametrize("name", ["half", "double"])
def test_other_precisions_become_float32_in_eval_mode(odd, images, name):
    model = odd(name)
    assert {tensor.dtype for tensor in model.module.parameters()} == {torch.float32}
    assert not any(part.training for part in model.module.modules())
    assert model.network("float32", CPU)(images(), "logits").dtype == torch.float32


def test_train_mode_does_not_reach_rendering(odd, images):
    network = odd("Dropping").network("float32", CPU)
    assert torch.equal(network(images(), "logits"), network(images(), "logits"))


def test_a_module_called_twice_is_tapped_at_its_last_call(odd, images):
    model = odd("Shared")
    network = model.network("float32", CPU)
    found = network(images(), "relu")
    assert torch.equal(found, torch.relu(network(images(), "second")))
    assert [layer.name for layer in model.card.layers] == ["first", "second", "relu", "head", "logits"]


def test_a_forward_that_catches_exceptions_is_truncated_all_the_same(odd, images):
    model = odd("Swallowing")
    ran = []
    model.module.head.register_forward_pre_hook(lambda *_: ran.append(True))
    assert model.network("float32", CPU)(images(), "conv").shape == (2, 6, 16, 16)
    assert not ran


def test_hooks_are_gone_after_a_forward_that_fails(odd, images):
    model = odd("Tiny")
    model.module.act.forward = lambda _: 1 / 0
    with pytest.raises(ZeroDivisionError):
        model.network("float32", CPU)(images(), "head")
    assert not any(part._forward_hooks for part in model.module.modules())


def test_lazy_parts_are_made_frozen_and_the_same_each_time(odd, images):
    first, second = odd("Lazy"), odd("Lazy")
    assert first.card.identity.weights == second.card.identity.weights
    assert first.card.parameters == 3 * 4 * 9 + 4 + 8 + 4 * 5 + 5
    assert {(weight.dtype, weight.requires_grad) for weight in first.module.parameters()} == {(torch.float32, False)}
    assert [layer.name for layer in first.card.layers] == ["conv", "norm", "head", "logits"]


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("frozen_mean", {}, "not finite in head.weight"),
        ("no_data", {}, "meta tensor"),
        ("breaks", {}, "KeyError"),
        ("a_list", {}, "list, not a torch.nn.Module"),
        ("NUMBER", {}, "takes no arguments"),
        ("Tinny", {}, 'did you mean "Tiny"'),
        ("Tokens", {"size": (6, 2)}, r"input of shape \(2, 3, 6, 2\)"),
        ("Tiny", {"arguments": {"colour": 1}}, "unexpected keyword"),
    ],
)
def test_bad_networks_are_refused_with_the_reason(odd, name, fields, says):
    with pytest.raises(ModelError, match=says) as caught:
        odd(name, **fields)
    assert "odd" in str(caught.value)


@pytest.mark.parametrize(
    ("architecture", "says"),
    [
        ("no_such_package.sub:build", "No module named 'no_such_package'"),
        ("networks", "package.module:function"),
        ("networks:", "package.module:function"),
        ("broken:build", 'cannot import "broken": SyntaxError'),
    ],
)
def test_bad_callable_paths_are_refused(tmp_path, monkeypatch, architecture, says):
    (tmp_path / "broken.py").write_text("def build(:\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=says):
        load_model(ModelSpec(name="bad", source="callable", architecture=architecture))


def test_a_module_beside_the_configuration_is_found_and_the_path_is_left_as_it_was(tmp_path, monkeypatch):
    import sys

    (tmp_path / "beside_config.py").write_text("import networks\nbuild = networks.Tiny\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    model = load_model(ModelSpec(name="mine", source="callable", architecture="beside_config:build", size=16))
    assert model.card.layers[-1].units == networks.CLASSES
    assert sys.path == before
    del sys.modules["beside_config"]


def test_an_instance_is_taken_as_it_is(odd):
    assert odd("READY").module is networks.READY


def test_unknown_names_are_refused(odd, images):
    model = odd("Tiny")
    network = model.network("float32", CPU)
    with pytest.raises(ModelError, match='did you mean "conv"'):
        network(images(), "cnov")
    with pytest.raises(ModelError, match='no precision "float16"'):
        model.numerics_for("conv", "float16")
    with pytest.raises(ModelError, match="no numerics"):
        model.network("float32-fast", CPU)


def test_a_layer_that_this_batch_does_not_reach_is_an_error(odd, images):
    network = odd("Sometimes").network("float32", CPU)
    assert network(images(2), "extra").shape == (2, 8)
    with pytest.raises(ModelError, match='"extra" was not called 1 times'):
        network(images(3), "extra")


def test_network_is_made_once_per_numerics_and_device(odd):
    model = odd("Tiny")
    assert model.network("float32", CPU) is model.network("float32", CPU)
    assert model.network("float32", CPU) is not model.network("float32-folded", CPU)


def test_bfloat16_is_close_and_returned_in_float32(odd, images):
    model = odd("Tiny")
    exact = model.network("float32", CPU)(images(), "deep")
    rough = model.network(model.numerics_for("deep", "bfloat16"), CPU)(images(), "deep")
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).norm() < 0.05 * exact.norm()
