"""A camera's path written by hand: what is read, what is refused and by which key, and the curve between the keys."""

import math

import numpy as np
import pytest

from motionalchemy.errors import InputError
from motionalchemy.language.camera_keys import CameraKey, at, parse


def test_keys_are_read_in_order():
    keys = parse("0:0,0,1 2:0.2,0,1.3")
    assert keys == (CameraKey(0, 0, 0, 1), CameraKey(2, 0.2, 0, 1.3))
    assert parse("0:0,0,1;1.5:-.1,.05,2,10")[1] == CameraKey(1.5, -0.1, 0.05, 2, 10)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("0:0,0,1 2:0.2,0", r"key 2 of the camera, '2:0\.2,0', is not SECONDS:RIGHT,DOWN,ZOOM"),
        ("0:0,0,1 two:0,0,1", "key 2 .* has seconds 'two'"),
        ("0:0,x,1 2:0,0,1", "key 1 .* has down 'x'"),
        ("0:0,0,1 1:0,0,0", "key 2 .* has zoom '0': give 0.5 to 8 times"),
        ("0:0,0,1 1:0,0,nan", "key 2 .* has zoom 'nan'"),
        ("0:0,0,1 1:0.9,0,1", "key 2 .* has right '0.9': give -0.5 to 0.5 widths"),
        ("0:0,0,1 1:0,0,1,200", "key 2 .* has roll '200'"),
        ("0:0,0,1 2:0,0,1 1:0,0,2", "key 3 .* is not after second 2"),
        ("1:0,0,1 2:0,0,1", "key 1 .* begins at second 1"),
        ("0:0,0,1", "has 1 keys"),
        ("", "has 0 keys"),
        ("0;1;2", "key 1 .* is not SECONDS"),
    ],
)
def test_a_wrong_key_is_named(text, match):
    with pytest.raises(InputError, match=match):
        parse(text)


def test_the_curve_meets_every_key_and_never_overshoots():
    keys = parse("0:0,0,1 1:0.2,0,2 3:0.25,0.1,2 4:0,0,1")
    values = at(keys, np.array([0.0, 1, 3, 4, 9]))
    assert values[:4] == pytest.approx(np.array([(k.right, k.down, math.log(k.zoom), 0) for k in keys]))
    assert values[4] == pytest.approx(values[3])
    fine = at(keys, np.linspace(0, 4, 401))
    assert fine[:, 0].max() <= 0.25 + 1e-9 and fine[:, 2].max() <= math.log(2) + 1e-9
    assert np.abs(np.diff(fine, axis=0)).max() < 0.02
    assert np.abs(np.diff(fine[:3, 0])).max() < 1e-3  # it starts from rest
