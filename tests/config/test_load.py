"""Loading atlas.toml: what a good one becomes, and what is said about every kind of bad one."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.config import UnitSample, load_config, template
from atlas.errors import ConfigError
from atlas.methods import methods
from atlas.methods.presets import spelled_out
from atlas.site.catalog.methods import LEADING
from atlas.site.pictures.picture import LEAD_CROP

MODEL = '[[models]]\nname = "lite"\narchitecture = "tf_efficientnet_lite0"\n'
RENDER = '[[render]]\nclasses = ["goldfish"]\n'
GOOD = MODEL + RENDER


@pytest.fixture
def load(tmp_path):
    def run(text):
        path = tmp_path / "atlas.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path)

    return run


@pytest.fixture
def problems(load):
    def run(text):
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert caught.value.exit_code == 2
        return caught.value.problems

    return run


def test_the_template_is_a_configuration_that_renders_a_little(load):
    config = load(template())
    classes, layers = config.render
    assert "goldfish" in classes.classes
    assert layers.units == UnitSample(sample=4)
    assert config.models[0].source == "package"


def test_the_demo_is_of_presets_and_what_leads_its_pages_is_as_large_as_it_is_shown(load):
    config = load(files("atlas.cli").joinpath("demo.toml").read_text(encoding="utf-8"))
    leading = [block for block in (*config.render, *config.concepts) if block.method in LEADING]
    assert len(leading) == 3 and config.concepts[0] in leading
    for block in (*config.render, *config.concepts):
        method = methods.get(block.method)
        assert block.preset in method.presets or not method.presets
        if block in leading:
            asked = method.parameters.model_validate(spelled_out(method, block.parameters, block.preset))
            assert asked.image_size >= LEAD_CROP


def test_every_default_of_the_smallest_configuration(load, tmp_path):
    config = load(GOOD)
    assert (config.folder, config.site.path) == (tmp_path, tmp_path / "build/site")
    assert config.store.path == tmp_path / "build/store"
    assert config.executor.model_dump() == {
        "kind": "auto",
        "address": None,
        "workers": None,
        "batch_size": "auto",
        "device": "auto",
        "threads": None,
        "resources": {"gpu": None, "accelerator": None},
        "patience": 600,
        "logs": False,
    }
    assert config.render[0].model_dump() == {
        "model": ("lite",),
        "classes": ("goldfish",),
        "layers": (),
        "units": "all",
        "kind": None,
        "photos": (),
        "position": None,
        "sign": "positive",
        "method": "natural",
        "preset": None,
        "parameters": {},
        "seeds": (0,),
        "precision": "float32",
    }


def test_paths_are_relative_to_the_file_unless_absolute(load, tmp_path):
    paths = 'checkpoint = "w.safetensors"\nclass_names = "/names.txt"\n'
    config = load(f'[store]\npath = "../elsewhere"\n[site]\npath = "~/site"\n{MODEL}{paths}{RENDER}')
    assert config.store.path.resolve() == tmp_path.parent / "elsewhere"
    assert config.site.path.is_absolute()
    assert "~" not in str(config.site.path)
    assert config.models[0].checkpoint == tmp_path / "w.safetensors"
    assert str(config.models[0].class_names) == "/names.txt"


PHOTOS = '[photos]\npath = "photos"\n'


def test_photos_have_defaults_and_paths_relative_to_the_file(load, tmp_path):
    assert load(GOOD).photos is None
    photos = load(GOOD + PHOTOS).photos
    assert (photos.path, photos.cache) == (tmp_path / "photos", tmp_path / "build/cache")
    assert photos.model_dump(exclude={"path", "cache"}) == {
        "reader": "auto",
        "classes": None,
        "attribution": None,
        "max_megapixels": 64.0,
        "patch_size": None,
        "stride": 0.8,
        "statistics": True,
        "top": 9,
        "split": None,
        "image_column": None,
        "label_column": None,
        "demonstration": False,
    }
    text = 'path = "/data/s-{000..012}.tar"\ncache = "~/c"\nclasses = "c.csv"\nattribution = "../a.csv"\n'
    photos = load(f"{GOOD}[photos]\n{text}stride = 1\n").photos
    assert str(photos.path) == "/data/s-{000..012}.tar"
    assert (photos.classes, photos.attribution) == (tmp_path / "c.csv", tmp_path / "../a.csv")
    assert photos.cache.is_absolute()
    assert "~" not in str(photos.cache)


def test_the_place_of_a_pattern_is_the_folder_that_it_starts_from(load, tmp_path):
    def place(path):
        return load(f'{GOOD}[photos]\npath = "{path}"\n').photos.place

    assert place("a/b/s-{0..9}.tar") == tmp_path / "a/b"
    assert place("a/*/s.tar") == tmp_path / "a"
    assert place("a/b.tar") == tmp_path / "a/b.tar"
    (tmp_path / "[2024]").mkdir()
    assert place("[2024]") == tmp_path / "[2024]"
    assert place("x" * 300) == tmp_path / ("x" * 300)


@pytest.mark.parametrize(
    "photos",
    [
        'path = "train-{000..012}.tar"',
        'path = "./train-*.tar"',
        'path = "train.tar"',
        'path = "."\nreader = "tar"',
        'path = "shards/{a,b}.tar"',
    ],
)
def test_archives_may_lie_beside_the_configuration(load, tmp_path, photos):
    """And so in a folder that holds the store, the site and the cache: nothing but archives is looked at there."""
    (tmp_path / "train.tar").touch()
    assert load(f"[photos]\n{photos}\n{GOOD}").photos is not None


@pytest.mark.parametrize("table", ["site", "store"])
def test_a_place_that_is_a_link_in_a_circle_is_left_to_its_user(load, tmp_path, table):
    (tmp_path / "circle").symlink_to("circle")
    assert getattr(load(f'[{table}]\npath = "circle"\n' + GOOD), table).path == tmp_path / "circle"


def test_the_sites_metadata_is_without_its_path(load):
    config = load('[site]\ntitle = "Fishes"\npath = "out"\n' + GOOD)
    assert config.site.metadata.title == "Fishes"
    assert "path" not in config.site.metadata.model_dump()


@pytest.mark.parametrize(
    ("written", "ranges"),
    [
        ('"0-15"', ((0, 15),)),
        ('"0-3, 7"', ((0, 3), (7, 7))),
        ("[1, 2]", ((1, 1), (2, 2))),
        ('[1, "4-5"]', ((1, 1), (4, 5))),
        ("3", ((3, 3),)),
        ('"all"', "all"),
        ("{ sample = 8, seed = 1 }", UnitSample(sample=8, seed=1)),
    ],
)
def test_units_are_written_in_several_ways(load, written, ranges):
    assert load(f'{MODEL}[[render]]\nlayers = ["blocks.*"]\nunits = {written}').render[0].units == ranges


def test_one_name_stands_for_a_list_of_one(load):
    block = load(f'{MODEL}[[render]]\nmodel = "lite"\nclasses = "all"\nseeds = 3').render[0]
    assert (block.model, block.classes, block.seeds) == (("lite",), ("all",), (3,))


def test_signs_are_spelled_out(load):
    blocks = "".join(f'[[render]]\nclasses = [1]\nsign = "{sign}"\n' for sign in ("positive", "negative", "both"))
    assert [block.signs for block in load(MODEL + blocks).render] == [(1,), (-1,), (1, -1)]


def test_a_byte_order_mark_and_windows_lines_do_no_harm(load):
    assert load(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).models[0].name == "lite"


def test_a_neuron_has_a_position(load):
    block = load(f'{MODEL}[[render]]\nlayers = "a"\nkind = "neuron"\nposition = [3, 4]').render[0]
    assert block.position == (3, 4)


# Each case: the file, and for each problem the key's path and words that its message must hold.
CASES = {
    "empty": ("", {"models": ["[[models]]"], "render": ["[[render]]"]}),
    "unknown keys": (
        '[site]\ntitel = "x"\n[stor]\n' + MODEL + "imput = 3\n" + RENDER + "sede = 1\n",
        {
            "site.titel": ['did you mean "title"?'],
            "stor": ['did you mean "store"?'],
            "models[0].imput": ["no such key", "output"],
            "render[0].sede": ['did you mean "seeds"?'],
        },
    ),
    "misspelt selector is said once": (
        f'{MODEL}[[render]]\nclases = ["goldfish"]\n',
        {"render[0].clases": ['did you mean "classes"?']},
    ),
    "literals": (
        '[executor]\nkind = "rya"\ndevice = "gpu"\n' + GOOD + 'sign = "positiv"\nprecision = "float16"\n',
        {
            "executor.kind": ['"rya"', '"serial"', 'did you mean "ray"?'],
            "executor.device": ['"gpu"', '"cuda:0"'],
            "render[0].sign": ['did you mean "positive"?'],
            "render[0].precision": ['"bfloat16"'],
        },
    ),
    "numbers": (
        '[executor]\nworkers = 0\nthreads = "4"\nbatch_size = true\n' + GOOD + "seeds = [-1, 1.5, true]\n",
        {
            "executor.workers": ["0 must be 1 or more"],
            "executor.threads": ['"4" must be a whole number'],
            "executor.batch_size": ["true", "auto", "4096"],
            "render[0].seeds[0]": ["-1 must be 0 or more"],
            "render[0].seeds[1]": ["1.5 must be a whole number"],
            "render[0].seeds[2]": ["true must be a whole number"],
        },
    ),
    "resources": (
        '[executor]\nresources = { gpu = 1.5, accelerator = "", gpus = 1 }\npatience = 0\n' + GOOD,
        {
            "executor.resources.gpu": ["a share of one GPU, such as 0.5, or a whole number"],
            "executor.resources.accelerator": ["empty"],
            "executor.resources.gpus": ["no such key"],
            "executor.patience": ["0 must be 1 or more"],
        },
    ),
    "model": (
        '[[models]]\nsource = "tim"\nsize = "big"\nmean = [1, 2, 3, 4]\n' + RENDER,
        {
            "models[0].name": ["missing"],
            "models[0].architecture": ["missing"],
            "models[0].source": ['did you mean "timm"?'],
            "models[0].size": ['"big" must be a whole number or a list'],
            "models[0].mean[1]": ["2 must be 1 or less"],
            "models[0].mean[2]": ["3 must be"],
            "models[0].mean[3]": ["4 must be"],
        },
    ),
    "the innermost of several forms": (
        MODEL + "size = [0, 224]\n" + RENDER,
        {"models[0].size[0]": ["0 must be 1 or more"]},
    ),
    "duplicate models": (
        MODEL + MODEL.replace("lite", "LITE", 1) + RENDER + 'model = "lite"\n',
        {"models[1].name": ["another model"]},
    ),
    "unknown model": (
        GOOD + 'model = ["lite", "lit"]\n',
        {"render[0].model": ['"lit"', 'did you mean "lite"?']},
    ),
    "which model": (
        MODEL + MODEL.replace("lite", "other", 1) + RENDER,
        {"render[0].model": ["missing", "lite, other"]},
    ),
    "neither classes nor layers": (MODEL + "[[render]]\n", {"render[0]": ["classes", "layers"]}),
    "both classes and layers": (GOOD + 'layers = ["a"]\n', {"render[0]": ["both", "two [[render]] blocks"]}),
    "what goes with layers only": (
        GOOD + 'units = "all"\nkind = "neuron"\nposition = [1, 1]\n',
        {"render[0].units": ["layers"], "render[0].kind": ["layers"], "render[0].position": ["layers"]},
    ),
    "a channel's position": (
        f'{MODEL}[[render]]\nlayers = "a"\nposition = [1, 2]\n',
        {"render[0].position": ['kind = "neuron"']},
    ),
    "directions come from concepts alone": (
        f'{MODEL}[[render]]\nlayers = "a"\nkind = "direction"\n',
        {"render[0].kind": ['"direction" must be "channel", "neuron", "inversion" or "caricature"']},
    ),
    "half a position": (
        f'{MODEL}[[render]]\nlayers = "a"\nkind = "neuron"\nposition = [1]\n',
        {"render[0].position[1]": ["missing"]},
    ),
    "units backwards": (f'{MODEL}[[render]]\nlayers = "a"\nunits = "9-3"\n', {"render[0].units": ['"3-9"']}),
    "units": (f'{MODEL}[[render]]\nlayers = "a"\nunits = [1, -2]\n', {"render[0].units": ['"0-15"', "sample"]}),
    "unit sample": (
        f'{MODEL}[[render]]\nlayers = "a"\nunits = {{ sampel = 8, sample = 0 }}\n',
        {"render[0].units.sampel": ['did you mean "sample"?'], "render[0].units.sample": ["1 or more"]},
    ),
    "method": (GOOD + 'method = "macoo"\n', {"render[0].method": ['did you mean "maco"?']}),
    "parameters": (
        GOOD + 'parameters = { stpes = 3, steps = 0, image_size = "big" }\n',
        {
            "render[0].parameters.stpes": ['did you mean "steps"?', "learning_rate"],
            "render[0].parameters.steps": ["0 must be 1 or more"],
            "render[0].parameters.image_size": ['"big" must be a whole number'],
        },
    ),
    "a preset that the method has not": (
        GOOD + 'preset = "drfat"\nparameters = { stpes = 3 }\n',
        {"render[0].preset": ["natural", 'did you mean "draft"?', "fine"], "render[0].parameters.stpes": ["steps"]},
    ),
    "a preset of concepts": (
        MODEL + '[photos]\npath = "p"\n[[concepts]]\npreset = "quick"\n',
        {"concepts[0].preset": ['"quick"', "draft, standard, fine"]},
    ),
    "a preset that is a number, and one without a name": (
        GOOD + "preset = 3\n" + RENDER + 'preset = ""\n',
        {"render[0].preset": ["3 must be text in quotes"], "render[1].preset": ["natural", "draft, standard, fine"]},
    ),
    "a method without presets": (
        GOOD + 'photos = "a.jpg"\nmethod = "adversarial"\npreset = "draft"\n[photos]\npath = "p"\n',
        {"render[0].preset": ["adversarial", "nor any other", "leave it out"]},
    ),
    "single brackets": (MODEL + "[render]\nclasses = [1]\n", {"render": ["[[render]]", "two brackets"]}),
    "double brackets": ("[[site]]\n" + GOOD, {"site": ["[site]", "one bracket"]}),
    "twice the same seed": (GOOD + "seeds = [1, 1]\n", {"render[0].seeds": ["twice"]}),
    "an address without a cluster": (
        '[executor]\nkind = "serial"\naddress = "auto"\n' + GOOD,
        {"executor": ['kind = "ray"']},
    ),
    "a site that would swallow the project": (
        '[site]\npath = "."\n' + GOOD,
        {"site.path": ["holds the configuration"]},
    ),
    "a site that holds the store": ('[store]\npath = "build/site/s"\n' + GOOD, {"site.path": ["keep them apart"]}),
    "photos that hold the site": (
        '[photos]\npath = "."\n' + GOOD,
        {key: ["keep them apart"] for key in ("site.path", "store.path", "photos.cache")},
    ),
    "archives in the site": (
        '[photos]\npath = "build/site/train-{000..012}.tar"\n' + GOOD,
        {"site.path": ["keep them apart"]},
    ),
    "a site in the store": ('[site]\npath = "build/store/s"\n' + GOOD, {"site.path": ["keep them apart"]}),
    "photos": (
        GOOD + '[photos]\nreader = "tra"\nstride = 0\npatch_size = 3\ntop = 0\nmax_megapixels = inf\nstatistics = 1\n'
        'clases = "c.csv"\ncache = ""\n',
        {
            "photos.path": ["missing"],
            "photos.reader": ['did you mean "tar"?'],
            "photos.stride": ["0 must be more than 0"],
            "photos.patch_size": ["3 must be 8 or more"],
            "photos.top": ["0 must be 1 or more"],
            "photos.max_megapixels": ["must be"],
            "photos.statistics": ["true or false"],
            "photos.clases": ['did you mean "classes"?'],
            "photos.cache": ['"" must be a path'],
        },
    ),
    "photos in double brackets": (GOOD + '[[photos]]\npath = "a"\n', {"photos": ["[photos]", "one bracket"]}),
    "a path that is a number": (GOOD + "[photos]\npath = 3\n", {"photos.path": ["3 must be text in quotes"]}),
    "a site in the photos": (
        '[site]\npath = "photos/site"\n' + GOOD + '[photos]\npath = "photos"\n',
        {"site.path": ["the photos", "keep them apart"]},
    ),
    "photos in the site": (GOOD + '[photos]\npath = "build/site/a-*.tar"\n', {"site.path": ["the photos"]}),
    "photos around everything": (
        GOOD + '[photos]\npath = "."\n',
        {"site.path": ["the photos"], "store.path": ["the photos"], "photos.cache": ["the photos"]},
    ),
    "a cache in the site": (
        GOOD + '[photos]\npath = "a"\ncache = "build/site/cache"\n',
        {"site.path": ["the cache"]},
    ),
    "a cache around the store": (
        '[site]\npath = "s"\n' + GOOD + '[photos]\npath = "a"\ncache = "build"\n',
        {"store.path": ["the cache"]},
    ),
    "a key of ours, not of the file": ('folder = "/"\n' + GOOD, {"folder": ["no such key"]}),
    "problems in every table at once": (
        '[site]\nurl = "me"\n[executor]\nworkers = -1\n'
        + MODEL
        + "channels = 2\n"
        + RENDER
        + 'kind = "x"\nlayers = "a"\n',
        {
            "site.url": ["https://"],
            "executor.workers": ["1 or more"],
            "models[0].channels": ["1 or 3"],
            "render[0].kind": ["neuron"],
            "render[0]": ["both"],
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_problem_is_named_with_its_key(problems, name):
    text, expected = CASES[name]
    found = dict(problem.split(": ", 1) for problem in problems(text))
    assert found.keys() == expected.keys()
    for key, words in expected.items():
        assert [word for word in words if word not in found[key]] == []


@pytest.mark.parametrize("name", CASES)
def test_no_message_speaks_the_validators_language(problems, name):
    jargon = re.compile(
        r"pydantic|Input should|validation error|extra_forbidden|tuple|ValueError|\bint\b|dict", re.IGNORECASE
    )
    assert [problem for problem in problems(CASES[name][0]) if jargon.search(problem)] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[site]\ntitle = x\n", "line 2, column 9"),
        (b"[site]\n\ntitle = '\xff'\n", "line 3: not UTF-8"),
        ("a = " + "[" * 5000, "nested far too deeply"),
        ("a = 1\na = 2\n", "not valid TOML"),
    ],
)
def test_what_is_no_toml_is_said_with_its_place(problems, text, words):
    assert words in problems(text)[0]


def test_a_missing_file_says_how_to_write_one(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no configuration .*atlas\.toml[\s\S]*atlas init"):
        load_config(tmp_path / "atlas.toml")


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(tmp_path)


def test_every_methods_own_defaults_are_accepted(load):
    for name, method in methods:
        parameters = method.parameters().model_dump(exclude_none=True)
        written = ", ".join(
            f"{key} = {value!r}".replace("True", "true").replace("False", "false") for key, value in parameters.items()
        )
        kind = RENDER if "logit" in method.kinds else '[[render]]\nlayers = "*"\n'
        assert load(f'{MODEL}{kind}method = "{name}"\nparameters = {{ {written} }}').render[0].parameters == parameters


KEYS = ["path", "url", "kind", "device", "batch_size", "name", "size", "mean", "arguments", "model", "classes"]
KEYS += [
    "layers",
    "units",
    "position",
    "parameters",
    "seeds",
    "method",
    "sign",
    "unknown",
    "cache",
    "stride",
    "top",
    "max_megapixels",
]
TOML_VALUES = st.one_of(
    st.sampled_from(
        [
            "true",
            "-1",
            "0",
            "1.5",
            "nan",
            "inf",
            '""',
            '"all"',
            "[]",
            "{}",
            "1979-05-27",
            "[[1]]",
            '["a", 1]',
            "{ a = 1 }",
        ]
    )
)


@given(
    table=st.sampled_from(["site", "store", "executor", "photos", "models", "render", "nothing"]),
    key=st.sampled_from(KEYS),
    value=TOML_VALUES,
    lists=st.booleans(),
)
def test_any_value_anywhere_gives_a_configuration_or_a_config_error(tmp_path_factory, table, key, value, lists):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    head = f"[[{table}]]" if lists else f"[{table}]"
    base = (MODEL if table != "models" else "") + (RENDER if table != "render" else "")
    path.write_text(f"{base}{head}\n{key} = {value}\n")
    try:
        found = load_config(path).folder
    except ConfigError as error:
        found = [problem for problem in error.problems if "None" in problem or not problem]
    assert found in (path.parent, [])


def test_a_home_that_does_not_exist_and_a_link_to_itself_are_said_or_followed(load, tmp_path):
    with pytest.raises(ConfigError, match=r'store.path: "~nobody-here/s" begins with a user who has no home'):
        load(f'[store]\npath = "~nobody-here/s"\n{GOOD}')
    (tmp_path / "loop").symlink_to("loop")
    assert load(f'[store]\npath = "loop"\n{GOOD}').store.path == tmp_path / "loop"


def test_a_list_of_thousands_of_wrong_values_is_not_repeated_whole(load):
    with pytest.raises(ConfigError) as caught:
        load(MODEL + f"[[render]]\nclasses = [{', '.join(['1.5'] * 3000)}]\n")
    assert len(caught.value.problems) == 3000 and str(caught.value).count("\n") < 60
    assert "and 2950 more" in str(caught.value)
