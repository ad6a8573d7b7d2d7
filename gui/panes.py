"""The panes by the names of their classes: adding one is a file and a line."""

from gui.accuracy_pane import AccuracyPane
from gui.averaging_pane import AveragingPane
from gui.calibration_pane import CalibrationPane
from gui.confusion_pane import ConfusionPane
from gui.latency_pane import LatencyPane
from gui.map_pane import MapPane
from gui.now_pane import NowPane
from gui.pane import Pane
from gui.provenance_pane import ProvenancePane
from gui.quality_pane import QualityPane
from gui.ranks_pane import RanksPane
from gui.reconstruction_pane import ReconstructionPane
from gui.response_pane import ResponsePane
from gui.spectrum_pane import SpectrumPane
from gui.timeline_pane import TimelinePane
from gui.topomap_pane import TopomapPane
from gui.trace_pane import TracePane
from gui.truth_pane import TruthPane
from gui.what_if_pane import WhatIfPane

__all__ = ["PANES"]

PANES: dict[str, type[Pane]] = {
    pane.__name__: pane
    for pane in (
        TracePane,
        NowPane,
        TruthPane,
        AccuracyPane,
        TimelinePane,
        ProvenancePane,
        QualityPane,
        SpectrumPane,
        TopomapPane,
        ResponsePane,
        RanksPane,
        ConfusionPane,
        MapPane,
        LatencyPane,
        CalibrationPane,
        AveragingPane,
        WhatIfPane,
        ReconstructionPane,
    )
}
