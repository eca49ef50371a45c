"""How faces act: does each action change what it shall, does the rest stay, is it the same person?

    python benchmarks/motion/faces.py PICTURE... [--side 512] [--vector FOLDER] [--out faces.json]

The network that finds points of faces is run again on the frames. Per action: the share of faces that change the way that
was asked, and by how much; the residual, how far its points lie from where they were meant after the best similarity, in
shares of the eye distance; how much of what is not near the face is kept. The same network drives and judges: with
--vector (a folder with dlib's face_recognition_resnet_model_v1 and shape_predictor_5_face_landmarks, and dlib installed)
an independent vector of 128 numbers says how far each frame is from the picture (0.6: another person).
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from motionalchemy.language import face_words
from motionalchemy.motion.face import acting
from motionalchemy.scene.face_mesh import EYES, LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP, similarity
from motionalchemy.scene.face_shapes import face_shapes
from motionalchemy.scene.faces import mesh
from motionalchemy.scene.parse import parse
from motionalchemy.scene.points import Face

ASKED = {
    "blinks": ("eyes", -1), "winks": ("left eye", -1), "smiles": ("corners", 1), "laughs": ("open", 1),
    "frowns": ("brows", -1),
    "is surprised": ("brows", 1), "talks": ("open", 1), "nods": ("down", 1), "shakes her head": ("right", 1),
    "tilts her head to the right": ("clockwise", 1), "tilts her head to the left": ("clockwise", -1),
    "turns her head to the right": ("right", 1), "turns her head to the left": ("right", -1),
    "looks to the right": ("gaze", 1), "looks to the left": ("gaze", -1), "opens her eyes wide": ("eyes", 1),
    "closes her eyes": ("eyes", -1), "blows a kiss": ("width", -1),
}  # fmt: skip
SECONDS, EVERY = 2.0, 0.125
Vector = Callable[[np.ndarray, np.ndarray], np.ndarray]


def measures(face: Face, frame0: np.ndarray) -> dict[str, float]:
    """What a face does: lengths in eye distances, degrees, the gaze in widths of an eye."""
    points = face.points.astype(np.float64)
    scale, frame, _ = similarity(face_shapes().neutral, points)
    flat = points @ frame / scale
    turn = frame @ frame0.T
    eye = [np.linalg.norm(flat[LOWER_LIDS[s][1:6], :2] - flat[UPPER_LIDS[s][1:6], :2], axis=1).mean() for s in EYES]
    middle = (flat[13, 1] + flat[14, 1]) / 2
    width = float(np.linalg.norm(flat[61] - flat[291]))
    across = face.points[:, 0]
    gazes = [
        (face.irises[n][0, 0] - (across[a] + across[b]) / 2) / abs(across[a] - across[b])
        for n, (a, b) in enumerate(((33, 133), (263, 362)))
    ]
    return {
        "eyes": float(np.mean(eye)), "left eye": float(eye[1]), "width": width,
        "open": float(np.linalg.norm(flat[UPPER_LIP, :2] - flat[LOWER_LIP, :2], axis=1).mean()),
        "corners": float(middle - (flat[61, 1] + flat[291, 1]) / 2 + 0.8 * width),
        "brows": float(flat[[33, 263], 1].mean() - flat[[105, 334, 66, 296], 1].mean()), "gaze": float(np.mean(gazes)),
        "right": float(np.degrees(np.arctan2(-turn[0, 2], turn[2, 2]))),
        "down": float(np.degrees(np.arcsin(np.clip(-turn[1, 2], -1, 1)))),
        "clockwise": float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
    }  # fmt: skip


def again(picture: np.ndarray, points: np.ndarray) -> Face | None:
    """The face of a frame, looked for where its points (n, 2) were meant."""
    across = points[263] - points[33]
    angle = float(np.arctan2(across[1], across[0]))
    low, high = points[:468].min(0), points[:468].max(0)
    return mesh(picture, (low + high) / 2, float((high - low).max()) * 1.5, angle)


def residual(meant: np.ndarray, found: np.ndarray) -> float:
    """How far points (n, 2) lie from where they were meant after the best similarity, in the mean."""
    scale, turn, shift = similarity(meant, found)
    return float(np.linalg.norm(scale * meant @ turn.T + shift - found, axis=1).mean())


def vectors(folder: Path) -> Vector:
    """What makes the vector of a face (128,) of a picture and its points."""
    import dlib  # pyright: ignore[reportMissingImports]

    def path(name: str) -> str:
        return str(next(folder.rglob(name)))

    five = dlib.shape_predictor(path("shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(path("dlib_face_recognition_resnet_model_v1.dat"))

    def vector(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
        (left, top), (right, low) = points[:468, :2].min(0), points[:468, :2].max(0)
        box = dlib.rectangle(int(left), int(top), int(right), int(low))
        return np.array(network.compute_face_descriptor(picture, five(picture, box), 4))

    return vector


def judged(picture: np.ndarray, vector: Vector | None) -> list[dict[str, float | str]]:
    """The measures of each action of the largest face of a picture; none where there is no face."""
    scene = parse(picture)
    if not scene.faces:
        return []
    face, rows = scene.faces[0], list[dict[str, float | str]]()
    who = None if vector is None else vector(picture, face.points)
    for words, (key, sign) in ASKED.items():
        act = acting(scene, face, face_words.read(words), SECONDS)
        base = measures(face, act.fit.frame)
        still = again(picture, act.fit.points[:, :2])
        base = base if still is None else measures(still, act.fit.frame)
        got, off, far, cpu = [0.0], [], [], 0.0
        for number, second in enumerate(np.arange(EVERY, SECONDS, EVERY)):
            begun = time.process_time()
            frame = (act.draw(picture.astype(np.float32), float(second)) + 0.5).clip(0, 255).astype(np.uint8)
            cpu += time.process_time() - begun
            pose = act.performance.at(float(second))
            meant = act.fit.points if pose is None else pose.points
            found = again(frame, meant[:, :2])
            if found is None:
                off.append(1.0)
                continue
            got.append(sign * (measures(found, act.fit.frame)[key] - base[key]))
            off.append(residual(meant[:468, :2], found.points[:, :2].astype(np.float64)) / act.fit.size)
            if who is not None and vector is not None and number % 3 == 2:
                far.append(float(np.linalg.norm(vector(frame, found.points) - who)))
        outside = np.ones(picture.shape[:2], bool)
        outside[act.box] = False
        changed = np.abs(act.draw(picture.astype(np.float32), 1.0) - picture).max(2)[outside]
        rows.append({
            "action": words, "change": max(got), "residual": float(np.mean(off)), "worst": max(off),
            "kept": float((changed < 1).mean()) if changed.size else 1.0, "cpu": cpu / (SECONDS / EVERY - 1),
            "yaw": act.fit.yaw, "vector": float(np.median(far)) if far else 0.0, "vector_worst": max(far, default=0.0),
        })  # fmt: skip
    return rows


def main() -> None:
    """Judges pictures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--vector", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    vector = vectors(given.vector) if given.vector else None
    rows = []
    for path in given.pictures:
        found = cv2.imread(str(path))
        assert found is not None, f"{path} is no picture"
        picture = found[..., ::-1]
        share = given.side / max(picture.shape[:2])
        picture = np.ascontiguousarray(cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA))
        found = judged(picture, vector)
        print(path.name, "no face" if not found else f"yaw {found[0]['yaw']:.0f}", flush=True)
        rows += [{"picture": path.name, **row} for row in found]
    print(f"{'action':28s} asked way  change  residual (worst frame)  vector (worst)  kept")
    for words in ASKED:
        own = [row for row in rows if row["action"] == words]
        column = {key: np.array([row[key] for row in own]) for key in own[0] if key not in ("picture", "action")}
        print(
            f"{words:28s} {int((column['change'] > 0).sum())}/{len(own)}  {np.median(column['change']):7.3f}  "
            f"{np.median(column['residual']):.2%} ({column['worst'].max():.2%})  {np.median(column['vector']):.2f} "
            f"({column['vector_worst'].max():.2f})  {column['kept'].min():.2%}"
        )
    every = {
        key: np.array([row[key] for row in rows]) for key in ("change", "residual", "vector", "vector_worst", "cpu")
    }
    print(
        f"asked way {(every['change'] > 0).mean():.1%}, residual median {np.median(every['residual']):.2%}, vector "
        f"{np.median(every['vector']):.3f} worst {every['vector_worst'].max():.3f}, "
        f"{every['cpu'].mean() * 1000:.0f} CPU ms a frame"
    )
    if given.out:
        given.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
