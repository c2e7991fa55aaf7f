"""The nearest of many segments against every distance measured one by one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from justgeo.measure import snapping


def random_segments(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Segments of very different lengths, some of none, many meeting at ends; points near, far and at ends."""
    rng = np.random.default_rng(seed)
    nodes = rng.uniform(0, 1000, (int(rng.integers(2, 60)), 2)).round(int(rng.integers(0, 3)))
    u, v = rng.integers(0, len(nodes), (2, int(rng.integers(1, 120))))
    near = nodes[u] + rng.normal(0, 15, (len(u), 2))
    short = rng.random(len(u)) < 0.5
    end = np.where(short[:, None], near, nodes[v])
    return nodes[u], end, np.concatenate([nodes, rng.uniform(-400, 1400, (40, 2))])


def brute(start: np.ndarray, end: np.ndarray, points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Metres from each point to each segment, ``inf`` for those that do not count; (k, m)."""
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    metres = shapely.distance(shapely.points(points)[:, None], lines[None, :])
    metres[:, ~rows | (start == end).all(axis=1)] = np.inf
    return metres


@pytest.mark.parametrize("few", [1, snapping.FEW])
@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), limit=st.sampled_from([0.0, 30.0, 200.0, np.inf]))
def test_same_as_every_distance_one_by_one(few: int, seed: int, limit: float) -> None:
    start, end, points = random_segments(seed)
    rows = np.random.default_rng(seed).random(len(start)) < 0.8
    metres = brute(start, end, points, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapping, "FEW", few)
        found = snapping.nearest(snapping.segments(start, end, rows), points, limit)
    least = metres.min(axis=1)
    decided = np.abs(least - limit) > 1e-9 if np.isfinite(limit) else np.ones(len(points), dtype=bool)
    near = least <= limit
    assert (((found.segment >= 0) == (near & np.isfinite(least))) | ~decided).all()
    row = np.flatnonzero((found.segment >= 0) & decided)
    assert np.abs(found.metres[row] - least[row]).max(initial=0.0) < 1e-9
    assert np.abs(metres[row, found.segment[row]] - least[row]).max(initial=0.0) < 1e-9
    foot = start[found.segment[row]] + found.share[row, None] * (end - start)[found.segment[row]]
    assert np.abs(np.hypot(*(points[row] - foot).T) - found.metres[row]).max(initial=0.0) < 1e-9
    assert np.isinf(found.metres[found.segment < 0]).all()


def test_of_segments_that_meet_the_first_is_taken() -> None:
    hub = np.array([123_456.7, 4_000_000.3])
    around = hub + 50 * np.stack([np.cos(np.arange(20)), -np.abs(np.sin(np.arange(20))) - 0.1], axis=1)
    start = np.concatenate([np.tile(hub, (10, 1)), around[10:]])
    end = np.concatenate([around[:10], np.tile(hub, (10, 1))])
    above = hub + np.array([[0.0, 40.0], [1.0, 17.3]])
    assert snapping.nearest(snapping.segments(start, end), above, 100.0).segment.tolist() == [0, 0]
    there = snapping.segments(start[::-1].copy(), end[::-1].copy())
    assert snapping.nearest(there, above, 100.0).segment.tolist() == [0, 0]


def test_one_long_segment_among_many_short_ones_is_found() -> None:
    """Its middle is far from everybody; its pieces are not."""
    x = np.arange(200) * 5.0
    start = np.concatenate([[[-20_000.0, 10.0]], np.stack([x, np.full(200, 30.0)], axis=1)])
    end = np.concatenate([[[20_000.0, 10.0]], np.stack([x + 5, np.full(200, 30.0)], axis=1)])
    found = snapping.nearest(snapping.segments(start, end), np.array([[500.0, 15.0], [-15_000.0, 0.0]]), 200.0)
    assert found.segment.tolist() == [0, 0] and found.metres == pytest.approx([5.0, 10.0])


def test_no_segments_and_no_points() -> None:
    nothing = np.empty((0, 2))
    assert snapping.nearest(snapping.segments(nothing, nothing), np.zeros((2, 2)), 100.0).segment.tolist() == [-1, -1]
    one = snapping.segments(np.zeros((1, 2)), np.ones((1, 2)))
    assert len(snapping.nearest(one, nothing, 100.0).segment) == 0
    assert not np.isfinite(snapping.nearest(one, np.array([[9.0, 9.0]]), 1.0).metres).any()


def test_what_ends_nearest_to_a_point_is_as_far_as_its_end_to_the_last_digit() -> None:
    """However long it is and from wherever it comes; and as far as its start where that is nearest."""
    rng = np.random.default_rng(7)
    hub = np.array([123_456.7, 4_000_000.3])
    start, points = hub + rng.uniform(10, 90, (200, 2)), hub - rng.uniform(10, 90, (200, 2))
    every = np.arange(200)
    plain = np.sqrt(((points - hub) ** 2).sum(axis=1))
    for there, place in (
        (snapping.segments(start, np.tile(hub, (200, 1))), 1.0),
        (snapping.segments(np.tile(hub, (200, 1)), start), 0.0),
    ):
        share, metres = snapping._foot(there, points, every)
        assert (share == place).all() and (metres == plain).all()


def test_a_place_in_the_middle_by_hand_and_one_just_at_the_limit() -> None:
    there = snapping.segments(np.array([[0.0, 0.0], [0.0, 50.0]]), np.array([[100.0, 0.0], [0.0, 60.0]]))
    asked = np.array([[25.0, 3.0], [-3.0, 4.0], [103.0, -4.0], [-6.0, 55.0]])
    found = snapping.nearest(there, asked, 5.0)
    assert found.segment.tolist() == [0, 0, 0, -1] and found.share.tolist() == [0.25, 0.0, 1.0, 0.0]
    assert found.metres.tolist() == [3.0, 5.0, 5.0, np.inf]
    nearer = snapping.nearest(there, asked, np.nextafter(5.0, 0.0))
    assert nearer.segment.tolist() == [0, -1, -1, -1]
    wider = snapping.nearest(there, asked, 6.0)
    assert wider.segment.tolist() == [0, 0, 0, 1] and wider.share[3] == 0.5


def test_pieces_are_no_longer_than_the_mean_and_no_more_than_that_asks_for() -> None:
    """10, 20 and 60 m: the mean is 30, so that the last one has two pieces of 30."""
    end = np.array([[10.0, 0.0], [20.0, 0.0], [60.0, 0.0], [0.0, 0.0]])
    there = snapping.segments(np.zeros((4, 2)), end)
    assert there.of_piece.tolist() == [0, 1, 2, 2] and there.half == 15.0 and there.tree is not None
    assert there.tree.data[:, 0].tolist() == [5.0, 10.0, 15.0, 45.0]
    some = snapping.segments(np.zeros((4, 2)), end, np.array([True, False, True, True]))
    assert some.of_piece.tolist() == [0, 2, 2] and some.half == 15.0
