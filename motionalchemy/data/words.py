"""The vocabulary of the captions in both languages: tables only, no grammar.

English phrases mark verbs to inflect with `*`, and `{d}` where a direction goes (with its own leading space); Chinese
ones mark it `{d}` too. Every phrase says what the animation shows and nothing more.
"""

import re
from typing import NamedTuple


class Action(NamedTuple):
    """What an action may be called; `travels` when it goes somewhere, so that a direction belongs to the verb."""

    en: tuple[str, ...]
    zh: tuple[str, ...]
    travels: bool = False


def _go(en: str, zh: str) -> Action:
    return Action(tuple(en.split("|")), tuple(zh.split("|")), True)


def _do(en: str, zh: str) -> Action:
    return Action(tuple(en.split("|")), tuple(zh.split("|")))


ACTIONS: dict[str, Action] = {
    "run": _go("*run{d}|*run{d}|*dash{d}", "{d}奔跑|{d}跑|{d}跑动"),
    "walk": _go("*walk{d}|*walk along{d}|*walk{d}", "{d}行走|{d}走|{d}走动"),
    "jog": _go("*jog{d}|*jog along{d}", "{d}慢跑|{d}小步慢跑"),
    "gallop": _go("*gallop{d}|*gallop{d}|*race{d} at a gallop", "{d}飞奔|{d}疾驰|{d}奔驰"),
    "ride_run": _go("*ride{d} at full gallop|*gallop{d}", "{d}疾驰|{d}飞奔"),
    "ride_walk": _go("*ride{d} at a trot|*trot{d}", "{d}小跑|{d}小跑前进"),
    "trot": _go("*trot{d}|*trot along{d}", "{d}小跑|{d}小跑"),
    "hop": _go("*hop{d}|*hop along{d}", "{d}蹦跳前进|一蹦一跳地{d}前进"),
    "crawl": _go("*crawl{d}|*crawl along the ground{d}", "{d}爬行|在地上{d}爬"),
    "mocap_run": _go("*sprint{d}|*run fast{d}", "{d}冲刺|{d}快跑"),
    "mocap_walk": _go("*stroll{d}|*stroll along{d}", "{d}散步|{d}信步行走"),
    "rollwheels": _go("*roll{d}|*drive{d}", "{d}行驶|{d}行进"),
    "swim": _go("*swim{d}|*swim along{d}", "{d}游动|{d}游"),
    "fly": _go(
        "*fly{d}, flapping its wings|*fly{d}|*flap its wings and *fly{d}", "拍打着翅膀{d}飞翔|{d}飞|振翅{d}飞行"
    ),
    "glide": _go("*glide{d} on spread wings|*glide{d}", "展翅{d}滑翔|张开翅膀{d}滑翔"),
    "rest": _do("*stay in place|*stay put|*keep to the spot", "待在原地|留在原地"),
    "stand": _do("*stand and *look around|*look around|*stand looking around", "站着四处张望|四处张望|站着环顾四周"),
    "fall": _do("*fall to the ground|*fall down|*collapse", "倒在地上|倒下|摔倒在地"),
    "cheer": _do("*cheer with raised arms|*cheer|*raise both arms and *cheer", "举臂欢呼|欢呼|举起双臂欢呼"),
    "attack": _do("*attack|*go on the attack", "攻击|发起攻击"),
    "weapon:other": _do("*attack|*fight", "攻击|发起攻击"),
    "rear": _do("*rear up|*rear up on the hind legs", "扬起前蹄|前蹄腾空立起"),
    "weapon:sword": _do("*attack with a sword|*swing a sword|*strike with a sword", "挥剑攻击|挥剑|挥剑砍杀"),
    "weapon:spear": _do("*thrust a spear|*stab with a spear", "用长矛刺击|挺矛刺击"),
    "weapon:javelin": _do("*throw a javelin|*hurl a javelin", "投掷标枪|掷出标枪"),
    "weapon:bow": _do("*shoot an arrow|*draw a bow and *shoot", "拉弓射箭|射箭"),
    "weapon:sling": _do("*sling a stone|*hurl a stone with a sling", "用投石索投石|甩动投石索投石"),
    "weapon:axe": _do("*swing an axe|*attack with an axe", "挥斧攻击|挥动斧头攻击"),
    "weapon:mace": _do("*swing a mace|*attack with a mace", "挥锤攻击|挥动战锤攻击"),
    "weapon:halberd": _do("*swing a halberd|*attack with a halberd", "挥戟攻击|挥动长戟攻击"),
    "weapon:crossbow": _do("*load and *aim a crossbow|*ready a crossbow", "给弩上弦瞄准|装弩瞄准"),
    "pray": _do("*raise both arms in prayer|*pray with raised arms", "高举双臂祈祷|举起双臂祈祷"),
    "stab": _do("*stab with a knife|*thrust a knife", "用刀刺|持刀刺击"),
    "mine": _do("*mine with a pickaxe|*swing a pickaxe", "用镐采矿|挥镐采矿"),
    "butcher": _do("*crouch and *cut meat|*cut meat, crouching", "蹲下割肉|蹲着割肉"),
    "chop": _do("*chop wood with an axe|*chop wood", "用斧头砍树|挥斧砍树"),
    "hammer": _do("*kneel and *hammer|*hammer on one knee", "跪着敲锤子|单膝跪地敲打锤子"),
    "graze": _do("*graze|*graze with lowered head", "低头吃草|吃草"),
    "pick": _do("*pick fruit|*gather fruit", "采摘果子|摘果子"),
    "hoe": _do("*hoe the ground|*work the ground with a hoe", "用锄头锄地|锄地"),
    "punch": _do("*punch|*throw a punch", "出拳|挥拳"),
    "jump": _do("*jump up|*jump|*leap into the air", "跳起|跳起来|向上跳跃"),
    "cartwheel": _do("*do a cartwheel|*turn a cartwheel", "侧手翻|做侧手翻"),
    "spinkick": _do("*do a spinning kick|*spin and *kick", "回旋踢|转身回旋踢"),
    "dance_a": _do("*dance|*dance on the spot", "跳舞|跳起舞"),
    "dance_b": _do("*dance with big steps|*dance in wide steps", "大步舞动|迈着大步跳舞"),
    "kick": _do("*kick|*kick with one leg", "踢腿|抬腿踢"),
    "getup_facedown": _do(
        "*get up from lying face down|*rise from the ground, face down at first", "从俯卧起身|从趴着站起来"
    ),
    "getup_faceup": _do("*get up from lying on the back|*rise after lying on the back", "从仰卧起身|从躺着站起来"),
    "backflip": _do("*do a backflip|*flip backwards", "后空翻|做后空翻"),
    "roll": _do("*roll over on the ground|*roll over", "在地上翻滚|就地翻滚"),
    "spin": _do("*do an acrobatic spin|*spin through the air", "腾空旋身|腾空转身"),
    "heal": _do("*heal with raised hands|*raise the hands to heal", "抬手治疗|举手施行治疗"),
    "display": _do("*spread its tail feathers|*fan out its tail", "开屏|展开尾羽"),
    "shout": _do("*wave and *shout|*shout and *wave", "挥手呐喊|挥手大喊"),
    "fish": _do("*haul in a fishing net|*pull in a net", "收网捕鱼|收渔网"),
}
RIDDEN = {  # what a rider does of the actions that are the horse's
    "rear": _do("*make the horse rear up|*make the horse rear up on its hind legs", "让马扬起前蹄|策马腾空立起"),
}

_CULTURES = """
Iberian, Ptolemaic Egyptian, Persian, Han Chinese, Kushite, Mauryan Indian, Roman, Gallic, Carthaginian, Athenian
Seleucid, Macedonian, Spartan, Briton, Celtic, Greek, Theban
"""
CULTURES = frozenset(re.split(", |\n", _CULTURES.strip()))
WORN = {"helmet": "戴着头盔", "hat": "戴着帽子", "cape": "披着披风", "quiver": "背着箭袋"}
HELD = {"shield": "手持盾牌", "sword": "手持剑", "spear": "手持长矛", "bow": "手持弓", "axe": "手持斧头"} | {
    "pickaxe": "手持镐",
    "hoe": "手持锄头",
    "basket": "提着篮子",
}
COATS = {  # coats that are not one adjective: what stands before the noun, what follows it
    "white with a black face": ("white", "with a black face"),
    "striped black and white": ("black-and-white striped", ""),
    "blue and green": ("blue-and-green", ""),
    "dark brown and white": ("brown-and-white", ""),
}
MOUNTS = (" on a horse", " on a camel", " with riders")  # what follows the head of an English subject

_MEASURES = """
座 神庙 城门 城墙塔楼 塔楼 堡垒 工坊 房屋 靶场 兵营 码头 市场 铁匠铺 仓库 奇观 哨站 瞭望塔 农庄 雕像 剧场 宫殿 神龛 学宫
座 山门 方尖碑 金字塔 凯旋门 官署 议事厅 体育馆 长屋 炮塔 公共食堂 犬舍 军械库 军营 马厩 象厩 畜栏 市政中心 冰山 殖民地
辆 战车 攻城锤 攻城塔 手推车 投石车
架 投石机 弩炮
艘 战船 渔船 商船 火船 桨帆船 楼船 划艇 小船 沉船残骸
棵 树 冷杉 雪松
块 巨石 岩块 矿石 岩石 石块
头 河马 牛 猪 象 狮 熊 驴 鲸
匹 马 骆驼
条 犬 鳄鱼 鱼
位 女子 祭司 将领 文官
名 剑士 兵 手 劳工 渔夫 角斗士 人
口 石井
根 石柱
片 灌木丛 草丛 刺柏丛
丛 蕨类植物 香蒲 芦苇 竹子 纸莎草 灌木
株 植物 香蕉树
堆 陶罐 木箱 货箱
顶 帐篷
张 桌子
只 羊 鸡 鸭 狗 狼 鹿 兔子 乌鸦 鹰 孔雀 瞪羚 鸟 猫 虎 豹 猴
"""
# (measure word, endings of the nouns it counts); the first line that fits decides
MEASURES = tuple((line.split()[0], tuple(line.split()[1:])) for line in _MEASURES.strip().splitlines())
COLOURLESS = frozenset(("sketch", "ink", "mono"))  # looks in which no colour can be seen
COLOURFUL = re.compile("blue|green|yellow|orange|red|pink|purple|brown|beige|turquoise|colourful|sunset|sunrise|dawn")
COUNTED = ("一段",)  # nouns that bring their own measure
_PLURALS = """
reeds, ferns, cattails, stone blocks, shore rocks, wooden planks, wooden crates, clay amphorae, produce bins
"""
PLURALS = frozenset(_PLURALS.strip().split(", "))
MASSES = frozenset(("bamboo", "papyrus"))

GROUNDS = {  # key: (article and noun, preposition), (Chinese place, its ending)
    "paved": ("a paved square", "on", "石板广场", "上"),
    "dirt": ("bare earth", "on", "泥土地", "上"),
    "meadow": ("a green meadow", "on", "绿色草地", "上"),
    "forest": ("the forest floor", "on", "林间空地", "上"),
    "autumn": ("autumn ground covered with leaves", "on", "铺满落叶的秋日地面", "上"),
    "dry_grass": ("dry grassland", "on", "枯黄的草原", "上"),
    "desert": ("a sandy desert", "in", "沙漠", "中"),
    "beach": ("a sandy beach", "on", "沙滩", "上"),
    "snow": ("a snowy field", "on", "雪地", "上"),
    "jungle": ("tropical undergrowth", "in", "热带丛林", "中"),
}
CLOUDS = ("clouds",)  # skies without an article

PATHS = {  # where a traveller goes over the picture
    "left": ((" to the left", " from right to left", " towards the left"), ("向左", "从右向左", "朝左", "往左")),
    "right": ((" to the right", " from left to right", " towards the right"), ("向右", "从左向右", "朝右", "往右")),
    "towards": ((" towards the camera", " towards the viewer"), ("朝镜头", "朝着镜头", "迎着镜头")),
    "away": ((" away from the camera", " into the distance"), ("朝远处", "向远处")),
}
IN_PLACE = ((" in place", " on the spot"), ("原地",))  # how a traveller goes that has no path
PACES = {  # how fast a traveller goes, and the words for it
    "fast": (1.7, (" fast", " quickly"), ("快速地", "飞快地")),
    "slow": (0.55, (" slowly", " at a slow pace"), ("缓慢地", "慢慢地")),
}
DRIFTS = {  # what a thing that has no gait of its own does on a path
    "left": (("*move to the left", "*glide from right to left"), ("向左移动", "从右向左移动")),
    "right": (("*move to the right", "*glide from left to right"), ("向右移动", "从左向右移动")),
    "towards": (("*come closer", "*approach"), ("越来越近", "慢慢靠近")),
    "away": (("*move away", "*get smaller and smaller"), ("越来越远", "渐渐远去")),
    "jump": (("*jump up and down", "*bounce", "*hop in place"), ("上下跳动", "原地蹦跳")),
    "curve": (("*float along a curve", "*drift in an arc"), ("沿曲线飘动", "沿弧线移动")),
}
CAMERAS = {
    "static": (("the camera holds still", "static camera", "fixed camera"), ("镜头固定", "固定镜头", "镜头不动")),
    "follow": (("the camera follows", "the camera keeps pace"), ("镜头跟随", "镜头一路跟随")),
    "pan_left": (("the camera pans left", "the view pans to the left"), ("镜头向左摇", "镜头向左平移")),
    "pan_right": (("the camera pans right", "the view pans to the right"), ("镜头向右摇", "镜头向右平移")),
    "tilt_up": (("the camera tilts up", "the camera moves up"), ("镜头向上摇", "镜头上移")),
    "tilt_down": (("the camera tilts down", "the camera moves down"), ("镜头向下摇", "镜头下移")),
    "zoom_in": (
        ("the camera zooms in", "the camera pushes in", "the camera moves closer"),
        ("镜头拉近", "镜头推近", "镜头慢慢推进"),
    ),
    "zoom_out": (("the camera zooms out", "the camera pulls back"), ("镜头拉远", "镜头后拉")),
    "roll_left": (
        ("the camera rolls to the left", "the camera rolls counter-clockwise"),
        ("镜头向左滚转", "镜头逆时针旋转"),
    ),
    "roll_right": (("the camera rolls to the right", "the camera rolls clockwise"), ("镜头向右滚转", "镜头顺时针旋转")),
    "shake": (("the camera shakes", "shaky handheld camera"), ("镜头晃动", "手持镜头晃动")),
    "orbit_left": (
        ("the camera orbits to the left", "the camera circles to the left"),
        ("镜头向左环绕", "镜头向左绕行"),
    ),
    "orbit_right": (
        ("the camera orbits to the right", "the camera circles to the right"),
        ("镜头向右环绕", "镜头向右绕行"),
    ),
}
WEATHERS = {
    "rain": (("in the rain", "as rain falls"), ("雨中", "下着雨")),
    "snow": (("in falling snow", "as snow falls"), ("飘雪中", "下着雪")),
    "dusk": (("at dusk", "in the dim light of dusk"), ("黄昏时分", "暮色中")),
}
LOOKS = {  # noun with article, how an edit asks for it, Chinese noun
    "watercolour": ("a watercolour painting", "a watercolour", "水彩画"),
    "oil": ("an oil painting", "an oil painting", "油画"),
    "van_gogh": ("a Van Gogh style painting", "a Van Gogh painting", "梵高风格的画"),
    "sketch": ("a pencil sketch", "a pencil sketch", "铅笔素描"),
    "cartoon": ("a cartoon", "a cartoon", "卡通画"),
    "pixel": ("pixel art", "pixel art", "像素画"),
    "ink": ("an ink wash painting", "an ink wash painting", "水墨画"),
    "fairy": ("a glowing fairy-tale scene", "a fairy-tale scene", "童话风格的画面"),
    "mono": ("black and white footage", "a black and white picture", "黑白画面"),
}
TINTS = {  # colours that a whole subject may be given
    "white": ("白色", (245, 245, 245)),
    "black": ("黑色", (36, 36, 40)),
    "red": ("红色", (214, 46, 40)),
    "blue": ("蓝色", (46, 98, 214)),
    "green": ("绿色", (56, 164, 74)),
    "golden": ("金色", (232, 182, 60)),
    "purple": ("紫色", (138, 72, 190)),
    "pink": ("粉色", (244, 150, 190)),
}
