"""Commands of `python -m seigan_tf`; training is train.py."""

from seigan_tf.cli.commands import main

if __name__ == "__main__":
    main()
