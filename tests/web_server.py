"""Commands that serve a page, each in a process of its own."""

import subprocess
import sys


class Server:
    """`python -m seigan_tf ARGUMENTS`, from when it says that it serves."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "seigan_tf", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("serving http://"), line + self.process.stdout.read()
        self.address = line.split()[1].rstrip(",")
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """SIGKILL: the process has no say. A second one changes nothing."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
