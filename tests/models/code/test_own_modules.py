"""Modules of people's own: what runs when they are imported, what they are called, and what they return."""

import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import networks
import numpy as np
import pytest
import torch
from torch import nn

from atlas.errors import ModelError
from atlas.models.code.own_modules import Beside, is_dependency
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that writes a module beside a configuration and loads its network; nothing is left behind."""
    (tmp_path / "project").mkdir()
    path = list(sys.path)

    def load(code, name="mine", function="net", **fields):
        file = tmp_path / "project" / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        spec = {"size": 16, "folder": tmp_path / "project"} | fields
        return load_model(ModelSpec(name="m", source="callable", architecture=f"{name}:{function}", **spec))

    monkeypatch.chdir(tmp_path)
    yield load
    sys.path[:] = path
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


NET = "from networks import Tiny as net\n"
BUILDER = "import torch, networks\n\ndef net():\n    torch.manual_seed(7)\n    return networks.Tiny()\n"


# --- endings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys\nsys.exit()\n", r"ended the program \(exit status 0\)"),
        ("import sys\nsys.exit(3)\n", r"exit status 3"),
        ("raise SystemExit('no data')\n", r'saying "no data"'),
        ("quit()\n", r"ended the program"),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--data', required=True)\np.parse_args()\n",
            r"exit status 2\); it reads arguments",
        ),
        ("def net():\n    raise SystemExit(1)\n", r"mine:net failed.*exit status 1"),
        ("input('which? ')\n", r"(?s)EOFError.*asks for input"),
        (
            "import torch\nclass net(torch.nn.Module):\n    def forward(self, x):\n        exit(0)\n",
            r"forward failed.*ended",
        ),
    ],
)
def test_a_module_that_ends_the_program_is_an_error_that_names_it(own, capsys, code, says):
    with pytest.raises(ModelError, match=says) as caught:
        own(code)
    assert "mine" in str(caught.value) or 'model "m"' in str(caught.value)


def test_arguments_with_defaults_are_read_as_a_script_without_any_would(own, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["atlas", "render", "--only", "x"])
    code = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--width', default=5)\n"
    model = own(
        code + "width = p.parse_args().width\nimport networks\ndef net():\n    return networks.Tiny(classes=width)\n"
    )
    assert model.card.layer("logits").units == 5
    assert sys.argv == ["atlas", "render", "--only", "x"]


def test_ctrl_c_is_the_persons_own(own):
    with pytest.raises(KeyboardInterrupt):
        own("raise KeyboardInterrupt\n")


# --- what they change -----------------------------------------------------------------------------------------------


DISTURBING = """
import os, random, signal, sys, warnings
import numpy as np, torch, networks
os.makedirs("elsewhere", exist_ok=True)
os.chdir("elsewhere")
sys.path.insert(0, "/nowhere")
sys.argv = ["x"]
random.seed(5); np.random.seed(5); torch.manual_seed(5)
torch.set_grad_enabled(False)
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_float32_matmul_precision("medium")
torch.use_deterministic_algorithms(True)
torch.autograd.set_detect_anomaly(True)
torch.set_num_threads(3)
torch.backends.cudnn.benchmark = torch.backends.cudnn.allow_tf32 = True
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
warnings.simplefilter("error")

def net():
    torch.set_default_device("cpu")
    random.random()
    network = networks.Tiny()
    torch.set_default_device("meta")
    return network
"""


def surroundings():
    return {
        "folder": os.getcwd(),
        "arguments": sys.argv,
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "torch": torch.get_rng_state().tolist(),
        "gradients": torch.is_grad_enabled(),
        "type": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "matmul": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "threads": torch.get_num_threads(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32),
        "signals": (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)),
        "warnings": list(warnings.filters),
        "input": sys.stdin,
    }


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_module_sets_is_put_back_also_when_it_fails(own, fails):
    before, front = surroundings(), sys.path[0]
    code = DISTURBING + ("raise ValueError('no')\n" if fails else "")
    if fails:
        with pytest.raises(ModelError, match="ValueError: no"):
            own(code)
    else:
        assert own(code).module.head.weight.dtype == torch.float32
    assert surroundings() == before
    assert sys.path[0] == front and sys.path[-1] == "/nowhere"


@pytest.mark.parametrize("draw", ["random.random()", "float(np.random.rand())", "float(torch.rand(()))"])
def test_random_weights_are_the_same_every_time_whoever_draws_them(own, draw):
    code = "import random, torch, networks\nimport numpy as np\n\ndef net():\n    n = networks.Tiny()\n"
    code += f"    n.head.bias.data.fill_({draw})\n    return n\n"
    first = own(code)
    random.random(), np.random.rand(), torch.rand(3)  # noqa: NPY002
    assert own(code).card.identity.weights == first.card.identity.weights


# --- where things are -----------------------------------------------------------------------------------------------


def test_a_relative_file_is_found_beside_the_module(own, tmp_path):
    torch.manual_seed(3)
    weights = networks.Tiny().state_dict()
    torch.save(weights, tmp_path / "project" / "weights.pt")
    code = (
        "import torch, networks\nat_import = open('weights.pt', 'rb').read(1)\n\ndef net():\n    n = networks.Tiny()\n"
    )
    code += "    n.load_state_dict(torch.load('weights.pt', weights_only=True))\n    return n\n"
    assert torch.equal(own(code).module.head.weight, weights["head.weight"])
    assert os.getcwd() == str(tmp_path)


def test_a_module_in_the_folder_where_atlas_runs_finds_its_files_there(own, tmp_path):
    (tmp_path / "here.py").write_text("from networks import Tiny as net\nopen('here.txt').close()\n")
    (tmp_path / "here.txt").touch()
    (tmp_path / "project" / "other.py").touch()
    spec = ModelSpec(name="m", source="callable", architecture="here:net", size=16, folder=tmp_path / "project")
    assert load_model(spec).card.layer("logits")


def test_packages_and_their_siblings(own, tmp_path):
    (tmp_path / "project" / "pkg" / "inner").mkdir(parents=True)
    (tmp_path / "project" / "pkg" / "__init__.py").touch()
    (tmp_path / "project" / "pkg" / "parts.py").write_text("from networks import Tiny\n")
    (tmp_path / "project" / "beside_it.py").write_text("CLASSES = 3\n")
    code = "from ..parts import Tiny\nfrom beside_it import CLASSES\nnet = lambda: Tiny(classes=CLASSES)\n"
    assert own(code, "pkg.inner.models").card.layer("logits").units == 3


@pytest.mark.parametrize(
    "name", ["profile", "queue", "types", "random", "code", "timm", "numpy", "torch", "atlas", "ray"]
)
def test_a_module_may_have_the_name_of_a_library_and_shadows_none(own, name):
    """A project with its own profile.py is sound, whether that is the network's or lies beside it."""
    assert own(BUILDER, name).card.layer("logits").units == 5
    loaded = sys.modules.get(name)
    assert loaded is None or "project" not in (loaded.__file__ or "")
    for statement in ("import cProfile", "import pdb"):
        exec(statement, {})


def test_a_package_of_the_users_may_have_the_name_of_a_library(own, tmp_path):
    (tmp_path / "project" / "timm").mkdir()
    (tmp_path / "project" / "timm" / "__init__.py").touch()
    (tmp_path / "project" / "timm" / "layer.py").write_text("from networks import Tiny\n")
    assert own("from .layer import Tiny as net\n", "timm.model").card.layer("logits")
    import timm

    assert hasattr(timm, "create_model")


def test_own_modules_come_before_strays_and_after_dependencies(tmp_path, monkeypatch):
    site, folder = tmp_path / "site", tmp_path / "project"
    for place in (site, folder):
        place.mkdir()
        for name in ("utils_of_mine", "yaml", "profile"):
            (place / f"{name}.py").touch()
    (folder / "jinja2").mkdir()  # a folder of anything
    (folder / "data_of_mine").mkdir()
    monkeypatch.syspath_prepend(site)
    finder = Beside()
    finder.folders = [str(folder)]
    assert finder.find_spec("utils_of_mine").origin == str(folder / "utils_of_mine.py")
    assert is_dependency("yaml") and is_dependency("torch") and not is_dependency("utils_of_mine")
    assert [finder.find_spec(name) for name in ("yaml", "profile", "jinja2", "nothing")] == [None] * 4
    assert finder.find_spec("data_of_mine") is not None


def test_python_m_atlas_is_not_disturbed_by_the_folder(tmp_path):
    for name in ("profile", "queue", "click", "timm", "random"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(networks.__file__).parents[2])])}
    done = subprocess.run(
        [sys.executable, "-m", "atlas", "--version"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_misspelt_module_is_corrected(own):
    own(NET, "mymodels")
    with pytest.raises(ModelError, match='did you mean "mymodels"'):
        load_model(
            ModelSpec(name="m", source="callable", architecture="mymodel:net", folder=Path.cwd() / "project", size=16)
        )
    with pytest.raises(ModelError, match='install "absent_thing"'):
        own("import absent_thing\n", "needy")


IMPORTS = {
    "def net(:\n": "correct line 1 of broken.py",
    "x = 1\0\n": "correct the file",
    "from .networks import Tiny\n": "import without the dots",
    "from broken import Tiny\n": "two modules import each other",
    "from torch import absent\n": 'install the version of "torch"',
    "import timm.absent\n": 'the "timm" that is installed has no "timm.absent"',
    "open('absent.txt')\n": "relative paths begin in",
    "input()\n": "asks for input",
    "1 / 0\n": "__import__('broken')",
}


@pytest.mark.parametrize("code", IMPORTS)
def test_each_failing_import_has_its_own_remedy(own, code):
    with pytest.raises(ModelError, match='cannot import "broken"') as caught:
        own(code, "broken")
    assert IMPORTS[code] in caught.value.remedy


def test_a_module_in_another_folder_is_found_as_the_remedy_says(own, tmp_path):
    project = tmp_path / "project"
    for name, imports in (("src/outer/inner.py", "from outer.sibling import Tiny as net\n"), ("flat/alone.py", NET)):
        (project / name).parent.mkdir(parents=True)
        (project / name).write_text(imports)
    (project / "src/outer/sibling.py").write_text("from networks import Tiny\n")
    for given, folder, right in (
        ("src.outer.inner", "src", "outer.inner"),
        ("outer.inner", "src", "outer.inner"),
        ("alone", "flat", "alone"),
    ):
        spec = ModelSpec(name="m", source="callable", architecture=f"{given}:net", folder=project, size=16)
        with pytest.raises(ModelError) as caught:
            load_model(spec)
        place = (project / folder).as_posix()
        assert f'folder = "{place}" and architecture = "{right}:net"' in caught.value.remedy
        moved = {"folder": project / folder, "architecture": f"{right}:net"}
        assert load_model(spec.model_copy(update=moved)).card.layers


def test_two_projects_whose_modules_have_the_same_names_are_two_models(tmp_path):
    """Comparing two states of a project is what `folder` is for; the second must not get the first one's code."""
    made = {}
    for place, act in (("old", "ReLU"), ("new", "Tanh"), ("old", "ReLU")):
        for package in ("nets", "spaces/nets", "datasets"):  # a package, one without __init__, a dependency's name
            folder = tmp_path / place / package
            folder.mkdir(parents=True, exist_ok=True)
            if "/" not in package:
                (folder / "__init__.py").touch()
            (folder / "core.py").write_text(
                f"from torch import nn\nclass Net(nn.Sequential):\n    def __init__(self):\n"
                f"        super().__init__(nn.Conv2d(3, 4, 3), nn.{act}(), nn.Conv2d(4, 2, 1))\n"
            )
        (tmp_path / place / "main.py").write_text("from nets.core import Net\n")
        for architecture in ("main:Net", "nets.core:Net", "spaces.nets.core:Net", "datasets.core:Net"):
            spec = ModelSpec(name="m", source="callable", architecture=architecture, folder=tmp_path / place, size=16)
            made[place, architecture] = type(load_model(spec).module[1]).__name__
            assert made[place, architecture] == act, (place, architecture)


SPELLINGS = {
    "mine.py:net": 'architecture = "mine:net"',
    "models/mine.py:net": 'architecture = "models.mine:net"',
    "models\\mine:net": 'architecture = "models.mine:net"',
    "/home/me/mine.py:net": 'folder = "/home/me" and architecture = "mine:net"',
    "C:\\nets\\mine.py:net": 'folder = "C:/nets" and architecture = "mine:net"',
    "mine.net": 'write "mine:net"',
    "mine": 'write "package.module:function"',
    ".mine:net": 'write "package.module:function"',
    "mine:": 'write "package.module:function"',
}


@pytest.mark.parametrize("given", SPELLINGS)
def test_other_ways_to_name_a_function_are_corrected(given):
    with pytest.raises(ModelError, match="does not name a callable") as caught:
        load_model(ModelSpec(name="m", source="callable", architecture=given, size=16))
    assert SPELLINGS[given] in caught.value.remedy


CALLS = {
    "def net(depth, *, width): pass": "add to the model: arguments = { depth = ..., width = ... }",
    "def net(depth=1): pass": 'it takes (depth=1); did you mean "depth"?',
    "def net(**_): open('absent.pt')": "relative paths begin in",
    "def net(**_): raise RuntimeError('Found no NVIDIA driver')": "build it on the CPU",
    "def net(**_): input()": "asks for input",
    "def net(**_): raise Odd()\nclass Odd(Exception):\n    def __str__(self): raise ValueError": "in a Python session",
}


@pytest.mark.parametrize("code", CALLS)
def test_each_failing_call_has_its_own_remedy(own, code):
    with pytest.raises(ModelError, match="failed with arguments") as caught:
        own(code, "called", arguments={"dpeth": 2})
    assert CALLS[code] in caught.value.remedy


@pytest.mark.parametrize("place", ["import", "call", "forward"])
def test_what_is_no_exception_is_an_error_all_the_same(own, place):
    """Skipped tests, cancelled tasks and panics of Rust derive from BaseException."""
    skip = "class Skipped(BaseException): pass\n"
    code = {
        "import": skip + "raise Skipped('no GPU')\n",
        "call": skip + "def net(): raise Skipped('no GPU')\n",
        "forward": skip + "from torch import nn\nclass net(nn.Conv2d):\n"
        "    def __init__(self): super().__init__(3, 4, 3)\n    def forward(self, x): raise Skipped('no GPU')\n",
    }[place]
    with pytest.raises(ModelError, match="Skipped: no GPU"):
        own(code, "skipping")


# --- what they return -----------------------------------------------------------------------------------------------


WRAPPED = {
    "parallel": "nn.DataParallel(Tiny())",
    "averaged": "torch.optim.swa_utils.AveragedModel(Tiny())",
    "compiled": "torch.compile(Tiny())",
    "compiled around parallel": "torch.compile(nn.DataParallel(Tiny()))",
    "compiled inside": "inside()",
    "compiled in place": "in_place()",
}
HELPERS = """
import torch
from torch import nn
from networks import Tiny

def inside():
    network = Tiny()
    network.deep = torch.compile(network.deep)
    return network

def in_place():
    network = Tiny()
    network.compile()
    return network

"""


@pytest.mark.parametrize("kind", WRAPPED)
def test_wrappers_of_training_are_taken_off(own, kind):
    model = own(f"{HELPERS}def net():\n    return {WRAPPED[kind]}\n")
    names = [layer.name for layer in model.card.layers]
    assert names == [layer.name for layer in own(f"{HELPERS}net = Tiny\n", "plain").card.layers]


RETURNED = {
    "torch.jit.trace(Tiny().eval(), torch.zeros(1, 3, 16, 16))": ("TorchScript", "state_dict"),
    "nn.Sequential(torch.jit.trace(Tiny().eval(), torch.zeros(1, 3, 16, 16)))": (
        "wrapper around TorchScript",
        "state_dict",
    ),
    "torch.export.export(Tiny().eval(), (torch.zeros(1, 3, 16, 16),))": ("torch.export", "exported"),
    "None": ("nothing", "end the function"),
    "Tiny": ("the class Tiny", "call it"),
    "(lambda: Tiny())": ("the function <lambda>", "call it"),
    "(Tiny(), 'preprocess')": ("a tuple of 2 things", "item 0"),
    "{'model': Tiny()}": ("a dict", 'item "model"'),
    "Tiny().state_dict()": ("weights without a network", "`checkpoint`"),
    "'weights.pt'": ("str", "return the network itself"),
    "torch.zeros(3)": ("Tensor", "return the network itself"),
    "type('Trainer', (), {'__init__': lambda self: setattr(self, 'model', Tiny())})()": (
        "Trainer",
        "return its .model",
    ),
    "type('InferenceSession', (), {'__module__': 'onnxruntime'})()": ("onnxruntime", "exported"),
}


@pytest.mark.parametrize("expression", RETURNED)
@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_what_is_no_network_is_called_what_it_is(own, expression):
    what, remedy = RETURNED[expression]
    with pytest.raises(ModelError) as caught:
        own(f"{HELPERS}def net():\n    return {expression}\n")
    assert what in caught.value.message and remedy in caught.value.remedy and "mine:net" in caught.value.message


# --- forwards -------------------------------------------------------------------------------------------------------


FORWARDS = {
    "(self, x, metas): return self.features(x)": "takes (x, metas): wrap it",
    "(self, *, images): return self.features(images)": "takes (images): wrap it",
    "(self, x): return self.conv(x.half())": "atlas computes in float32",
    "(self, x): return self.conv(x.double())": "atlas computes in float32",
    "(self, x): return self.head(self.features(x).to(torch.bfloat16))": "atlas computes in float32",
    "(self, x): return nn.Embedding(9, 2)(x)": "numbers of words",
    "(self, x): return self.features(x['image'])": "takes a dictionary",
    "(self, x): return self.features(x.cuda())": "device=x.device",
    "(self, x): return self.train().norm(torch.zeros(1, 6, 1, 1))": "training mode",
    "(self, x): return nn.Linear(99, 2)(self.conv(x).flatten(1))": "set the model's size",
    "(self, x): return self.conv(x) + torch.zeros(6, 7, 7)": "set the model's size",
    "(self, x): return nn.Conv2d(1, 2, 3)(x)": "channels = 1",
    "(self, x): return nn.Conv2d(5, 2, 3)(self.conv(x))": "make module(torch.randn(2, 3, 16, 16)) work",
    "(self, x): return open('weights.bin')": "Path(__file__).parent",
    "(self, x): import absent_thing": "install what its forward imports",
    "(self, x): raise type('E', (Exception,), {'__str__': lambda s: 1})": "make module(torch.randn(2, 3, 16, 16)) work",
    "(self, x): raise ValueError('mine')": "make module(torch.randn(2, 3, 16, 16)) work",
}


@pytest.mark.parametrize("forward", FORWARDS)
def test_each_failing_forward_has_its_own_remedy(own, forward):
    arguments, _, body = forward.partition(": ")
    with pytest.raises(ModelError) as caught:
        own(f"{HELPERS}class net(Tiny):\n    def forward{arguments}:\n        {body}\n")
    assert FORWARDS[forward] in caught.value.remedy, caught.value
    if "channels" not in FORWARDS[forward] and "size" not in FORWARDS[forward]:
        assert "size and channels" not in caught.value.remedy


def test_a_module_without_a_forward_says_so(own):
    with pytest.raises(ModelError, match="(?s)missing the required.*forward of its own"):
        own("from torch import nn\nfrom networks import Tiny\nnet = lambda: nn.ModuleList([Tiny()])\n")


def test_outputs_of_other_libraries_give_their_logits(own):
    code = f"""{HELPERS}from collections import OrderedDict
class Output(OrderedDict):
    @property
    def logits(self):
        return self["logits"]

class net(Tiny):
    def forward(self, pixel_values=None, labels=None):
        return Output(logits=super().forward(pixel_values), hidden_states=(self.conv(pixel_values),))
"""
    assert own(code).card.layer("logits").units == 5
    assert isinstance(own(code).module, nn.Module)
