"""Footprints: how much memory views of a model take, and what fitted. Measured once, then kept beside its card."""

from pydantic import Field

from atlas.core.job import Frozen
from atlas.core.record import SCHEMA_VERSION


class ViewFootprint(Frozen):
    """What one view takes on its way to a layer.

    Attributes:
        layer: up to which the network runs. height, width: of the view, pixels. numerics: of the network.
        bytes: that are kept for the way back, of activations alone: what one more view adds.
    """

    layer: str
    height: int = Field(ge=1)
    width: int = Field(ge=1)
    numerics: str
    bytes: int = Field(ge=0)

    @property
    def of(self) -> tuple[str, str, int, int]:
        """What it is about."""
        return self.numerics, self.layer, self.height, self.width


class Fit(Frozen):
    """How many of a kind are made together on a kind of device, since more did not fit its memory.

    Attributes:
        shares: digest of what they have in common: layer, method, parameters, numerics.
        layer: of them, for people. device: ``cpu`` or the accelerator's name.
        together: as many as fitted.
    """

    shares: str = Field(pattern=r"^[0-9a-f]{64}$")
    layer: str
    device: str
    together: int = Field(ge=1)

    @property
    def of(self) -> tuple[str, str]:
        """What it is about."""
        return self.shares, self.device


class Footprints(Frozen):
    """All that is known of one model's use of memory. It decides no result, and what is lost of it is measured again.

    Attributes:
        fingerprint: of the model.
    """

    schema_version: int = SCHEMA_VERSION
    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")
    views: tuple[ViewFootprint, ...] = ()
    fits: tuple[Fit, ...] = ()

    def joined(self, other: "Footprints") -> "Footprints":
        """Return what both know; of the same thing what the other one does."""
        views = {one.of: one for one in (*self.views, *other.views)}
        fits = {one.of: one for one in (*self.fits, *other.fits)}
        update = {"views": tuple(views[of] for of in sorted(views)), "fits": tuple(fits[of] for of in sorted(fits))}
        return self.model_copy(update=update)
