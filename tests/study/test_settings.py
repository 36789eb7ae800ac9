"""The ``[study]`` table: what it takes, and what it refuses."""

import pytest
from pydantic import ValidationError

from atlas.config import load_config
from atlas.errors import ConfigError
from atlas.study.settings import KINDS, StudySettings

CONFIGURATION = '[[models]]\nname = "a"\nsource = "callable"\narchitecture = "x:y"\n[[render]]\nclasses = ["all"]\n'


def test_it_is_no_study_without_the_table_and_one_with_an_empty_one(tmp_path):
    path = tmp_path / "atlas.toml"
    path.write_text(CONFIGURATION)
    assert load_config(path).study is None
    path.write_text(CONFIGURATION + "[study]\n")
    assert load_config(path).study == StudySettings()


def test_all_stands_for_no_choice_and_one_name_for_a_list(tmp_path):
    path = tmp_path / "atlas.toml"
    path.write_text(
        CONFIGURATION
        + '[study]\nmodels = "all"\nmethods = "maco"\nclasses = ["daisy", 3]\ntasks = ["rating", "description"]\n'
        + 'post = "https://example.org:8080/take?study=1"\n'
    )
    study = load_config(path).study
    assert study is not None
    assert (study.models, study.methods, study.classes) == ((), ("maco",), ("daisy", 3))
    assert study.tasks == ("description", "rating") and KINDS[0] == "description"
    assert study.origin == "https://example.org:8080"


@pytest.mark.parametrize(
    "post",
    ["example.org", "ftp://example.org", "https://", "https://a:b@example.org", "https://x.org/; script-src *",
     "https://x.org/'none'", "https://x.org:99999/", "https://exämple.org", "javascript:alert(1)"],
)  # fmt: skip
def test_what_cannot_be_posted_to_is_refused(post):
    with pytest.raises(ValidationError, match="web address"):
        StudySettings(post=post)


def test_a_wrong_table_names_what_is_allowed(tmp_path):
    path = tmp_path / "atlas.toml"
    path.write_text(CONFIGURATION + '[study]\ntasks = ["guess"]\nper_person = 2\nconsents = "x"\n')
    with pytest.raises(ConfigError) as error:
        load_config(path)
    text = str(error.value)
    assert "study.per_person" in text and "guess" in text and "consents" in text
