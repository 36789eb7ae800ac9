"""Cards of parameters: what their fields say, in words."""

from typing import Annotated, Literal

from pydantic import Field

from atlas.methods import MethodParameters
from atlas.methods.describe import parameter_cards


class Known(MethodParameters):
    few: int = Field(default=3, ge=1, le=20_000, description="a count", json_schema_extra={"unit": "px"})
    some: float = Field(default=0.5, gt=0, lt=1, description="between")
    least: float = Field(default=0.004, ge=1 / 255, description="from")
    kind: Literal["a", "b"] | float = Field(default="a", description="either")
    pair: Annotated[int, Field(ge=2)] | tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(ge=3)]] | None = None
    names: tuple[str, ...] = ("x",)
    switch: bool = True


def test_bounds_choices_and_units_are_said_in_words():
    said = {card.name: (card.default, card.allowed, card.unit, card.meaning) for card in parameter_cards(Known)}
    assert said.pop("image_size")[:3] == (None, "a whole number from 32 up to 4096", "px")
    assert said == {
        "few": (3, "a whole number from 1 up to 20000", "px", "a count"),
        "some": (0.5, "a number above 0 below 1", "", "between"),
        "least": (0.004, "a number from 0.003922", "", "from"),
        "kind": ("a", '"a" or "b" or a number', "", "either"),
        "pair": (None, "a whole number from 2 or [a whole number from 2, a whole number from 3]", "", ""),
        "names": (["x"], "a list, each text", "", ""),
        "switch": (True, "true or false", "", ""),
    }
