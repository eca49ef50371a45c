"""Sounds are read, refused in a sentence, and put beside pictures."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from media_made import clicks

from motionalchemy.errors import MediaError
from motionalchemy.media import muxing, sound, writer
from motionalchemy.media.clip import Clip
from motionalchemy.media.tracks import sound_of


def tone(path: Path, seconds: float, rate: int = 44100) -> Path:
    samples = (np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate) * 16000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def test_a_tone_is_read(tmp_path: Path) -> None:
    heard = sound.read(tone(tmp_path / "a.wav", 0.5))
    assert heard.seconds == pytest.approx(0.5, abs=0.02)
    power = np.abs(np.fft.rfft(heard.samples))
    assert np.fft.rfftfreq(len(heard.samples), 1 / sound.RATE)[power.argmax()] == pytest.approx(440, abs=3)


def test_no_more_than_is_asked_is_read(tmp_path: Path) -> None:
    assert sound.read(tone(tmp_path / "a.wav", 2.0), 0.5).seconds == 0.5


@pytest.mark.parametrize("data", [b"", b"not a sound at all, but words", b"RIFF\x24\0\0\0WAVEfmt "])
def test_what_is_no_sound_is_refused_in_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"a\.wav"):
        sound.read(path)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer.write(Clip(np.zeros((4, 32, 32, 3), np.uint8), 24.0), path)
    with pytest.raises(MediaError, match="holds no sound"):
        sound.read(path)


@pytest.mark.parametrize("seconds", [0.3, 3.0])
def test_a_sound_beside_pictures_ends_with_them(tmp_path: Path, seconds: float) -> None:
    silent, path = tmp_path / "silent.mp4", tmp_path / "a.mp4"
    track = sound.read(tone(tmp_path / "a.wav", seconds)).track
    writer.write(Clip(np.zeros((24, 32, 32, 3), np.uint8), 24.0), silent)
    assert muxing.mux_sound(silent, path, track)
    with av.open(str(path)) as made:
        assert made.streams.video[0].frames == 24
        played = sum(frame.samples for frame in made.decode(audio=0)) / 44100
    assert played == pytest.approx(min(seconds, 1.0), abs=0.06)
    once = path.read_bytes()
    assert muxing.mux_sound(silent, path, track) and path.read_bytes() == once


def test_of_several_tracks_the_default_one_is_kept_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("aac", rate=48000, layout="mono") for _ in range(2)]
        streams[0].disposition, streams[1].disposition = Disposition(0), Disposition.default
        output.start_encoding()
        for stream in streams:
            clicks(output, stream, 0.5, 0)
    track = sound_of(path)
    assert track is not None and track.index == 1
    assert track.chosen == "sound: track 2 of 2 is kept, the default one"
