"""Messages of libraries, written past Python, are hidden in a block, and after it no longer."""

import os
import threading

from seigan_tf.utils.quiet import native_messages_hidden


def test_blocks_of_two_threads_that_overlap_give_the_messages_back(capfd):
    second_began, first_ended = threading.Event(), threading.Event()

    def second():
        with native_messages_hidden():
            second_began.set()
            first_ended.wait()
            os.write(2, b"hidden too\n")

    thread = threading.Thread(target=second)
    with native_messages_hidden():
        thread.start()
        second_began.wait()
        os.write(2, b"hidden\n")
    first_ended.set()
    thread.join()
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"
