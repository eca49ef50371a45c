"""What is said of a given clip, on the Chinese page."""

from pathlib import Path

import pytest

from motionalchemy.media import fields
from motionalchemy.media.tracks import Track
from motionalchemy.server.page_notes import in_chinese

A = Path("a.mkv")
SAID = {
    Track(A, 1, "tta").note(".mp4"): "声音：tta 改存为 AAC。",
    Track(A, 1, "odd", decodable=False).note(".mp4"): "声音：格式 odd 无法保留，已去掉。",
    Track(A, 1, "aac").note(".gif"): "声音：.gif 文件不能带声音，已去掉。",
    "sound: track 2 of 3 is kept, the default one": "声音：共 3 条音轨，保留默认的第 2 条。",
    "video: track 2 of 2 is read": "视频：共 2 条视频轨，读取第 2 条。",
    "video: HDR (PQ) is shown in SDR, 203 cd/m2 as white": "视频：HDR（PQ）已转为 SDR，以 203 cd/m2 为白。",
    fields.SAID: "视频：隔行扫描，已将每两场合为一幅。",
}


@pytest.mark.parametrize("note", SAID)
def test_what_is_done_with_a_clip_is_said_in_chinese(note):
    assert in_chinese(note) == SAID[note]
