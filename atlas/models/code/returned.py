"""What a function of the user's returned: the network in it, or what else it is and what to return instead."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from atlas.errors import ModelError

_AROUND: tuple[type[Any], ...] = (
    nn.DataParallel,
    nn.parallel.DistributedDataParallel,
    torch.optim.swa_utils.AveragedModel,
)
_NETWORK = "return the network itself"
_NOT_SCRIPTED = (
    "return the Python network that it was made from, and load its weights into that: "
    "network.load_state_dict(torch.jit.load(FILE).state_dict())"
)


def network_in(result: Any, what: str) -> nn.Module:
    """Return the network that was returned, without what only training put around it.

    Wrappers for several devices and for averaging, and compiled modules at any depth, are taken off: what they wrap is
    the same function, with layers that can be watched.

    Args:
        what: whose result it is, for the message.

    Raises:
        ModelError: it is no ``nn.Module`` of Python; says what it is.
    """
    kind = type(result)
    if isinstance(result, torch.jit.ScriptModule):
        raise ModelError(
            f"{what} returned TorchScript ({kind.__name__}), whose layers cannot be watched",
            _NOT_SCRIPTED,
        )
    if not isinstance(result, nn.Module):
        described, remedy = _described(result)
        raise ModelError(f"{what} returned {described}, not a torch.nn.Module", remedy)
    network = _unwrapped(result)
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            inner = _unwrapped(child)
            if inner is not child:
                setattr(parent, name, inner)
    for part in network.modules():
        vars(part).pop("_compiled_call_impl", None)  # of nn.Module.compile(), which watches nothing
    scripted = next((path for path, part in network.named_modules() if isinstance(part, torch.jit.ScriptModule)), "")
    if scripted and all(isinstance(part, torch.jit.ScriptModule) for part in network.children()):
        raise ModelError(f"{what} returned a wrapper around TorchScript ({scripted})", _NOT_SCRIPTED)
    return network


def _unwrapped(module: nn.Module) -> nn.Module:
    while not isinstance(module, torch.jit.ScriptModule):  # has no ordinary table of parts, and is no wrapper
        compiled = module._modules.get("_orig_mod")
        if isinstance(module, _AROUND):
            module = module.module
        elif compiled is not None:
            module = compiled
        else:
            break
    return module


def _described(result: Any) -> tuple[str, str]:
    """Return what a result is that is no module, and what to return instead."""
    kind = type(result)
    library = kind.__module__.partition(".")[0]
    if result is None:
        return "nothing", "end the function with `return` and the network"
    if isinstance(result, type) and issubclass(result, nn.Module):
        return f"the class {result.__name__}", "call it, and return the network that it makes"
    if kind.__name__ == "ExportedProgram":
        return "a program of torch.export", f"its layers cannot be watched; {_NETWORK} that was exported"
    if library in ("onnxruntime", "onnx"):
        return f"{kind.__name__} of {library}", f"its layers cannot be watched; {_NETWORK} that was exported"
    if library in ("keras", "tensorflow", "jax", "flax", "sklearn"):
        return f"{kind.__name__} of {library}", "build the network in PyTorch, and put the weights into it"
    if isinstance(result, list | tuple):
        places = [str(place) for place, item in enumerate(result) if isinstance(item, nn.Module)]
        if places:
            return f"a {kind.__name__} of {len(result)} things", f"return its item {places[0]}, the network, alone"
    if isinstance(result, Mapping):
        if result and all(isinstance(value, torch.Tensor) for value in result.values()):
            return "weights without a network", "load them into a network and return it, or give them as `checkpoint`"
        names = [str(key) for key, value in result.items() if isinstance(value, nn.Module)]
        if names:
            return f"a {kind.__name__}", f'return its item "{names[0]}", the network, alone'
    inner = next((name for name in ("model", "module", "net") if isinstance(vars_of(result).get(name), nn.Module)), "")
    if inner:
        return kind.__name__, f"return its .{inner}, the network"
    if callable(result):
        return (
            f"the {kind.__name__} {getattr(result, '__name__', '')}".rstrip(),
            f"call it, and {_NETWORK} that it makes",
        )
    return kind.__name__, _NETWORK


def vars_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object; none of what has no dictionary."""
    return vars(value) if hasattr(value, "__dict__") else {}
