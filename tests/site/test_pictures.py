"""Pictures: equal data gives an equal file, which stands alone and follows the colour scheme."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from crossgrad.directives import Picture
from crossgrad.pictures import PictureError, draw

SVG = "{http://www.w3.org/2000/svg}"
LEAF = {"name": "AccumulateGrad", "leaf": "x", "shape": []}
CHAIN = {
    "nodes": [{"name": "PowBackward0"}, LEAF],
    "edges": [[0, 1]],
    "roots": [{"name": "y", "node": 0, "shape": []}],
}
WAVE = {"x": [0.0, 1.0, 2.0], "y": {"up": [0.0, 1.0, 4.0], "down": [0.0, -1.0, -4.0]}}
IMAGE = {"shape": [3, 1, 2], "dtype": "float32", "values": [1, 1, 0, 0, 0.2, 0.2]}


def picture(what, alt="what it shows", **options):
    return Picture(what, ("x",), alt, line=1, number=1, options=options)


def drawn(what, data, **options):
    return ET.fromstring(draw(picture(what, **options), data))


def words(svg):
    return [text.text for text in svg.iter(SVG + "text")]


@pytest.mark.parametrize(("kind", "data"), [("graph", CHAIN), ("plot", WAVE), ("image", IMAGE)])
def test_every_picture_is_an_image_with_a_text_alternative(kind, data):
    svg = ET.fromstring(draw(picture(kind, alt='a < b & "c"'), data))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", 'a < b & "c"')
    assert draw(picture(kind), data) == draw(picture(kind), data)


def test_colours_are_variables_so_that_the_page_decides():
    text = draw(picture("plot"), WAVE).split("</style>")[1]
    assert "var(--crossgrad-accent, #" in text
    assert 'stroke="#' not in text


def test_a_graph_shows_leaves_nodes_and_the_result_along_the_computation():
    svg = drawn("graph", CHAIN)
    height = {text.text: float(text.get("y")) for text in svg.iter(SVG + "text")}
    assert height["x"] < height["PowBackward0"] < height["y"]
    assert words(svg)[-2:] == ["↓ the computation", "↑ the backward pass"]


def test_a_node_that_uses_a_tensor_twice_has_two_arrows():
    once, twice = (
        draw(picture("graph"), CHAIN | {"edges": [[0, 1]] * count}).count("h9z") for count in (1, 2)
    )
    assert (once, twice) == (2, 3)


def test_a_leaf_that_is_its_own_result_is_shown_once():
    svg = drawn("graph", {"nodes": [LEAF], "edges": [], "roots": [{"name": "x", "node": 0}]})
    assert words(svg) == ["x", "scalar"]


def test_boxes_of_a_layer_never_overlap():
    leaves = [{"name": "AccumulateGrad", "leaf": f"weight_{n}", "shape": [n]} for n in range(6)]
    edges = [[0, n + 2] for n in range(6)] + [[1, n + 2] for n in range(5, -1, -1)]
    nodes = [{"name": "AddBackward0"}, {"name": "MulBackward0"}, *leaves]
    roots = [{"name": "a", "node": 0}, {"name": "b", "node": 1}]
    boxes = [
        [float(box.get(key)) for key in ("y", "x", "width")]
        for box in drawn("graph", {"nodes": nodes, "edges": edges, "roots": roots}).iter(
            SVG + "rect"
        )
    ]
    rows = {y: sorted((x, x + width) for top, x, width in boxes if top == y) for y, _, _ in boxes}
    assert sorted(map(len, rows.values())) == [2, 2, 6]
    for row in rows.values():
        assert all(right < left for (_, right), (left, _) in pairwise(row))


def test_a_plot_names_its_axes_and_its_curves():
    assert {"step", "loss", "up", "down"} <= set(
        words(drawn("plot", WAVE, xlabel="step", ylabel="loss"))
    )


def test_ticks_are_round_numbers_with_a_real_minus():
    assert {"−4", "−2", "0", "2", "4"} <= set(words(drawn("plot", WAVE)))


def test_a_number_that_is_not_finite_leaves_a_gap():
    data = {"x": [0, 1, 2, 3, 4], "y": {"y": [0.0, 1.0, math.nan, 1.0, 0.0]}}
    curve = [path for path in drawn("plot", data).iter(SVG + "path") if path.get("stroke-width")]
    assert [path.get("d").count("M") for path in curve] == [2]


def test_points_are_dots_and_the_fitted_curve_is_a_line():
    marks = [
        p for p in drawn("plot", WAVE, kind="mixed").iter(SVG + "path") if p.get("stroke-width")
    ]
    assert [path.get("stroke-linecap") for path in marks[-2:]] == ["round", None]


def test_an_image_has_the_tensor_s_colours():
    fills = [path.get("fill") for path in drawn("image", IMAGE).iter(SVG + "path")]
    assert fills == ["#ff0033"]


def test_bytes_and_one_channel_are_images_too():
    data = {"shape": [1, 1, 2], "dtype": "uint8", "values": [0, 255]}
    fills = [path.get("fill") for path in drawn("image", data).iter(SVG + "path")]
    assert fills == ["#000000", "#ffffff"]


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        ("image", {"shape": [2, 3], "values": [0] * 6}, r"this tensor has \(2, 3\)"),
        ("image", {"shape": [3, 500, 500], "values": []}, "500 x 500 pixels can't be drawn"),
        ("image", IMAGE | {"values": [math.nan] * 6}, "one of its values is nan"),
        ("plot", {"x": [1.0], "y": {"y": [1.0, 2.0]}}, "'y' has 2 and x has 1"),
        ("plot", {"x": [1.0], "y": {"y": [math.nan]}}, "no finite number"),
        ("graph", CHAIN | {"nodes": [LEAF] * 99}, "100 nodes is too large to read"),
        ("sculpture", {}, "no picture of kind 'sculpture'"),
    ],
)
def test_what_can_not_be_drawn_is_refused_in_one_sentence(kind, data, sentence):
    with pytest.raises(PictureError, match=sentence):
        draw(picture(kind), data)
