"""Rows where `gradtape.tf` does something else than TensorFlow: what it gives, and why.

Nearly all are what the last table of the law, "what a new library should not imitate", asks for.
"""

CHECKED = "output gradients are checked: one per target, of its shape and dtype; None stands for ones"
RESULTS = "what a gradient function returns is checked against its argument, and cast to its dtype"
FULL = "`IndexedSlices` is a full array: arithmetic, `numpy()`, a target; duplicates add up"
SUBGRADIENT = "where a subgradient exists the gradient is 0 and not NaN"
STRONG = "one rule for all operations: a cotangent that is exactly zero stops, if the target is finite"
NAN = "a NaN in the value goes on as NaN in the gradient"
NO_TANGENT = "values without derivatives (whole numbers, truth values, text) have no gradient, not even of themselves"
ONE_MODE = "there is one mode: a function runs as it does without `tf.function`"
NAMED = "the error is a TypeError that names the argument"
MORE = "TensorFlow has no gradient here"
TRUE = "TensorFlow's numbers are wrong; these are right"
CUSTOM = "forward mode uses the author's rule, as reverse mode does"

DEVIATIONS = {
    "A41": ("None", "pauses may be nested"),
    "A61": ("raises SourceError", NAMED),
    "A62": ("None", "the articles' programs ask for the gradient of an ndarray: None, and the reason is told"),
    "A63": ("raises SourceError", NAMED),
    "A64": ("raises SourceError", NAMED),
    "C20": ("None", NO_TANGENT),
    "C22": ("None", NO_TANGENT),
    "C26": ("[6. float32, None]", NO_TANGENT),
    "D17": ("[ 2.,40.] float32", "a list for one array target is an array"),
    "D20": ("16. float32", CHECKED),
    "D21": ("raises ShapeError", CHECKED),
    "D22": ("raises ShapeError", CHECKED),
    "D23": ("raises InvalidShapeError", CHECKED),
    "D26": ("raises InvalidShapeError", CHECKED),
    "E24": ("[1.,2.,1.] float32", FULL),
    "E25": ("[0.,2.,0.] float32", FULL),
    "E27": ("'float32'", FULL),
    "E28": ("ndarray [0.,1.,0.] float32", FULL),
    "E32": ("IndexedSlices(values=[12.,12.], indices=[1,1], dense_shape=[3])", FULL),
    "E33": ("7. float32", FULL),
    "F05": ("[6. float32, None]", ONE_MODE),
    "F12": ("(1. float32, 2. float32)", ONE_MODE),
    "F16": ("raises InvalidArgumentError", "`exclusive=True` is enforced"),
    "F19": ("raises InvalidArgumentError", "a number without a branch is an error"),
    "F20": ("raises InvalidArgumentError", "a number without a branch is an error"),
    "F30": ("[[1.,1.,1.,1.,1.,1.,1.,1.] float32]", ONE_MODE),
    "F47": ("0. float32", STRONG),
    "G13": ("raises ShapeError", RESULTS),
    "G14": ("1. float32", RESULTS),
    "G15": ("5. float32", RESULTS),
    "G24": ("15. float32", ONE_MODE),
    "G38": ("raises ShapeError", RESULTS),
    "I07": ("raises SourceError", NAMED),
    "I20": ("None", "`batch_jacobian` honours `unconnected_gradients`, as `jacobian` does"),
    "I25": ("raises SourceError", NAMED),
    "J13": ("raises ShapeError", "the shape of a tangent is checked"),
    "J25": ("100. float32", CUSTOM),
    "J26": ("raises NoGradientError", f"{CUSTOM}; a rule that is not linear in its cotangent cannot be transposed"),
    "K01": ("[None]", "`tf.gradients` works without a graph, on what ran"),
    "L07": ("[0. float32, 1. float32, 0. float32]", SUBGRADIENT),
    "L11": ("[0. float32, 0. float32]", SUBGRADIENT),
    "L21": ("[nan float32, nan float32]", NAN),
    "L28": ("[nan float32, nan float32]", NAN),
    "L33": ("[0.,0.] float32", SUBGRADIENT),
    "L36": ("[0.,0.] float32", SUBGRADIENT),
    "L37": ("[0.,0.] float32", SUBGRADIENT),
    "L38": ("[0. float32, 0. float32]", SUBGRADIENT),
    "L45": ("[0.,0.] float32", SUBGRADIENT),
    "L49": ("[-inf float32, inf float32]", "the slope at this pole is infinite, seen from the right"),
    "L54": (
        "[0. float32, nan float32, nan float32, nan float32, nan float32, 0. float32, nan float32, 0. float32]",
        f"{STRONG}; here `0 * inf` makes the target NaN, and a NaN is not hidden",
    ),
    "L63": ("0. float32", STRONG),
    "L66": ("0. float32", STRONG),
    "L67": ("1. float32", STRONG),
    "M07": ("1.5 float64", "the mean of whole numbers is no whole number"),
    "M12": ("[0.,0.] float32", SUBGRADIENT),
    "M17": ("[ 1.,10., 0.] float32", TRUE),
    "N16": (
        "[[1.,8.,3.] float32, [[1.,0.,1.] float32, [0.,1.] float32]]",
        f"{TRUE}: of two updates of one place only the last one counts",
    ),
    "O14": ("[[ 4.,-2.], [-2., 1.]] float64", "the gradient of a determinant is its cofactors, also where it is 0"),
    "O22": ("raises InvalidMatrixError", "a matrix without a Cholesky factor is an error, not NaN"),
    "O26": ("[[-0.84455,-0.82849], [-0.7482 ,-0.98907], [-0.54697,-0.57909]] float64", MORE),
    "O31": (
        "[[-0.17553,-0.26329,-0.05119], [-0.15358, 0.18284, 0.05851]] float64",
        "the signs of vectors are LAPACK's",
    ),
    "O32": ("[[-0.20152,-0.16832,-0.00298, 0.10187], [-0.29772, 0.21689,-0.0947 ,-0.15528]] float64", MORE),
    "O33": (
        "[[3.48754,4.02492], [4.02492,7.51246]] float64",
        "a function of symmetric matrices has a symmetric gradient",
    ),
    "O40": ("[[0.25   ,0.16219], [0.16219,0.11111]] float64", MORE),
    "O43": ("[[-0.33333, 1.     ], [ 1.22222, 0.33333]] float64", MORE),
    "O45": ("[[0.,0.], [0.,0.]] float32", SUBGRADIENT),
    "Q18": ("raises OverflowError", "a number that does not fit is an error"),
    "Q35": (
        "[[[[1.],[1.],[1.],[1.]], [[1.],[1.],[1.],[1.]], [[1.],[1.],[1.],[1.]], [[1.],[1.],[1.],[1.]]]] float32",
        "the gradient of a dilated convolution is there",
    ),
}
"""What stands in the place of TensorFlow's result, and the reason."""
