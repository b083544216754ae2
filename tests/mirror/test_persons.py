from pathlib import Path

import av
import numpy as np
import pytest

from mirror.persons import HEIGHT_PX, WIDTH_PX, HeadCounter, fitted
from models.registry import BUILTIN
from tests.drawn_camera import draw
from vision.errors import BadModel

NET = BUILTIN / "persons.onnx"


@pytest.mark.parametrize(
    ("width", "height", "grey"),
    [(1920, 1080, (6, 0)), (640, 480, (0, 32)), (1080, 1920, (0, 106)), (16, 16, (0, 64))],
)
def test_every_picture_is_fitted_whole_and_undistorted(
    width: int, height: int, grey: tuple[int, int]
) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 250, np.uint8), "rgb24")
    whole = fitted(frame)
    assert whole.shape == (HEIGHT_PX, WIDTH_PX, 3)
    inside = whole[grey[0] : HEIGHT_PX - grey[0], grey[1] : WIDTH_PX - grey[1]]
    assert (inside > 245).all()
    assert (whole == 114).all(axis=2).sum() == WIDTH_PX * HEIGHT_PX - inside.shape[
        0
    ] * inside.shape[1]


def test_an_empty_room_and_a_drawn_figure_are_no_company() -> None:
    counter = HeadCounter(NET)
    wall = av.VideoFrame.from_ndarray(np.full((480, 640, 3), 190, np.uint8), "rgb24")
    assert counter.count(wall) == 0
    assert counter.count(av.VideoFrame.from_ndarray(draw(0, 640, 480), "bgr24")) <= 1


def test_a_file_that_is_no_net_is_refused(tmp_path: Path) -> None:
    (tmp_path / "persons.onnx").write_bytes(b"torn")
    with pytest.raises(BadModel):
        HeadCounter(tmp_path / "persons.onnx")


def test_one_and_two_real_persons_are_told_apart(shared_data: Path) -> None:
    counter = HeadCounter(NET)
    path = shared_data / "video" / "one-by-one-person-detection.mp4"
    found: dict[int, object] = {}
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number in (20, 130, 340):  # nobody, the first person, the second one
                found[number] = frame.to_ndarray(format="rgb24")
            if number > 340:
                break
    one, other = np.asarray(found[130]), np.asarray(found[340])
    half = one.shape[1] // 2
    # Each stands in the middle: her left half's picture is moved to make room for the other one.
    both = np.concatenate([one[:, half - 250 : half + 134], other[:, half - 134 : half + 250]], 1)
    counts = [
        counter.count(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24"))
        for picture in (found[20], one, other, both)
    ]
    assert counts == [0, 1, 1, 2]
