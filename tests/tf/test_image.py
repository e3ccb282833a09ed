"""`tf.image` where TensorFlow has no record to compare with: second derivatives, what it loses, chance, refusals."""

import numpy as np
import pytest

from gradtape import tf
from gradtape.tf.errors import InvalidArgumentError

rng = np.random.default_rng(5)
IMAGE = rng.uniform(0.1, 0.9, (1, 5, 4, 3))
OTHER = rng.uniform(0.1, 0.9, (1, 5, 4, 3))

# tf.image.adjust_jpeg_quality(LEVELS, 70, "INTEGER_ACCURATE") of TensorFlow 2.21
LEVELS = np.add.outer(np.arange(8) * 17, np.arange(8) ** 2 * 2).astype(np.uint8)[..., None]
JPEG = [
    [0, 2, 9, 19, 31, 48, 74, 96],
    [18, 20, 26, 37, 48, 65, 92, 114],
    [34, 36, 43, 53, 65, 82, 108, 131],
    [50, 52, 59, 69, 80, 98, 124, 146],
    [69, 71, 78, 88, 100, 117, 143, 165],
    [85, 87, 93, 104, 115, 132, 159, 181],
    [101, 103, 110, 120, 132, 149, 175, 198],
    [119, 121, 128, 138, 149, 167, 193, 215],
]

SMOOTH = {
    "adjust_contrast": lambda x: tf.image.adjust_contrast(x, 0.4),
    "adjust_hue": lambda x: tf.image.adjust_hue(x, 0.2),
    "adjust_saturation": lambda x: tf.image.adjust_saturation(x, 0.5),
    "adjust_gamma": lambda x: tf.image.adjust_gamma(x, 0.5),
    "rgb_to_hsv": tf.image.rgb_to_hsv,
    "hsv_to_rgb": tf.image.hsv_to_rgb,
    "per_image_standardization": tf.image.per_image_standardization,
    "psnr": lambda x: tf.image.psnr(x, OTHER, 1.0),
    "ssim": lambda x: tf.image.ssim(x, OTHER, 1.0, filter_size=3),
    "ssim_multiscale": lambda x: tf.image.ssim_multiscale(x, IMAGE + 0.1 * OTHER, 1.0, (0.5, 0.5), filter_size=2),
    "resize_area": lambda x: tf.image.resize(x, [3, 7], method="area"),
    "resize_antialias": lambda x: tf.image.resize(x, [3, 7], antialias=True),
    "draw": lambda x: tf.image.draw_bounding_boxes(x, [[[0.1, 0.1, 0.9, 0.9]]], [[1.0, 0.0, 0.0]]),
    "glimpse": lambda x: tf.image.extract_glimpse(x, [3, 3], [[0.0, 0.0]]),
}


@pytest.mark.parametrize("case", SMOOTH)
def test_second_derivatives(smooth, case):
    smooth(SMOOTH[case], [IMAGE])


def test_the_colours_of_drawn_boxes_have_a_gradient(smooth):
    smooth(lambda c: tf.image.draw_bounding_boxes(IMAGE, [[[0.1, 0.1, 0.9, 0.9]]], c), [np.array([[0.3, 0.5, 0.7]])])


def test_boxes_have_a_gradient_where_they_do_not_jump(smooth):
    boxes = np.array([[0.13, 0.21, 0.77, 0.64], [0.9, 0.1, 0.33, 0.7]])
    smooth(lambda x, b: tf.image.crop_and_resize(x, b, [0, 0], [3, 4]), [IMAGE, boxes])
    smooth(lambda b: tf.image.crop_and_resize(IMAGE, b, [0, 0], [1, 2]), [boxes])


def test_gamma_and_factors_have_gradients(smooth):
    smooth(lambda g: tf.image.adjust_gamma(IMAGE, g[0], g[1]), [np.array([0.7, 1.3])])
    smooth(lambda f: tf.image.adjust_saturation(IMAGE, f), [np.array(0.6)])


def test_grey_has_no_hue_and_finite_gradients():
    x = tf.Variable(np.array([[[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]]))
    with tf.GradientTape() as tape:
        y = tf.image.rgb_to_hsv(x)
    np.testing.assert_array_equal(y.numpy(), [[[0.0, 0.0, 0.5], [0.0, 0.0, 0.0]]])
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


def test_a_scale_without_likeness_counts_as_0_with_gradient_0():
    x = tf.Variable(IMAGE)
    with tf.GradientTape() as tape:
        y = tf.image.ssim_multiscale(x, 1.0 - IMAGE, 1.0, (0.5, 0.5), filter_size=2)
    assert float(y[0]) == 0.0
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


@pytest.mark.parametrize("method", ["bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_an_even_image_stays_even(method, antialias):
    y = tf.image.resize(np.full((1, 6, 5, 1), 0.25), [4, 9], method, antialias=antialias)
    np.testing.assert_allclose(y.numpy(), 0.25)


def test_whole_numbers():
    x = np.arange(24, dtype=np.uint8).reshape(1, 4, 2, 3)
    assert tf.image.resize(x, [2, 2]).dtype == np.float32
    assert tf.image.resize(x, [2, 2], "nearest").dtype == np.uint8
    assert tf.image.adjust_brightness(x, 0.1).dtype == np.uint8
    assert tf.image.convert_image_dtype(x, np.uint16).numpy()[0, 0, 0, 1] == 256
    assert tf.image.convert_image_dtype(x.astype(np.uint16) * 256, np.uint8).numpy()[0, 0, 0, 1] == 1
    ssim = tf.image.ssim(x, x, 255, filter_size=2)
    np.testing.assert_allclose(ssim.numpy(), 1.0)


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_noise_outside_of_a_glimpse(noise):
    y = tf.image.extract_glimpse(IMAGE, [9, 4], [[0.0, 0.0]], noise=noise).numpy()
    np.testing.assert_array_equal(y[:, 2:7], IMAGE)
    assert y[:, 0].std() > 0


@pytest.mark.parametrize(
    ("common", "stateless", "arguments"),
    [
        (tf.image.random_brightness, tf.image.stateless_random_brightness, (0.3,)),
        (tf.image.random_hue, tf.image.stateless_random_hue, (0.3,)),
        (tf.image.random_contrast, tf.image.stateless_random_contrast, (0.3, 0.9)),
        (tf.image.random_saturation, tf.image.stateless_random_saturation, (0.3, 0.9)),
        (tf.image.random_flip_left_right, tf.image.stateless_random_flip_left_right, ()),
        (tf.image.random_flip_up_down, tf.image.stateless_random_flip_up_down, ()),
        (tf.image.random_crop, tf.image.stateless_random_crop, ((1, 3, 2, 3),)),
    ],
)
def test_chance_follows_its_seed(common, stateless, arguments):
    made = [stateless(IMAGE, *arguments, seed=(1, k)).numpy() for k in range(9)]
    np.testing.assert_array_equal(made[3], stateless(IMAGE, *arguments, (1, 3)).numpy())
    assert any((m != made[0]).any() for m in made)
    np.testing.assert_array_equal(common(IMAGE, *arguments, 7).numpy(), common(IMAGE, *arguments, seed=7).numpy())
    x = tf.Variable(IMAGE)
    with tf.GradientTape() as tape:
        y = common(x, *arguments)
    assert tape.gradient(y, x).numpy().any()
    with pytest.raises(TypeError, match="seed"):
        stateless(IMAGE, *arguments)


def test_kept_boxes_and_their_scores():
    corners = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.1], [5.0, 5.0, 6.0, 6.0], [0.0, 0.0, 0.0, 0.0]]
    scores = tf.Variable([0.6, 0.9, 0.2, 0.1])
    with tf.GradientTape() as tape:
        kept, best = tf.image.non_max_suppression_with_scores(corners, scores, 4, score_threshold=0.15)
    assert kept.numpy().tolist() == [1, 2]
    np.testing.assert_array_equal(np.asarray(tf.convert_to_tensor(tape.gradient(best, scores))), [0.0, 1.0, 1.0, 0.0])
    assert tf.image.non_max_suppression(corners, scores, 1).numpy().tolist() == [1]
    with pytest.raises(NotImplementedError, match="soft_nms_sigma"):
        tf.image.non_max_suppression_with_scores(corners, scores, 2, soft_nms_sigma=0.5)


def test_what_jpeg_loses():
    np.testing.assert_allclose(tf.image.adjust_jpeg_quality(LEVELS, 70).numpy()[..., 0].astype(int), JPEG, atol=1)
    even = np.full((9, 5, 3), 0.25)
    np.testing.assert_allclose(tf.image.adjust_jpeg_quality(even, 50).numpy(), 0.25, atol=0.03)
    image = np.add.outer(np.linspace(0.1, 0.8, 21), np.linspace(0.0, 0.2, 18))[..., None] * [1.0, 0.8, 0.6]
    losses = [np.abs(tf.image.adjust_jpeg_quality(image, q).numpy() - image).mean() for q in (95, 50, 10)]
    assert losses[0] < 0.01
    assert losses[0] < losses[1] < losses[2] < 0.1
    x = tf.Variable(image)
    with tf.GradientTape() as tape:
        y = tf.image.adjust_jpeg_quality(x, 50)
    assert [f.cause for f in tape.why(y, x).findings] == ["piecewise-constant"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tf.image.resize(IMAGE, [3, 3], "cubic"), "ResizeMethod"),
        (lambda: tf.image.resize(IMAGE[0, 0], [3, 3]), "3 axes"),
        (lambda: tf.image.resize(IMAGE[None], [3, 3]), "one batch"),
        (lambda: tf.image.crop_to_bounding_box(IMAGE, 2, 2, 4, 4), "box at"),
        (lambda: tf.image.pad_to_bounding_box(IMAGE, 0, 0, 3, 9), "does not fit"),
        (lambda: tf.image.central_crop(IMAGE, 0.0), "central_fraction"),
        (lambda: tf.image.rgb_to_hsv(IMAGE[..., :2]), "3 channels"),
        (lambda: tf.image.grayscale_to_rgb(IMAGE), "length 1"),
        (lambda: tf.image.psnr(IMAGE, OTHER[:, :2], 1.0), "compared"),
        (lambda: tf.image.ssim(IMAGE, OTHER, 1.0), "filter_size"),
        (lambda: tf.image.crop_and_resize(IMAGE, [[0.0, 0.0, 1.0, 1.0]], [1], [2, 2]), "box_indices"),
        (lambda: tf.image.crop_and_resize(IMAGE, [[0.0, 0.0, 1.0]], [0], [2, 2]), "boxes of shape"),
        (lambda: tf.image.draw_bounding_boxes(IMAGE, [[0.0, 0.0, 1.0, 1.0]]), "boxes of shape"),
        (lambda: tf.image.extract_glimpse(IMAGE, [2, 2], [[0.0, 0.0]], noise="pink"), "noise"),
        (lambda: tf.image.adjust_jpeg_quality(IMAGE, 50), "height, width"),
        (lambda: tf.image.adjust_jpeg_quality(IMAGE[0], 101), "quality"),
        (lambda: tf.image.random_crop(IMAGE, (1, 9, 2, 3)), "block"),
        (lambda: tf.image.random_contrast(IMAGE, 0.9, 0.3), "empty"),
    ],
)
def test_refusals_name_the_argument(call, words):
    with pytest.raises(InvalidArgumentError, match=words):
        call()
