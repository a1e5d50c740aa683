"""The check that VGG-19 weights can be had, without Keras: in the first second of a run."""

import os
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE}"
"""Source of `imagenet` in keras.applications.vgg19."""
TIMEOUT = 3.0
"""Seconds to wait for an answer of a network that drops what is sent."""


def check_vgg_weights(weights: str) -> None:
    """Raise ValueError if Keras has not cached `imagenet` and cannot download it, or there is no file of that name."""
    if weights == "imagenet":
        # As keras.config.keras_home.
        cached = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / FILE
        if cached.is_file():
            return
        try:
            urlopen(Request(URL, method="HEAD"), timeout=TIMEOUT).close()
        except (OSError, HTTPException) as error:
            raise ValueError(
                f"--vgg-weights imagenet: {cached} is not there and {URL} does not answer ({error}); connect to the"
                f" network, or fetch {FILE} from github.com/fchollet/deep-learning-models and give its path"
            ) from None
    elif weights not in ("none", "random") and not Path(weights).is_file():
        raise ValueError(f"--vgg-weights {weights}: no such file; expected imagenet or a path")
