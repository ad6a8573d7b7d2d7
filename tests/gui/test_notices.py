import pytest
from PyQt6.QtWidgets import QDialog, QPlainTextEdit

from bci.errors import StreamError
from gui.notices import MOST, Notice, NoticeBar, notice_of


@pytest.fixture
def bar(qtbot):
    bar = NoticeBar()
    qtbot.addWidget(bar)
    return bar


def failed():
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        return error


def test_a28_our_own_errors_tell_cause_and_next_step():
    assert notice_of(StreamError("no stream: start the sender"), "x") == Notice("no stream: start the sender")


def test_a28_other_errors_have_a_trace_one_click_away(bar, qtbot):
    notice = notice_of(failed(), "the pane 'Ranks'")
    assert notice.text.startswith("the pane 'Ranks' failed: ZeroDivisionError")
    bar.add(notice)
    bar._details.click()
    dialog = bar.findChild(QDialog)
    assert "1 / 0" in dialog.findChild(QPlainTextEdit).toPlainText()
    dialog.close()


def test_a28_repeated_notices_are_counted_once_kept(bar):
    for _ in range(1000):
        bar.add(Notice("the same"))
    assert (len(bar.notices), bar.count) == (1, 1000)
    assert "1000 notices" in bar._label.text()


def test_notices_are_bounded(bar):
    for number in range(2 * MOST):
        bar.add(Notice(f"number {number}"))
    assert len(bar.notices) == MOST
    assert bar.notices[-1][1].text == f"number {2 * MOST - 1}"


def test_markup_in_a_notice_is_text(bar):
    bar.add(Notice("<b>bold</b>"))
    assert "<b>bold</b>" in bar._label.text()
    assert bar._label.textFormat().name == "PlainText"
