"""A conductor whose status is what a test says, and which only writes down what it is asked."""

from concurrent.futures import Future

from bci.conductor import Conductor, Phase, Status
from bci.journal import plain

__all__ = ["StagedConductor"]


class StagedConductor(Conductor):
    """Set `now` to another status; read `asked`."""

    def __init__(self, viewed=None, phase=Phase.RUNNING):
        super().__init__(None)
        self.now = Status(phase, viewed=viewed)
        self.asked = []

    def status(self):
        return self.now

    def prepare(self, stream=None):
        self.asked.append(f"prepare {stream}")

    def begin(self):
        self.asked.append("begin")

    def leave_out(self, labels):
        self.asked.append(f"leave out {sorted(labels)}")

    def pause(self):
        self.asked.append("pause")

    def exclude(self, start, stop):
        self.asked.append(f"exclude {start:g} to {stop:g}")

    def note(self, text):
        self.asked.append(f"note: {plain(text)}")

    def switch(self, file):
        self.asked.append(f"switch to {file.name}")
        self.switching = Future()
        return self.switching

    def stop(self, reason="stopped"):
        self.asked.append(f"stop: {reason}")
