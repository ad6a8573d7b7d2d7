"""The progress bar: what it says, and that it keeps quiet."""

import pytest

from bci.cli.progress import progress_bar


@pytest.mark.parametrize(("share", "said"), [(False, "3/12"), (True, "25%")])
def test_what_is_done_is_counted_or_a_share(capsys, share, said):
    with progress_bar("odd [b]name[/b]", share=share) as show:
        show(1, 12)
        show(3, 12, "loss [1]")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert "odd [b]name[/b]" in shown.err
    assert "loss [1]" in shown.err


def test_processes_beside_the_one_that_shows_it_keep_quiet(capsys):
    with progress_bar("training", quiet=True) as show:
        show(1, 2)
    assert capsys.readouterr() == ("", "")
