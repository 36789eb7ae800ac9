"""Peak memory of finding concepts: ``python -m explaining.memory``, a fresh process for each request.

What is counted is the whole process, libraries and the model included, with the document and its sprites.
"""

from time import perf_counter
from typing import Any

from rendering.measure import peak_memory

from explaining.product import load, prepare
from explaining.study import answer, arguments, requests


def main() -> None:
    """Answer one request: the classes."""
    study, folder = arguments()
    model = load(study)
    for request in requests():
        found: dict[str, Any] = {"loaded": peak_memory()}
        started = perf_counter()
        prepare(study, model, request["all"], folder).run(request["all"])
        answer(found | {"memory": peak_memory(), "seconds": perf_counter() - started})


if __name__ == "__main__":
    main()
