"""The [[models]] table: what it takes, what it refuses, and that it needs no torch."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from atlas.models.spec import ModelSpec


def test_one_number_stands_for_all_channels():
    spec = ModelSpec(name="m", architecture="resnet18", mean=0.5, std=[0.1, 0.2, 0.3], size=[192, 256])
    assert (spec.mean, spec.std, spec.size) == ((0.5,), (0.1, 0.2, 0.3), (192, 256))
    assert ModelSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"source": "tim"}, 'did you mean "timm"'),
        ({"channels": 4}, "1 or 3"),
        ({"mean": 120}, "less than or equal to 1"),
        ({"std": [0.2, 0, 0.2]}, "greater than 0"),
        ({"std": 58.4}, "less than or equal to 10"),
        ({"mean": [0.5, 0.5]}, "one value, or one for each of 3"),
        ({"mean": [0.4, 0.4, 0.4], "channels": 1}, "1 channel"),
        ({"size": 0}, "greater than or equal to 1"),
        ({"name": "  "}, "match pattern"),
        ({"name": "a\nb"}, "match pattern"),
        ({"checkpont": "x"}, "Extra inputs"),
        ({"pretrained": True, "checkpoint": "w.pt"}, "exclude each other"),
        ({"source": "callable", "pretrained": True}, "does not apply"),
        ({"source": "package", "checkpoint": "w.pt"}, "brings its own weights"),
    ],
)
def test_bad_values_are_refused(fields, says):
    with pytest.raises(ValidationError, match=says):
        ModelSpec(**{"name": "m", "architecture": "resnet18", **fields})


def test_specs_are_read_without_loading_torch():
    code = "import sys, atlas.models.spec; sys.exit('torch' in sys.modules or 'timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
