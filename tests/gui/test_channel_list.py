import pytest
from PyQt6.QtCore import Qt

from bci.types import Channel
from gui.channel_list import ChannelList, Choice, region
from gui.theme import DARK

CHANNELS = (*map(Channel, ("Fp1", "F3", "Cz", "T7", "Pz", "PO7", "Oz")), Channel("acc", "aux", "g"))


@pytest.fixture
def listed(qtbot):
    widget = ChannelList(CHANNELS)
    qtbot.addWidget(widget)
    widget.set_theme(DARK)
    widget.heard = []
    widget.changed.connect(widget.heard.append)
    return widget


def rows(widget):
    """Group -> labels that can be seen."""
    groups = [widget.tree.topLevelItem(i) for i in range(widget.tree.topLevelItemCount())]
    return {
        group.text(0): [group.child(i).text(0) for i in range(group.childCount()) if not group.child(i).isHidden()]
        for group in groups
        if not group.isHidden()
    }


def press(qtbot, widget, label, key):
    widget.tree.setCurrentItem(widget._items[label])
    qtbot.keyClick(widget.tree, key)


@pytest.mark.parametrize(
    ("label", "where"),
    [
        ("Fp1", "frontal"), ("AFz", "frontal"), ("F7", "frontal"), ("FC5", "central"), ("C3", "central"),
        ("CPz", "central"), ("T8", "temporal"), ("T3", "temporal"), ("FT9", "temporal"), ("TP10", "temporal"),
        ("Pz", "parietal"), ("P8", "parietal"), ("PO3", "occipital"), ("POz", "occipital"), ("Oz", "occipital"),
        ("Iz", "occipital"), ("EEG O1-Ref", "occipital"), ("M1", "other"), ("E17", "other"), ("", "other"),
    ],
)  # fmt: skip
def test_a12_regions_follow_the_labels(label, where):
    assert region(label) == where


def test_a12_channels_are_grouped_by_kind_and_region(listed):
    assert rows(listed) == {
        "EEG, frontal": ["Fp1", "F3"],
        "EEG, central": ["Cz"],
        "EEG, temporal": ["T7"],
        "EEG, parietal": ["Pz"],
        "EEG, occipital": ["PO7", "Oz"],
        "AUX": ["acc"],
    }


def test_a12_channels_are_found_by_label_and_group(listed):
    listed.search.setText("z")
    assert rows(listed) == {"EEG, central": ["Cz"], "EEG, parietal": ["Pz"], "EEG, occipital": ["Oz"]}
    listed.search.setText("occip")
    assert rows(listed) == {"EEG, occipital": ["PO7", "Oz"]}
    listed.search.clear()
    assert sum(map(len, rows(listed).values())) == 8


def test_a12_keys_show_hide_solo_and_mark(listed, qtbot):
    press(qtbot, listed, "Cz", Qt.Key.Key_Space)
    press(qtbot, listed, "Oz", Qt.Key.Key_S)
    press(qtbot, listed, "Pz", Qt.Key.Key_B)
    assert listed.heard[-1] == Choice(frozenset({"Cz"}), frozenset({"Oz"}), frozenset({"Pz"}))
    for label, key in (("Cz", Qt.Key.Key_Space), ("Oz", Qt.Key.Key_S), ("Pz", Qt.Key.Key_B)):
        press(qtbot, listed, label, key)
    assert listed.heard[-1] == Choice()
    assert len(listed.heard) == 6


def test_a12_a_group_is_hidden_as_one(listed):
    group = listed.tree.topLevelItem(0)
    group.setCheckState(0, Qt.CheckState.Unchecked)
    assert listed.heard == [Choice(hidden=frozenset({"Fp1", "F3"}))]
    listed._items["F3"].setCheckState(0, Qt.CheckState.Checked)
    assert group.checkState(0) == Qt.CheckState.PartiallyChecked
    assert listed.choice == Choice(hidden=frozenset({"Fp1"}))


def test_a12_what_was_chosen_elsewhere_is_shown_and_not_told_again(listed):
    listed.show_choice(Choice(bad=frozenset({"Oz"})))
    assert listed.heard == []
    item = listed._items["Oz"]
    assert (item.checkState(2), item.text(2)) == (Qt.CheckState.Checked, "bad")


def test_a12_solo_wins_over_hidden():
    assert Choice().shown(CHANNELS) == tuple(range(8))
    assert Choice(hidden=frozenset({"Cz"})).shown(CHANNELS) == (0, 1, 3, 4, 5, 6, 7)
    assert Choice(hidden=frozenset({"Cz"}), solo=frozenset({"Cz", "Oz"})).shown(CHANNELS) == (2, 6)


def test_a25_the_list_has_names_for_screen_readers(listed):
    for part in (listed, listed.search, listed.tree):
        assert part.accessibleName()
