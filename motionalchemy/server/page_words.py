"""The words of the page, English and Chinese side by side, and the refusals of the server in both."""

import re

from motionalchemy.server.answers import Refused

LANGUAGES = ("en", "zh")
LOCALES = {"en": "en", "zh": "zh-CN"}  # as the browser names them

_WORDS: dict[str, tuple[str, str]] = {
    # the frame
    "tagline": ("One picture and one sentence become a video.", "一张图片加一句话，变成一段视频。"),
    "switch": ("中文", "English"),
    "served": ("Model: ", "模型："),
    "nothing": ("Your video appears here.", "视频会出现在这里。"),
    "past": ("Your videos", "我的视频"),
    "none": ("There is no video yet: make the first one above.", "还没有视频：在上面生成第一个。"),
    "more_videos": ("Show more", "显示更多"),
    # tabs
    "tab_animate": ("Animate", "动起来"),
    "tab_edit": ("Edit", "编辑"),
    "tab_views": ("Views", "多视角"),
    "tab_long": ("Long", "长视频"),
    "tab_motion": ("Motion", "动作"),
    # fields
    "picture": ("Picture", "图片"),
    "picture_or_none": ("Picture (without one, it is imagined from your words)", "图片（不添加时，按文字想象）"),
    "prompt": ("What happens", "发生什么"),
    "prompt_hint": ("the horse gallops to the right", "马向右飞奔"),
    "examples": ("Examples", "示例"),
    "settings": ("More settings", "更多设置"),
    "by_model": ("Left empty, the model decides.", "留空则由模型决定。"),
    "seconds": ("Seconds", "秒数"),
    "size": ("Size in pixels", "像素尺寸"),
    "steps": ("Steps", "步数"),
    "guidance": ("Guidance", "引导强度"),
    "candidates": ("Candidates", "候选段数"),
    "candidates_info": (
        "So many are made at most, until one shows the action; the best is kept.",
        "最多生成这么多段，直到有一段看得出动作；留下最好的。",
    ),
    "seed": ("Seed", "种子"),
    "seed_info": ("Left empty, a new one each time.", "留空则每次不同。"),
    "interpolate": ("Frames, times", "帧数倍数"),
    "interpolate_info": ("2 to 4: smoother, with frames made between.", "2 到 4：补帧，更流畅。"),
    "negative": ("What must not appear", "不想出现的内容"),
    "loop": ("Loop: end where it began", "循环：回到开头"),
    "last": ("Last picture", "最后一张图片"),
    "camera": ("Camera keys", "镜头关键帧"),
    "camera_info": (
        "SECONDS:RIGHT,DOWN,ZOOM, as 0:0,0,1 2:0.2,0,1.3: where it looks, in picture widths from the middle, and how many "
        "times as large; a fourth number rolls it, in degrees.",
        "秒:右,下,倍数，如 0:0,0,1 2:0.2,0,1.3：镜头看向离画面中央多远（以画面宽度计）、放大几倍；第四个数为旋转角度。",
    ),
    "audio": ("A voice for whoever talks (“she talks”)", "说话者的声音（如“她在说话”）"),
    "clip": ("Video", "视频"),
    "edit_hint": ("the same clip as a watercolour", "同一段视频，变成水彩画"),
    "region": ("Where it may change", "可以改变的区域"),
    "other": ("Optional: a picture of what comes in its place (nano only)", "可选：用来替换它的图片（仅 nano）"),
    "region_auto": ("as the words say", "按文字判断"),
    "region_all": ("everywhere", "全部"),
    "region_subject": ("the subject", "主体"),
    "region_background": ("the background", "背景"),
    "region_brush": ("what I paint", "我涂抹的区域"),
    "strength": ("Strength", "强度"),
    "brush": ("Paint with a finger or the mouse; or with arrow keys and the space bar.",
              "用手指或鼠标涂抹；也可用方向键和空格键。"),
    "brush_size": ("Brush size", "画笔大小"),
    "brush_clear": ("Clear", "清除"),
    "views": ("Pictures of one thing from several sides, in order", "同一事物的多角度图片，按顺序"),
    "views_hint": ("the camera goes round it (may be left empty)", "镜头环绕一周（可不填）"),
    "angles": ("Angles in degrees", "角度（度）"),
    "angles_info": ("One for each picture, such as 0, 90, 180; or left empty.", "每张图片一个，如 0, 90, 180；可留空。"),
    "close": ("Close the circle", "首尾相接"),
    "long_picture": ("Begin with a picture", "从一张图片开始"),
    "long_clip": ("or go on from a video", "或从一段视频继续"),
    "parts": ("What happens, one line for each part", "发生什么，每段一行"),
    "parts_hint": ("the horse walks\nthe horse gallops\nthe horse stands still", "马在走\n马在飞奔\n马站着不动"),
    "each": ("Seconds of each part", "每段秒数"),
    "motion_clip": ("A video that shows the motion", "展示动作的视频"),
    "motion_names": ("or learned motions", "或学到的动作"),
    "motion_info": ("A name, or a name with a weight such as moonwalk:0.8.", "名称，或带权重的名称，如 moonwalk:0.8。"),
    "make": ("Make video", "生成视频"),
    "make_edit": ("Make edit", "生成编辑"),
    "make_views": ("Make camera move", "生成镜头运动"),
    "make_motion": ("Make with this motion", "用这个动作生成"),
    "make_long": ("Make long video", "生成长视频"),
    "from_result": ("Goes on from this video", "以这段视频为源"),
    "drop": ("Choose another", "换一段"),
    # a video
    "queued": ("In the queue", "排队中"),
    "ahead": ("{n} before it", "前面还有 {n} 个"),
    "in_progress": ("Being made", "正在生成"),
    "completed": ("Done", "完成"),
    "failed": ("This could not be made.", "未能生成。"),
    "said": ("{text}", "服务的原话：{text}"),
    "cancelled": ("Cancelled: nothing was kept.", "已取消，未保留任何内容。"),
    "step": ("step {n} of {all}", "第 {n} 步，共 {all} 步"),
    "window": ("part {n} of {all}", "第 {n} 段，共 {all} 段"),
    "left": ("{n} s left", "还剩 {n} 秒"),
    "cancel": ("Cancel", "取消"),
    "cancelling": ("Cancelling…", "正在取消…"),
    "lost": (
        "The server cannot be reached. It keeps every job: this page goes on by itself when it is back.",
        "暂时连接不到服务。任务不会丢失：恢复后本页会自动继续。",
    ),
    "gone": ("This video is not here any more.", "这段视频已不在这里。"),
    "busy": ("The server is busy: trying again.", "服务繁忙：正在重试。"),
    "key_wrong": ("The API key is missing or wrong: load the page again.", "缺少 API 密钥或密钥错误：请重新载入页面。"),
    "heard": ("What was heard", "听懂了什么"),
    "preview": ("Preview", "预览"),
    "download": ("Download", "下载"),
    "extend": ("Extend", "延长"),
    "edit": ("Edit", "编辑"),
    "remix": ("Make again in these words", "换个说法再生成"),
    "show": ("Show", "查看"),
    "delete": ("Delete", "删除"),
    "delete_sure": ("Delete for good?", "确定删除？"),
    "details": ("Settings", "设置"),
    "file": ("As a file", "设置文件"),
    # the settings of a past video
    "set_task": ("task", "任务"),
    "set_seed": ("seed", "种子"),
    "set_size": ("size", "尺寸"),
    "set_steps": ("steps", "步数"),
    "set_stages": ("stages", "阶段"),
    "set_guidance": ("guidance", "引导强度"),
    "set_candidates": ("candidates", "候选段数"),
    "set_negative": ("must not appear", "不想出现"),
    "set_seconds": ("seconds", "秒数"),
    "set_fps": ("frames per second", "每秒帧数"),
    "set_interpolate": ("frames, times", "帧数倍数"),
    "set_loop": ("loop", "循环"),
    "set_region": ("region", "区域"),
    "set_strength": ("strength", "强度"),
    "set_method": ("method", "方法"),
    "set_motion": ("motion", "动作"),
    "set_angles": ("angles", "角度"),
    "set_camera": ("camera keys", "镜头关键帧"),
    "set_close": ("close the circle", "首尾相接"),
    "set_fast": ("fast", "快速"),
    "set_model": ("model", "模型"),
    "task_animate": ("animate", "动起来"),
    "task_imagine": ("imagine", "想象"),
    "task_extend": ("extend", "延长"),
    "task_edit": ("edit", "编辑"),
    "task_orbit": ("orbit", "环绕"),
    "task_retake": ("retake", "重拍"),
    # what the page itself refuses
    "no_picture": ("Add a picture first.", "请先添加一张图片。"),
    "no_prompt": ("Write what happens, in one sentence.", "请用一句话写出发生什么。"),
    "no_clip": ("Add a video first, or choose Edit or Extend at one of yours.",
                "请先添加视频，或在自己的视频上点“编辑”或“延长”。"),
    "no_start": ("Add a picture to begin with, or a video to go on from.",
                 "请添加一张起始图片，或一段要继续的视频。"),
    "not_imagined": (
        "These words alone cannot be drawn here: name a place, such as a beach, or another subject, or add a picture.",
        "这里无法只凭这句话画出画面：请说出一个地点（如海滩）或换一个主体，或添加一张图片。",
    ),
    "no_views": ("Add at least two pictures.", "请至少添加两张图片。"),
    "no_motion": ("Add a video that shows the motion, or name a learned one.",
                  "请添加一段展示动作的视频，或填写一个学到的动作。"),
    "no_mask": ("Paint the region that may change first.", "请先涂抹可以改变的区域。"),
    "bad_angles": ("Angles {given!r} cannot be read: write one number for each picture, such as 0, 90.",
                   "角度 {given!r} 无法识别：请为每张图片写一个数字，如 0, 90。"),
    # a page for people without a key
    "key_title": ("A key is needed", "需要密钥"),
    "key_needed": (
        "This server needs an API key: load the page again and give the key as the password; any name will do.",
        "本服务需要 API 密钥：请重新载入页面，把密钥填在密码栏，用户名随意。",
    ),
}  # fmt: skip

# What the server refuses, by its code or by the field at fault; a job that failed, by its code alone.
_REFUSED_ZH = {
    "queue_full": "队列已满：请稍后再试。",
    "insufficient_quota": "服务的磁盘配额已用完：请删除不再需要的视频，或联系管理员。",
    "too_large": "文件太大：请换一个小一些的文件。",
    "video_not_found": "这段视频已不在这里：请换一段。",
    "not_ready": "这段视频还没有完成：请等它完成。",
    "invalid_api_key": "缺少 API 密钥或密钥错误：请重新载入页面。",
    "internal_error": "服务内部故障，未能生成：管理员可在日志中找到原因。",
    "model_unavailable": "本服务无法加载模型：管理员可在日志中找到原因。",
    "out_of_memory": "内存不足：请减小尺寸、秒数或帧数。",
    "worker_died": "生成进程多次意外结束：请减小尺寸或缩短时长。",
    "input_reference": "无法读取这张图片：请另存为 PNG 或 JPEG，且长宽比不超过 8:1，再试一次。",
    "video": "无法读取这段视频：请另存为 MP4 再试一次。",
    "view": "有一张图片无法读取：请另存为 PNG 或 JPEG 再试一次。",
    "views": "这些图片无法使用：请给 2 到 64 张 PNG 或 JPEG。",
    "last": "无法读取最后一张图片：请另存为 PNG 或 JPEG 再试一次。",
    "region": "这个区域无法使用：请另选区域或重新涂抹。",
    "audio": "无法读取这段声音：请另存为 WAV 或 MP3 再试一次。",
    "prompt": "这句话无法使用：请写 1 到 2000 个字符，其中要有文字或数字。",
    "negative": "“不想出现的内容”无法使用：最多 2000 个字符。",
    "seconds": "这个秒数无法使用：请换一个更合适的秒数，或留空。",
    "size": "这个尺寸无法使用：请填模型支持的整数像素，或留空由模型决定。",
    "steps": "步数必须是 1 到 200 的整数，或留空。",
    "guidance": "引导强度必须在 0 到 20 之间，或留空。",
    "candidates": "候选段数必须是 1 到 32 的整数；不会挑选的模型请留空。",
    "seed": "种子必须是不小于 0 的整数，或留空。",
    "strength": "强度必须大于 0 且不超过 1。",
    "angles": "角度无法使用：请为每张图片写一个数字。",
    "camera": "镜头关键帧无法使用：请按“秒:右,下,倍数”写两个以上，如 0:0,0,1 2:0.2,0,1.3。",
    "motion": "这个动作无法使用：请换一段视频，或换一个学到的动作。",
}

_KEY = re.compile(r"key (\d+) of the camera, '(.*?)',")  # the one at fault, as `camera_keys` says it

# The names that uploads have on the server, as a refusal begins with them, and what a person calls them.
_FILE = re.compile(r"'(input_reference|video|last|region|view|motion|audio)(?:-\d+)?(?:\.\w+)?'")
_FILES_EN = {
    "input_reference": "the file", "video": "the video", "last": "the last picture", "region": "the painted region",
    "view": "one of the files", "motion": "the video of the motion", "audio": "the sound",
}  # fmt: skip


def words(language: str) -> dict[str, str]:
    """All words of the page in one of LANGUAGES, by name."""
    return {name: pair[LANGUAGES.index(language)] for name, pair in _WORDS.items()}


def failures(language: str) -> dict[str, str]:
    """Why a job failed, by the code of its error; a code that is not there is shown in the server's own words."""
    return {} if language == "en" else _REFUSED_ZH


def refusal(language: str, refused: Refused) -> str:
    """What the server said no to, as one sentence in this language."""
    file = _FILE.match(refused.message)
    if language == "en":
        text = refused.message if file is None else _FILES_EN[file[1]] + refused.message[file.end() :]
        return text[:1].upper() + text[1:].rstrip(".") + "."
    if key := _KEY.match(refused.message):
        return f"镜头的第 {key[1]} 个关键帧“{key[2]}”无法使用：请按“秒:右,下,倍数”写，如 0:0,0,1 2:0.2,0,1.3。"
    field = (refused.param or "").partition("[")[2].rstrip("]") or refused.param or (file[1] if file else "")
    known = _REFUSED_ZH.get(refused.code) or _REFUSED_ZH.get(field)
    return known or f"这个请求无法执行。服务的原话：{refused.message}"
