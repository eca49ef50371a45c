"""The verbs that movement can tell apart, each with the actions of the corpus that look alike."""

VERBS: dict[str, tuple[str, ...]] = {  # classes that movement can tell apart -> actions of the corpus
    "walk": ("walk", "mocap_walk"),
    "run": ("run", "jog", "mocap_run"),
    "gallop": ("gallop", "ride_run"),
    "trot": ("trot", "ride_walk"),
    "stay": ("rest", "stand"),
    "cheer": ("cheer", "shout"),
    "pray": ("pray",),
    "fall": ("fall",),
    "rear": ("rear",),
    "strike": (
        *("attack", "stab", "punch", "kick", "weapon:sword", "weapon:spear", "weapon:javelin", "weapon:axe"),
        *("weapon:mace", "weapon:halberd", "weapon:bow", "weapon:sling", "weapon:other"),
    ),
    "work": ("chop", "hammer", "hoe", "butcher", "pick", "mine"),
    "dance": ("dance_a", "dance_b"),
    "get up": ("getup_facedown", "getup_faceup"),
    "flip": ("backflip", "spin", "roll"),
    "jump": ("jump",),
}
