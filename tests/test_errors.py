"""Errors: what a person reads of them."""

from atlas.errors import AtlasError, ConfigError, ModelError


def test_a_sentence_is_the_message_and_what_to_do():
    assert ModelError("it is cut off", "download it again").sentence == "it is cut off; download it again"
    assert AtlasError("it is cut off").sentence == "it is cut off"
    assert (
        ConfigError(["no such key"], "atlas.toml", "leave it out").sentence == "atlas.toml: no such key; leave it out"
    )
