"""The words of camera moves, English and Chinese: which of them mean which move, which way, how far and how fast.

Patterns are for small letters with single spaces (`lexicon.normalised`). The first of SAID that is found in a phrase names
its move, so what is special stands before what is general.
"""

import re

WAYS = {
    "left": re.compile(r"\bleft(?:wards?)?\b|左"),
    "right": re.compile(r"\bright(?:wards?)?\b|右"),
    "up": re.compile(
        r"\b(?:up(?:wards?)?|higher|rises?|rising|rose|ascend\w*|lift\w*|rais\w+|climb\w*|skyward)\b|[上升抬仰]"
    ),
    "down": re.compile(
        r"\b(?:down(?:wards?)?|lower\w*|descend\w*|sink\w*|drop\w*)\b"
        r"|下|降|俯(?!拍|视|冲)"
    ),
    "out": re.compile(
        r"\b(?:out|back(?:wards?)?|away|wider|reveal\w*|retreat\w*|reced\w*|withdraw\w*|far(?:ther|ther))\b"
        r"|[远后退缩]|拉(?:开|出|$)"
    ),
    "near": re.compile(r"\b(?:foreground|front|near\w*|close\w*)\b|前景|近处"),
    "far": re.compile(r"\b(?:background|distan\w+|behind|horizon|far)\b|背景|远处|后景"),
    "counter": re.compile(r"\b(?:counter|anti)[ -]?clockwise\b|逆时针"),
    "clockwise": re.compile(r"(?<!counter)(?<!anti)(?<!-)(?<!r )(?<!i )\bclockwise\b|顺时针"),
}

_GO = (
    r"(?:mov(?:e|es|ing|ed)|glid\w+|travel\w*|creep\w*|drift\w*|go(?:es|ing)?|inch\w*|rush\w*|slid\w+|float\w*"
    r"|step\w*"
    r"|com(?:e|es|ing)|walk\w*|sweep\w*|track\w*|shift\w*|eas(?:e|es|ing)|run\w*|charg\w+|driv\w+)"
)
_FLY = r"(?:fl(?:y|ies|ying|ew)|soar\w*|swoop\w*|hover\w*)"
_IN = r"(?:in|into|closer|nearer|forwards?|towards?|through|ahead|inside|up to|up close)"

SAID = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("static", r"\b(?:static|fixed|still|stands?|stationary|unmoving|motionless|locked|tripod)\b"
                   r"|\b(?:does not|doesn't|don't|do not|without|not|no|never) (?:mov\w+|camera|shak\w+)"
                   r"|\b(?:hold(?:s|ing)?|is|stays?) (?:still|steady)\b"
                   r"|\b(?:stays?|remains?) (?:still|fixed|put|in place|where)\b|固定|不动|静止|定住"),
        ("dolly zoom", r"\b(?:dolly[ -]?zoom|zolly|vertigo|hitchcock|trombone)|希区柯克|滑动变焦|推轨变焦|眩晕"),
        ("rack focus", r"\brack\w*(?: the)? focus|\bfocus (?:pull|rack|shift)|\b(?:pull|shift|chang|mov"
            r"|switch)\w* (?:the )?focus"
                       r"|\brefocus|\bfocus\w* (?:shifts?|racks?|moves?|changes?|goes|on|to|from)\b|\bfocus(?:es"
                       r"|ing)\b|移焦|焦点|对焦|虚焦|跟焦"),
        ("whip pan", r"\b(?:whip|swish|snap)(?:s|ping)?[ -]?pan|\bwhips? (?:to|left|right|around)|甩"),
        ("handheld", r"\bhand-?held\b|\bshak(?:y|es?|ing)\b|\bwobbl|\bjitter|\btrembl|\bjolt|手持|晃|抖|颤"),
        ("orbit", r"\b(?:orbit|circl|revolv)\w*|\barc(?:s|ing|ed)?\b|\b(?:mov|go|turn|travel|swing|rotat|spin"
            r"|glid|sweep|fl|walk|track|pan)\w*"
                  r"(?: \w+){0,3}? around (?!(?:and|slowly|,)|$)|\baround (?:the|a|him|her|it|them)\b|\b360\b"
                  r"|环绕|围绕|绕|环拍|环摇"),
        ("unknown", r"\bbullet[ -]time|\btime[ -]slice|\bsplit[ -]screen|子弹时间|分屏"),
        ("roll", r"\bdutch\b"),
        ("cut", r"\b(?:cuts?|switch\w*|jump\w*|cross-?fad\w+|fades?) (?:to|back|in|out|into)\b|切换|切到|切至|转场"),
        ("pull", r"\bpull\w*\b.{0,24}?\b(?:back|out|away)|\b(?:retreat|reced|withdraw)\w*|拉远|后拉|拉出|拉开"
            r"|后退|退后|[向往]后|远离"),
        ("zoom", r"\bzoom\w*|放大|缩小|变焦|拉近|聚焦"),
        ("fly", rf"\b{_FLY}\b|\bfly-?(?:over|through|by)\b|\bdiv(?:es?|ing)\b|\bdrone\b|\baerial\b|\bfpv\b"
            rf"|\bhelicopter\b|航拍|无人机|飞|俯冲"),
        ("follow", r"\bfollow|\bkeeps? (?:pace|up)|\bchas\w+|\btrack(?:s|ing)?(?= (?:the|a|him|her|it|them|shot"
            r"|with|alongside|along)\b|$)"
                   r"|\bsteadicam|跟随|跟拍|跟着|追随|跟踪|尾随"),
        ("tilt", r"\btilt\w*|\blook\w* (?:straight )?(?:up|down)|[上下]摇|摇[上下]|[向往朝][上下](?:慢慢|缓缓"
            r"|缓慢|快速)?(?:地)?摇|仰起|抬头|上仰|下俯|俯仰"),
        ("push", rf"\bpush\w*(?= (?:\w+ ){{0,3}}?{_IN}\b|$)|\bpush\w* (?:slowly|gently)|\b(?:approach|advanc)\w*"
                 rf"|\b{_GO}(?: \w+){{0,2}}? {_IN}\b|\bdoll(?:y|ies|ying|ied)(?: \w+)? {_IN}\b|推|前进|前移"
                 rf"|[向往]前|靠近|逼近|接近|穿过|穿越|深入|走近"),
        ("back", rf"\b{_GO}(?: \w+){{0,2}}? (?:back(?:wards?)?|away|out)\b|\bdoll\w+(?: \w+)? (?:out|back\w*"
            rf"|away)\b"),
        ("pan", r"\bpan(?:s|ning|ned)?\b|\b(?:turn|swivel|look|sweep|swing|rotat)\w*(?: \w+)? (?:to (?:the"
            r"|its) )?(?:left|right)\b"
                r"|摇|[左右]转|转[向到][左右]"),
        ("pedestal", rf"\b(?:crane|craning|boom|jib|pedestal)\w*|\b(?:ris(?:e|es|ing)|rose|ascend\w*|descend\w*"
            rf"|lower\w*|lift\w*"
                     rf"|climb\w*|drop\w*|sink\w*|elevat\w*|rais\w+)\b|\b{_GO}(?: \w+){{0,2}}? (?:up"
                     rf"|down)(?:wards?)?\b|升|降|[上下]移"
                     r"|[向往朝][上下](?:\w{0,4})?移"),
        ("truck", rf"\btruck\w*|\bdoll\w+|\bscroll\w*|\b{_GO}(?: \w+){{0,3}}? (?:left|right|sideways|laterally"
            rf"|across|along|past)\b"
                  r"|平移|横移|移"),
        ("roll", r"\broll\w*|\b(?:rotat|spin|twist|turn)\w*|\bdutch\b|旋转|滚转|翻转|翻滚|倾斜|转"),
        ("view", r"\b(?:low|high|eye)[ -](?:angle|level)|\btop[ -]?down\b|\boverhead\b|\bbird'?s[ -]eye"
            r"|\bover the shoulder\b|\bclose[ -]?up\b"
                 r"|\b(?:wide|long|medium|full|establishing|macro)(?: angle)? shot|俯拍|仰拍|俯视|仰视|鸟瞰|平视"
                 r"|特写|全景|近景|远景|中景|第一人称|主观视角"),
    )
)  # fmt: skip

_SLOWLY = (
    r"(?:(?:very|really|quite|just|then|and|with|in|plus|finally|first|next|a|an|the|one|some|slow(?:ly)?"
    r"|gentl[ey]|gradual(?:ly)?|smooth(?:ly)?"
    r"|stead(?:y|ily)|subtl[ey]|slight(?:ly)?|soft(?:ly)?|fast|quick(?:ly)?|rapid(?:ly)?|swift(?:ly)?"
    r"|sudden(?:ly)?|dramatic(?:ally)?"
    r"|cinematic|continuous|constant|long|short|big|small|wide|tight|calm|sweeping|leisurely|simple|beautiful"
    r"|crash|snap|epic|low|high"
    r"|perfect|tiny|shaky|moving|little|camera|shot|a bit of|nice|super|extreme|hard|lateral|horizontal|vertical"
    r"|parallax),? )*"
)
_LEFT = r"(?:to (?:the |its )?)?(?:left|right)(?:wards?)?(?: to (?:left|right))?"
_DEED = (
    r"dolly[ -]?zoom|zolly|(?:vertigo|hitchcock)[ -](?:effect|zoom|shot)|rack(?:ing)?[ -](?:the )?focus"
    r"|focus[ -](?:pull|rack)s?"
    r"|pull(?:s|ing)? focus|whip[ -]?pans?|swish[ -]pan|zoom(?:s|ing)?[ -](?:in|out|on|onto|to|into|towards?"
    r"|back)\b(?! (?:and out of|the car))"
    r"|push(?:es|ing)?[ -](?:in\b(?! (?:the|a|an|his|her|my|their|its) )|(?:closer|forwards?|towards)\b)"
    r"|pull(?:s|ing)?[ -](?:back|out|away)\b(?! (?:the|a|an|his|her|my|their|its|on) )"
    r"|doll(?:y|ying|ies)(?= (?:in|out|forwards?|back\w*|left|right|to|towards?|through|shot|move|away|along"
    r"|past)\b|$)"
    r"|truck(?:s|ing)?(?= (?:left|right|to the (?:left|right))(?: |$)| shot)"
    rf"|(?:crane|jib|boom|pedestal)(?:s|ing)? (?:up|down|shot|move)\b|pan(?:s|ning)?(?= {_LEFT}(?: |$)| (?:shot"
    rf"|across|up|down|around|from)\b|$)"
    r"|tilt(?:s|ing)?(?= (?:up|down)(?:wards?)?\b(?! (?:the|a|his|her|my|their|its) )| shot)"
    r"|(?:orbit|arc)(?:s|ing)?(?= (?:shot|left|right|around|clockwise|counter|anti|to the|of|the|about|move)\b"
    r"|$)|circ(?:le|ling) (?:shot|around)"
    r"|360[ -]?(?:degrees?|°)?(?: \w+)? (?:orbit|shot|view|rotation|spin|around|turn)|(?:camera|barrel"
    r"|dutch)[ -](?:roll|tilt|rotation)"
    rf"|roll(?:s|ing)? (?={_LEFT}$|(?:counter|anti)?[ -]?clockwise)|hand-?held\b|shaky[ -]?cam\w*|camera shake"
    r"|(?:drone|fpv|aerial|helicopter)[ -](?:shot|view|footage|flight|video|fly\w*|flies|perspective|camera"
    r"|cinematography|move\w*|clip|pass)"
    r"|aerials?$|fly-?over|fly-?through|fly-?by\b|tracking shot|follow shot|steadicam"
    r"|(?:static|fixed|locked(?:[ -](?:off|down))?|still|stationary)[ -](?:shot|camera|view|frame|tripod)"
    r"|no camera mov\w+|without (?:any )?camera mov\w+"
    r"|(?:low|high)[ -]angle|top[ -]?down (?:shot|view)|bird'?s[ -]eye|over the shoulder"
    r"|(?:extreme )?close[ -]?up(?: shot)?"
    r"|(?:wide|long|medium|full|establishing|macro)(?: angle)? shot|(?:smash |jump |hard )?cut to|bullet[ -]time"
    r"|split[ -]screen"
)  # fmt: skip
_ALONE = (
    r"|pan(?:s|ning)? (?:over|to|towards)\b|zoom(?:s|ing)?$"
    rf"|{_FLY} (?:forwards?|over|through|across|above|backwards?|towards|past|into|up|down|in|out|slowly|low|high)\b"
    r"|circ(?:le|ling) (?:the|a|it|him|her|them)\b|focus (?:on|shifts|moves|changes)\b"
    r"|(?:move|pan|tilt|zoom|push|pull|fly|rotate|roll|turn|swing|raise|lower|shake|orbit|keep|hold"
    r"|crane) (?:the |your )?(?:camera|view|shot)\b"
    r"|(?:rotate|roll|spin|tilt) (?:the )?(?:picture|image|frame|screen)\b|dolly$"
)
BARE = re.compile(rf"(?:while |as )?{_SLOWLY}(?:{_DEED}{_ALONE})")  # of a clause in which nobody is said to do it
ARTICLE = re.compile(
    r"(?:with |in |and )?(?:a|an|the|one|some) pan\b(?! (?:to the )?(?:left|right|shot|across))"
    r"|(?:a|an|the|one|this|that) (?:\w+ )?drone (?!shot|view|footage|flight|video|fly)"
)  # what stands in a kitchen, or is seen to fly
TAIL = re.compile(
    r"(?:^|(?<=\s))(?:(?:and|with|while|as|then|plus) )?(?:(?:the|a|your) )?camera(?! (?:lens|shop|bag|man|crew"
    r"|obscura|strap))(?=\s|$)"
    r"(?<!to the camera)(?<!at the camera)(?<!towards the camera)"
    r"(?<!toward the camera)(?<!from the camera)(?<!a camera)(?<!his camera)"
)  # where a camera begins to do something in the middle of a clause
INSIDE = re.compile(
    rf"(?:^|(?<=\s))(?:(?:and|with|in|then|plus|via|as|while) )(?:{_SLOWLY})(?:{_DEED})"
    rf"|(?:^|(?<=\s))(?:(?:slow|gentle|smooth|subtle|cinematic|dramatic|steady|gradual|slowly|gently|quick|fast) )+"
    r"(?:zoom[ -](?:in|out)|push[ -]in|pull[ -](?:out|back)|dolly (?:in|out|zoom)|pan (?:left|right)|tilt (?:up"
    r"|down)|orbit shot|aerial shot|drone shot)\b"
)  # a move that stands behind something else in a clause

_ZH_SLOWLY = (
    r"(?:然后|接着|随后|最后|再|先|并|同时|慢慢|缓慢|缓缓|徐徐|快速|迅速|飞快|突然|猛地|轻轻|轻微|平稳|稳定|逐渐"
    r"|匀速|稍微|微微|略微|一个|持续|不断|地|的)*"
)
_ZH_WAY = r"(?:从[左右上下前后]?[向往到至]?)?(?:[向往朝][左右上下前后]方?)?(?:慢慢|缓慢|缓缓|快速|迅速|平稳|轻轻)?地?"
BARE_ZH = re.compile(
    rf"^(?:{_ZH_SLOWLY}{_ZH_WAY}(?:推近|推进(?!了)|推镜|前推|拉近|拉远|拉出|拉镜|后拉|拉开(?!了|窗|门|抽屉)|放大"
    rf"|缩小|变焦|希区柯克|滑动变焦|推轨变焦|推拉"
    r"|环绕(?!四周|着他们)|环拍|绕着?.{1,8}(?:转|拍|旋转|一圈)|围绕.{1,8}(?:转|拍|旋转)|航拍|甩镜|手持(?=镜|拍"
    r"|摄|晃|感|$)|跟拍|跟随拍摄|摇镜|移镜|升降|固定机位|固定镜头|移焦"
    r"|对焦|焦点|俯拍|仰拍|鸟瞰|特写|全景|切换|切到|无人机(?!在)|飞越|飞过|第一人称|俯冲|子弹时间|分屏)"
    rf"|{_ZH_SLOWLY}(?:向?[上下左右]摇(?:镜头?)?|[向往][左右上下](?:平移|横移|摇移|摇镜|摇)|平移|横移|左摇|右摇"
    rf"|上摇|下摇)$"
    rf"|{_ZH_SLOWLY}[向往]前飞(?:行|过|越)?|(?:把|将)(?:镜头|画面|视角))"
)
TAIL_ZH = re.compile(
    r"(?<![朝向着对看给面的离近])(?:镜头|摄像机|摄影机|相机(?!里|店)|机位|视角|航拍)"
)  # the same as TAIL
SAYS_CAMERA = re.compile(
    r"\s*(?:while|as|and|with|then|finally|next|first|,)*\s*(?:(?:the|a|your|our) )?(?:\w+ )?(?:camera|cameraman"
    r"|drone shot|lens)\b"
    r"|\s*(?:然后|接着|最后|随后|同时)?(?:镜头|画面|视角|机位|摄像机|摄影机|相机)"
)

CLUTTER = re.compile(
    r"^(?:(?:shot|move|view|footage|flight) of |(?:to )?(?:the )?(?:left|right) |(?:around|alongside|along|over"
    r"|across|past) )+(?:the )?"
)  # before the name of a target
THE_CAMERA = re.compile(r"(?<=\w )(?:the |your )(?:camera|view|shot)\b ?")  # as what is moved
SLOW = re.compile(r"\b(?:slow(?:ly)?|gradual(?:ly)?|gentl[ey]|leisurely|softly|calm(?:ly)?)\b|缓|慢|徐徐|轻轻|逐渐")
QUICK = re.compile(
    r"\b(?:fast|quick(?:ly)?|rapid(?:ly)?|swift(?:ly)?|sudden(?:ly)?|crash|snap|abrupt(?:ly)?)\b|快|迅速|突然|猛|急速"
)
LITTLE = re.compile(r"\b(?:slight(?:ly)?|a (?:little|bit|touch)|subtl[ey]|tiny|small)\b|稍|微|略|一点|一些")
MUCH = re.compile(
    r"\b(?:far|deep(?:ly)?|all the way|dramatic(?:ally)?|big|large|huge|extreme(?:ly)?|a lot|way)\b|大幅|很多|极"
    r"|大大|明显"
)
SMOOTH = re.compile(r"\b(?:smooth(?:ly)?|stead(?:y|ily)|even(?:ly)?|cinematic)\b|平稳|稳定|匀速|平滑")
SUDDEN = re.compile(r"\b(?:sudden(?:ly)?|crash|snap|abrupt(?:ly)?|whip)\b|突然|猛|甩")
DEGREES = re.compile(r"(\d+(?:\.\d+)?)[ -]?(?:°|degrees?\b|deg\b|度)|([一二两三四五六七八九十百]+)度")
TIMES = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:x\b|times\b|×|倍)|\b(?:by )?(twice|double|doubling)\b"
    r"|([一二两三四五六七八九十半]+)倍"
)
PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?(?:%|percent\b|％)")
THEN = re.compile(
    r"\b(?:then|afterwards?|after that|finally|followed by|next|before (?=\w+ing))\b|然后|接着|随后|最后|之后"
    r"|再(?!次|现)"
)
AND = re.compile(
    r"\s*(?:,|\band then\b|\bthen\b|\band\b|\bbefore\b|\bfollowed by\b|然后|接着|随后|最后|并且?|再(?!次|现)|同时)\s*"
)
TARGET = re.compile(
    r"\b(?:in on|on|onto|into|at|towards?|to|around|over|past|through|across|along|above|about|up to|of|orbits?"
    r"|orbiting|circles?"
    r"|circling|approach(?:es|ing)?|follows?|following|tracks|tracking|reveals?) "
    r"((?:the |an? |his |her |its |their |my |this |that )?[\w' -]+?)"
    r"(?= (?:as|while|and|then|from|with|that|who|which|in|at|on|by|for|until|slowly|quickly|before|to|towards)\b|$)"
)
TARGET_ZH = re.compile(
    r"(?:[推拉摇移转飞拍焦甩大近升进]?(?:向|到|至|过|越)|朝着?|对着|对准|对焦|跟随|跟着|跟拍|围绕|环绕|绕着|穿过"
    r"|穿越|沿着|靠近|逼近|放大|特写|俯瞰|聚焦)"
    r"((?!前|后|左|右|上|下|了)[\u4e00-\u9fff]{1,8}?)(?=(?:慢慢|缓缓|缓慢|快速)?地?(?:推|拉|移|转|旋|飞|升|摇|环"
    r"|拍|前|向|的脸上|上升|一圈)|$)"
)
NOWHERE = re.compile(
    r"^(?:the |its )?(?:left|right|sides?|top|bottom|up|down|front|back|foreground|background|distance|camera"
    r"|viewer|reveal.*|show.*|see.*"
    r"|\d.*|in|out|shot|move|clockwise)(?: side)?$|^\S*(?:左|右|镜头|画面|一圈|倍|度|远处|近处|前景|背景)\S*$"
)  # what a target is not
