"""What is understood of a picture, drawn over it: layers, regions and points, and where each place goes."""

import cv2
import numpy as np

from motionalchemy.scene.parse import Scene

NAMED = 0.15  # of a name, from which on a thing is called so
PALE = 0.55  # of a picture's contrast, that is left under what is drawn over it


def drawn_scene(scene: Scene) -> np.ndarray:
    """A picture (H, W, 3) uint8 with its layers and single things, faces and bodies, writing, straight lines, horizon and
    vanishing points drawn over it, and what kind of picture it is."""
    shown = _pale(scene.picture)
    thick = max(1, round(max(shown.shape) / 400))
    for number, layer in enumerate(scene.layers):
        colour = _colour(number, 3)
        matte = layer.opacity.numpy()[..., None]
        shown = shown + 0.35 * matte * (scene.picture + 0.4 * (np.array(colour, np.float32) - scene.picture) - shown)
    shown = np.ascontiguousarray(shown.round().clip(0, 255).astype(np.uint8))
    for number, layer in enumerate(scene.layers):
        left, top, right, low = (round(edge * shown.shape[1]) for edge in layer.box)
        cv2.rectangle(shown, (left, top), (right, low), _colour(number, 3), thick)
    _draw_straight(shown, scene, thick)
    _draw_things(shown, scene, thick)
    for face in scene.faces:
        for x, y in face.points[:, :2]:
            cv2.circle(shown, (round(float(x)), round(float(y))), thick, (80, 255, 120), -1)
    for body in scene.bodies:
        for (x, y), sure in zip(body.points[:, :2], body.seen, strict=True):
            if sure > 0.5:
                cv2.circle(shown, (round(float(x)), round(float(y))), 2 * thick, (255, 235, 60), -1)
    _written(shown, scene.kind, (4, shown.shape[0] - 6))
    return shown


def _draw_things(shown: np.ndarray, scene: Scene, thick: int) -> None:
    """Outlines of single things with their numbers and likeliest names, and frames of blocks of writing."""
    for number, (thing, names) in enumerate(zip(scene.instances, scene.names, strict=True)):
        colour = _colour(number, len(scene.instances))
        outline, _ = cv2.findContours((thing.matte > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(shown, outline, -1, colour, 2 * thick)
        name = max(names, key=lambda each: names[each])
        said = name if names[name] > NAMED else max(thing.kinds, key=lambda each: thing.kinds[each])
        _written(shown, f"{number} {said}", (thing.box[0] + 4, max((thing.box[1] + thing.box[3]) // 2, 14)))
    for block in scene.writing:
        left, top, right, low = block.box
        cv2.rectangle(shown, (left, top), (right, low), (255, 0, 255), thick)


def _draw_straight(shown: np.ndarray, scene: Scene, thick: int) -> None:
    """Straight lines, the horizon and, where they lie in the picture, vanishing points."""
    high, wide = shown.shape[:2]
    for x0, y0, x1, y1 in scene.lines.round().astype(int).tolist():
        cv2.line(shown, (x0, y0), (x1, y1), (0, 220, 255), thick, cv2.LINE_AA)
    if scene.horizon is not None and 0 <= scene.horizon < high:
        cv2.line(shown, (0, round(scene.horizon)), (wide, round(scene.horizon)), (255, 120, 0), thick)
    for point in scene.vanishing:
        if 0 <= point.x < wide and 0 <= point.y < high:
            cv2.drawMarker(
                shown, (round(point.x), round(point.y)), (255, 120, 0), cv2.MARKER_CROSS, 16 * thick, 2 * thick
            )


def _written(shown: np.ndarray, text: str, at: tuple[int, int]) -> None:
    """Words over a picture, light with a dark edge."""
    size = max(0.35, shown.shape[1] / 900)
    for dark, extra in ((0, 2), (255, 0)):
        cv2.putText(shown, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (dark,) * 3, 1 + extra, cv2.LINE_AA)


def drawn_regions(scene: Scene) -> np.ndarray:
    """A picture (H, W, 3) uint8 with its regions in colours, and their names."""
    found, (high, wide) = scene.regions, scene.picture.shape[:2]
    labels = cv2.resize(found.labels.astype(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST)
    colours = np.array([_colour(number, len(found.names)) for number in range(len(found.names))], np.float32)
    shown = 0.5 * _pale(scene.picture) + 0.5 * colours[np.asarray(labels, np.intp)]
    shown = np.ascontiguousarray(shown.round().clip(0, 255).astype(np.uint8))
    for number, name in enumerate(found.names):
        there = np.argwhere(labels == number)
        if len(there) > 0.01 * labels.size:
            row, column = (int(each) for each in np.median(there, 0))
            _written(shown, name, (column, row))
    return shown


def drawn_motion(picture: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 with a field (2, h, w) over it: its colour is the direction that a place goes, as the wheel
    in the corner says, its strength how far; arrows where it is more than a thousandth of the width."""
    high, wide = picture.shape[:2]
    goes = -field  # a field says where a place comes from
    far = float(np.percentile(np.hypot(goes[0], goes[1]), 99)) or 1e-6
    tint = _wheel(cv2.resize(goes[0], (wide, high)), cv2.resize(goes[1], (wide, high)), max(far, 0.002))
    strength = (np.hypot(*(cv2.resize(each, (wide, high)) for each in goes)) / max(far, 0.002)).clip(0, 1)[..., None]
    shown = _pale(picture) * (1 - 0.75 * strength) + tint * 0.75 * strength
    step = max(8, max(high, wide) // 24)
    for row in range(step // 2, high, step):
        for column in range(step // 2, wide, step):
            x, y = (float(each[row * field.shape[1] // high, column * field.shape[2] // wide]) for each in goes)
            if np.hypot(x, y) > 0.001:
                end = round(column + 2 * x * wide), round(row + 2 * y * wide)
                cv2.arrowedLine(shown, (column, row), end, (20, 20, 20), 1, cv2.LINE_AA, tipLength=0.35)
    side = max(16, min(high, wide) // 6)
    down, right = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    round_ = (np.hypot(right, down) < 1)[..., None]
    corner = shown[-side:, -side:]
    shown[-side:, -side:] = np.where(round_, _wheel(right, down, 1.0), corner)
    return shown.round().clip(0, 255).astype(np.uint8)


def _wheel(right: np.ndarray, down: np.ndarray, far: float) -> np.ndarray:
    """Colours (H, W, 3) of directions: red to the right, then through yellow downwards; paler the less far."""
    hue = (np.degrees(np.arctan2(down, right)) % 360) / 2
    strong = (np.hypot(right, down) / far).clip(0, 1) * 255
    hsv = np.stack((hue, strong, np.full_like(hue, 255)), 2).round().clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


def _pale(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture * PALE + 255 * (1 - PALE) * 0.6, np.float32)


def _colour(number: int, count: int) -> tuple[int, int, int]:
    """One of several colours that differ well."""
    hsv = np.array([[[number * 180 // max(count, 1), 190, 235]]], np.uint8)
    red, green, blue = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]
    return int(red), int(green), int(blue)
