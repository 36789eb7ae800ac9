"""What a file is that holds no weights atlas can read, told from its first bytes or its name; and what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SAVE_WEIGHTS = "save the weights with safetensors.torch.save_file or torch.save(model.state_dict(), ...)"
_DOWNLOAD = "download the file itself; a page for people, a login or an error was saved in its place"
_ANOTHER_LIBRARY = "build the network in PyTorch, put the weights into it, and " + SAVE_WEIGHTS
_UNPACK = "unpack it and give the file inside"


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        what: the rest of a sentence that begins with the file.
        remedy: what to do.
    """

    what: str
    remedy: str


_POINTER = Kind(
    "is a Git LFS pointer, a note of 130 bytes where the weights should be",
    "fetch them with `git lfs install` and `git lfs pull` in its repository",
)
_ONNX = Kind("is an ONNX graph, whose layers PyTorch cannot watch", "give the weights that it was exported from")
_TENSORFLOW = Kind("is of TensorFlow", _ANOTHER_LIBRARY)
_PICKLE = Kind(
    "is a pickle that torch did not write, and atlas never runs code from a weight file",
    "if you trust the file, load it with Python's pickle, make a dictionary of tensors by name, and torch.save that",
)

_HEADS: Sequence[tuple[bytes, Kind]] = (
    (rb"version https://git-lfs", _POINTER),
    (rb"(\.\./)*\.git/annex/|/annex/objects/", Kind("is a git-annex pointer", "fetch the file with `git annex get`")),
    (rb"(?is)(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype|html|head|body)", Kind("is a web page", _DOWNLOAD)),
    (rb"(?s)(\xef\xbb\xbf)?\s*<\?xml|\s*<[A-Za-z]", Kind("is XML text", _DOWNLOAD)),
    (rb"\x1f\x8b|BZh|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!", Kind("is compressed", _UNPACK)),
    (rb"(?s).{257}ustar", Kind("is a tar archive", _UNPACK)),
    (rb"\x89HDF", Kind("is HDF5, as Keras writes it", _ANOTHER_LIBRARY)),
    (rb"\x93NUMPY", Kind("is a single numpy array", "save all tensors by name, with numpy.savez or torch.save")),
    (rb"GGUF|ggml|lmgg|tjgg", Kind("is a quantised model of llama.cpp", "give the weights that it was made from")),
    (rb"(?s).{4}TFL3", Kind("is of TensorFlow Lite", _ANOTHER_LIBRARY)),
    (rb"MATLAB ", Kind("is of MATLAB", _ANOTHER_LIBRARY)),
    (rb"ftrt|ptrt", Kind("is an engine of TensorRT", "give the weights that it was built from")),
    (rb"[\x81-\x8f\xde\xdf][\xa0-\xbf\xd9]", Kind("is MessagePack, as JAX and Flax write it", _ANOTHER_LIBRARY)),
    (rb"\x80[\x02-\x05]", _PICKLE),
)
_SUFFIXES: Sequence[tuple[str, Kind]] = (
    (r"\.onnx", _ONNX),
    (r"\.(pb|pbtxt|meta|index|data-\d+-of-\d+|tflite)|checkpoint", _TENSORFLOW),
    (r"\.msgpack", Kind("is MessagePack, as JAX and Flax write it", _ANOTHER_LIBRARY)),
    (r"\.(engine|plan|trt)", Kind("is an engine of TensorRT", "give the weights that it was built from")),
    (r"\.(caffemodel|params|mlmodel|pdmodel|pdiparams|pdparams|h5|keras)", Kind("is not of PyTorch", _ANOTHER_LIBRARY)),
)
_ENTRIES: Sequence[tuple[str, Kind]] = (
    (r"(^|/)(archive_format|serialized_(exported_program|state_dict)\.\w+|models/.*\.json)$",
     Kind("is a program of torch.export, whose layers cannot be watched",
          "give the weights of the network that it was exported from")),
    (r"\.weights\.h5$", Kind("is of Keras", _ANOTHER_LIBRARY)),
    (r"\.data/extern_modules$", Kind("is a torch.package, which needs code to be run", SAVE_WEIGHTS)),
    (r"\.(safetensors|pth?|bin|ckpt|npz|tar)$", Kind("is a zip archive around a weight file", _UNPACK)),
)  # fmt: skip


def kind_of_file(head: bytes, name: str, size: int) -> Kind:
    """Return what a file is that begins with ``head``.

    Args:
        head: its first bytes, 512 or all.
        name: its name, which counts where the content tells nothing.
        size: bytes in all.
    """
    if size < 9:
        held = "is empty (0 bytes)" if size == 0 else f"holds only {size} bytes"
        return Kind(held, "the file is damaged or truncated; copy or download it again")
    if not head.strip(b"\0"):
        return Kind("begins with nothing but zeros", "the file is damaged or truncated; copy or download it again")
    for pattern, kind in _HEADS:
        if re.match(pattern, head):
            return kind
    for suffix, kind in _SUFFIXES:
        if re.search(f"(?:{suffix})$", name.lower()):
            return kind
    if head[:1] == b"\x08" and b"\x12" in head[:4]:
        return _ONNX
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head):
        line = head.split(b"\n")[0][:60].decode("utf-8", "replace").strip()
        return Kind(f'is text, neither a safetensors nor a torch file; it begins "{line}"', SAVE_WEIGHTS)
    return Kind("is neither a safetensors nor a torch file", SAVE_WEIGHTS)


def kind_of_archive(names: Sequence[str]) -> Kind:
    """Return what a zip archive is that neither torch nor numpy wrote."""
    for pattern, kind in _ENTRIES:
        if any(re.search(pattern, name) for name in names):
            return kind
    held = f"with {names[0][:60]}" if names else "with nothing in it"
    return Kind(f"is a zip archive {held}, neither torch's nor numpy's", SAVE_WEIGHTS)
