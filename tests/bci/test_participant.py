import pytest

from bci.errors import ConfigError
from bci.participant import check_code


@pytest.mark.parametrize("code", ["P07", "s012", "7", "sub1", "VP123456"])
def test_codes(code):
    assert check_code(code) == code


@pytest.mark.parametrize("name", ["Anna", "anna_1", "", "P 7", "../P7", "Andrea1", "7b", "P07\n", "\u0667"])
def test_what_could_be_a_name_or_a_path_is_refused(name):
    with pytest.raises(ConfigError, match="code"):
        check_code(name)
