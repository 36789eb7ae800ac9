"""The tables of atlas.toml. Defaults live here only."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from atlas.config.analyse import AnalyseBlock
from atlas.config.concepts import ConceptsBlock
from atlas.config.evaluation import EvaluateBlock, JudgeBlock
from atlas.config.render import RenderBlock
from atlas.models.spec import ModelSpec
from atlas.photos.spec import PhotosSpec
from atlas.site.metadata import SiteMetadata
from atlas.study.settings import StudySettings


class Table(BaseModel):
    """Base of the tables: immutable, unknown keys refused, ``true`` is no number and ``"4"`` neither."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SiteSettings(SiteMetadata):
    """``[site]``: what the owner says about the atlas, and where it is built.

    Attributes:
        path: the site's folder, or a link to it. `atlas build` keeps in it what it did not write.
        labels: what people call concepts, a TOML file, see ``docs/guides/photos.md``; no labels unless given.
    """

    path: Path = Path("build/site")
    labels: Path | None = None

    @property
    def metadata(self) -> SiteMetadata:
        """What the site itself needs to know."""
        return SiteMetadata(**self.model_dump(exclude={"path", "labels"}))


class StoreSettings(Table):
    """``[store]``: where records and pictures are kept.

    Attributes:
        path: the store's folder.
    """

    path: Path = Path("build/store")


class Resources(Table):
    """``resources`` of ``[executor]``: what each worker takes of a Ray cluster.

    Attributes:
        gpu: GPUs, or the share of one: 0.5 puts two workers on each. Default: 1 where there are any.
        accelerator: type of the GPU as Ray names it, e.g. ``A100`` or ``H100``; any unless given.
    """

    gpu: float | None = Field(default=None, ge=0, le=64, allow_inf_nan=False)
    accelerator: str | None = Field(default=None, min_length=1, max_length=100)

    @field_validator("gpu")
    @classmethod
    def _whole_or_a_share(cls, value: float | None) -> float | None:
        if value is not None and value > 1 and value != int(value):
            raise ValueError("must be a share of one GPU, such as 0.5, or a whole number")
        return value


class ExecutorSettings(Table):
    """``[executor]``: what renders. None of it changes the pictures.

    Attributes:
        kind: ``serial`` renders in this process, ``ray`` on several devices or machines; ``auto`` chooses.
        address: a Ray cluster, ``auto`` for the one this machine belongs to or ``host:port``; without it a
            local one is started.
        workers: processes; one per device unless given.
        batch_size: jobs optimised together; ``auto`` fits it to the device.
        device: ``auto``, ``cpu``, ``mps``, ``cuda`` or one of several as in ``cuda:0``.
        threads: pictures that a worker makes, or looks at, at a time on a CPU, each by one thread; unless given, the
            workers share the cores.
        resources: what each worker takes of a cluster, ``{ gpu = 0.5, accelerator = "A100" }``.
        patience: seconds for which a cluster may have no place for a single worker, until the run ends and says what
            is missing; nodes that join meanwhile are used.
        logs: show what workers print.
    """

    kind: Literal["auto", "serial", "ray"] = "auto"
    address: str | None = Field(default=None, min_length=1)
    workers: int | None = Field(default=None, ge=1, le=10_000)
    batch_size: int | Literal["auto"] = "auto"
    device: str = "auto"
    threads: int | None = Field(default=None, ge=1, le=1024)
    resources: Resources = Resources()
    patience: int = Field(default=600, ge=1, le=604_800)
    logs: bool = False

    @field_validator("batch_size", mode="before")
    @classmethod
    def _batch_size(cls, value: object) -> object:
        if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 4096):
            return value
        raise ValueError('must be "auto" or a whole number from 1 to 4096')

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?", value):
            raise ValueError('must be "auto", "cpu", "mps", "cuda", "xpu", or one of several as in "cuda:0"')
        return value

    @model_validator(mode="after")
    def _address_needs_ray(self) -> "ExecutorSettings":
        if self.address is not None and self.kind == "serial":
            raise ValueError('an address is for kind = "ray"; with kind = "serial" leave it out')
        return self


class Tables(Table):
    """Everything that atlas.toml may hold."""

    site: SiteSettings = SiteSettings()
    store: StoreSettings = StoreSettings()
    executor: ExecutorSettings = ExecutorSettings()
    photos: PhotosSpec | None = None
    models: tuple[ModelSpec, ...] = Field(min_length=1)
    render: tuple[RenderBlock, ...] = ()
    concepts: tuple[ConceptsBlock, ...] = ()
    study: StudySettings | None = None
    judges: tuple[JudgeBlock, ...] = ()
    evaluate: tuple[EvaluateBlock, ...] = ()
    analyse: tuple[AnalyseBlock, ...] = ()

    @property
    def default_model(self) -> str:
        """Name of the model of blocks that name none."""
        names = [spec.name for spec in self.models]
        return default_model(names, [judge.model for judge in self.judges]) or names[0]

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of the scores and analyses that are asked for, each once."""
        scores = [name for block in self.evaluate for name in block.scores]
        return tuple(dict.fromkeys([*scores, *(block.kind for block in self.analyse)]))

    @property
    def renders_to_analyse(self) -> bool:
        """Whether an analysis has pictures of its own rendered."""
        return any(block.kind == "references" for block in self.analyse)


def default_model(names: Sequence[str], judges: Collection[str]) -> str | None:
    """Return the model that is meant where none is named: the only one, judges aside; None where there are several."""
    rendered = [name for name in names if name not in judges]
    return next((some[0] for some in (names, rendered) if len(some) == 1), None)


class Config(Tables):
    """A valid configuration. Every path in it, but those among a method's parameters, is absolute.

    Attributes:
        file: the configuration file.
    """

    file: Path

    @property
    def folder(self) -> Path:
        """The configuration file's folder, which relative paths among a method's parameters are relative to."""
        return self.file.parent

    def model_spec(self, name: str) -> ModelSpec | None:
        """Return the model of that name, or None."""
        return next((spec for spec in self.models if spec.name == name), None)
