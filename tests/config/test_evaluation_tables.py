"""[[judges]] and [[evaluate]]: every problem at once, with what was meant; and what they change of other tables."""

import pytest
from config_files import PHOTOS, TWO_MODELS, problems, read

MODELS = TWO_MODELS + PHOTOS
RENDER = '[[render]]\nclasses = ["goldfish"]\n'
JUDGES = '[[judges]]\nmodel = "probe"\nfamily = "ResNet"\n'
EVALUATE = '[[evaluate]]\nscores = ["transfer"]\n'


def test_judges_and_evaluations_are_read_with_their_defaults(tmp_path):
    config = read(tmp_path, MODELS + RENDER + JUDGES + EVALUATE)
    (judge,), (block,) = config.judges, config.evaluate
    assert (judge.model, judge.family, judge.layers) == ("probe", "ResNet", ())
    assert (block.models, block.methods, block.photos, block.k) == (("all",), ("all",), None, (1, 5))


def test_a_model_that_judges_is_not_meant_where_none_is_named(tmp_path):
    assert read(tmp_path, MODELS + RENDER + JUDGES + EVALUATE).render[0].model == ("lite0",)
    assert problems(tmp_path, MODELS + RENDER) == [
        "render[0].model: is missing; name one or more of the models: lite0, probe"
    ]
    named = read(tmp_path, MODELS + RENDER + 'model = "probe"\n' + JUDGES + EVALUATE)
    assert named.render[0].model == ("probe",)


def test_all_among_names_is_all(tmp_path):
    named = '[[evaluate]]\nscores = "transfer"\nmodels = ["all", "lite0"]\nmethods = ["maco", "all"]\n'
    analyse = '[[analyse]]\nkind = "cka"\nmodels = ["lite0", "all"]\n'
    config = read(tmp_path, MODELS + RENDER + JUDGES + named + analyse)
    assert (config.evaluate[0].models, config.evaluate[0].methods) == (("all",), ("all",))
    assert config.analyse[0].models == ("all",)


def test_a_split_is_the_same_whether_its_defaults_are_written_or_not(tmp_path):
    text = MODELS + RENDER + JUDGES
    for split in ("{}", "{ judging = 0.5 }", "{ judging = 0.5, seed = 0 }"):
        text += f'[[evaluate]]\nscores = ["plausibility"]\nphotos = {split}\n'
    blocks = read(tmp_path, text).evaluate
    assert blocks[0].photos is not None
    assert blocks[0].photos == blocks[1].photos == blocks[2].photos


def test_everything_that_is_wrong_is_told_at_once_with_what_was_meant(tmp_path):
    judges = '[[judges]]\nmodel = "prob"\nfamily = "ResNet"\nlayer = "x"\n[[judges]]\nfamily = "ViT"\n'
    evaluate = """
[[evaluate]]
models = ["lite1"]
methods = ["mako", "natural"]
scores = ["transfers", "plausibility", "plausibility"]
photos = { judging = 1.0, seeds = 1 }
k = 0
"""
    found = "\n".join(problems(tmp_path, MODELS + RENDER + 'model = "lite0"\n' + judges + evaluate))
    for text in (
        'judges[0].model: there is no model "prob"; did you mean "probe"?',
        'judges[0].layer: there is no such key; did you mean "layers"?',
        "judges[1].model: is missing",
        'evaluate[0].models: there is no model "lite1"; did you mean "lite0"?',
        'evaluate[0].methods: there is no method "mako"; did you mean "maco"?',
        'there is no score "transfers"; did you mean "transfer"?',
        "evaluate[0].photos.judging: 1.0 must be less than 1",
        "evaluate[0].photos.seeds: there is no such key; did you mean",
        "evaluate[0].k: 0 must be 1 or more",
    ):
        assert text in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MODELS + RENDER + JUDGES, 'judges: judge nothing; add a table [[evaluate]] with scores = ["transfer"]'),
        (MODELS + JUDGES + JUDGES + RENDER + EVALUATE, 'judges[1].model: "probe" judges already; name each once'),
        (
            MODELS + RENDER + 'model = "lite0"\n' + EVALUATE.replace("transfer", "plausibility"),
            'evaluate[0].scores: "plausibility" needs judges; add a table [[judges]] with model = "a model" and family',
        ),
        (
            MODELS + RENDER + JUDGES + EVALUATE.replace("transfer", "plausibility"),
            'evaluate[0].scores: "plausibility" measures pictures against photos that judge; add photos = { judging',
        ),
        (
            TWO_MODELS + RENDER + JUDGES + EVALUATE + "photos = { judging = 0.5 }\n",
            'evaluate[0].photos: splits the reference photos; add a table [photos] with path = "a folder of photos"',
        ),
        (
            MODELS + RENDER + JUDGES + EVALUATE + "photos = { judging = 0.5 }\n" + EVALUATE + "photos = { seed = 1 }\n",
            'evaluate[1].photos: photos are split once, and an earlier table says {"judging": 0.5}; write the same',
        ),
        (
            MODELS
            + RENDER
            + JUDGES
            + EVALUATE
            + 'lpips = { weights = "a.pth" }\n'
            + EVALUATE
            + 'lpips = { backbone = "alex", weights = "a.pth" }\n'
            + EVALUATE
            + 'lpips = { backbone = "vgg", weights = "a.pth" }\n',
            'evaluate[2].lpips: LPIPS sees with one network, and an earlier table says {"weights": "a.pth"}; write the',
        ),
        (MODELS + RENDER + JUDGES + EVALUATE + "k = [1, 1]\n", "evaluate[0].k: [1, 1]: k names one twice"),
        (MODELS + RENDER + JUDGES + "[[evaluate]]\n", "evaluate[0].scores: is missing"),
        (
            MODELS + '[[concepts]]\nmodel = "lite0"\n' + JUDGES + EVALUATE,
            "evaluate: scores pictures of classes, and none are rendered; add a [[render]] table",
        ),
    ],
)
def test_what_is_lacking_is_told_with_what_to_add(tmp_path, text, expected):
    assert any(problem.startswith(expected) for problem in problems(tmp_path, text))
