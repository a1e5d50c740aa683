"""The name under which this package's classes stand in Keras files."""

import keras

serializable = keras.saving.register_keras_serializable("seigan_tf")
