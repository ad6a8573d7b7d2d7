"""A conductor whose status is what a test says, and which only writes down what it is asked."""

from bci.conductor import Conductor, Phase, Status

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

    def stop(self, reason="stopped"):
        self.asked.append(f"stop: {reason}")
