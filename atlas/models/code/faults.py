"""Faults of devices, told apart from what a model's or a method's own code raises: no target is to blame for them."""

from collections.abc import Iterator

FAULTS = (
    "an illegal memory access was encountered",
    "the launch timed out and was terminated",
    "hardware stack error",
    "an illegal instruction was encountered",
    "misaligned address",
    "operation not supported on global/shared address space",
    "invalid program counter",
    "unspecified launch failure",
    "uncorrectable ECC error encountered",
    "uncorrectable NVLink error",
    "context is destroyed",
    "CUDA-capable device(s) is/are busy or unavailable",
    "no CUDA-capable device is detected",
    "no kernel image is available",
    "GPU is lost",
    "CUDA driver error",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUBLAS_STATUS_INTERNAL_ERROR",
    "CUFFT_EXEC_FAILED",
    "CUFFT_INTERNAL_ERROR",
)
"""What CUDA and its libraries say of a device, or of a process on it, that computes no more. Of most, NVIDIA's list of
error codes (CUDA Runtime API, ``cudaError_t``) says that the process must end."""

ASSERTION = "device-side assert triggered"
"""The same, but it is what is computed that is wrong, e.g. an index beyond its table."""


def fault_in(error: BaseException) -> str:
    """Return what an error, or one that it came of, says of a device; empty if no device is to blame."""
    texts = [str(one) for one in _with_causes(error)]
    return next((fault for fault in (*FAULTS, ASSERTION) if any(fault in text for text in texts)), "")


def is_fault(error: BaseException) -> bool:
    """Tell whether an error is of a device that computes no more, whoever is to blame."""
    return bool(fault_in(error))


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
