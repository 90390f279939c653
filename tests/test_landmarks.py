# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmarks found in photos: against human annotation, under rotation and scale, and where there is no face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shared_files import PHOTO, PHOTO_PTS, need

from wrinkle_addon.core.errors import WrinkleError
from wrinkle_addon.core.images import read_photo
from wrinkle_addon.core.landmarks import detector, find_landmarks, mesh, networks, read_pts, search
from wrinkle_addon.core.landmarks.ibug import average_of, to_ibug
from wrinkle_addon.core.models.builtin import load_builtin
from wrinkle_addon.core.opencv import cv2
from wrinkle_addon.core.progress import Cancelled
from wrinkle_addon.core.types import Landmarks, Photo

DEMO = Path(networks.__file__).parents[2] / "assets" / "demo_photo.jpg"


@pytest.fixture(scope="module", params=["human", "demo"])
def face(request: pytest.FixtureRequest) -> tuple[np.ndarray, Landmarks]:
    """A photo of one face, at most 1280 pixels, and its landmarks."""
    pixels = read_photo(need(PHOTO if request.param == "human" else DEMO)).pixels
    scale = 1280 / max(pixels.shape[:2])
    if scale < 1:
        pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return pixels, find(pixels)


def find(pixels: np.ndarray) -> Landmarks:
    return find_landmarks(Photo(np.ascontiguousarray(pixels), "photo.png", ""))


def error(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(68,) distances in percent of the distance between the outer eye corners."""
    return 100 * np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth[36] - truth[45])


def test_against_human_landmarks() -> None:
    landmarks = find_landmarks(read_photo(need(PHOTO)))
    errors = error(landmarks.points, read_pts(need(PHOTO_PTS)).points)
    assert errors.mean() < 4.2
    assert errors[17:].mean() < 3.2
    assert errors.max() < 15
    assert landmarks.points.dtype == landmarks.confidence.dtype == np.float32
    assert landmarks.confidence.shape == (68,)
    assert landmarks.confidence.min() > 0.5
    assert landmarks.dense is not None
    assert landmarks.dense.shape == (468, 3)
    assert landmarks.warnings == ()


@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_points_turn_with_the_photo(face: tuple[np.ndarray, Landmarks], degrees: int) -> None:
    pixels, straight = face
    height, width = pixels.shape[:2]
    reach = int(np.hypot(height, width) / 2) + 1
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    matrix[:, 2] += reach - np.array([(width - 1) / 2, (height - 1) / 2])
    turned = find(cv2.warpAffine(pixels, matrix, (2 * reach + 1, 2 * reach + 1)))
    assert error(turned.points, straight.points @ matrix[:, :2].T + matrix[:, 2]).mean() < 1.0


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns(face: tuple[np.ndarray, Landmarks], turns: int) -> None:
    pixels, straight = face
    corners = {1: (0, pixels.shape[1] - 1), 2: (pixels.shape[1] - 1, pixels.shape[0] - 1), 3: (pixels.shape[0] - 1, 0)}
    cos, sin = (0, 1, 0, -1)[(turns + 1) % 4], (0, 1, 0, -1)[turns]
    expected = straight.points @ np.array([[cos, -sin], [sin, cos]]) + corners[turns]
    assert error(find(np.rot90(pixels, turns)).points, expected).mean() < 1.0


@pytest.mark.parametrize("width", [60, 100, 250, 700, 3500])
def test_faces_of_every_size(face: tuple[np.ndarray, Landmarks], width: int) -> None:
    pixels, straight = face
    scale = width / float(np.ptp(straight.points[:, 0]))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method)
    exact = np.array(scaled.shape[1::-1]) / np.array(pixels.shape[1::-1])
    canvas, corner = scaled, np.zeros(2)
    if max(scaled.shape) < 1200:  # a small face in a large photo, off the middle
        canvas, corner = np.full((1300, 1400, 3), 96, np.uint8), np.array([150, 70])
        canvas[70 : 70 + scaled.shape[0], 150 : 150 + scaled.shape[1]] = scaled
    found = find(canvas).points
    assert error(found, (straight.points + 0.5) * exact - 0.5 + corner).mean() < 1.2


def test_a_face_that_fills_the_photo(face: tuple[np.ndarray, Landmarks]) -> None:
    pixels, straight = face
    low = np.floor(straight.points.min(0)).astype(int) - 4
    high = np.ceil(straight.points.max(0)).astype(int) + 4
    found = find(pixels[low[1] : high[1], low[0] : high[0]])
    assert error(found.points + low, straight.points).mean() < 2


def test_points_mirror_with_the_photo(face: tuple[np.ndarray, Landmarks]) -> None:
    pixels, straight = face
    mirrored = find(pixels[:, ::-1])
    order = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31]
    order += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    order += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
    back = mirrored.points[order] * (-1, 1) + (pixels.shape[1] - 1, 0)
    assert error(back, straight.points).mean() < 0.8


def test_two_faces_are_counted_and_the_larger_is_used(face: tuple[np.ndarray, Landmarks]) -> None:
    pixels, straight = face
    low = np.clip(straight.points.min(0) - 150, 0, None).astype(int)
    high = (straight.points.max(0) + 150).astype(int)
    large = pixels[low[1] : high[1], low[0] : high[0]]
    small = cv2.resize(large, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    both = np.full((large.shape[0], small.shape[1] + large.shape[1], 3), 96, np.uint8)
    both[: small.shape[0], : small.shape[1]] = small
    both[:, small.shape[1] :] = large
    found = find(both)
    assert any("2 faces" in warning for warning in found.warnings)
    assert error(found.points, straight.points - low + (small.shape[1], 0)).mean() < 1.2


@pytest.mark.parametrize(("trust", "presence", "chosen"), [(0.78, 0.97, 90.0), (0.55, 0.97, 50.0), (0.78, 0.7, 50.0)])
def test_the_larger_face_is_used_where_both_networks_see_it(
    trust: float, presence: float, chosen: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes 90 and 50; the detector is less sure of the larger face than of the smaller one."""
    seen = {90.0: (presence, trust), 50.0: (0.9, 0.81)}

    def confirmed(photo: mesh.Scaled, detection: detector.Detection) -> tuple[mesh.Mesh, float]:
        points = np.full((468, 3), detection.size, np.float32)
        return mesh.Mesh(points, np.zeros(468, np.float32), seen[detection.size][0]), seen[detection.size][1]

    faces = [detector.Detection(np.zeros(2), size, np.zeros((6, 2), np.float32), 0.7) for size in seen]
    monkeypatch.setattr(search, "find_faces", lambda *_: iter([faces]))
    monkeypatch.setattr(search, "_confirmed_mesh", confirmed)
    face = search.largest_face(mesh.Scaled(np.zeros((9, 9, 3), np.uint8)), lambda *_: True)
    assert face is not None
    assert face.mesh.points[0, 0] == chosen
    assert face.sure == (chosen == 50.0), "a face that the detector doubts is used, and said to be doubtful"


def test_points_outside_the_photo_are_not_trusted(face: tuple[np.ndarray, Landmarks]) -> None:
    pixels, straight = face
    found = find(pixels[: int(straight.points[57, 1])])
    assert found.confidence[8] == 0
    assert found.confidence[36] > 0.5
    assert any("uncertain" in warning for warning in found.warnings)


def test_dark_glasses_are_noticed(face: tuple[np.ndarray, Landmarks]) -> None:
    pixels, straight = face
    worn = pixels.copy()
    for corners in ((36, 39), (42, 45)):
        middle = straight.points[list(corners)].mean(0)
        width = float(np.linalg.norm(np.subtract(*straight.points[list(corners)])))
        axes = (int(0.9 * width), int(0.65 * width))
        cv2.ellipse(worn, (int(middle[0]), int(middle[1])), axes, 0, 0, 360, (25, 22, 20), -1)
    found = find(worn)
    assert any("dark glasses" in warning for warning in found.warnings)
    assert found.confidence[36:48].max() < 0.5 < found.confidence[48:].min()
    assert not any("dark glasses" in warning for warning in straight.warnings)


@pytest.mark.parametrize("point", [54, 36, 8, 3, 19], ids=["mouth corner", "eye corner", "chin", "cheek", "brow"])
def test_a_partly_hidden_face(point: int) -> None:
    """A disc of 0.6 of the eye distance over a part of the face moves the points there little, the others hardly."""
    pixels = pytest.importorskip("skimage.data").astronaut()
    straight = find(pixels).points
    eyes = float(np.linalg.norm(straight[36] - straight[45]))
    hidden = np.linalg.norm(straight - straight[point], axis=1) < 0.3 * eyes
    centre = tuple(np.rint(straight[point]).astype(int).tolist())
    found = find(cv2.circle(pixels.copy(), centre, int(0.3 * eyes), (150, 110, 90), -1)).points
    away = error(found, straight)
    assert away[hidden].mean() < 8.0
    assert away[~hidden].mean() < 2.5


@pytest.mark.parametrize("shade", [0, 255])
def test_no_face(shade: int) -> None:
    with pytest.raises(WrinkleError, match=r"No face.*photo\.png"):
        find(np.full((480, 640, 3), shade, np.uint8))


def test_noise_is_no_face() -> None:
    with pytest.raises(WrinkleError, match="No face"):
        find(np.random.default_rng(0).integers(0, 256, (600, 500, 3)).astype(np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (63, 500), (400, 20)])
def test_too_small(shape: tuple[int, int]) -> None:
    with pytest.raises(WrinkleError, match="too small"):
        find(np.zeros((*shape, 3), np.uint8))


def test_the_search_can_be_cancelled() -> None:
    photo = Photo(np.zeros((400, 400, 3), np.uint8), "photo.png", "")
    with pytest.raises(Cancelled):
        find_landmarks(photo, lambda fraction, text: fraction < 0.1)


def test_missing_and_damaged_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "FOLDER", tmp_path)
    with pytest.raises(WrinkleError, match=r"face_detection_short_range\.tflite.*build_addon\.py"):
        find(np.zeros((100, 100, 3), np.uint8))
    (tmp_path / networks.DETECTOR_FILE).write_bytes(b"not a network")
    with pytest.raises(WrinkleError, match=r"face_detection_short_range\.tflite.*cannot be read"):
        find(np.zeros((100, 100, 3), np.uint8))


def test_usual_photos_take_few_network_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard of the speed: one look of the detector, two or three of the mesh network."""
    photo = read_photo(need(PHOTO))
    runs: list[str] = []

    def counted(file: str, images: np.ndarray) -> object:
        runs.append(file)
        return networks.run_network(file, images)

    monkeypatch.setattr(detector, "run_network", counted)
    monkeypatch.setattr(mesh, "run_network", counted)
    find_landmarks(photo)
    assert runs.count(networks.DETECTOR_FILE) == 1
    assert runs.count(networks.MESH_FILE) <= 3


def test_mirror_order_pairs_the_points() -> None:
    order = mesh.mirror_order()
    np.testing.assert_array_equal(order[order], np.arange(468))
    for right, left in ((33, 263), (133, 362), (61, 291), (127, 356), (70, 300), (1, 1), (152, 152)):
        assert order[right] == left


def test_crops_keep_pixel_centres() -> None:
    """What lies at a photo pixel's centre lies where the crop's map says, whatever its scale and turn."""
    y, x = np.mgrid[0:900, 0:900].astype(np.float32)
    ramp = np.stack([x / 4, y / 4, x * 0], -1).round().astype(np.uint8)
    for size, angle in ((192.0, 0.0), (150.0, 0.4), (500.0, -0.3), (576.0, 2.0)):
        crop = mesh.Crop(np.array([450.3, 440.7]), size, angle)
        rows, columns = np.mgrid[40:150:7, 40:150:7]
        expected = crop.to_photo(np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], 1))
        seen = mesh.cut(mesh.Scaled(ramp), crop)[rows.ravel(), columns.ravel(), :2].astype(float) * 4
        assert np.abs(seen - expected).mean() < 1.5
        assert np.abs((seen - expected).mean(0)).max() < 0.6


def test_the_jaw_divides_the_outline_evenly() -> None:
    angles = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    points = np.stack([300 + 100 * np.sin(angles), 300 - 130 * np.cos(angles), 0 * angles], 1).astype(np.float32)
    points[[127, 356, 152, 10, 17]] = [(200, 300, 0), (400, 300, 0), (300, 430, 0), (300, 170, 0), (300, 380, 0)]
    points[[162, 389]] = points[[127, 356]]
    points[[168, 199]] = [(300, 290, 0), (300, 410, 0)]
    points[[33, 263]] = (300, 300, 0)  # eyes without distance: no margin at the ears
    jaw = to_ibug(points)[:17]
    np.testing.assert_allclose(jaw[[0, 16]], [(200, 300), (400, 300)], atol=2)
    assert jaw[8, 1] == pytest.approx(432, abs=2)
    steps = np.linalg.norm(np.diff(jaw, axis=0), axis=1)
    assert np.ptp(steps) / steps.mean() < 0.1


@pytest.mark.parametrize("yaw", [0, 25, -25, 40])
def test_the_chin_of_a_turned_head_lies_towards_its_far_side(yaw: int) -> None:
    """Where the face's middle line meets the outline: 0.02 to 0.14 of the eyes' distance beyond the mesh's chin."""
    face = load_builtin()
    assert face.dense is not None
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    turned = face.mean[face.dense] @ np.array([[cos, 0, -sin], [0, -1, 0], [sin, 0, cos]])
    jaw = to_ibug(turned)[:17]
    beyond = (jaw[8, 0] - turned[152, 0]) / np.linalg.norm(turned[33, :2] - turned[263, :2])
    assert abs(beyond) < 0.01 if yaw == 0 else 0.02 < np.sign(yaw) * beyond < 0.14
    steps = np.linalg.norm(np.diff(jaw, axis=0), axis=1)
    for side in (steps[:8], steps[8:]):
        assert np.ptp(side[:-1]) / side.mean() < 0.35


def test_averages_follow_the_points() -> None:
    np.testing.assert_allclose(average_of(np.full(468, 2.5, np.float32)), np.full(68, 2.5), rtol=1e-6)
