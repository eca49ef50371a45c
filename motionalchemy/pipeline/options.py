"""What the options of a request mean, in a few words: for the command line and for the functions of Python alike."""

OWN = "the model's own unless given"
MEANING = {
    "last": "a picture to arrive at",
    "loop": "go on for ever: arrive where the clip began",
    "motion": "what it moves like: a learned motion, NAME or NAME:WEIGHT, several of them, or a clip",
    "camera": "the camera's path by keys, '0:0,0,1 2:0.2,0,1.3': seconds, where it looks right and down of the middle in "
    "picture widths, how many times as large; a fourth number turns it, in degrees clockwise",
    "draft": "what moves how: nano makes a draft that the model paints over, a clip is one made by hand, none is none",
    "draft_mask": "where a draft that is a clip is asked for: a clip, white there; without it, where it moves",
    "follow": "how closely a draft is followed, 0 to 1; 0.5 unless given",
    "audio": "a voice for whoever talks, WAV, MP3, M4A, FLAC or OGG: the mouth goes with it, and an MP4 holds it",
    "seconds": f"length of the clip in seconds, up to 600; {OWN}",
    "fps": f"frames per second; {OWN}",
    "size": f"side of a square of equal area, in pixels; {OWN}",
    "aspect": "the shape of a clip of words alone, WIDTH:HEIGHT, such as 16:9; square unless given",
    "steps": f"steps of all stages together; {OWN}",
    "stages": f"how many stages, 1 for full size at once; {OWN}",
    "guidance": f"how strongly the words pull; {OWN}",
    "guidance_low": f"the same for the second network of a model that has two; {OWN}",
    "candidates": f"clips made at most, 1 to 32, until one shows what was asked; the best is kept; {OWN}",
    "negative": "what to move away from; needs a guidance other than 1",
    "model": "a name from `motionalchemy models`, or the folder of a model",
    "seed": "the same seed gives the same clip, another seed another one",
    "device": "auto, cpu, cuda or cuda:N",
    "memory": "GB of the GPU to use: 8, 12, 24, 48 or 80; large public models only",
    "fast": "0 exact, 1 equal but for rounding, 2 faster and lossy; large public models only",
    "lora": "a LoRA, FILE or FILE:WEIGHT; there may be several; large public models only",
    "interpolate": "so many times as many frames a second, 1 to 4: those between are moved",
    "image": "a picture of what comes in the place of the subject, or of the background; nano only. Without one, a subject "
    "that the words name is taken from the pictures that ship",
    "region": "auto (from the words), all, subject, background, or a mask: a picture or clip, white inside",
    "method": "reference (trained), contrast (two velocities) or redraw; what the model can",
    "strength": "how much may change, up to 1; the method's own unless given",
    "source_prompt": "what the clip shows now, for the method contrast",
    "angles": "degrees at which the views stand, one each; the order is then the given one",
    "close": "come back to the first view",
    "output": "the file for the clip: .mp4, .mov, .webm, .gif, .webp, .apng or .png (a contact sheet); a sidecar beside it",
    "backbone": "a model that is loaded already, used instead of `model`",
    "cancel": "a function that is asked again and again, and stops the work once it says true",
}


def help_of(name: str) -> str:
    """A meaning as a sentence; one that begins with a value keeps its small letter."""
    text = MEANING[name]
    return f"{text}." if name in ("region", "method", "device") else f"{text[0].upper()}{text[1:]}."


def described(names: list[str]) -> str:
    """The meanings of options, a line each, as a docstring has them."""
    return "\n".join(["Options:", *(f"    {name}: {MEANING[name]}" for name in names)])
