"""Small networks for tests, importable by worker processes as ``tiny_networks:<function>``."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

CLASSES = 10


class Tiny(nn.Module):
    """Two convolutions with batch norm and a linear classifier; deterministic random weights."""

    def __init__(self, activation: type[nn.Module] = nn.ReLU6) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.stem = nn.Conv2d(3, 12, 3, stride=2, padding=1)
            self.norm = nn.BatchNorm2d(12)
            self.act = activation()
            self.body = nn.Conv2d(12, 16, 3, padding=1)
            self.act2 = activation()
            self.head = nn.Linear(16, CLASSES)
            nn.init.normal_(self.norm.running_mean, std=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 10)."""
        x = self.act(self.norm(self.stem(x)))
        return self.head(self.act2(self.body(x)).mean(dim=(2, 3)))


def tiny() -> nn.Module:
    """A sound network."""
    return Tiny()


def swin() -> nn.Module:
    """A small Swin transformer: windows that are shifted, and tokens that lie as maps with their channels last."""
    from timm.models.swin_transformer import SwinTransformer

    with torch.random.fork_rng():
        torch.manual_seed(0)
        shape = {"img_size": 32, "patch_size": 2, "window_size": 4, "num_classes": 5}
        return SwinTransformer(**shape, embed_dim=12, depths=(2, 2), num_heads=(2, 4))


def in_training() -> nn.Module:
    """A network whose weights someone is still changing: TINY_SCALE says how far they are."""
    model = Tiny()
    with torch.no_grad():
        model.head.weight *= float(os.environ.get("TINY_SCALE", "1"))
    return model


def with_dead_units() -> nn.Module:
    """Channel 0 of ``act2`` never fires and redirection cannot wake it; channel 1 wakes when redirected."""
    model = Tiny(nn.ReLU)
    with torch.no_grad():
        model.body.weight[0] = 0
        model.body.bias[0] = -1
        model.body.weight[1] = model.body.weight[2].abs()
        model.body.bias[1] = -2
    return model


class _Judged(Tiny):
    """Looks at which logits are asked for: their gradient tells."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits; the gradient of one of them sets off :meth:`react`."""
        logits = super().forward(x)
        if logits.requires_grad:
            logits.register_hook(self.react)
        return logits

    def react(self, gradient: Tensor) -> None:
        """Do something about the logits asked for."""


class _Raising(_Judged):
    def react(self, gradient: Tensor) -> None:
        if gradient[:, 3].any():
            raise RuntimeError("class 3 cannot be rendered")


class _Killing(_Judged):
    """Raises at class 2, dies of class 3 always and of class 5 once: the file named by TINY_ONCE then exists."""

    def react(self, gradient: Tensor) -> None:
        if gradient[:, 2].any():
            raise RuntimeError("class 2 cannot be rendered")
        once = Path(os.environ.get("TINY_ONCE", os.devnull))
        if gradient[:, 5].any() and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if gradient[:, 3].any():
            os.kill(os.getpid(), signal.SIGKILL)


class _Exploding(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        """Return logits of which number 3 is NaN and number 4 grows without bound."""
        logits = super().forward(x).clone()
        logits[:, 3] = float("nan")
        logits[:, 4] *= 1e20
        return logits


def raising() -> nn.Module:
    """A network that raises when the gradient of class 3 is asked for."""
    return _Raising()


class _Large(_Judged):
    """Has memory for four views at once, and none for the gradient of class 3."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, or raise as torch does."""
        if len(x) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return super().forward(x)

    def react(self, gradient: Tensor) -> None:
        if gradient[:, 3].any():
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")


def large() -> nn.Module:
    """A network that takes more memory than there is, but for small batches; class 3 takes it always."""
    return _Large()


class _Faulty(_Judged):
    """Meets whatever is in the folder that TINY_FAULTS names, each once: files named by what happens."""

    def react(self, gradient: Tensor) -> None:
        folder = Path(os.environ["TINY_FAULTS"])
        for path in sorted(folder.iterdir()):
            try:
                path.unlink()  # which one of several processes succeeds in
            except FileNotFoundError:
                continue
            fault = path.name
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if fault == "hang":
                time.sleep(1000)
            if fault == "device":
                raise RuntimeError("CUDA error: uncorrectable ECC error encountered")
            if fault == "memory":
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def faulty() -> nn.Module:
    """A network on which a test lets processes, devices and memory fail."""
    return _Faulty()


def killing() -> nn.Module:
    """A network that kills its process when the gradient of class 3 (or, once, of class 5) is asked for."""
    return _Killing()


def exploding() -> nn.Module:
    """A network whose class 3 is NaN and whose class 4 explodes."""
    return _Exploding()


class _Broken(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        """Return maps of which number 3 is NaN."""
        maps = super().forward(x).clone()
        maps[:, 3] = float("nan")
        return maps


def broken() -> nn.Module:
    """A network in which channel 3 of ``body`` is NaN, and so is whatever comes of it."""
    model = Tiny()
    model.body = _Broken(12, 16, 3, padding=1)
    return model


def grey() -> nn.Module:
    """A network with a single input channel."""
    model = Tiny()
    model.stem = nn.Conv2d(1, 12, 3, stride=2, padding=1)
    return model


class _Wrapped(nn.Module):
    def __init__(self, wrap: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.inner = Tiny()
        self.wrap = wrap

    def forward(self, x: Tensor) -> object:
        """Return the logits inside something else."""
        return self.wrap(self.inner(x))


def returns_tuple() -> nn.Module:
    """A network whose forward returns (logits, None)."""
    return _Wrapped(lambda logits: (logits, None))


def returns_dict() -> nn.Module:
    """A network whose forward returns {"logits": ...}."""
    return _Wrapped(lambda logits: {"logits": logits})


class _FixedSize(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        """Return logits of an input of 32 x 32 pixels."""
        if x.shape[2:] != (32, 32):
            raise ValueError("32 x 32 pixels only")
        return super().forward(x)


def fixed_size() -> nn.Module:
    """A network that takes inputs of one size."""
    return _FixedSize()


class _Colours(nn.Module):
    """Three classes, red, green and blue, told by features that are never negative."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.act = nn.ReLU()
        self.late = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.act2 = nn.ReLU()
        self.head = nn.Linear(12, 3)
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(1)
            nn.init.normal_(self.features.weight, std=0.05)
            nn.init.uniform_(self.late.weight, 0, 0.02)
            self.features.bias.zero_()
            self.late.bias.zero_()
            self.head.weight.zero_()
            self.head.bias.zero_()
            for colour in range(3):
                self.features.weight[colour, :, 1, 1] = torch.tensor([-0.5, -0.5, -0.5])
                self.features.weight[colour, colour, 1, 1] = 1.0
                self.late.weight[colour, colour, 1, 1] = 1.0
                self.head.weight[colour, colour] = 4.0
                self.head.weight[colour, 3 + 3 * colour : 6 + 3 * colour] = 0.5

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, 3)."""
        x = self.act2(self.late(self.act(self.features(x))))
        return self.head(x.mean(dim=(2, 3)))


def colours() -> nn.Module:
    """A network that tells red, green and blue pictures apart."""
    return _Colours()


class _Signed(_Colours):
    def __init__(self) -> None:
        super().__init__()
        self.act, self.act2 = nn.GELU(), nn.GELU()


def signed_colours() -> nn.Module:
    """The same with activations of both signs."""
    return _Signed()


class _Mortal(_Colours):
    """Dies once, in the middle of a worker's work: the file named by TINY_ONCE then exists."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, or die."""
        self.calls += 1
        once = Path(os.environ.get("TINY_ONCE", os.devnull))
        if self.calls > 10 and os.environ.get("TINY_DRIVER") != str(os.getpid()) and not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x)


def mortal_colours() -> nn.Module:
    """A network that kills its process once, unless TINY_DRIVER is that process."""
    return _Mortal()
