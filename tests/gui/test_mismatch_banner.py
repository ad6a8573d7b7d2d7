"""A decoder that does not go with its stream is said in the colour of what is wrong, and stays said."""

from staged_conductor import StagedConductor

from bci.conductor import Phase, Status
from gui.mismatch_banner import MismatchBanner
from gui.theme import THEMES

WORDS = "trained on epochs, decoding something else"


def banner(window):
    return window.findChild(MismatchBanner)


def test_it_stands_over_every_preset_in_the_colour_of_what_is_wrong(open_window, staged):
    staged.tell(mismatch=WORDS)
    window = open_window(StagedConductor(staged), clock=lambda: staged.now)
    for preset in ("Experiment", "Monitor", "Debug", "Kiosk"):
        window.arrange(preset)
        assert banner(window).isVisible()
    assert banner(window).text() == banner(window).accessibleName() == f"✕ MISMATCH: {WORDS}"
    for theme in THEMES.values():
        window.set_theme(theme.name)
        assert f"color: {theme.bad}" in banner(window).styleSheet()
    assert window.state()["session"]["mismatch"] == WORDS


def test_a_session_without_one_says_nothing_and_neither_does_the_next(open_window, staged):
    window = open_window(StagedConductor(staged), clock=lambda: staged.now)
    assert not banner(window).isVisible()
    staged.tell(mismatch=WORDS)
    window.conductor.now = Status(Phase.RUNNING, viewed=type(staged)(staged.about))
    window.tick()
    assert banner(window).isVisible()
    window.actions_by_id["new"].setEnabled(True)
    window.actions_by_id["new"].trigger()
    assert not banner(window).isVisible()
