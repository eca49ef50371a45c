"""Elements and weather in sentences as people type them; and sentences that ask for nothing of the kind."""

import pytest

from motionalchemy.language import element_words, weather_words
from motionalchemy.language.spans import without

ASKED = (
    ("the waves crash against the rocks", "sea", "", 2.0),
    ("the sea rolls gently to the left", "sea", "left", 0.6),
    ("海浪拍打着沙滩", "sea", "", 1.0),
    ("white clouds drift slowly to the right", "clouds", "right", 0.6),
    ("乌云飞快地翻滚", "clouds", "", 2.0),
    ("a brook runs through the wood", "river", "", 1.0),
    ("河水湍急地奔流", "river", "", 2.0),
    ("the waterfall cascades", "fall", "", 1.0),
    ("瀑布飞流直下", "fall", "", 2.0),
    ("the reflection shimmers", "calm", "", 1.0),
    ("湖面波光粼粼", "calm", "", 1.0),
    ("smoke rises from the chimney", "smoke", "", 1.0),
    ("steam comes out of the kettle", "steam", "", 1.0),
    ("茶杯热气腾腾", "steam", "", 1.0),
    ("the candles flicker softly", "fire", "", 0.6),
    ("篝火熊熊燃烧", "fire", "", 1.0),
    ("the wheat sways in the breeze", "plants", "", 1.0),
    ("柳枝随风轻轻摇曳", "plants", "", 0.6),
    ("her long hair blows in the wind", "hair", "", 1.0),
    ("长发被风吹起", "hair", "", 1.0),
    ("a red flag flutters", "cloth", "", 1.0),
    ("旗帜迎风飘扬", "cloth", "", 1.0),
    ("lanterns glow and stars twinkle", "lights", "", 1.0),
    ("霓虹灯光闪烁", "lights", "", 1.0),
    ("softly flowing river", "river", "", 0.6),
    ("gentle waves", "sea", "", 0.6),
    ("海浪", "sea", "", 1.0),
    ("流动的河水", "river", "", 1.0),
    ("drifting clouds", "clouds", "", 1.0),
    ("飘动的云朵", "clouds", "", 1.0),
    ("a breeze plays in her hair", "hair", "", 1.0),
    ("the wind moves the curtains", "cloth", "", 1.0),
    ("a torch burns and crackles", "fire", "", 1.0),
    ("巨浪滚滚而来", "sea", "", 1.0),
)
NOTHING = (
    "she waves at us", "the man walks across the street", "the horse runs to the left", "他挥手", "狗在跑",
    "the camera pushes in", "镜头推近", "a hot wave of joy", "he wears a flowery shirt", "the bird sings",
    "he waves a flag", "the crowd does the wave", "他挥舞着旗帜", "she is moving the flag",
)  # fmt: skip


@pytest.mark.parametrize(("words", "element", "way", "strength"), ASKED)
def test_an_element_is_heard_with_its_way_and_strength(words: str, element: str, way: str, strength: float):
    found = element_words.read(words)
    assert [each.element for each in found][:1] == [element]
    assert (found[0].way, found[0].strength) == (way, strength)


@pytest.mark.parametrize("words", NOTHING)
def test_other_sentences_ask_nothing_of_the_elements(words: str):
    assert not element_words.read(words)
    assert not weather_words.read(words)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("it begins to rain", ["rain"]), ("窗外下着大雪", ["snow"]), ("heavy snowfall", ["snow"]),
        ("雷雨", ["rain", "lightning"]), ("fog rolls over the hills", ["fog"]), ("山间起了雾", ["fog"]),
        ("the sun sets behind the sea", ["sunset"]), ("日出", ["sunrise"]),
        ("mist drifts over the lake", ["fog"]), ("云雾缭绕", ["fog"]),
        ("night falls", ["night"]), ("cherry petals drift through the air", ["petals"]), ("落叶纷飞", ["petals"]),
        ("a snow leopard runs", []), ("a rainbow stands over the field", []), ("she wears a raincoat", []),
    ],
)  # fmt: skip
def test_weather_is_heard(words: str, kinds: list[str]):
    assert [each.weather for each in weather_words.read(words)] == kinds


def test_two_elements_that_are_joined_are_both_heard():
    found = element_words.read("the lake ripples and clouds drift to the left")
    assert [(each.element, each.way) for each in found] == [("calm", ""), ("clouds", "left")]


def test_what_is_left_is_what_nobody_has_taken():
    words = "the bison grazes while the grass sways, the camera pushes in"
    (asked,) = element_words.read(words)
    assert without(words, asked.spans) == "the bison grazes, the camera pushes in"
    words = "a girl with flowing hair smiles"
    (asked,) = element_words.read(words)
    assert without(words, asked.spans) == "a girl smiles"
    words = "云向左飘，她在微笑"
    (asked,) = element_words.read(words)
    assert without(words, asked.spans) == "她在微笑"
