"""Long clips as streams: any length in constant memory, parts joined with their sound, a film that survives a kill."""

import gc
import json
import tracemalloc

import av
import numpy as np
import pytest
from media_files import psnr, smooth
from PIL import Image

from motionalchemy.errors import InputError, MediaError
from motionalchemy.media import footage, muxing, reader, sinks, timing, writer
from motionalchemy.media.clip import Clip
from motionalchemy.media.tracks import sound_of
from motionalchemy.render import composite
from motionalchemy.scene import masks, segmentation


def with_sound(path, clip, seconds, codec="aac"):
    """A clip with a track of noise of `seconds`."""
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=int(clip.fps))
        video.height, video.width, video.pix_fmt = clip.height, clip.width, "yuv420p"
        audio = output.add_stream(codec, rate=16000, layout="mono")
        for frame in clip.frames:
            output.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        output.mux(video.encode())
        for number in range(round(seconds * 16000 / 1024)):
            noise = np.random.default_rng(number).normal(0, 3000, (1, 1024)).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            sound.rate, sound.pts = 16000, number * 1024
            output.mux(audio.encode(sound))
        output.mux(audio.encode())
    return path


def tracks(path):
    with av.open(str(path)) as file:
        return {s.type: (float(s.duration * s.time_base), s.codec_context.name) for s in file.streams}


@pytest.fixture
def clip():
    return Clip(smooth(60), 24.0)


def test_footage_reads_what_read_clip_reads(tmp_path, clip):
    for suffix in (".mp4", ".webm", ".gif", ".webp"):
        path = writer.write(clip, tmp_path / f"a{suffix}")
        whole, stream = reader.read_clip(path), footage.read(path)
        assert (len(stream), stream.fps) == (len(whole), whole.fps) and not stream.sound
        assert (np.stack(list(stream.frames())) == whole.frames).all()
        assert next(stream.frames(32, 48)).shape == (32, 48, 3)


def test_a_still_is_footage_of_one_frame_and_sound_alone_is_none(tmp_path):
    Image.fromarray(smooth(1)[0]).save(tmp_path / "a.png")
    assert len(footage.read(tmp_path / "a.png")) == 1
    (tmp_path / "b.mp4").write_bytes(b"no video at all")
    with pytest.raises(MediaError, match="unknown kind"):
        footage.read(tmp_path / "b.mp4")


def test_pauses_become_repeated_frames(tmp_path):
    """A variable frame rate: frames at 0, 1, 2 and 5 tenths of a second."""
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.height = stream.width = 64
        stream.pix_fmt = "yuv420p"
        for at in (0, 1, 2, 5, 6, 7):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 30 * at, np.uint8), format="rgb24")
            frame.pts = at
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    found = footage.read(tmp_path / "a.mp4")
    shades = [round(float(frame.mean()) / 30) for frame in found.frames()]
    assert found.fps == pytest.approx(10) and shades == [0, 1, 2, 2, 2, 5, 6, 7]


def test_a_window_rolls_over_footage_and_holds_the_last_frame(clip):
    rolling = footage.Rolling(footage.of(clip), 64, 96)
    assert (rolling.read(0, 20) == clip.frames[:20]).all()
    assert (rolling.read(11, 31) == clip.frames[11:31]).all()
    assert (rolling.read(50, 70)[:10] == clip.frames[50:]).all()
    assert (rolling.read(58, 75)[2:] == clip.frames[59]).all()


def test_parts_are_joined_with_the_sound_of_another_file(tmp_path, clip):
    whole = muxing.ReencodedFile(tmp_path / "w.mp4")
    for n in range(0, 60, 15):
        whole.add(writer.draft(Clip(clip.frames[n : n + 15], 24), tmp_path / f"{n}.mp4"))
    whole.close()
    source = with_sound(tmp_path / "s.mp4", clip, 4)
    assert footage.read(source).sound
    assert muxing.mux_sound(tmp_path / "w.mp4", tmp_path / "a.mp4", sound_of(source))
    read = reader.read_clip(tmp_path / "a.mp4")
    assert read.frames.shape == clip.frames.shape and read.fps == 24 and psnr(read.frames, clip.frames) > 35
    assert tracks(tmp_path / "a.mp4") == {"video": (2.5, "h264"), "audio": (pytest.approx(2.5, abs=0.1), "aac")}
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")
    muxing.mux_sound(tmp_path / "w.mp4", tmp_path / "b.mp4", sound_of(source))
    assert (tmp_path / "b.mp4").read_bytes() == content


def test_a_sound_that_mp4_cannot_hold_is_written_as_aac(tmp_path, clip):
    source = with_sound(tmp_path / "s.mkv", clip, 2, "pcm_s16le")
    part = writer.write(clip, tmp_path / "0.mp4")
    track = sound_of(source)
    assert track is not None and track.note(".mp4") == "sound: pcm_s16le is written as AAC"
    assert muxing.mux_sound(part, tmp_path / "a.mp4", track)
    assert tracks(tmp_path / "a.mp4") == {"video": (2.5, "h264"), "audio": (pytest.approx(2, abs=0.08), "aac")}


def test_parts_are_one_clip_to_the_encoder(tmp_path):
    """Grain that stands still is seen anew in every key frame: there is one, at the beginning."""
    grain = np.random.default_rng(0).normal(128, 30, (64, 96, 3)).clip(0, 255).astype(np.uint8)
    parts = [Clip(np.stack([grain] * 20), 24)] * 3
    whole, apart = muxing.ReencodedFile(tmp_path / "w.mp4"), []
    for number, part in enumerate(parts):
        whole.add(writer.draft(part, tmp_path / f"{number}.mp4"))
        apart.extend(reader.read_clip(writer.write(part, tmp_path / f"{number}-alone.mp4")).frames)
    whole.close()
    frames = reader.read_clip(tmp_path / "w.mp4").frames.astype(int)
    with av.open(str(tmp_path / "w.mp4")) as file:
        keys = [packet.is_keyframe for packet in file.demux(video=0) if packet.size]
    assert len(frames) == 60 and keys == [True] + [False] * 59
    steps = np.abs(np.diff(frames, axis=0)).mean((1, 2, 3))
    assert steps[[19, 39]].max() <= 2 * np.median(steps[20:]) + 0.05
    assert psnr(frames.astype(np.uint8), np.stack([grain] * 60)) >= psnr(np.stack(apart), np.stack([grain] * 60)) - 1


def test_a_growing_file_plays_while_it_grows(tmp_path, clip):
    growing, seen = muxing.FragmentedFile(tmp_path / "grow.mp4"), []
    for n in range(0, 60, 15):
        growing.add(writer.write(Clip(clip.frames[n : n + 15], 24), tmp_path / f"{n}.mp4"))
        seen.append(len(reader.read_clip(tmp_path / "grow.mp4")))
    growing.close()
    assert seen == sorted(seen) and seen[0] >= 8 and seen[-1] >= 50
    assert len(reader.read_clip(tmp_path / "grow.mp4")) == 60


def test_a_film_goes_on_after_a_kill_and_is_gone_after_an_end(tmp_path, clip):
    output, pieces = tmp_path / "a.mp4", [clip.frames[n : n + 20] for n in range(0, 60, 20)]
    killed = sinks.FileSink(sinks.folder_of(output), "key", 24, 9)  # never closed: killed
    killed.found["order"] = [2, 1]
    killed.beside["place"] = np.arange(3.0)
    killed.add(pieces[0])
    killed.add(pieces[1])
    sinks.check_folder(output)
    with sinks.file_sink(output, "key", 24, 9) as reel:
        assert reel.done == 2 and reel.found == {"order": [2, 1]} and "going on" in reel.notes[0]
        assert np.array_equal(reel.beside["place"], np.arange(3.0))
        assert (reel.last(9) == pieces[1][-9:]).all() and (reel.anchor == pieces[0][0]).all()
        reel.add(pieces[2])
        muxing.mux_sound(reel.whole(), output)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"] and len(reader.read_clip(output)) == 60
    killed = sinks.FileSink(sinks.folder_of(output), "key", 24, 9)
    killed.add(pieces[0])
    with sinks.file_sink(output, "another key", 24, 9) as reel:
        assert reel.done == 0


def test_a_film_takes_no_foreign_folder(tmp_path):
    (tmp_path / "a.mp4.making").mkdir()
    sinks.check_folder(tmp_path / "a.mp4")
    (tmp_path / "a.mp4.making" / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="something else: rename"):
        sinks.check_folder(tmp_path / "a.mp4")
    (tmp_path / "a.mp4.making" / "state.json").write_text(json.dumps({"key": 1}))
    with pytest.raises(InputError, match="something else: rename"):
        sinks.check_folder(tmp_path / "a.mp4")


def test_a_short_tail_is_pieced_together_from_short_parts(tmp_path, clip):
    with sinks.file_sink(tmp_path / "a.mp4", "key", 24, 9) as kept:
        held = sinks.MemorySink(24)
        for reel in (kept, held):
            for n in range(0, 12, 4):
                reel.add(clip.frames[n : n + 4])
            assert (reel.last(9) == clip.frames[3:12]).all() and reel.done == 3


def test_length_costs_no_memory(tmp_path):
    def peak(count):
        path = writer.write(Clip(np.tile(smooth(20, 48, 48), (count, 1, 1, 1)), 24), tmp_path / f"{count}.mp4")
        tracemalloc.start()
        rolling = footage.Rolling(footage.read(path), 48, 48)
        for begin in range(0, 20 * count - 20, 10):
            rolling.read(begin, begin + 20)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(9) < 1.2 * peak(3)


# Regions


def test_outside_a_mask_a_frame_is_exactly_what_it_was():
    rng = np.random.default_rng(0)
    source, edited = rng.integers(0, 256, (2, 60, 80, 3), dtype=np.uint8)
    mask = np.zeros((60, 80), np.float32)
    mask[20:40, 20:60] = 1
    made = composite.composed(edited, source, mask)
    assert (made[mask == 0] == source[mask == 0]).all()
    assert (made[25:35, 26:54] == edited[25:35, 26:54]).all()
    soft = composite.feathered(mask, 60, 80)
    assert 0 < soft[20, 40, 0] < 1 and composite.feathered(np.ones((6, 8), np.float32), 60, 80).min() == 1


def test_masks_are_pictures_or_clips_and_white_is_inside(tmp_path):
    mask = np.zeros((40, 40, 3), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    Image.fromarray(mask).save(tmp_path / "m.jpg")
    moving = Clip(np.stack([np.roll(mask, 4 * n, 1) for n in range(6)]), 12)
    writer.write(moving, tmp_path / "m.mp4")
    none = np.zeros((3, 4, 4, 3), np.uint8)
    for name in ("m.png", "m.jpg"):
        found = masks.of(str(tmp_path / name))(0, 3, none)
        assert found.shape == (3, 40, 40) and (found == (mask[..., 0] > 0)).mean() > 0.97
    found = masks.of(str(tmp_path / "m.mp4"))(3, 6, none)
    assert (found == (moving.frames[3:, ..., 0] > 127)).mean() > 0.95
    assert masks.of("all") is None
    Image.fromarray(mask * 0).save(tmp_path / "black.png")
    with pytest.raises(InputError, match="is black in its first frame"):
        masks.check(str(tmp_path / "black.png"))
    with pytest.raises(MediaError, match="does not exist"):
        masks.check(str(tmp_path / "none.png"))


def test_the_subject_is_found_and_followed():
    ground = np.full((96, 128, 3), (190, 200, 210), np.uint8)
    y, x = np.mgrid[:96, :128]
    ground = (ground + np.random.default_rng(0).normal(0, 3, ground.shape)).clip(0, 255).astype(np.uint8)
    frames, truth = [], []
    for number in range(5):
        disc = (x - 40 - 4 * number) ** 2 + (y - 48) ** 2 < 22**2
        frames.append(np.where(disc[..., None], np.uint8([200, 40, 30]), ground))
        truth.append(disc)
    found = segmentation.subject_masks(np.stack(frames)) > 0.5
    overlap = [(f & t).sum() / (f | t).sum() for f, t in zip(found, truth, strict=True)]
    assert min(overlap) > 0.75


@pytest.mark.parametrize("rate", [24, 24000 / 1001, 30000 / 1001, 59.94, 29.83])
@pytest.mark.parametrize("step", [1 / 90000, 0.001])
def test_every_frame_of_ten_minutes_stands_within_half_a_tick_of_its_time(rate, step):
    """Whole, with a rate that changes midway, with pauses, and with stamps that tremble."""
    even = np.arange(round(600 * rate)) / rate
    changed = np.concatenate([even[even < 300], 300 + np.arange(round(300 * rate * 1.25)) / (1.25 * rate)])
    paused = np.delete(even, np.s_[5000:5400])
    trembling = even + np.random.default_rng(0).uniform(-0.2, 0.2, len(even)) / rate
    for exact in (even, changed, paused, trembling):
        times = np.round((exact - exact[0]) / step) * step
        found = timing.even_rate(times, np.full(len(times), 1 / rate), step)
        assert np.abs(found.ticks / found.fps - times).max() <= 0.5 / found.fps + 1e-9
        assert abs(found.count / found.fps - (times[-1] + 1 / rate)) <= 1.01 / found.fps


def test_a_frame_that_was_shown_is_let_go(tmp_path, clip):
    """Frames in cycles would stand until Python next looks for them: 900 MB of 1080p instead of 120."""
    path = writer.write(clip, tmp_path / "a.mp4")
    gc.collect()
    gc.disable()
    try:
        assert sum(1 for _ in footage.read(path).frames()) == 60
        assert sum(type(each).__name__ == "VideoFrame" for each in gc.get_objects()) <= 4
    finally:
        gc.enable()
