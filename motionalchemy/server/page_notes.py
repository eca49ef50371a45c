"""What was heard and what was not done, in Chinese: the service says it in English, and the page turns it round.

Rules are tried in order, each on a whole note; what stands in its brackets is turned round by the same rules. A pattern
is read by the browser, so it has only what Python and JavaScript share. What no rule knows is left as it is.
"""

import re

NOTES_ZH: tuple[tuple[str, str], ...] = (
    # what is said of a given clip
    (r"sound: (\w+) is written as (\w+)", "声音：{1} 改存为 {2}。"),
    (r"sound: left out, for its kind \((\w+)\) c.*", "声音：格式 {1} 无法保留，已去掉。"),
    (r"sound: left out, for a (\.\w+) file holds none;.*", "声音：{1} 文件不能带声音，已去掉。"),
    (r"sound: track (\d+) of (\d+) is kept, the default one", "声音：共 {2} 条音轨，保留默认的第 {1} 条。"),
    (r"video: track (\d+) of (\d+) is read", "视频：共 {2} 条视频轨，读取第 {1} 条。"),
    (r"video: HDR \((\w+)\) is shown in SDR, 203 cd/m2 as white", "视频：HDR（{1}）已转为 SDR，以 203 cd/m2 为白。"),
    (r"video: it is interlaced, and every two fields are made one picture", "视频：隔行扫描，已将每两场合为一幅。"),
    # what was not done
    (r"camera: '(.+)' is not done: (.+)", "镜头：没有做“{1}”：{2}"),
    (r"camera: (.+) is done as far as one picture allows: (.+)", "镜头：{1}只做到一张图片允许的程度：{2}"),
    (r"'(.+)' is not done with the (arm|leg)s \((.+)\)", "没有用{2}做“{1}”（{3}）"),
    (r"'(.+)' is not done: (.+)", "没有做“{1}”：{2}"),
    (r"(.+); (it breathes and sways a little instead|it breathes a little instead|the picture stands still)", "{1}；{2}"),
    (r"it breathes and sways a little instead", "改为轻轻呼吸、摇晃"),
    (r"it breathes a little instead", "改为轻轻呼吸"),
    (r"the animal breathes and sways a little instead", "改为让动物轻轻呼吸、摇晃"),
    (r"the picture stands still", "画面保持静止"),
    (r"nothing was found in the picture that is known to move so", "图中没有找到会这样动的东西"),
    (r"nothing stands out in the picture that could go", "图中没有突出、可以移动的东西"),
    (r"what stands out in the picture is a building or land", "图中突出的是建筑或地面"),
    (r"the edge of the picture cuts what should go", "该移动的东西被画面边缘切断"),
    (r"no (.+) was surely found in the picture", "图中没有确切找到{1}"),
    (r"no face was found", "没有找到人脸"),
    (r"the faces are too small", "人脸太小"),
    (r"no person with a skeleton was found", "没有找到能看出骨架的人"),
    (r"it has no limb that is surely seen for that", "没有看得清、可以做这个动作的肢体"),
    (r"one thing at a time is done in a beat; write it as a sentence of its own", "一拍只做一件事；请另写一句"),
    (r"no head was surely found", "没有确切找到头部"),
    (r"no eye was found", "没有找到眼睛"),
    (r"no tail stands out", "没有突出的尾巴"),
    (r"no two wings are spread", "没有张开的双翼"),
    (r"a picture keeps the angle and the framing that it has", "图片的角度和构图不会改变"),
    (r"one picture has no other shot to cut to", "一张图片没有可以切换的另一个镜头"),
    (r"it is no move that is known", "不认识这个镜头动作"),
    (r"'(.+)' was not found in the picture: the camera heads for its middle", "图中没有找到“{1}”：镜头朝画面中央移动"),
    (r"no movement was found for the subject: only the camera moves", "没有找到主体的动作：只有镜头在动"),
    (r"camera: along its keys; what the words say of it does not count", "镜头：按关键帧移动，文字中的镜头要求不计"),
    # what is done
    (r"body: '(.+)' is done by (.+); with the trunk stay (.+)", "身体：“{1}”由{2}完成；{3}随躯干不动"),
    (r"body: '(.+)' is done by (.+)", "身体：“{1}”由{2}完成"),
    (r"what the person holds goes along with the (.+)", "手持的东西随{1}一起动"),
    (r"(camera|travel|face|animal|water|smoke|fire|plants|hair|cloth|lights|sky with clouds|thing that steams): (.+)",
     "{1}：{2}"),
    (r"(.+), then (.+)", "{1}，然后{2}"),
    (r"(.+), (.+)", "{1}、{2}"),
    (r"(.+) to the left", "{1}，向左"),
    (r"(.+) to the right", "{1}，向右"),
    (r"it flows along its bed", "沿河床流动"), (r"it falls", "落下"), (r"its waves roll towards us", "波浪向我们涌来"),
    (r"it ripples", "泛起涟漪"), (r"what is in it drifts", "云在飘"), (r"it rises", "升起"),
    (r"steam rises from it", "冒出蒸汽"), (r"it flickers and glows", "闪动、发光"),
    (r"they sway above their roots", "在根上摇摆"),
    (r"the wind moves it", "被风吹动"), (r"waves run through it", "起伏飘动"), (r"they twinkle", "闪烁"),
    (r"snow falls, far flakes behind what is near", "下雪，远处的雪在近物之后"),
    (r"rain falls, far drops behind what is near", "下雨，远处的雨在近物之后"),
    (r"fog drifts before what is far away", "远处起雾"), (r"lightning flashes", "打闪"), (r"it becomes night", "入夜"),
    (r"the light of sunset comes", "夕阳的光照来"), (r"the light of sunrise comes", "朝阳的光照来"),
    (r"petals drift through the air", "花瓣飘过"),
    (r"(.+) by the largest face", "{1}（最大的脸）"),
    # single words
    (r"camera", "镜头"), (r"travel", "移动"), (r"face", "脸"), (r"animal", "动物"), (r"water", "水"), (r"smoke", "烟"),
    (r"fire", "火"), (r"plants", "植物"), (r"hair", "头发"), (r"cloth", "布"), (r"lights", "灯光"),
    (r"sky with clouds", "有云的天空"), (r"thing that steams", "冒蒸汽的东西"), (r"arm", "手臂"), (r"leg", "腿"),
    (r"(left arm|right arm|left leg|right leg|head): (.+)", "{1}：{2}"), (r"it points at us", "正对着我们"),
    (r"it is not surely seen", "看不清楚"), (r"it does not stand out from the trunk", "与躯干分不开"),
    (r"it holds something that touches more than that hand", "拿着的东西还碰着别处"),
    (r"(pan|tilt|zoom|dolly|truck|pedestal|orbit|roll|fly|whip pan) (left|right|up|down|in|out|forward|back)", "{1}{2}"),
    (r"pan", "横摇"), (r"tilt", "俯仰"), (r"zoom", "变焦"), (r"dolly", "推拉"), (r"truck", "横移"), (r"pedestal", "升降"),
    (r"orbit", "环绕"), (r"roll", "旋转"), (r"fly", "航拍"), (r"whip pan", "甩镜头"), (r"handheld", "手持"),
    (r"left", "向左"),    (r"right", "向右"), (r"up", "向上"), (r"down", "向下"), (r"in", "靠近"), (r"out", "远离"),
    (r"forward", "向前"),
    (r"back", "向后"), (r"left arm", "左臂"), (r"right arm", "右臂"), (r"left leg", "左腿"), (r"right leg", "右腿"),
    (r"head", "头"),
)  # fmt: skip


def in_chinese(note: str) -> str:
    """A note of the service in Chinese, as the page shows it; page.js does the same."""
    for pattern, chinese in NOTES_ZH:
        if found := re.fullmatch(pattern, note, re.DOTALL):
            parts = {f"{{{at}}}": in_chinese(part) for at, part in enumerate(found.groups(), 1)}
            return "".join(parts.get(piece, piece) for piece in re.split(r"(\{\d\})", chinese))
    return note
