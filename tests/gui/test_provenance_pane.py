"""Facts of a session in a strip, what does not fit in words as well as in colour."""

from dataclasses import replace
from functools import partial

import pytest
from PyQt6.QtGui import QTextDocument
from staged_session import StagedSession, about

from gui.provenance_pane import ProvenancePane, missing


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, ProvenancePane)


def say(pane):
    document = QTextDocument()
    document.setHtml(pane._label.text())
    return document.toPlainText().replace("\N{NO-BREAK SPACE}", " ")


def test_b10_the_facts_that_make_a_decision_are_told(shown, staged, theme):
    said = say(shown(staged, theme))
    facts = (
        "encoder channel_attention 00000000",
        "bank synthetic world, 10 concepts, 11111111",
        "montage ✓ all 8 channels",
        "preprocessing ✓ as in training, 00000000",
        "decoder's filters 0.5-40 Hz, causal",
        "budget 50 ms",
        "probabilities uncalibrated",
        "source live",
        "synthetic data",
    )
    assert [fact for fact in facts if fact not in said] == []


def test_b10_real_data_wear_no_badge(shown, staged):
    staged.tell(synthetic=False)
    assert "synthetic data" not in say(shown(staged))


def test_b10_another_preprocessing_than_in_training_is_red_and_a_word(shown, staged, theme):
    staged.tell(trained_on="ab" * 32)
    pane = shown(staged, theme)
    assert "DIFFERENT from training: 00000000 now, abababab then" in say(pane)
    assert theme.bad in pane._label.text()
    staged.tell(trained_on=staged.about.decoder.preprocess)
    assert theme.bad not in shown(staged, theme)._label.text()


def test_b10_a_decoder_of_epochs_on_a_continuous_stream_is_red_and_a_word(shown, staged, theme):
    staged.tell(mismatch="trained on epochs")
    pane = shown(staged, theme)
    assert "MISMATCH: trained on epochs" in say(pane)
    assert theme.bad in pane._label.text()


def test_b10_channels_that_are_made_up_or_missing_are_named(shown):
    session = StagedSession(about(interpolated=("Cz",)))
    assert "1 of 8 channels interpolated: Cz" in say(shown(session))
    more = (*session.about.decoder.channels, "TP9")
    session.tell(decoder=replace(session.about.decoder, channels=more))
    assert "1 of 9 channels MISSING: TP9" in say(shown(session))


def test_b10_electrodes_are_compared_however_they_are_spelt():
    facts = about(channels=("EEG Fp1-Ref", "T3", "OZ"))
    wanted = replace(facts.decoder, channels=("Fp1", "T7", "Oz", "Pz"))
    assert missing(replace(facts, decoder=wanted), ()) == ("Pz",)
    assert missing(replace(facts, decoder=wanted), ("pz",)) == ()


def test_a12_channels_left_out_by_hand_are_named(shown, staged):
    pane = shown(staged)
    assert "✓ all 8 channels" in say(pane)
    staged.mask = ("Oz", "Cz")
    pane.refresh(staged.snapshot())
    assert "2 of 8 channels interpolated: Oz, Cz" in say(pane)


def test_b10_a_calibration_is_told_with_what_it_was_fitted_to(shown, staged):
    staged.tell(calibration={"temperature": 0.03412, "date": "2026-11-02", "N": 200})
    assert "calibrated: temperature 0.0341, date 2026-11-02, N 200" in say(shown(staged))


def test_b10_whose_calibration_it_is_is_told(shown, staged):
    assert "person not calibrated" in say(shown(staged))
    staged.tell(personal={"id": "5c0ffee5", "person": "P07", "accuracy": 0.3125})
    assert "calibration id 5c0ffee5, person P07, accuracy 0.312" in say(shown(staged))


def test_b10_facts_that_change_are_told_anew(shown, staged):
    pane = shown(staged)
    staged.tell(origin="file <b>evil</b>")
    pane.refresh(staged.snapshot())
    assert "source file <b>evil</b>" in say(pane)  # as it stands, not as markup


@pytest.mark.parametrize("width", [120, 320, 1200])
def test_a24_the_strip_wraps_and_is_never_wider_than_its_pane(shown, staged, width):
    pane = shown(staged, size=(width, 300))
    pane.show()
    pane.grab()
    assert pane._label.width() <= pane._scroll.viewport().width() <= width
