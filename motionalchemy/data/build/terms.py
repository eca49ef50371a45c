"""What the files of the game's art show, in both languages: tables only.

Columns are divided by `|`; the first column is a file's stem, or a word of it, as each table says.
"""


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


# stem of an actor | English | Chinese | its coat in English | in Chinese | where it lives
ANIMALS = {row[0]: row[1:] for row in _rows("""
arctic_wolf | arctic wolf | 北极狼 | white | 白色 | land
wolf | wolf | 狼 ||  | land
bear_black | bear | 熊 | black | 黑色 | land
bear_brown | bear | 熊 | brown | 棕色 | land
bear_white | polar bear | 北极熊 | white | 白色 | land
boar | wild boar | 野猪 | dark brown | 深棕色 | land
bull | bull | 公牛 | black | 黑色 | land
camel | camel | 骆驼 ||  | land
chicken | chicken | 鸡 ||  | land
cow | cow | 母牛 ||  | land
crocodile | crocodile | 鳄鱼 | olive green | 橄榄绿色 | land
crow | crow | 乌鸦 | black | 黑色 | bird
deer | deer | 鹿 ||  | land
donkey | donkey | 驴 | grey | 灰色 | land
elephant_african_baby | baby elephant | 小象 | grey | 灰色 | land
elephant_african_bush | African elephant | 非洲象 | grey | 灰色 | land
elephant_african_forest | African elephant | 非洲象 | grey | 灰色 | land
elephant_asian | Asian elephant | 亚洲象 | grey | 灰色 | land
fish_single | fish | 鱼 | silver | 银色 | water
fox_arctic | arctic fox | 北极狐 | white | 白色 | land
fox_red | fox | 狐狸 | red | 红色 | land
gazelle | gazelle | 瞪羚 | tan | 浅棕色 | land
giraffe_adult | giraffe | 长颈鹿 ||  | land
giraffe_baby | baby giraffe | 小长颈鹿 | spotted | 带斑纹 | land
goat | goat | 山羊 ||  | land
hawk | hawk | 鹰 | brown | 棕色 | bird
hippopotamus | hippopotamus | 河马 ||  | land
horse | horse | 马 ||  | land
horse_bay_01 | horse | 马 | chestnut brown | 栗棕色 | land
horse_celtic | horse | 马 ||  | land
horse_persian | horse | 马 ||  | land
horse_breed | horse | 马 ||  | land
horse_tessalian | horse | 马 ||  | land
horse_bay_02 | horse | 马 | dark brown | 深棕色 | land
horse_dark_chestnut | horse | 马 | dark brown | 深棕色 | land
horse_beige | horse | 马 | tan | 浅棕色 | land
horse_black | horse | 马 | black | 黑色 | land
horse_pure_black | horse | 马 | black | 黑色 | land
horse_fading_black | horse | 马 | black | 黑色 | land
horse_brown | horse | 马 | dark reddish brown | 深红棕色 | land
horse_cherrybay | horse | 马 | reddish brown | 红棕色 | land
horse_brown_spotted_01 | horse | 马 | grey-brown | 灰棕色 | land
horse_chestnut_01 | horse | 马 | copper red | 铜红色 | land
horse_palomino_01 | horse | 马 | copper red | 铜红色 | land
horse_chestnut_02 | horse | 马 | golden | 金色 | land
horse_palomino_02 | horse | 马 | golden | 金色 | land
horse_cream_spotted_01 | horse | 马 | pale beige | 浅米色 | land
horse_cream_spotted_02 | horse | 马 | mottled grey-brown | 灰棕色带斑点 | land
horse_gray | horse | 马 | light grey | 浅灰色 | land
horse_halflinger | horse | 马 | light brown | 浅棕色 | land
horse_marwari | horse | 马 ||  | land
horse_lusitano | horse | 马 ||  | land
horse_lusitano_01 | horse | 马 | dark grey | 深灰色 | land
horse_lusitano_02 | horse | 马 | dark grey | 深灰色 | land
horse_skewbald | horse | 马 | dark brown and white | 棕白花斑 | land
horse_tan | horse | 马 | orange-brown | 橙棕色 | land
horse_white | horse | 马 | white | 白色 | land
horse_pure_white | horse | 马 | white | 白色 | land
pony | pony | 矮种马 ||  | land
lion | lion | 雄狮 | golden | 金黄色 | land
lioness | lioness | 母狮 | tan | 浅棕色 | land
mastiff | mastiff dog | 獒犬 ||  | land
peacock | peacock | 孔雀 | blue and green | 蓝绿色 | land
pig1 | pig | 猪 ||  | land
pig_flaming | pig | 猪 | pink | 粉色 | land
piglet | piglet | 小猪 ||  | land
rabbit1 | rabbit | 兔子 ||  | land
rhino | rhinoceros | 犀牛 | pale grey | 浅灰色 | land
sanga_cattle | long-horned cow | 长角牛 ||  | land
seagull | seagull | 海鸥 | white | 白色 | bird
shark | shark | 鲨鱼 ||  | water
sheep1 | sheep | 绵羊 | white with a black face | 白身黑脸 | land
sheep3 | sheep | 绵羊 | white with a black face | 白身黑脸 | land
tiger | tiger | 老虎 | striped orange | 橙色条纹 | land
tuna | tuna | 金枪鱼 | silver blue | 银蓝色 | water
whale_fin | fin whale | 长须鲸 | dark grey | 深灰色 | water
wildebeest | wildebeest | 角马 | beige | 米色 | land
zebra | zebra | 斑马 | striped black and white | 黑白条纹 | land
zebra_2 | zebra | 斑马 | striped black and white | 黑白条纹 | land
zebu | zebu | 瘤牛 ||  | land
zebu_wild | zebu | 瘤牛 ||  | land
wolfhound | wolfhound dog | 猎狼犬 ||  | land
war_dog_mastiff_a | war dog | 战犬 ||  | land
war_dog_mastiff_b | war dog | 战犬 ||  | land
war_dog_mastiff_e | war dog | 战犬 ||  | land
""")}  # fmt: skip

# part of a unit's stem | English | Chinese | weapon | mount; the first that fits decides
ROLES = _rows("""
support_elephant | working elephant | 驮象 || elephant
elephantry | war elephant with riders | 载着士兵的战象 || elephant
hero_elephant | war elephant with riders | 载着士兵的战象 || elephant
chariot | war chariot | 战车 || chariot
camel_archer | archer on a camel | 骆驼弓箭手 | bow | camel
camel | rider on a camel | 骑骆驼的人 || camel
cavalry_archer | horse archer | 骑马的弓箭手 | bow | horse
cavalry_crossbowman | crossbow rider on a horse | 骑马的弩手 | crossbow | horse
cavalry_javelinist | javelin rider on a horse | 骑马的标枪手 | javelin | horse
cavalry_spearman | lancer on a horse | 骑马的长矛手 | spear | horse
cavalry_swordsman | swordsman on a horse | 骑马的剑士 | sword | horse
cavalry_axeman | axeman on a horse | 骑马的斧手 | axe | horse
female_citizen | woman | 女子 ||
helot_female | woman | 女子 ||
helot_male | labourer | 劳工 ||
slave | labourer | 劳工 ||
healer | priest | 祭司 ||
minister | court official | 文官 ||
fisherman | fisherman | 渔夫 ||
infantry_archer | archer | 弓箭手 | bow |
infantry_crossbowman | crossbowman | 弩手 | crossbow |
infantry_javelinist | javelin thrower | 标枪兵 | javelin |
infantry_slinger | slinger | 投石兵 | sling |
gladiator_spearman | gladiator | 角斗士 | spear |
gladiator_swordsman | gladiator | 角斗士 | sword |
infantry_spearman | spearman | 长矛兵 | spear |
infantry_pikeman | pikeman | 长枪兵 | pike |
swordsman_f | swordswoman | 女剑士 | sword |
boudicca | swordswoman | 女剑士 | sword |
infantry_swordsman | swordsman | 剑士 | sword |
infantry_axeman | axeman | 斧兵 | axe |
infantry_maceman | mace fighter | 锤兵 | mace |
infantry_halberdman | halberdier | 戟兵 | halberd |
hero_infantry | general | 将领 | sword |
""")

# folder | English | Chinese
PEOPLES = {row[0]: row[1:] for row in _rows("""
han | Han Chinese | 汉朝
persians | Persian | 波斯
ptolemies | Ptolemaic Egyptian | 托勒密埃及
romans | Roman | 罗马
carthaginians | Carthaginian | 迦太基
kushites | Kushite | 库施
mauryas | Mauryan Indian | 孔雀王朝印度
macedonians | Macedonian | 马其顿
seleucids | Seleucid | 塞琉古
athenians | Athenian | 雅典
iberians | Iberian | 伊比利亚
britons | Briton | 不列颠
gauls | Gallic | 高卢
spartans | Spartan | 斯巴达
hellenes | Greek | 希腊
celts | Celtic | 凯尔特
thebans | Theban | 底比斯
""")}  # fmt: skip

# part of a prop's name | English | Chinese: what a person visibly wears or holds
WEAR = _rows("""
helmet | helmet | 头盔
shield | shield | 盾牌
cape | cape | 披风
hat | hat | 帽子
quiver | quiver | 箭袋
basket | basket | 篮子
sword | sword | 剑
spear | spear | 长矛
bow_ | bow | 弓
axe | axe | 斧头
hoe | hoe | 锄头
pick | pickaxe | 镐
""")

# colour of the clothing | Chinese | red, green, blue
TEAMS = _rows("""
red | 红色 | 0.75 0.12 0.1
blue | 蓝色 | 0.12 0.25 0.75
green | 绿色 | 0.1 0.5 0.15
yellow | 黄色 | 0.9 0.75 0.1
purple | 紫色 | 0.45 0.15 0.6
orange | 橙色 | 0.9 0.45 0.08
teal | 青色 | 0.1 0.6 0.6
white | 白色 | 0.92 0.92 0.9
""")

# how a subject is seen, from the front on in steps of 45 degrees
VIEWS = _rows("""
facing the camera | 面朝镜头
facing left and towards the camera | 朝左并略向镜头
facing left | 面朝左侧
facing left and away from the camera | 朝左并略背对镜头
seen from behind | 背对镜头
facing right and away from the camera | 朝右并略背对镜头
facing right | 面朝右侧
facing right and towards the camera | 朝右并略向镜头
""")

# part of an object's stem, at the start of a word | English | Chinese; the first that fits decides
OBJECTS = _rows("""
wooden_tower | wooden watchtower | 木制瞭望塔
fire | fire ship | 火船
palm | palm tree | 棕榈树
bamboo | bamboo | 竹子
baobab | baobab tree | 猴面包树
acacia | acacia tree | 金合欢树
banana | banana plant | 香蕉树
apple_bloom | blossoming apple tree | 开花的苹果树
apple | apple tree | 苹果树
cherry | cherry tree | 樱花树
cedar | cedar tree | 雪松
cypress | cypress tree | 柏树
oak_dead | bare oak tree | 枯橡树
oak | oak tree | 橡树
olive | olive tree | 橄榄树
fig | fig tree | 无花果树
carob | carob tree | 角豆树
fir_tree_winter | snowy fir tree | 积雪的冷杉
fir | fir tree | 冷杉
snow_pine | snowy pine tree | 积雪的松树
pine | pine tree | 松树
poplar | poplar tree | 杨树
birch | birch tree | 桦树
beech | beech tree | 山毛榉树
maple | maple tree | 枫树
willow | willow tree | 柳树
elm | elm tree | 榆树
banyan | banyan tree | 榕树
mangrove | mangrove tree | 红树
teak | teak tree | 柚木树
tamarix | tamarisk tree | 柽柳
juniper | juniper bush | 刺柏丛
lavender | lavender bush | 薰衣草丛
poppy | poppy bush | 罂粟花丛
tree_dead | dead tree | 枯树
dead_a | dead tree | 枯树
tree | tree | 树
berr | berry bush | 浆果丛
bush | bush | 灌木丛
fern | ferns | 蕨类植物
reeds | reeds | 芦苇
papyrus | papyrus | 纸莎草
lil | water lilies | 睡莲
grass | tuft of grass | 草丛
plant | plant | 植物
shrub | shrub | 灌木
cattails | cattails | 香蒲
metal | metal ore rock | 金属矿石
stone_pile | pile of stones | 石堆
stonemine | stone quarry rock | 采石岩块
stone | stone boulder | 巨石
highland | rock | 岩石
rock | rock | 岩石
snow1 | snowy rock | 积雪岩石
snow2 | snowy rock | 积雪岩石
shoreline | shore rocks | 岸边岩石
snowman | snowman | 雪人
iceberg | iceberg | 冰山
amphora | clay amphorae | 陶罐
anvil | anvil | 铁砧
barrel | barrel | 木桶
basket | basket | 篮子
bench | bench | 长凳
block | stone blocks | 石块
box_pile | pile of boxes | 一堆箱子
box | box | 箱子
brick_pile | pile of bricks | 砖堆
campfire | campfire | 篝火堆
column | stone column | 石柱
crate | wooden crates | 木箱
sack | sack | 麻袋
handcart | handcart | 手推车
wooden_cart | wooden cart | 木车
hay_cart | hay cart | 干草车
hay | hay bale | 干草堆
obelisk | obelisk | 方尖碑
sphynx | sphinx statue | 狮身人面像
statue | statue | 雕像
table | table | 桌子
vase | vase | 花瓶
treasure | treasure pile | 财宝堆
well_ | stone well | 石井
wood | wood pile | 木柴堆
sword_rack | sword rack | 剑架
standing_stones | standing stones | 巨石阵
shipwreck | shipwreck | 沉船残骸
chariot | chariot | 战车
fence | fence | 围栏
plank | wooden planks | 木板堆
produce | produce bins | 货箱
longship | longship | 长船
trireme | trireme galley | 三列桨战船
bireme | bireme galley | 双列桨战船
quinquereme | large war galley | 五列桨战船
pentekonter | galley | 桨帆船
towership | tower ship | 楼船
fire | fire ship | 火船
fishing | fishing boat | 渔船
fishship | fishing boat | 渔船
merchant | merchant ship | 商船
warship | warship | 战船
skiff | small boat | 小船
rowboat | rowing boat | 划艇
siege_ram | battering ram | 攻城锤
siege_tower | siege tower | 攻城塔
lithobolos | stone-throwing catapult | 投石机
oxybeles | bolt thrower | 弩炮
ballista_tower | artillery tower | 炮塔
ballista | ballista | 弩炮
onager | onager catapult | 投石车
mangonel | mangonel | 投石车
scorpio | scorpion bolt thrower | 蝎弩
polybolos | repeating ballista | 连弩炮
siege_rock | catapult | 投石机
siege_spear | bolt thrower | 弩炮
barracks | barracks | 兵营
temple | temple | 神庙
storehouse | storehouse | 仓库
stable_elephant | elephant stable | 象厩
stable | stable | 马厩
house | house | 房屋
fortress | fortress | 堡垒
farmstead | farmstead | 农庄
dock | dock | 码头
range | archery range | 靶场
market | market | 市场
workshop | workshop | 工坊
arsenal | arsenal | 军械库
wall_tower | wall tower | 城墙塔楼
wall_gate | city gate | 城门
wall_ | stretch of city wall | 一段城墙
blacksmith | blacksmith | 铁匠铺
forge | forge | 铁匠铺
corral | corral | 畜栏
outpost | outpost | 哨站
tower | tower | 塔楼
civic_cent | town hall | 市政中心
civil_cent | town hall | 市政中心
theater | theatre | 剧场
amphitheater | amphitheatre | 圆形剧场
gymnasium | gymnasium | 体育馆
library | library | 图书馆
lighthouse | lighthouse | 灯塔
palace | palace | 宫殿
apadana | columned palace | 柱厅宫殿
pyramid | pyramid | 金字塔
pagoda | pagoda | 宝塔
academy | academy | 学宫
shrine | shrine | 神龛
ministry | ministry hall | 官署
court | imperial court | 宫廷
wonder | grand monument | 宏伟的奇观
triumphal_arch | triumphal arch | 凯旋门
pantheon | domed temple | 万神殿
tent | tent | 帐篷
hut | hut | 小屋
longhouse | longhouse | 长屋
kennel | kennel | 犬舍
stoa | stoa | 柱廊
mausoleum | mausoleum | 陵墓
tavern | tavern | 酒馆
stall | market stall | 货摊
palisade | wooden palisade | 木栅栏
gravestone | gravestone | 墓碑
monument | monument | 纪念碑
propylaea | gateway | 山门
prytaneion | council hall | 议事厅
syssiton | mess hall | 公共食堂
camp | army camp | 军营
colony | military colony | 军事殖民地
ice_house | ice house | 冰屋
hall | hall | 大厅
gardens | hanging gardens | 空中花园
""")
