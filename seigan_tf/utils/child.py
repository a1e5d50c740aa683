"""python -m seigan_tf.utils.child MODULE ARGUMENTS: `python -m MODULE ARGUMENTS` that ends when its parent ends.

The parent holds the other end of the standard input, which is closed with it, also after SIGKILL: otherwise the child
would go on to write files beside those of the next start.
"""

import os
import runpy
import sys
import threading


def _end_with_parent() -> None:
    # Not sys.stdin.read, whose lock this thread would hold while the interpreter ends.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
