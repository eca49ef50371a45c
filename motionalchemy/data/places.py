"""The words of the stills that serve as backgrounds: grounds, skies, places and pictures, in both languages."""

Place = tuple[str, str, str, str]  # English noun, its preposition, Chinese noun, its ending

# (pattern of the texture's name, words): the first that fits decides, None means the texture is no ground to stand on
GROUNDS: tuple[tuple[str, Place | None], ...] = (
    ("cliff|lava|water|ocean|sea|coral|weed|foam|cave|grid|flora|corral|mountainside|shore|river|riparian|bog", None),
    ("tile.*(dirt|red)|savanna tile|dirt beach", None),
    ("road|bridge|path|metamorphic|sandstone|fissures|tundra|forrestfloor|dirt plants|mud plants|plants dirt", None),
    ("snow (grass|forest|rocks|ice)|grass snow|dirt snow|snow rocky|ice (dirt|snow)|scrub|sand grass|grass sand", None),
    ("snow", ("a snowy field", "on", "雪地", "上")),
    ("^ice|polar ice", ("a sheet of ice", "on", "冰面", "上")),
    ("farmland|furrows", ("a ploughed field", "on", "犁过的农田", "上")),
    ("paving|tile|pavement", ("a paved square", "on", "石板广场", "上")),
    ("forestfloor", ("the forest floor", "on", "林间空地", "上")),
    ("beach.*plants", None),
    ("beach", ("a beach", "on", "沙滩", "上")),
    ("sand|dune|sahara", ("sandy ground", "on", "沙地", "上")),
    ("grass.*(dirt|mud|stan|rock|flowers)|(dirt|rocks).*grass|medit grass wild", None),
    ("savanna.*grass|grass (dead|field brown|field dry)", ("dry grassland", "on", "干枯的草原", "上")),
    ("grass|clovers", ("a grassy field", "on", "草地", "上")),
    ("mud", ("muddy ground", "on", "泥地", "上")),
    ("dirt.*rock|rocks dirt|gravel", ("stony ground", "on", "碎石地", "上")),
    ("medit dirt", None),
    ("dirt", ("bare earth", "on", "泥土地", "上")),
)
# (pattern of the sky's key, English, Chinese): what that side of the sky shows, whatever its name says
SKIES: tuple[tuple[str, str, str], ...] = (
    ("sunset_2_(front|back|right)|dark_", "a dark cloudy sky", "乌云密布的天空"),
    ("sunset", "a sunset sky", "日落天空"),
    ("twilight", "a deep blue evening sky", "深蓝色的夜空"),
    ("stormy|dark2", "a stormy sky", "暴风雨天空"),
    ("overcast", "an overcast sky", "阴沉的天空"),
    ("rain", "grey clouds", "灰色云层"),
    ("fog", "a pale foggy sky", "雾蒙蒙的天空"),
    ("cumulus", "a blue sky with white clouds", "蓝天白云"),
    ("cirrus|stratus_2|default", "a sky with thin clouds", "有薄云的天空"),
    ("stratus_|sunrise", "a cloudy sky", "多云的天空"),
    ("cloudless|desert", "a clear blue sky", "晴朗的蓝天"),
    ("sunny", "a sunny sky", "晴朗的天空"),
)
ROOMS = {
    "apartment": ("in an empty apartment", "在空荡荡的公寓里"),
    "bridge": ("in a bright glass walkway", "在明亮的玻璃走廊里"),
    "city": ("on a city square", "在城市广场上"),
    "dawn": ("on rocky ground at dawn", "在黎明的岩石地上"),
    "esplanade": ("in a shopping mall", "在购物中心里"),
    "forest": ("in a forest", "在森林里"),
    "hall": ("in a ballroom", "在宴会厅里"),
    "lab": ("in an old machine hall", "在旧机房里"),
    "lobby": ("in a yellow lobby", "在黄色的大厅里"),
    "night": ("on a wide brown plain", "在褐色的旷野上"),
    "park": ("on a green lawn", "在绿色的草坪上"),
    "sky": ("on still water under a blue sky", "在蓝天下平静的水面上"),
    "studio": ("in a photo studio", "在摄影棚里"),
    "sunrise": ("on a sunlit meadow", "在阳光下的草甸上"),
    "sunset": ("on a square in Venice", "在威尼斯的广场上"),
    "venice": ("on a paved shore", "在石板铺成的岸边上"),
    "warehouse": ("in a warehouse", "在仓库里"),
    "workshop": ("in a workshop", "在车间里"),
}
PICTURES = {
    "Altai": ("blue mountains above a lake", "湖边的蓝色群山"),
    "Autumn": ("a painted autumn tree", "画中的秋树"),
    "BytheWater": ("a wooden pier by the water", "水边的木栈桥"),
    "ColdRipple": ("a pier in the mist", "雾中的栈桥"),
    "ColorfulCups": ("colourful cups", "彩色的杯子"),
    "DarkestHour": ("a dark blue lake", "深蓝色的湖"),
    "EveningGlow": ("boats on a shore at sunset", "日落时岸边的小船"),
    "IceCold": ("blue and white ice", "蓝白色的冰"),
    "OneStandsOut": ("green leaves", "绿叶"),
    "SafeLanding": ("a storybook landscape", "童话般的风景"),
    "summer_1am": ("a calm lake under a pink sky", "粉色天空下平静的湖"),
    "Volna": ("a wave on a beach", "沙滩上的海浪"),
} | {
    name: ("a colourful abstract pattern", "彩色的抽象图案")
    for name in ("Canopee", "Cascade", "Cluster", "Flow", "Honeywave", "Kay", "Opal", "PastelHills", "Patak", "Shell")
}
# other names of the grounds above, English and Chinese, and grounds that are no place to stand on
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a snowy field": (("snow", "a snowy landscape", "the snow"), ("雪原", "雪", "雪景")),
    "a sheet of ice": (("ice", "a frozen lake"), ("冰", "结冰的湖")),
    "a ploughed field": (("a field", "farmland"), ("田野", "农田")),
    "a paved square": (("a city street", "a plaza", "a pavement"), ("街道", "广场", "人行道")),
    "the forest floor": (("the woods", "the jungle"), ("树林", "丛林")),
    "a beach": (("the beach", "a sandy beach", "the seaside"), ("海滩", "海边", "沙滩")),
    "sandy ground": (("a desert", "the desert", "sand dunes"), ("沙漠", "沙丘", "大漠")),
    "dry grassland": (("the savanna", "a steppe"), ("稀树草原", "荒原")),
    "a grassy field": (("a meadow", "a lawn", "grass"), ("草坪", "草原", "草")),
    "muddy ground": (("mud", "a swamp"), ("泥", "沼泽")),
    "stony ground": (("gravel", "rocks"), ("石头地", "碎石")),
    "bare earth": (("soil", "dirt"), ("泥土", "土地")),
    "the sea": (("the ocean", "water", "a lake"), ("大海", "海洋", "湖")),
    "lava": (("a volcano", "molten rock"), ("火山", "岩浆")),
    "a road": (("a country road", "a highway"), ("公路", "马路")),
}
BESIDES: tuple[tuple[str, Place], ...] = (
    ("^water", ("the sea", "on", "海面", "上")),
    ("lava", ("lava", "on", "熔岩", "上")),
    ("^road|temp road$", ("a road", "on", "道路", "上")),
)
USUAL = ("cumulus", "cirrus|default", "cloudless", "sunny")  # the skies of a place whose sky is not named
# parts of a background, which may be asked to change without another place being asked for
BACKDROPS = (("sky", "天空"), ("ground", "地面"), ("floor", "地板"), ("clouds", "云"), ("grass", "草地"))
