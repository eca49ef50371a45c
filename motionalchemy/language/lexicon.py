"""What both languages share: plain letters, simplified characters, and how Chinese is told from English."""

import re
import unicodedata

HAN = re.compile(r"[\u4e00-\u9fff]")


def normalised(text: str) -> str:
    """A text in small letters without accents, its Chinese simplified as far as SIMPLER does, spaces single."""
    bare = unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).translate(SIMPLER).split())


SIMPLER = str.maketrans(
    "換將變風給畫讓戴頭環場後邊樣動雲態離顏體為圍裡進從帶馬貓獅鳥魚",
    "换将变风给画让戴头环场后边样动云态离颜体为围里进从带马猫狮鸟鱼",
)
