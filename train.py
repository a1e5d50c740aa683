"""Train SEIGAN.

    python train.py                        synthetic pictures, the demo preset: minutes on a CPU
    python train.py --preset boxes ...     your photographs and boxes
    python train.py --help                 every setting, with examples

The settings are dataclasses in seigan_tf/config.py, the presets modules in seigan_tf/presets. The run itself, from the
data to the closing table, is `train` in seigan_tf/training/trainer.py.
"""

from seigan_tf.cli import main

if __name__ == "__main__":
    main()
