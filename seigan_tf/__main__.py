"""python -m seigan_tf COMMAND: everything but training, which is train.py."""

from seigan_tf.cli.commands import main

if __name__ == "__main__":
    main()
