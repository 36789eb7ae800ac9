"""[[analyse]]: every problem at once, with what was meant."""

import pytest
from config_files import PHOTOS, TWO_MODELS, problems, read


def test_an_analysis_is_read_with_its_defaults_and_needs_nothing_rendered(tmp_path):
    (block,) = read(tmp_path, TWO_MODELS + PHOTOS + '[[analyse]]\nkind = "cka"\n').analyse
    assert (block.models, block.layers, block.photos, block.seed) == (("all",), (), None, 0)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('kind = "ckaa"', 'analyse[0].kind: .*there is no analysis "ckaa".*did you mean "cka"'),
        ('kind = "cka"\nmodels = ["lite1"]', 'analyse[0].models: there is no model "lite1"; did you mean "lite0"'),
        ('kind = "cka"\nmodels = ["probe", "probe"]', "models names one twice"),
        ('kind = "attribution"\nminibatch = 30', 'minibatch goes with kind = "cka", not with "attribution"'),
        (
            'kind = "references"\nparameters = { stepss = 1 }',
            'analyse[0].parameters.stepss: there is no such key; did you mean "steps"',
        ),
        ('kind = "references"\npreset = "quick"', 'analyse[0].preset: .*"quick".*draft'),
        ('kind = "references"\nscores = ["transfr"]', 'there is no score "transfr"; did you mean "transfer"'),
        ('kind = "cka"\nminibatch = 3', "analyse[0].minibatch: 3 must be 4 or more"),
        ('kind = "cka"\nminibatches = 30', 'analyse[0].minibatches: there is no such key; did you mean "minibatch"'),
    ],
)
def test_what_is_wrong_is_named_with_what_was_meant(tmp_path, line, problem):
    (found,) = problems(tmp_path, TWO_MODELS + PHOTOS + f"[[analyse]]\n{line}\n")
    for part in problem.split(".*"):
        assert part in found


def test_analyses_need_photos(tmp_path):
    assert problems(tmp_path, TWO_MODELS + '[[analyse]]\nkind = "cka"\n') == [
        'analyse[0].kind: "cka" looks at photos; add a table [photos] with path = "a folder of photos"'
    ]


def test_photos_are_split_once_for_all_tables(tmp_path):
    text = TWO_MODELS + PHOTOS + '[[render]]\nmodel = "lite0"\nclasses = ["goldfish"]\n'
    text += '[[evaluate]]\nscores = "spectrum"\nphotos = { seed = 0 }\n'
    assert read(tmp_path, text + '[[analyse]]\nkind = "cka"\nphotos = { judging = 0.5 }\n').analyse
    (found,) = problems(tmp_path, text + '[[analyse]]\nkind = "cka"\nphotos = { seed = 1 }\n')
    assert found.startswith("analyse[0].photos: photos are split once")
