#!/usr/bin/env bash
# `import tensorflow` imports all of JAX, and IPython, if they happen to be installed.
#
# Expected: packages that a program does not name are imported when a function needs them, if at all: JAX by
#           `TFLiteConverter.experimental_from_jax`, IPython by Keras' editor of saved files in a notebook.
# Seen:     tensorflow/lite/python/util.py tries `import jax`, and keras/src/saving/file_editor.py `import IPython`, when
#           they are imported themselves, which `import tensorflow` does. Each program then takes longer to start.
#
# tensorflow 2.21.0, keras 3.15.1, jax 0.10.2, ipython 9.18.1, Python 3.11, 2026-11-30:
#     without them: 0 modules of JAX, 0 of IPython
#     with them: 217 modules of JAX, 66 of IPython
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

count() {
    TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import tensorflow  # noqa: F401

jax, ipython = (sum(name.partition(".")[0] == package for name in sys.modules) for package in ("jax", "IPython"))
print(f"{jax} modules of JAX, {ipython} of IPython")
PYTHON
}

"$folder/venv/bin/pip" install --quiet tensorflow==2.21.0 keras==3.15.1
before=$(count)
echo "without them: $before"
"$folder/venv/bin/pip" install --quiet jax==0.10.2 ipython==9.18.1
after=$(count)
echo "with them: $after"
[[ $before == "0 modules of JAX, 0 of IPython" && $after != *"0 modules of JAX"* && $after != *" 0 of IPython" ]]
