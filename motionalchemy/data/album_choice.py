"""Which sprites an album takes and how they stand there, by eye; and what else its subjects are called."""

# group: where its sprites face, whether they stand on something, whether the whole of each is seen
ROWS: tuple[tuple[str, str | None, bool, bool], ...] = (
    ("goes", "left", True, True),
    ("stands", None, True, True),
    ("flies", "left", False, True),
    ("hangs", None, False, True),
    ("head", None, True, False),
)
SPRITES: dict[str, str] = {
    "goes": (
        "rat|mouse|ox|water buffalo|cow|leopard|rabbit|black cat|cat|dragon|snail|snake|horse|ram|goat|ewe"
        "|rooster|service dog|dog|pig|elephant|ant|turtle|baby chick|black bird|bird|poodle|camel"
        "|two-hump camel|chipmunk|deer|gorilla|lizard|rhinoceros|zebra|hedgehog|T-Rex|kangaroo|llama"
        "|hippopotamus|parrot|badger|swan|mammoth|dodo|otter|skunk|flamingo|beaver|seal|guide dog|goose"
        "|donkey|person walking|woman walking|man walking|person running|woman running|man running"
        "|person kneeling|horse racing|skier|snowboarder|person surfing|person rowing boat|automobile|taxi"
        "|bus|minibus|trolleybus|ambulance|fire engine|sport utility vehicle|delivery truck|pickup truck"
        "|tractor|racing car|motorcycle|motor scooter|kick scooter|bicycle|auto rickshaw|locomotive"
        "|bullet train|sailboat|ship|passenger ship|speedboat|motor boat|canoe|sled|carousel horse|moai"
        "|skateboard|roller skate|running shoe|manual wheelchair|person in manual wheelchair|hiking boot"
        "|moose"
    ),
    "stands": (
        "crocodile|octopus|hatching chick|penguin|peacock|sloth|worm|teddy bear|snowman|snowman without snow"
        "|mermaid|merman|person standing|woman standing|man standing|woman dancing|man dancing|person fencing"
        "|person juggling|person cartwheeling|person golfing|people with bunny ears|person climbing|tram car"
        "|railway car|train|metro|tram|oncoming automobile|oncoming bus|house|house with garden"
        "|derelict house|castle|church|tent|hut|volcano|fountain|Statue of Liberty|Tokyo tower|mount fuji"
        "|mosque|synagogue|hindu temple|shinto shrine|classical building|office building|post office|hospital"
        "|bank|hotel|school|factory|stadium|convenience store|department store|Japanese castle|ferris wheel"
        "|roller coaster|circus tent|mountain|snow-capped mountain|evergreen tree|deciduous tree|palm tree"
        "|cactus|tulip|cherry blossom|rose|hibiscus|sunflower|blossom|mushroom|potted plant|seedling|lotus"
        "|coral|hyacinth|shamrock|four leaf clover|ear of corn|sheaf of rice|herb|maple leaf|Christmas tree"
        "|bouquet|tanabata tree|tomato|eggplant|grapes|melon|watermelon|tangerine|lemon|banana|pineapple"
        "|mango|red apple|green apple|pear|peach|cherries|strawberry|blueberries|kiwi fruit|coconut|avocado"
        "|potato|carrot|hot pepper|cucumber|broccoli|garlic|onion|peanuts|chestnut|bread|croissant"
        "|baguette bread|pretzel|bagel|pancakes|waffle|cheese wedge|hamburger|french fries|pizza|hot dog"
        "|sandwich|taco|burrito|egg|cooking|popcorn|canned food|bento box|rice ball|sushi|dumpling|moon cake"
        "|soft ice cream|ice cream|doughnut|cookie|birthday cake|shortcake|cupcake|pie|chocolate bar|candy"
        "|lollipop|honey pot|baby bottle|glass of milk|hot beverage|teapot|wine glass|beer mug|bubble tea"
        "|amphora|crown|top hat|umbrella|glasses|backpack|handbag|luggage|dress|t-shirt|jeans|kimono|coat"
        "|ring|gem stone|guitar|violin|trumpet|saxophone|drum|long drum|accordion|banjo|musical keyboard"
        "|microphone|radio|television|camera|video camera|telephone|mobile phone|laptop|desktop computer"
        "|keyboard|computer mouse|alarm clock|hourglass done|watch|candle|light bulb|flashlight"
        "|red paper lantern|books|open book|closed book|scroll|newspaper|pencil|paintbrush|scissors|key"
        "|hammer|axe|pick|dagger|crossed swords|shield|anchor|gear|chains|magnet|ladder|toolbox|microscope"
        "|telescope|test tube|satellite antenna|syringe|door|bed|couch and lamp|chair|toilet|bathtub"
        "|shopping cart|bucket|basket|broom|soap|wrapped gift|trophy|sports medal|money bag|coin|credit card"
        "|package|envelope|postbox|soccer ball|basketball|baseball|american football|volleyball|tennis"
        "|bowling|boxing glove|game die|chess pawn|puzzle piece|nesting dolls|slot machine|video game"
        "|joystick|crystal ball|magic wand|artist palette|bell|bomb|firecracker|rock|brick|wood|oil drum"
        "|fuel pump|wheel|headstone|coffin|mirror ball|desert island|fire extinguisher|pile of poo"
        "|spiral shell|nest with eggs"
    ),
    "flies": ("whale|spouting whale|fish|blowfish|dolphin|shark|shrimp|honeybee|mosquito|eagle|dove|fairy|rocket"),
    "hangs": (
        "squid|jellyfish|butterfly|bat|lady beetle|beetle|cockroach|scorpion|ghost|airplane|small airplane"
        "|satellite|flying saucer|balloon|kite|parachute|mountain cableway|sun|cloud|crescent moon|full moon"
        "|star|glowing star|shooting star|ringed planet|comet|globe showing Americas"
        "|globe showing Asia-Australia|snowflake|red heart|feather|leaf fluttering in wind|tornado|sparkles"
        "|bubbles|wing|cloud with lightning|cloud with rain|boomerang|flying disc|musical note"
        "|person in suit levitating|fireworks|dna"
    ),
    "head": (
        "chicken|koala|frog|hamster|wolf|polar bear|panda|lion|fox|raccoon|robot|alien|alien monster|ogre"
        "|goblin|skull|troll|genie|zombie|vampire|mage|woman mage|elf|superhero|woman superhero|supervillain"
        "|ninja|prince|princess|Santa Claus|Mrs. Claus|astronaut|man astronaut|woman astronaut|firefighter"
        "|police officer|woman police officer|construction worker|farmer|student|singer|artist|teacher"
        "|technologist|mechanic|scientist|health worker|judge|pilot|guard|detective|child|boy|girl|baby"
        "|older person|old man|old woman|person with crown|pregnant woman|man: beard|woman: blond hair"
        "|woman with headscarf|person wearing turban|person with skullcap|see-no-evil monkey|sun with face"
        "|dog face|cat face|tiger face|horse face|pig face|rabbit face|mouse face|monkey face|clown face"
        "|joker|baby angel"
    ),
}
RIGHT = frozenset(("black bird",))  # sprites of `goes` and `flies` that face right
# subject: other names, English and Chinese
ALIASES: dict[str, tuple[str, str]] = {
    "labourer": ("man|person|worker|guy|human|peasant", "男人|男子|男性|人|工人|农夫|农民|男士"),
    "woman": ("lady", "女人|女士|女性|妇女|姑娘|女孩子"),
    "swordsman": ("soldier|warrior|fighter", "士兵|战士|武士|士卒|勇士"),
    "spearman": ("soldier|warrior|spear man|guardsman", "士兵|战士|枪兵"),
    "archer": ("bowman", "射手|弓手"),
    "javelin thrower": ("javelin man", "投矛手|标枪手"),
    "slinger": ("", "投石手"),
    "swordsman on a horse": (
        "rider|horseman|cavalryman|knight on a horse|man on a horse|person on a horse|horse rider|knight",
        "骑手|骑兵|骑马的人|骑马的士兵|骑马的骑士|骑马的男人|骑士",
    ),
    "lancer on a horse": (
        "rider|horseman|lancer|cavalryman|knight on horseback|horse rider|knight",
        "骑手|骑兵|骑马的人|枪骑兵|骑士",
    ),
    "horse archer": ("mounted archer|archer on a horse", "骑射手|骑马射手"),
    "rider on a camel": ("camel rider", "骆驼骑手|骑骆驼的人"),
    "war chariot": ("chariot", "马车"),
    "war elephant with riders": ("war elephant", "战象"),
    "mastiff dog": ("dog|hound", "狗|犬|小狗|大狗"),
    "wolfhound dog": ("dog|hound|puppy", "狗|犬"),
    "war dog": ("dog|hound", "狗|犬"),
    "dog": ("puppy|doggy", "小狗|狗狗|幼犬"),
    "cat": ("kitten|kitty|tabby", "小猫|猫咪|猫儿"),
    "black cat": ("", "黑猫"),
    "African elephant": ("elephant", "大象|象"),
    "Asian elephant": ("elephant", "大象|象"),
    "horse": ("steed|stallion|mare|foal", "马匹|骏马|马儿|小马"),
    "pony": ("", "小马|马驹"),
    "lion": ("", "狮子|雄狮"),
    "lioness": ("", "母狮子"),
    "bear": ("", "狗熊"),
    "polar bear": ("white bear", "白熊"),
    "wolf": ("", "野狼|大灰狼"),
    "arctic wolf": ("white wolf|wolf", "白狼|雪狼|狼"),
    "water buffalo": ("buffalo", ""),
    "musical keyboard": ("piano", "钢琴"),
    "church": ("cathedral|chapel", "大教堂"),
    "rabbit": ("hare|bunny", "兔|野兔|小兔子|小兔|白兔"),
    "deer": ("stag|doe", "小鹿|梅花鹿"),
    "gazelle": ("antelope", "羚羊"),
    "bull": ("ox|cattle", "牛|黄牛"),
    "cow": ("cattle", "牛|奶牛"),
    "zebu": ("", "牛"),
    "sheep": ("lamb", "羊|小羊|羊羔"),
    "pig": ("hog|swine", "猪猪|小猪"),
    "wild boar": ("boar", "野猪"),
    "chicken": ("hen", "母鸡|小鸡"),
    "rooster": ("cock|cockerel", "雄鸡|公鸡"),
    "crow": ("raven", "乌鸦|渡鸦"),
    "hawk": ("falcon", "老鹰|猎鹰|隼"),
    "eagle": ("", "雄鹰"),
    "bird": ("", "小鸟|鸟儿"),
    "crocodile": ("alligator", "鳄"),
    "hippopotamus": ("hippo", ""),
    "rhinoceros": ("rhino", ""),
    "fin whale": ("whale", "鲸鱼|鲸"),
    "giraffe": ("", "长颈鹿"),
    "baby giraffe": ("young giraffe", "幼年长颈鹿"),
    "fox": ("", "狐狸|小狐狸"),
    "panda": ("", "大熊猫"),
    "T-Rex": ("dinosaur|tyrannosaurus|trex", "恐龙|霸王龙"),
    "dragon": ("", "中国龙|巨龙|飞龙"),
    "automobile": ("car|red car", "车|小汽车|轿车|小车|跑车"),
    "motorcycle": ("motorbike", ""),
    "bicycle": ("bike", "单车"),
    "airplane": ("plane|aeroplane|jet|aircraft|airliner", "客机"),
    "fire engine": ("fire truck", ""),
    "delivery truck": ("truck|lorry|van", "卡车"),
    "locomotive": ("steam train|steam engine", "蒸汽火车|火车头"),
    "bullet train": ("", "高铁|动车"),
    "train": ("", "列车"),
    "rocket": ("spaceship|spacecraft", "飞船|宇宙飞船"),
    "flying saucer": ("ufo", "不明飞行物"),
    "sailboat": ("sailing boat|yacht", "帆船"),
    "speedboat": ("boat", "船|小船"),
    "warship": ("war ship", "军舰"),
    "robot": ("android", "机器人"),
    "astronaut": ("spaceman|cosmonaut", "太空人"),
    "mage": ("wizard|magician|sorcerer", "魔法师|巫师"),
    "woman mage": ("witch|sorceress", "女巫"),
    "police officer": ("policeman|cop", "警察|民警"),
    "health worker": ("doctor|physician|nurse", "医生|护士|大夫"),
    "person with crown": ("king|queen", "国王|女王|皇帝"),
    "child": ("kid", "小孩|孩子|小朋友"),
    "boy": ("", "男孩|小男孩"),
    "girl": ("", "女孩|小女孩"),
    "old man": ("grandfather|elderly man", "老人|老爷爷|老头"),
    "old woman": ("grandmother|elderly woman", "老奶奶|老太太"),
    "woman dancing": ("dancer|dancing woman", "舞者|跳舞的女人"),
    "person walking": ("pedestrian", "行人"),
    "person running": ("runner|jogger", "跑步者|跑者"),
    "person surfing": ("surfer", "冲浪者"),
    "deciduous tree": ("", "树|大树"),
    "evergreen tree": ("spruce", "松树"),
    "blossom": ("flower", "花|花朵|小花"),
    "rose": ("", "玫瑰花|红玫瑰"),
    "full moon": ("moon", "月亮"),
    "red apple": ("apple", "苹果"),
    "tangerine": ("orange|mandarin", "橘子|橙子"),
    "soccer ball": ("ball|football", "球|皮球"),
    "alarm clock": ("clock", "时钟"),
    "closed book": ("book", "书|书本"),
    "couch and lamp": ("sofa|couch", "沙发"),
    "red heart": ("heart", "爱心"),
    "gem stone": ("diamond|gem", "钻石|宝石"),
    "globe showing Americas": ("globe|planet earth", "地球"),
    "ringed planet": ("saturn|planet", "土星|行星"),
    "teddy bear": ("toy bear", "玩具熊"),
    "wrapped gift": ("gift|present", "礼物"),
    "birthday cake": ("cake", "蛋糕"),
    "crossed swords": ("sword", "剑|宝剑"),
    "ghost": ("", "幽灵|鬼"),
    "mobile phone": ("phone|smartphone", "手机"),
    "honeybee": ("bee|bumblebee", "蜜蜂"),
    "lady beetle": ("ladybug|ladybird", "瓢虫"),
    "parrot": ("", "鹦鹉"),
    "swan": ("", "天鹅"),
    "goose": ("", "鹅"),
    "hamburger": ("burger", "汉堡"),
    "doughnut": ("donut", "甜甜圈"),
    "two-hump camel": ("bactrian camel", "双峰骆驼"),
    "camel": ("dromedary", "骆驼"),
    "ewe": ("", "绵羊"),
    "monkey face": ("monkey", "猴子"),
    "tiger face": ("tiger", "老虎"),
}
