"""Small recordings in exactly the formats that people have, written without the libraries that read them."""

import gzip
import json
import pickle
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from scipy.io import savemat

from replay.mindbigdata.writer import write_text
from replay.readers import open_recording

MUSE = ("TP9", "AF7", "AF8", "TP10", "Right AUX")


# ------------------------------------------------------------------------------------------------ Muse LSL


def write_muse(path, data, codes, stamps=None, labels=MUSE, markers=("Marker0",)):
    """`data` (n, channels), `codes` (n, marker columns); gzipped if the name says so."""
    n_times = len(data)
    stamps = 149958.124 + np.arange(n_times) / 256 if stamps is None else stamps
    lines = [",".join(["timestamps", *labels, *markers])]
    for stamp, row, code in zip(stamps, data, np.reshape(codes, (n_times, -1)), strict=True):
        lines.append(",".join([f"{stamp:.3f}", *(f"{value:.3f}" for value in row), *(str(c) for c in code)]))
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


# ------------------------------------------------------------------------------------------------ THINGS-EEG1


def write_averages(path, data, labels, categories, times):
    """An `npz` of (subjects, categories, channels, samples)."""
    np.savez(
        path,
        data=np.asarray(data, np.float32),
        ch_names=np.array(labels),
        times=np.asarray(times, np.float32),
        categories=np.array(categories),
    )
    return path


# ------------------------------------------------------------------------------------------------ MindBigData


def digits(rng, n_events, none_every):
    """Codes in random order; one event in so many shows no digit."""
    codes = rng.permutation(np.arange(n_events) % 10)
    codes[::none_every] = -1
    return codes


def write_digits(rng, path, codes):
    """An event for each code: a digit is a bump on an electrode of its own."""

    def signals(code):
        noise = 4200 + rng.normal(0, 10, (14, 256))
        if code >= 0:
            noise[code, 30:60] += 40
        return noise

    write_text(path, ((int(code), signals(code)) for code in codes))
    return path


# ------------------------------------------------------------------------------------------------ BrainVision


def write_brainvision(
    path, data, labels, sfreq, markers=(), *, vectorised=False, reference="", unit="µV", resolution=None
):
    """`data` (n, channels) in `unit`, float32 or int16 of some resolution; `markers` are (type, text, sample)."""
    stem = path.with_suffix("")
    binary = "IEEE_FLOAT_32" if resolution is None else "INT_16"
    infos = "\n".join(f"Ch{i}={label},{reference},{resolution or 1:g},{unit}" for i, label in enumerate(labels, 1))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n"
        "[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={stem.name}.eeg\nMarkerFile={stem.name}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation={'VECTORIZED' if vectorised else 'MULTIPLEXED'}\n"
        f"NumberOfChannels={len(labels)}\nSamplingInterval={1e6 / sfreq:g}\n\n"
        f"[Binary Infos]\nBinaryFormat={binary}\n\n[Channel Infos]\n{infos}\n",
        encoding="utf-8",
    )
    lines = "\n".join(f"Mk{i}={kind},{text},{at + 1},1,0" for i, (kind, text, at) in enumerate(markers, 1))
    stem.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n"
        f"[Common Infos]\nCodepage=UTF-8\nDataFile={stem.name}.eeg\n\n[Marker Infos]\n{lines}\n",
        encoding="utf-8",
    )
    stored = np.asarray(data, "<f4") if resolution is None else np.rint(data / resolution).astype("<i2")
    stem.with_suffix(".eeg").write_bytes((stored.T if vectorised else stored).tobytes())
    return path


# ------------------------------------------------------------------------------------------------ EDF and BDF


def write_edf(path, counts, labels, sfreq, annotations=(), *, dimension="uV", scale=1.0):
    """EDF+ or, by the suffix, BDF: `counts` (n, channels) whole numbers, physical value = counts x `scale`.

    One record a second; `annotations` are (seconds, text) and for EDF only.
    """
    bdf = path.suffix == ".bdf"
    n_records, per_record = len(counts) // int(sfreq), int(sfreq)
    top = 2**23 - 1 if bdf else 2**15 - 1
    gains = [1.0 if label == "Status" else scale for label in labels]
    units = ["Boolean" if label == "Status" else dimension for label in labels]
    lengths = [per_record] * len(labels)
    names = list(labels)
    if not bdf:
        names, units, gains, lengths = [*names, "EDF Annotations"], [*units, ""], [*gains, 1.0], [*lengths, 60]
    columns = (
        (names, 16),
        ([""] * len(names), 80),
        (units, 8),
        ([f"{-top * gain:.7g}"[:8] for gain in gains], 8),
        ([f"{top * gain:.7g}"[:8] for gain in gains], 8),
        ([-top] * len(names), 8),
        ([top] * len(names), 8),
        ([""] * len(names), 80),
        (lengths, 8),
        ([""] * len(names), 32),
    )
    size = 256 * (len(names) + 1)
    head = (b"\xffBIOSEMI" if bdf else b"0       ") + _ascii(("X X X X", 80), ("Startdate 01-JAN-2020 X X X", 80))
    head += _ascii(("01.01.20", 8), ("00.00.00", 8), (size, 8), ("24BIT" if bdf else "EDF+C", 44))
    head += _ascii((n_records, 8), (1, 8), (len(names), 4))
    head += b"".join(_ascii((value, width)) for column, width in columns for value in column)
    body = bytearray()
    for record in range(n_records):
        for column in np.asarray(counts[record * per_record : (record + 1) * per_record]).T:
            body += _int24(column) if bdf else column.astype("<i2").tobytes()
        if not bdf:
            inside = [(at, text) for at, text in annotations if record <= at < record + 1]
            tal = f"+{record}\x14\x14\0" + "".join(f"+{at:g}\x14{text}\x14\0" for at, text in inside)
            body += tal.encode().ljust(120, b"\0")
    path.write_bytes(head + bytes(body))
    return path


def _int24(column):
    return column.astype("<i4").reshape(-1, 1).view("u1")[:, :3].tobytes()


def _ascii(*fields):
    return b"".join(str(value).encode("ascii").ljust(width) for value, width in fields)


# ------------------------------------------------------------------------------------------------ EEGLAB


def write_set(path, data, labels, sfreq, events=()):
    """`data` (n, channels) in microvolts; `events` are (type, sample, samples removed there or NaN)."""
    fields = [("type", "O"), ("latency", "O"), ("duration", "O")]
    rows = [(kind, float(at + 1), float(lasting)) for kind, at, lasting in events]
    savemat(
        path,
        {
            "EEG": {
                "data": np.asarray(data.T, np.float32),
                "nbchan": float(len(labels)),
                "pnts": float(len(data)),
                "trials": 1.0,
                "srate": float(sfreq),
                "xmin": 0.0,
                "xmax": (len(data) - 1) / sfreq,
                "setname": "test",
                "ref": "common",
                "chanlocs": np.array([(label,) for label in labels], [("labels", "O")]),
                "event": np.array(rows, fields),
                "epoch": np.array([]),
                "history": "",
                "etc": {},
            }
        },
    )
    return path


# ------------------------------------------------------------------------------------------------ XDF


@dataclass
class XdfStream:
    """`samples` (n, channels) numbers, or a list of strings; `offsets` are (time, value) of clock measurements."""

    name: str
    type: str
    sfreq: float
    stamps: np.ndarray
    samples: object
    labels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    desc: str = ""
    source_id: str = ""
    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0), (5.0, 0.0))
    format: str = "float32"
    n_channels: int = field(default=0)

    def __post_init__(self):
        self.n_channels = self.n_channels or (1 if self.format == "string" else np.shape(self.samples)[1])


def write_xdf(path: Path, *streams: XdfStream) -> Path:
    """An XDF file with one chunk of samples per stream and clock offset."""
    body = bytearray(b"XDF:") + _chunk(1, b'<?xml version="1.0"?><info><version>1.0</version></info>')
    for number, stream in enumerate(streams, 1):
        body += _chunk(2, struct.pack("<I", number) + _xml(stream).encode())
    for number, stream in enumerate(streams, 1):
        for pair in stream.offsets:
            body += _chunk(4, struct.pack("<Idd", number, *pair))
        for first in range(0, len(stream.stamps), 500):
            body += _chunk(3, struct.pack("<I", number) + _samples(stream, first, first + 500))
    path.write_bytes(bytes(body))
    return path


def _xml(stream):
    nodes = ""
    for i, label in enumerate(stream.labels):
        unit = f"<unit>{escape(stream.units[i])}</unit>" if stream.units else ""
        kind = f"<type>{escape(stream.kinds[i])}</type>" if stream.kinds else ""
        nodes += f"<channel><label>{escape(label)}</label>{unit}{kind}</channel>"
    channels = f"<channels>{nodes}</channels>" if nodes else ""
    return (
        f'<?xml version="1.0"?><info><name>{escape(stream.name)}</name><type>{stream.type}</type>'
        f"<channel_count>{stream.n_channels}</channel_count><nominal_srate>{stream.sfreq}</nominal_srate>"
        f"<channel_format>{stream.format}</channel_format><source_id>{stream.source_id}</source_id>"
        f"<desc>{channels}{stream.desc}</desc></info>"
    )


def _samples(stream, first, stop):
    stamps, values = stream.stamps[first:stop], stream.samples[first:stop]
    rows = bytearray(b"\x04" + struct.pack("<I", len(stamps)))
    for stamp, value in zip(stamps, values, strict=True):
        rows += b"\x08" + struct.pack("<d", stamp)
        if stream.format == "string":
            text = value.encode()
            rows += b"\x04" + struct.pack("<I", len(text)) + text
        else:
            rows += np.asarray(
                value, {"float32": "<f4", "int32": "<i4", "double64": "<f8"}[stream.format]
            ).tobytes()
    return bytes(rows)


def _chunk(tag, content):
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def open_with_nan(path, first, stop):
    """Open a recording as an amplifier would send it that fails for some samples."""
    recording = open_recording(path)
    data = recording.data.copy()
    data[first:stop] = np.nan
    return replace(recording, data=data)


# ------------------------------------------------------------------------------------------------ pickles


def as_older_numpy(body):
    """A pickle of NumPy 2 as NumPy 1 wrote it: the modules had no underscore."""
    for name in ("multiarray", "numeric"):
        new, old = f"numpy._core.{name}".encode(), f"numpy.core.{name}".encode()
        body = body.replace(b"\x8c" + bytes([len(new)]) + new, b"\x8c" + bytes([len(old)]) + old)
        body = body.replace(b"c" + new + b"\n", b"c" + old + b"\n")
    return body


# ------------------------------------------------------------------------------------------------ THINGS-EEG2

THINGS_17 = (
    "Pz", "P3", "P7", "O1", "Oz", "O2", "P4", "P8", "P1", "P5", "PO7", "PO3", "POz", "PO4", "PO8", "P6", "P2",
)  # fmt: skip
"""The channels of the authors' preprocessed files, in their order."""


def write_table(path, table, protocol=None):
    """A dict as `np.save` writes it, or as a pickle alone of some protocol."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if protocol is None:
        np.save(path, table)
    else:
        path.write_bytes(pickle.dumps(table, protocol))
    return path


def write_things_raw(path, microvolts, words, labels, sfreq=1000, **changes):
    """One session: `microvolts` (n, channels) are kept in volts, `words` (n,) of the trigger as they are."""
    table = {
        "raw_eeg_data": np.vstack([np.asarray(microvolts, np.float64).T * 1e-6, np.asarray(words, np.float64)]),
        "ch_names": [*labels, "stim"],
        "ch_types": ["eeg"] * len(labels) + ["stim"],
        "sfreq": sfreq,
        "highpass": 0.01,
        "lowpass": 100,
    }
    return write_table(path, table | changes)


def write_things_epochs(path, data, labels, times, protocol=None, **changes):
    """`data` (images, repetitions, channels, samples); the authors save it, others pickle it with protocol 4."""
    table = {"preprocessed_eeg_data": data, "ch_names": list(labels), "times": np.asarray(times)}
    return write_table(path, table | changes, protocol)


def write_things_pt(path, data, labels, times, folders, protocol=5, **changes):
    """`train.pt` or `test.pt`: half precision, with one folder `00001_name` of pictures for each image."""
    import torch  # noqa: PLC0415 (seconds that other tests need not wait for)

    n_images, n_repetitions = data.shape[:2]
    inside = "test_images" if "test" in path.name else "train_images"
    pictures = [f"{inside}/{folder}/{folder.split('_', 1)[-1]}_{i:02d}s.jpg" for i, folder in enumerate(folders)]
    numbers = [sorted(set(folders)).index(folder) for folder in folders]

    def each(values):
        return np.tile(np.array(values)[:, np.newaxis], (1, n_repetitions))

    table = {
        "eeg": np.asarray(data, np.float16),
        "label": each(numbers),
        "img": each(pictures),
        "text": each([folder.split("_", 1)[-1] for folder in folders]),
        "session": np.tile(np.arange(n_repetitions) * 4.0 // n_repetitions, (n_images, 1)),
        "ch_names": list(labels),
        "times": np.asarray(times),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(table | changes, path, pickle_protocol=protocol)
    return path


def write_metadata(path, training, test):
    """`image_metadata.npy`; (folder, file) of each picture of the two partitions."""
    columns = {
        f"{key}_img_{kind}": [picture[i] for picture in pictures]
        for key, pictures in (("train", training), ("test", test))
        for i, kind in enumerate(("concepts", "files"))
    }
    return write_table(path, columns)


def write_pictures(folder, pictures, content=b"\xff\xd8\xff\xd9"):
    """Files of pictures, (folder, file) each."""
    for inside, file in pictures:
        (folder / inside).mkdir(parents=True, exist_ok=True)
        (folder / inside / file).write_bytes(content)
    return folder


# ------------------------------------------------------------------------------------------------ BIDS


def write_bids(
    root, subject, data, labels, sfreq, rows, *, reference=None, columns=("onset", "duration", "object")
):
    """One recording of task `rsvp` with its events; the BrainVision markers say less, as in THINGS-EEG1."""
    stem = root / f"sub-{subject}" / "eeg" / f"sub-{subject}_task-rsvp"
    stem.parent.mkdir(parents=True)
    (root / "dataset_description.json").write_text(json.dumps({"Name": "test", "BIDSVersion": "1.0.2"}))
    markers = [("Stimulus", "E  1", round(float(row[0]) * sfreq)) for row in rows if row[0] != "n/a"]
    path = write_brainvision(stem.with_name(f"{stem.name}_eeg.vhdr"), data, labels, sfreq, markers)
    lines = ["\t".join(columns), *("\t".join(map(str, row)) for row in rows)]
    stem.with_name(f"{stem.name}_events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sidecar = {"TaskName": "rsvp", "SamplingFrequency": sfreq} | ({"EEGReference": reference} if reference else {})
    stem.with_name(f"{stem.name}_eeg.json").write_text(json.dumps(sidecar), encoding="utf-8")
    return path
