"""The face: what a notebook calls, held against the command line and against what the store keeps."""

import inspect
import io
import pkgutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tiny_networks
import torch
from command_line import CommandLine
from PIL import Image
from small_photos import picture as photo_of
from small_photos import write_photos
from small_runs import concept_configuration
from torch import nn

import atlas
from atlas.core.analysis import ClassConcepts
from atlas.core.canonical import digest_bytes
from atlas.errors import ConfigError, ModelError, PhotoError, RenderError, TargetError
from atlas.methods import methods
from atlas.models.spec import ModelSpec

QUICK = {"steps": 3, "image_size": 32, "crops": 3, "progress": False, "device": "cpu"}
NORMALISATION = {"mean": 0.5, "std": 0.5, "size": 32}


@pytest.fixture(scope="module")
def tiny():
    return atlas.load("tiny_networks:tiny", name="tiny", size=32)


@pytest.fixture
def command_line(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)


# --- load ------------------------------------------------------------------------------------------------------------


def test_a_model_is_the_same_by_name_by_specification_and_by_table(tiny):
    spec = ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32)
    table = {"source": "callable", "architecture": "tiny_networks:tiny", "size": 32, "name": "tiny"}
    for what in (spec, table, "callable:tiny_networks:tiny"):
        assert atlas.load(what, size=32, name="tiny").card == tiny.card
    assert atlas.load(spec, size=48).card.identity.preprocessing.height == 48
    assert "tiny" in repr(tiny)


def test_names_of_timm_and_of_the_package():
    model = atlas.load("test_resnet", pretrained=False)
    assert (model.card.source, model.card.name) == ("timm", "test_resnet")
    package = atlas.load("package:efficientnet-lite0")
    assert package.card == atlas.load("efficientnet-lite0").card
    assert package.card.source == "package"


def test_a_network_is_copied_and_known_by_its_class_and_weights(tiny):
    network = tiny_networks.Tiny().train()
    model = atlas.load(network, **NORMALISATION)
    assert network.training and all(weight.requires_grad for weight in network.parameters())
    assert model.card.name == model.card.identity.architecture == "Tiny"
    assert model.card.identity.weights == tiny.card.identity.weights
    other = tiny_networks.Tiny()
    with torch.no_grad():
        other.head.bias[0] += 1
    assert atlas.load(other, **NORMALISATION).card.identity.weights != model.card.identity.weights
    assert atlas.load(nn.DataParallel(network), **NORMALISATION).card == model.card


@pytest.mark.parametrize("left_out", ["mean", "std", "size"])
def test_what_a_network_expects_must_be_said(left_out):
    given = {name: value for name, value in NORMALISATION.items() if name != left_out}
    with pytest.raises(ModelError, match=left_out) as caught:
        atlas.load(tiny_networks.Tiny(), **given)
    assert "mean=(0.485, 0.456, 0.406)" in caught.value.remedy


def test_what_timm_notes_on_a_network_is_taken():
    import timm

    expected = atlas.load("test_resnet", pretrained=False).card.identity.preprocessing
    assert atlas.load(timm.create_model("test_resnet")).card.identity.preprocessing == expected


def test_classes_are_named_in_order(tmp_path):
    names = [f"kind {index}" for index in range(10)]
    model = atlas.load(tiny_networks.Tiny(), classes=names, **NORMALISATION)
    assert [label.name for label in model.card.classes] == names
    assert atlas.render(model, "kind 7", **QUICK).record.job.target.unit == 7
    file = tmp_path / "names.txt"
    file.write_text("\n".join(names))
    assert atlas.load("tiny_networks:tiny", size=32, classes=file).card.classes == model.card.classes
    with pytest.raises(ModelError, match="9, but Tiny has 10"):
        atlas.load(tiny_networks.Tiny(), classes=names[1:], **NORMALISATION)


@pytest.mark.parametrize(
    ("what", "options", "says"),
    [
        ("resnet81", {}, "did you mean"),
        ("tiny_networks:tinny", {}, "did you mean"),
        ("tiny_networks:tiny", {"sise": 32}, 'did you mean "size"'),
        ("tiny_networks:tiny", {"size": 0}, "1 or more"),
        (tiny_networks.Tiny(), {"checkpoint": "x.pt", **NORMALISATION}, "by name"),
        (tiny_networks.Tiny(), {"sise": 32, **NORMALISATION}, 'did you mean "size"'),
    ],
)
def test_a_wrong_model_or_option_says_what_is_near(what, options, says):
    with pytest.raises(atlas.AtlasError) as caught:
        atlas.load(what, **options)
    assert says in str(caught.value)


# --- render ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [3, None, b"resnet18", np.zeros(3), nn.Linear, lambda: nn.Linear(3, 2)])
def test_what_is_no_model_is_refused_with_what_one_is(what):
    with pytest.raises(ModelError, match="is no model") as caught:
        atlas.load(what)
    assert "a network (an object, not its class)" in caught.value.remedy


def test_key_and_bytes_are_those_of_the_command_line(command_line, tiny):
    path = command_line.configure()
    head = path.read_text().split("[[render]]")[0]
    quick = "parameters = { steps = 3, image_size = 32, crops = 3 }"
    blocks = [
        "classes = [3, 4]\nseeds = [0, 5]",
        'layers = "act2"\nunits = "2"\nsign = "negative"',
        'layers = "act2"\nunits = "2"\nkind = "neuron"\nposition = [1, 2]',
    ]
    path.write_text(head + "".join(f"[[render]]\n{block}\n{quick}\n" for block in blocks))
    assert command_line("render").status == 0
    store = atlas.Store(command_line.folder / "build" / "store")
    pictures = atlas.render(tiny, [3, 4], seed=[0, 5], **QUICK)
    pictures += atlas.render(tiny, ["act2:2-", "act2:2@1,2"], **QUICK)
    assert {record.key for record in store.records()} == {picture.key for picture in pictures}
    for picture in pictures:
        record = store.read(picture.key)
        assert picture.record.job == record.job
        for role in ("image", "alpha"):
            assert digest_bytes(picture.files[role]) == record.asset(role).sha256


def test_pictures_come_in_the_order_of_their_targets(tiny):
    wanted = [4, "act2:1", 4, "act2:3-", 0]
    pictures = atlas.render(tiny, wanted, **QUICK)
    assert [picture.name for picture in pictures] == ["4", "act2:1", "4", "act2:3-", "0"]
    assert pictures[0].key == pictures[2].key
    alone = atlas.render(tiny, "act2:3-", **QUICK)
    assert alone.key == pictures[3].key and alone.files == pictures[3].files
    assert [one.record.job.seed for one in atlas.render(tiny, 1, seed=range(3), **QUICK)] == [0, 1, 2]


def test_a_network_can_be_rendered_directly(tiny):
    picture = atlas.render("tiny_networks:tiny", 1, **QUICK)
    assert picture.image.size == (32, 32)


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor])
def test_a_direction_is_what_it_is_however_it_is_held(tiny, make):
    vector = np.random.default_rng(0).normal(size=16)
    picture = atlas.render(tiny, make(vector), layer="act2", **QUICK)
    target = picture.record.job.target
    assert (target.kind, target.layer) == ("direction", "act2")
    assert target.direction == digest_bytes(vector.astype("<f4").tobytes())
    two = atlas.render(tiny, make(np.stack([vector, -vector])), layer="act2", **QUICK)
    assert two[0].key == picture.key != two[1].key


def test_photos_are_files_pictures_or_arrays(tiny, tmp_path):
    image = photo_of(0, 1)
    file = tmp_path / "red.png"
    image.save(file)
    options = {"steps": 2, "progress": False, "device": "cpu", "method": "inversion"}
    pictures = [
        atlas.render(tiny, "act2", photo=photo, **options) for photo in (file, str(file), image, np.asarray(image))
    ]
    assert len({picture.key for picture in pictures[:2]}) == len({picture.key for picture in pictures[2:]}) == 1
    assert {picture.record.job.target.kind for picture in pictures} == {"inversion"}
    assert all(picture.files["image"] == pictures[0].files["image"] for picture in pictures)
    assert pictures[0].name == "act2 inversion of red.png"
    assert pictures[0].part("photo").size == pictures[0].image.size
    both = atlas.render(tiny, "act2", photo=[image, photo_of(1, 1)], **options)
    assert both[0].key == pictures[2].key != both[1].key


def test_reference_photos_are_a_folder(tmp_path, command_line):
    photos = write_photos(tmp_path / "photos")
    model = atlas.load("tiny_networks:colours", size=32, classes=["red", "green", "blue"])
    picture = atlas.render(
        model, "red", method="vital", photos=photos, steps=2, image_size=32, progress=False, device="cpu"
    )
    assert picture.record.job.target.references is not None
    with pytest.raises(TargetError, match="reference photos") as caught:
        atlas.render(model, "red", method="vital", steps=2)
    assert "photos=" in caught.value.remedy


def test_a_parameter_may_call_for_reference_photos(tmp_path, command_line):
    photos = write_photos(tmp_path / "photos")
    model = atlas.load("tiny_networks:colours", size=32, classes=["red", "green", "blue"])
    options = {"method": "preimage", "steps": 2, "progress": False, "device": "cpu"}
    own, noise = (atlas.render(model, "red", photos=photos, largest=one, **options) for one in ("photos", 0.0))
    assert own.record.job.target.references is not None and noise.record.job.target.references is None
    with pytest.raises(TargetError, match="preimage needs reference photos") as caught:
        atlas.render(model, "red", largest="photos", **options)
    assert "photos=" in caught.value.remedy


@pytest.mark.parametrize(
    ("target", "options", "error", "says"),
    [
        ("head:99", {}, TargetError, "0 to 9"),
        ("act2:1@90,0", {}, ConfigError, "positions"),
        ("act2", {}, TargetError, '"act2:0"'),
        (1, {"stepps": 3}, ConfigError, 'did you mean "steps"'),
        (1, {"steps": "many"}, ConfigError, "whole number"),
        (1, {"steps": object()}, ConfigError, "parameter"),
        (1, {"method": "macco"}, ConfigError, 'did you mean "maco"'),
        (1, {"method": "inversion"}, TargetError, "these can"),
        ("act2", {"method": "inversion"}, TargetError, "photo="),
        (1, {"photo": np.zeros((4, 4, 3), dtype=np.uint8)}, TargetError, "leave out photo="),
        (1, {"method": "accentuation", "photo": "nowhere.jpg"}, PhotoError, "no such photo"),
        (1, {"method": "accentuation", "photo": np.zeros((4, 4))}, PhotoError, "uint8"),
        (1, {"photos": "nowhere"}, atlas.AtlasError, "nowhere"),
        (1, {"device": "gpu"}, atlas.AtlasError, "cuda"),
        (1, {"seed": -1}, atlas.AtlasError, "0 or"),
        ([], {}, TargetError, "nothing"),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_a_remedy(tiny, target, options, error, says):
    with pytest.raises(error) as caught:
        atlas.render(tiny, target, progress=False, **options)
    assert says in str(caught.value)


def test_parameters_whose_names_are_taken_are_given_in_a_table(tiny):
    taken = set(inspect.signature(atlas.render).parameters)
    assert any(taken & set(method.parameters.model_fields) for _, method in methods)
    options = {"method": "accentuation", "photo": photo_of(0, 1), "progress": False, "device": "cpu", "steps": 2}
    picture = atlas.render(tiny, 1, parameters={"layer": "act", "image_size": 32}, **options)
    assert picture.record.job.parameters["layer"] == "act" and picture.record.job.parameters["steps"] == 2
    with pytest.raises(ConfigError, match="parameters="):
        atlas.render(tiny, "1", layer="act", **options)


def test_a_preset_is_only_a_word_for_its_parameters(command_line, tiny, tmp_path):
    """By whichever door it is asked for: the picture has the key of the one whose parameters are written out."""
    over = {"steps": 2, "image_size": 32, "resolution": 32}
    filled = {"crops": 4, "wide_crops": 2}
    spelled = {**methods.get("natural").presets["fine"].parameters, **over}
    assert spelled.items() >= filled.items()
    options = {"progress": False, "device": "cpu"}
    for target, layer in (([3, "act2:2"], None), ([np.ones(16)], "act2")):
        short = atlas.render(tiny, target, preset="fine", layer=layer, **over, **options)
        long = atlas.render(tiny, target, parameters=spelled, layer=layer, **options)
        assert [picture.key for picture in short] == [picture.key for picture in long]
        assert all(picture.record.job.parameters.items() >= filled.items() for picture in short)
    assert filled.items() - methods.get("natural").parameters().model_dump().items()
    table = "steps = 2, image_size = 32, resolution = 32"
    path = command_line.configure(block='classes = [3]\npreset = "fine"', parameters=table)
    atlas.run(path, progress=False)
    (record,) = atlas.Store(command_line.folder / "build" / "store").records()
    assert record.key == atlas.render(tiny, 3, preset="fine", **over, **options).key
    with pytest.raises(ConfigError, match='did you mean "draft"'):
        atlas.render(tiny, 3, preset="daft", **options)


def test_a_dead_unit_is_no_error(tmp_path):
    model = atlas.load("tiny_networks:with_dead_units", size=32)
    dead, live = atlas.render(model, ["act2:0", "act2:3"], **QUICK)
    assert (dead.status, live.status) == ("dead", "done")
    assert dead.image is None and dead.alpha is None and dead.masked is None and dead._repr_png_() is None
    assert "dead" in dead._repr_html_() and dead.message in dead._repr_html_()
    alone = atlas.render(model, "act2:0", **QUICK)
    assert alone.status == "dead"
    with pytest.raises(atlas.AtlasError, match="no picture"):
        alone.save(tmp_path / "dead.png")


def test_one_that_fails_harms_no_other_and_alone_is_an_error():
    model = atlas.load("tiny_networks:raising", size=32)
    pictures = atlas.render(model, list(range(10)), **QUICK)
    failed = [picture for picture in pictures if picture.status == "failed"]
    assert len(failed) == 1 and len(pictures) == 10 and failed[0].message and failed[0].image is None
    with pytest.raises(RenderError) as caught:
        atlas.render(model, failed[0].record.job.target, **QUICK)
    assert failed[0].message in caught.value.message


def test_a_store_is_read_and_filled(tiny, tmp_path):
    first = atlas.render(tiny, [1, 2], store=tmp_path / "store", **QUICK)
    store = atlas.Store(tmp_path / "store")
    assert sorted(record.key for record in store.records()) == sorted(picture.key for picture in first)
    times = {path: path.stat().st_mtime_ns for path in store.path.rglob("*.png")}
    again = atlas.render(tiny, [2, 1, 3], store=store, **QUICK)
    assert [again[1].files, again[0].files] == [first[0].files, first[1].files]
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert again[0].record == first[1].record


def test_without_a_store_nothing_stays(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    assert atlas.render(tiny, 1, **QUICK).status == "done"
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


@pytest.mark.parametrize("stored", [False, True])
def test_ctrl_c_keeps_what_is_finished(tiny, monkeypatch, tmp_path, stored):
    ended = []

    def interrupt(self, outcome):
        ended.append(outcome)
        if len(ended) == 3:
            signal.raise_signal(signal.SIGINT)

    store = tmp_path / "store" if stored else None
    monkeypatch.setattr("atlas.face.progress.RunProgress.on_outcome", interrupt)
    with pytest.raises(atlas.Interrupted) as caught:
        atlas.render(tiny, list(range(10)), batch_size=1, store=store, **QUICK)
    finished = [picture.record.job.target.unit for picture in caught.value.finished]
    # The one that was being stored, while the next was made, may have told of itself after it.
    assert finished in ([0, 1, 2], [0, 1, 2, 3])
    assert isinstance(caught.value, KeyboardInterrupt) and f"{len(finished)} of 10" in str(caught.value)
    assert all(picture.image is not None for picture in caught.value.finished)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    if stored:
        made = {path: path.stat().st_mtime_ns for path in store.rglob("*.png")}
        assert len(atlas.render(tiny, list(range(10)), store=store, **QUICK)) == 10
        assert {path: path.stat().st_mtime_ns for path in made} == made


# --- concepts, run, build --------------------------------------------------------------------------------------------

SMALL = {"count": 3, "shown": 2, "designs": 8, "minimum": 3, "patches": 4, "heat_photos": 2, "fits": 2}


def test_concepts_are_those_of_a_configuration(tmp_path):
    photos = write_photos(tmp_path / "photos")
    config = concept_configuration(tmp_path, photos, classes=("red", "blue"))
    config = config.model_copy(update={"photos": config.photos.model_copy(update={"patch_size": None})})
    report = atlas.run(config, progress=False)
    assert report.failed == []
    model = atlas.load("tiny_networks:colours", size=32, classes=["red", "green", "blue"])
    options = {"parameters": {"steps": 4, "image_size": 32, "crops": 2}, "progress": False, "device": "cpu"}
    found = atlas.concepts(model, photos, classes=["red", "blue"], **SMALL, **options)
    assert list(found) == ["red", "blue"]
    store = atlas.Store(config.store.path)
    for concepts in found.values():
        assert concepts.document.concepts == store.document(ClassConcepts, concepts.document.key).concepts
        assert len(concepts) == len(concepts.document.concepts) > 0 and concepts.reason == ""
        assert concepts.importance == [one.importance.value for one in concepts.document.concepts]
        for number, concept in enumerate(concepts, start=1):
            assert concept.number == number and len(concept.patches) == concept.document.sprite.count
            assert {patch.size for patch in concept.patches} == {(concept.document.sprite.cell,) * 2}
            (picture,) = concept.pictures
            assert picture.record.job == store.read(picture.key).job
            assert picture.record.job.target.direction == concept.document.direction
    filled = methods.get("natural").presets["draft"].parameters
    over = {"steps": 4, "image_size": 32, "crops": 2, "resolution": 32}
    kept = {"progress": False, "device": "cpu", "store": tmp_path / "kept"}
    (short,) = atlas.concepts(model, photos, classes="red", preset="draft", parameters=over, **SMALL, **kept).values()
    (long,) = atlas.concepts(model, photos, classes="red", parameters={**filled, **over}, **SMALL, **kept).values()
    assert [one.pictures[0].key for one in short] == [one.pictures[0].key for one in long]
    html = found._repr_html_()
    assert html.count("<table>") == 2 and "red" in html and "data:image/" in html
    with pytest.raises(ConfigError, match='did you mean "count"'):
        atlas.concepts(model, photos, classes="red", cont=3)
    with pytest.raises(ConfigError, match='did you mean "red"'):
        atlas.concepts(model, photos, classes="redd", **SMALL, **options)


def test_a_configuration_is_run_and_built(command_line):
    path = command_line.configure(block="classes = [1, 2]")
    report = atlas.run(path, progress=False)
    assert (report.done, report.failed, report.interrupted) == (2, [], False)
    assert atlas.run(path, progress=False).finished == 0
    site = atlas.build(path, progress=False)
    assert site.renderings == 2 and (command_line.folder / "build" / "site" / "index.html").is_file()
    assert command_line("plan").out.count("2 stored") == 1
    with pytest.raises(atlas.AtlasError, match="atlas init"):
        atlas.run(command_line.folder / "absent.toml")


def test_ctrl_c_ends_a_run_in_order(command_line, monkeypatch):
    path = command_line.configure(block="classes = [1, 2, 3]")
    path.write_text(path.read_text().replace("batch_size = 4", "batch_size = 1"))
    ended = []

    def interrupt_once(self, outcome):
        ended.append(outcome)
        if len(ended) == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("atlas.face.progress.RunProgress.on_outcome", interrupt_once)
    with pytest.raises(atlas.Interrupted, match="call again"):
        atlas.run(path, progress=False)
    monkeypatch.undo()
    assert len(ended) in (1, 2)  # the second was made while the first was stored
    assert atlas.run(path, progress=False).done == 3 - len(ended)


# --- pictures --------------------------------------------------------------------------------------------------------


def test_a_picture_shows_itself(tiny):
    picture = atlas.render(tiny, 1, **QUICK)
    assert np.asarray(picture.image).shape == (32, 32, 3) and picture.image.mode == "RGB"
    assert picture.alpha.mode == "L" and picture.masked.mode == "RGBA"
    assert len(picture.trace) == 3 and picture.key == picture.record.key
    assert picture.measurements["activation"] == picture.record.measurement("activation").value
    assert list(picture.top_classes.values()) == sorted(picture.top_classes.values(), reverse=True)
    assert Image.open(io.BytesIO(picture._repr_png_())).size == (32, 32)
    html = picture._repr_html_()
    assert "data:image/png;base64," in html and "natural, version" in html and picture.key in html
    assert "what raises class 1" in html and "natural" in repr(picture)
    side_by_side = atlas.render(tiny, [1, 2], **QUICK)._repr_html_()
    assert side_by_side.count("<figure") == 2


def test_names_cannot_be_markup():
    names = ["<script>alert(1)</script>", '"onload="x', *"cdefghij"]
    model = atlas.load(tiny_networks.Tiny(), classes=names, name="<b>", **NORMALISATION)
    html = atlas.render(model, [0, 1], **QUICK)._repr_html_()
    assert "<script" not in html and "<b>" not in html and 'alt="&quot;onload=&quot;x"' in html


def test_the_recipe_travels_in_the_png(tiny, tmp_path):
    picture = atlas.render(tiny, 1, **QUICK)
    path = picture.save(tmp_path / "one.png")
    found = atlas.open_picture(path)
    assert (found.recipe, found.record, found.name) == (picture.recipe, picture.record, picture.name)
    for role in ("image", "alpha"):
        assert (np.asarray(found.part(role)) == np.asarray(picture.part(role))).all()
    assert (np.asarray(found.masked) == np.asarray(picture.masked)).all()
    again = atlas.open_picture(found.save(tmp_path / "two.png"))
    assert again.recipe == picture.recipe and set(again.files) == set(picture.files)
    with pytest.raises(atlas.AtlasError, match="one.png"):
        picture.save(tmp_path / "one.jpg")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("absent.png", None, "No such file"),
        ("text.png", b"not a picture", "no PNG"),
        ("plain.png", b"", "no recipe"),
        ("damaged.png", b"{}", "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, name, data, says):
    from PIL.PngImagePlugin import PngInfo

    path = tmp_path / name
    if name in ("plain.png", "damaged.png"):
        texts = PngInfo()
        if data:
            texts.add_itxt("atlas", data.decode())
        Image.new("RGB", (4, 4)).save(path, pnginfo=texts)
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(atlas.AtlasError, match=says):
        atlas.open_picture(path)


# --- the package -----------------------------------------------------------------------------------------------------


def test_every_public_name_is_there_and_listed():
    assert set(atlas.__all__) <= set(dir(atlas))
    for name in atlas.__all__:
        value = getattr(atlas, name)
        assert isinstance(value, str) or inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="it has: AtlasError"):
        atlas.rendr  # noqa: B018


def test_no_public_name_is_that_of_a_module():
    modules = {module.name for module in pkgutil.iter_modules(atlas.__path__)}
    assert modules.isdisjoint(atlas.__all__)


def test_an_import_loads_nothing_but_itself():
    code = "import sys; before = set(sys.modules); import atlas; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["atlas", "atlas.version"]


def test_type_checkers_see_what_is_there_at_run_time():
    import ast

    tree = ast.parse(inspect.getsource(atlas))
    (seen,) = (node for node in tree.body if isinstance(node, ast.If))
    names = {alias.name: node.module for node in seen.body for alias in node.names}
    assert names == atlas._PLACES
    assert sorted([*names, "__version__"]) == sorted(atlas.__all__)
