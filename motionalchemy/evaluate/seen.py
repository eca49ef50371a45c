"""A clip of one picture as it is judged: what the picture shows, where its places go, and the camera that takes them."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from motionalchemy.evaluate.face_tracks import FaceTrack, face_tracks
from motionalchemy.evaluate.tracking import Tracks, fitted, held, tracks
from motionalchemy.evaluate.wanted import Wanted
from motionalchemy.media.clip import Clip
from motionalchemy.scene import parse
from motionalchemy.scene.face_mesh import OVAL
from motionalchemy.scene.parse import Scene

REGIONS: dict[str, tuple[str, ...]] = {  # what an element is of, by the names of regions
    "river": ("water",), "fall": ("water",), "sea": ("water",), "calm": ("water",), "clouds": ("sky",),
    "plants": ("plants",), "hair": ("hair", "animal"), "cloth": ("clothes",), "fire": ("fire",),
}  # fmt: skip
FALLING = ("rain", "snow", "petals")
FALLS = 7  # frames within which what falls has gone past a place
PARALLAX = ("dolly", "fly", "orbit", "truck", "pedestal", "dolly zoom", "follow")  # moves that no similarity explains
FLAT = 4.0  # grey levels from one pixel to the next, below which a place shows nothing that could be followed
LEAST = 0.02  # of the picture, that a region covers at least which is looked for
BESIDE = 0.02  # of the diagonal: how far around what is asked nothing is asked to rest


@dataclass(frozen=True, eq=False)
class Understood:
    """The picture of a case: its `scene`, with faces and regions, and how near each place is; looked at once."""

    scene: Scene

    @classmethod
    def of(cls, picture: np.ndarray) -> "Understood":
        """A picture (H, W, 3) uint8."""
        return cls(parse.parse(picture))

    @cached_property
    def subject(self) -> np.ndarray:
        """Where what stands out is, (H, W) in [0, 1]; nowhere, where nothing does."""
        subject = self.scene.subject
        return np.zeros(self.scene.picture.shape[:2], np.float32) if subject is None else subject.opacity.numpy()

    @cached_property
    def faces(self) -> np.ndarray:
        """Where faces are, (H, W) in {0, 1}."""
        mask = np.zeros(self.scene.picture.shape[:2], np.uint8)
        for face in self.scene.faces:
            cv2.fillPoly(mask, [face.points[OVAL, :2].round().astype(np.int32)], 1)
        return mask.astype(np.float32)

    def of_regions(self, *names: str) -> np.ndarray | None:
        """Where some regions are likely, (H, W) in {0, 1}; None where they cover next to nothing."""
        likely = (self.scene.regions.of(*names) > 0.4).astype(np.float32)
        return likely if likely.mean() > LEAST else None

    def place(self, asked: Wanted) -> np.ndarray | None:
        """Where in the picture something that is asked for should be seen, (H, W) in [0, 1]; None where that may be
        anywhere."""
        if asked.part in ("camera", "weather"):
            return None
        if asked.part == "elements":
            names = REGIONS.get(asked.deed)
            found = None if names is None else self.of_regions(*names)
            return self.subject if found is None and asked.deed in ("cloth", "hair", "plants") else found
        if asked.part == "face" and self.faces.any():
            return self.faces
        if asked.part == "body":
            living = self.of_regions("animal", "hair", "skin", "clothes")
            return self.subject if living is None else np.maximum(living, self.subject)
        return self.subject if self.subject.any() else None


@dataclass(frozen=True, eq=False)
class Seen:
    """A `clip` of a picture that is `understood`, and what was `wanted` of it."""

    clip: Clip
    understood: Understood
    wanted: tuple[Wanted, ...]

    @cached_property
    def tracks(self) -> Tracks:
        """Where the places of its first frame go, seen through what falls before them."""
        return tracks(self.clip, through=FALLS if any(each.deed in FALLING for each in self.wanted) else 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Of the frames in which places are followed."""
        high, wide = self.tracks.frames.shape[1:3]
        return high, wide

    def sized(self, mask: np.ndarray) -> np.ndarray:
        """A mask of the picture as the frames are that are looked at, bool."""
        return fitted(mask, self.shape)

    def place(self, asked: Wanted) -> np.ndarray | None:
        """Where something that is asked for should be seen, (H, W) bool; None where that may be anywhere."""
        found = self.understood.place(asked)
        mask = None if found is None else self.sized(found)
        return mask if mask is not None and mask.any() else None

    @cached_property
    def asked(self) -> np.ndarray:
        """All places of which something is asked, and a little around them, (H, W) bool."""
        mask = np.zeros(self.shape, np.uint8)
        for each in self.wanted:
            place = self.place(each)
            if place is not None:
                mask |= place.astype(np.uint8)
        reach = max(1, round(BESIDE * self.tracks.diagonal))
        return cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0

    @cached_property
    def rest(self) -> np.ndarray:
        """Of what nothing is asked but what the camera does with it, (H, W) bool."""
        return ~self.asked

    @property
    def parallax(self) -> bool:
        """Whether a camera is asked to go where near and far things part."""
        return any(each.part == "camera" and each.deed in PARALLAX for each in self.wanted)

    @property
    def filmed(self) -> bool:
        """Whether a camera is asked to move."""
        return any(each.part == "camera" and each.deed != "static" for each in self.wanted)

    @cached_property
    def textured(self) -> np.ndarray:
        """Where the picture shows something that can be followed, (H, W) bool."""
        grey = cv2.GaussianBlur(self.tracks.frames[0].astype(np.float32).mean(-1), (0, 0), 0.8)
        across, down = (cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
        strong = (np.hypot(across, down) > FLAT).astype(np.uint8)
        return cv2.dilate(strong, np.ones((3, 3), np.uint8)) > 0

    @cached_property
    def cameras(self) -> list[np.ndarray]:
        """For each frame, by what similarity (2, 3) a camera takes what rests into it."""
        ground = self.rest & ~self.sized(self.understood.subject)
        for where in (ground, self.rest):
            if where.mean() > 0.08:
                return self.tracks.cameras(where)
        return self.tracks.cameras(np.ones(self.shape, bool))

    @cached_property
    def besides(self) -> np.ndarray:
        """How far each place goes besides the camera, (T, H, W, 2) in per cent of the diagonal; nan where not seen."""
        return 100 * self.tracks.besides(self.cameras) / self.tracks.diagonal

    @cached_property
    def reach(self) -> np.ndarray:
        """How far each place goes at most, (H, W) in per cent of the diagonal."""
        apart = np.linalg.norm(self.besides, axis=-1)
        return np.nan_to_num(np.fmax.reduce(apart)).clip(0)

    @cached_property
    def changed(self) -> np.ndarray:
        """How much each place differs from the picture under the camera, on average over the later two thirds of the
        frames, (H, W) in grey levels."""
        frames, found, count = self.tracks.frames, np.zeros(self.shape), np.full(self.shape, 1e-6)
        for number in range(len(frames) // 3, len(frames), 3):
            shown, there = held(frames[number], self.cameras[number])
            found += np.abs(shown - frames[0]).mean(-1) * there
            count += there
        return found / count

    @cached_property
    def faces(self) -> tuple[FaceTrack, ...]:
        """What its faces do."""
        return face_tracks(self.clip.frames, self.understood.scene.faces)
