"""The search for settings: it looks at tuning classes alone, halves, repeats itself, and survives its process."""

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from small_photos import CLASSES

import atlas
from atlas.methods import methods

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SPACE = """
classes = ["lemon", "flamingo", "jersey", "daisy"]
rungs = [{ classes = 1, steps = 0.5 }, { classes = 2, steps = 0.5 }, { classes = 3, steps = 1.0 }]
[methods.maco]
fixed = { steps = 4, image_size = 32, resolution = 32 }
values = { crops = [1, 2] }
ranges = { crop_mean = { low = 0.2, high = 0.9 }, learning_rate = { low = 0.1, high = 2.0, log = true } }
"""


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return import_module("search.space").read_space("maco", path)


class Pretended:
    """A gallery and a bench in one: what pictures are worth follows from their parameters."""

    def __init__(self, folder, dies_above=1.0):
        self.folder, self.dies_above = folder, dies_above
        self.judges = [SimpleNamespace(name="judge")]
        self.asked = []

    def render(self, settings, aims, told, wait):
        self.asked.append((settings[0].parameters, len(aims)))
        if settings[0].parameters["crop_mean"] > self.dies_above:
            raise KeyboardInterrupt

    def shots(self, settings, aims):
        cpu = 2 * settings[0].parameters["steps"] / 4  # of two cores, one second with all steps
        return [SimpleNamespace(worth=settings[0].parameters["crop_mean"], cpu=cpu) for _ in aims]

    def judged(self, shots):
        said = [import_module("judging.judges").Verdict(shot.worth, 1 + (shot.worth < 0.5)) for shot in shots]
        return [SimpleNamespace(shot=shot, verdicts={"judge": one}) for shot, one in zip(shots, said, strict=True)]


def searched(space, folder, trials, log="log.jsonl", seconds=None):
    stage = Pretended(folder)
    search = import_module("search.halving").Search(space, folder / log, stage, stage, seconds=seconds)
    search.run(trials, lambda text: None)
    return search, stage


def chosen(search):
    return [trial.params for trial in search.study.get_trials()]


@pytest.mark.parametrize("name", ["llama", "banana", "goldfish"])
def test_a_class_that_is_reported_of_is_refused(space, name):
    with pytest.raises(import_module("judging.targets").ReportedError):
        import_module("search.space").read_space("maco", classes=("lemon", name))


def test_the_command_refuses_it_too(tmp_path):
    (tmp_path / "w.safetensors").touch()
    given = ["--store", tmp_path / "s", "--judge", tmp_path / "w.safetensors", "--log", tmp_path / "log"]
    spec = spec_from_file_location("search_command", BENCHMARKS / "search.py")
    command = module_from_spec(spec)
    spec.loader.exec_module(command)
    ended = CliRunner().invoke(command.main, [*map(str, given), "--class", "scorpion", "--threads", "1"])
    assert ended.exit_code == 2
    assert "scorpion with seed 0: not for tuning; take trilobite" in " ".join(ended.output.replace("│", " ").split())
    assert not (tmp_path / "log").exists()


def test_the_declared_space_is_of_tuning_classes_and_of_parameters_that_the_methods_have():
    module, tuning = import_module("search.space"), import_module("judging.targets").tuning()
    with pytest.raises(KeyError, match="no space is declared of cbr; there are natural"):
        module.read_space("cbr")
    for name in ("natural", "maco"):
        space = module.read_space(name)
        assert sorted(space.aims) == sorted(tuning)
        assert space.rungs[-1] == module.Rung(8, 1.0)
        assert space.incumbent().keys() == {*space.values, *space.ranges}
        asked = [(key, value) for key, values in space.values.items() for value in values]
        asked += [(key, bounds[end]) for key, bounds in space.ranges.items() for end in ("low", "high")]
        for key, value in asked:
            given = space.parameters({key: value}, space.rungs[0])
            try:
                methods.get(name).parameters.model_validate(given)
            except ValidationError as error:
                pytest.fail(f"{name}: {error}")


def test_the_worse_half_ends_early_and_the_best_gets_the_largest_budget(space, tmp_path):
    search, stage = searched(space, tmp_path, 16)
    trials = search.study.get_trials()
    states = [trial.state.name for trial in trials]
    assert len(states) == 16
    assert set(states) == {"COMPLETE", "PRUNED"}
    assert states.count("PRUNED") >= 6
    assert search.study.best_value == max(trial.params["crop_mean"] for trial in trials)
    assert all(aims == 3 for parameters, aims in stage.asked if parameters["steps"] == 4)
    assert {(parameters["steps"], aims) for parameters, aims in stage.asked} == {(2, 1), (2, 2), (4, 3)}
    text = import_module("search.summary").summary(search.study, ["judge"])
    assert text.startswith(f"16 trials, {states.count('PRUNED')} of them ended on a smaller budget.")
    assert f"| {search.study.best_value:.3g} | 1.00 (0.44 to 1.00) | 1 |" in text


def test_the_first_trial_is_of_the_defaults(space, tmp_path):
    search, _ = searched(space, tmp_path, 2)
    first = chosen(search)[0]
    assert space.incumbent() == {"crop_mean": 0.25, "learning_rate": 1.0}
    assert (first["crop_mean"], first["learning_rate"]) == (0.25, 1.0)
    assert chosen(search)[1]["learning_rate"] != 1.0


def test_a_search_repeats_itself_and_goes_on_where_it_was_ended(space, tmp_path):
    whole, _ = searched(space, tmp_path, 13)
    searched(space, tmp_path, 4, "again.jsonl")
    again, _ = searched(space, tmp_path, 13, "again.jsonl")
    assert chosen(again) == chosen(whole)
    assert len({str(each) for each in chosen(whole)}) == 13


def test_a_trial_whose_process_was_ended_is_begun_again(space, tmp_path):
    whole, _ = searched(space, tmp_path, 6)
    stage = Pretended(tmp_path, dies_above=0.5)
    search = import_module("search.halving").Search(space, tmp_path / "cut.jsonl", stage, stage)
    with pytest.raises(KeyboardInterrupt):
        search.run(6, lambda text: None)
    died = len(chosen(search)) - 1
    after, _ = searched(space, tmp_path, 6, "cut.jsonl")
    states = [trial.state.name for trial in after.study.get_trials()]
    assert states[died] == "FAIL"
    assert chosen(after)[died + 1] == chosen(after)[died] == chosen(whole)[died]
    assert len(states) == 7


def test_a_trial_that_takes_too_long_ends_and_is_not_among_the_best(space, tmp_path):
    search, stage = searched(space, tmp_path, 3, seconds=0.5)  # it takes one
    assert {trial.state.name for trial in search.study.get_trials()} == {"PRUNED"}
    assert {aims for _, aims in stage.asked} == {1}
    assert "| trial |" in import_module("search.summary").summary(search.study, ["judge"])


def test_a_search_of_a_small_network_renders_by_the_face_and_is_judged(space, tmp_path):
    model = atlas.load("tiny_networks:colours", size=32, classes=CLASSES)
    places = {951: 0, 130: 1, 610: 2}
    judge = import_module("judging.judges").Judge("tiny", "toys", model, places)
    gallery = import_module("judging.gallery").Gallery(tmp_path, networks={"lite0": (model, places)})
    bench = import_module("judging.bench").Bench(tmp_path, [judge])
    search = import_module("search.halving").Search(space, tmp_path / "log.jsonl", gallery, bench)
    search.run(2, lambda text: None)
    best = search.study.best_trial
    assert best.value == pytest.approx(sum(best.user_attrs["tiny p"]) / 3, abs=1e-3)
    assert best.user_attrs["pictures"] == 3
    assert best.user_attrs["seconds"] > 0
    keys = set(gallery.store.keys())
    search.run(2, lambda text: pytest.fail(text))
    assert set(gallery.store.keys()) == keys
