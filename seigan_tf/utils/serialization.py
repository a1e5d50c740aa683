"""Registration of this package's classes, under one name, in Keras files."""

import keras

serializable = keras.saving.register_keras_serializable("seigan_tf")
