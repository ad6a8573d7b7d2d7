import pytest

from bci.nearest import nearest


@pytest.mark.parametrize(("name", "near"), [("ldaa", "lda"), ("rigde", "ridge"), ("lda", "lda"), ("?", "ridge")])
def test_the_name_that_is_most_alike_is_told_however_little(name, near):
    assert nearest(name, {"ridge": 1, "lda": 2}) == near


def test_nothing_is_near_where_nothing_is_known():
    assert nearest("lda", ()) == ""
