"""Real recordings, sent in every dialect and heard again: nothing is lost and every event is where it was."""

import numpy as np
import pytest
from heard_speech import hear

from bci.config import real_data
from replay.dialects import DIALECTS, NAMES
from replay.dialects.acticham import CHUNK
from replay.dialects.emotivpro import offset_of
from replay.dialects.speech import Device
from replay.readers import open_recording

FILES = sorted((real_data() / "muse-n170").glob("*.csv.gz"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FILES, reason="BCI_REAL_DATA holds no muse-n170"),
]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("path", FILES or [None], ids=lambda path: path.name if path else "none")
def test_faces_and_houses_in_every_dialect(path, name):
    recording = open_recording(path)
    early = CHUNK / recording.sfreq if name.startswith("acticham") else 0.0
    heard = hear(DIALECTS[name](recording, Device(NAMES[name], "id")), delay=-early)
    offset = offset_of(recording) if name == "emotivpro" else 0.0
    np.testing.assert_array_equal(heard.data[:, :4], recording.data[:, :4] + np.float32(offset))
    assert heard.gaps == []
    told = [(sample, value) for sample, value in heard.markers if value != "0"]
    was = sorted(recording.markers)
    assert [value for _, value in told] == [value for _, value in was]
    for (sample, _), (at, _) in zip(told, was, strict=True):
        # a Muse jitters by up to 15 ms, until the fit knows it
        assert abs(sample - at) <= (0 if name != "muse" else 1 if at > 5 * recording.sfreq else 4)
