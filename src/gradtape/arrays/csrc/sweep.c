/* The loop of `tape/pulls.py`, and the two kinds of pulls that it calls without a frame of Python between. */

#include "core.h"

#include <math.h>

/* A rule with the namespace that it runs in. A factor gives `fn(xp, *residuals) * g`, a transpose `fn(xp, g, *residuals)`;
 * both get the operation's parameters if it has any. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *fn;
    int is_factor, has_params;
} Pull;

static void
pull_dealloc(Pull *self)
{
    Py_XDECREF(self->fn);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

#define MOST_RESIDUALS (MOST_ARGUMENTS + 1)

static PyObject *
call_rule(Pull *self, PyObject *g, PyObject *residuals, PyObject *params)
{
    PyObject *given[2 + MOST_RESIDUALS] = {core.xp, g};
    Py_ssize_t n = self->is_factor ? 1 : 2, more = PyTuple_GET_SIZE(residuals);
    if (more > MOST_RESIDUALS) {
        PyErr_SetString(PyExc_ValueError, "more residuals than a rule can have");
        return NULL;
    }
    for (Py_ssize_t k = 0; k < more; k++) {
        given[n + k] = PyTuple_GET_ITEM(residuals, k);
    }
    return PyObject_VectorcallDict(self->fn, given, n + more, self->has_params ? params : NULL);
}

/* Whether nobody else has an array, nor a view of it: then its memory can be written to. */
static int
is_ours(PyObject *x)
{
    return Py_REFCNT(x) == 1 && PyArray_CheckExact(x) && PyArray_NDIM((PyArrayObject *)x) > 0 &&
           PyArray_BASE((PyArrayObject *)x) == NULL &&
           PyArray_CHKFLAGS((PyArrayObject *)x, NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE);
}

/* Whether the product or sum of two arrays has the shape and the dtype of the first. */
static int
fits(PyObject *x, PyObject *other)
{
    if (PyFloat_CheckExact(other)) {
        return PyArray_ISFLOAT((PyArrayObject *)x) || PyArray_ISCOMPLEX((PyArrayObject *)x);
    }
    return PyArray_CheckExact(other) &&
           PyArray_DESCR((PyArrayObject *)x) == PyArray_DESCR((PyArrayObject *)other) && same_shape(x, other);
}

/* `a * b` and `a + b`, into `into` if that is not NULL. */
static PyObject *
multiplied(PyObject *a, PyObject *b, PyObject *into)
{
    PyObject *both[2] = {a, b}, *found = call_loop(core.multiply, both, 2, into, 0);
    return found != NULL ? found : into == NULL ? PyNumber_Multiply(a, b) : PyNumber_InPlaceMultiply(into, into == a ? b : a);
}

static PyObject *
added(PyObject *a, PyObject *b, PyObject *into)
{
    PyObject *both[2] = {a, b}, *found = call_loop(core.add, both, 2, into, 0);
    return found != NULL ? found : into == NULL ? PyNumber_Add(a, b) : PyNumber_InPlaceAdd(into, b);
}

static PyObject *
negated(PyObject *x)
{
    PyObject *found = call_loop(core.negative, &x, 1, NULL, 0);
    return found != NULL ? found : PyNumber_Negative(x);
}

/* `a * b` into the memory of one of the two where that is sure to be nobody's: `a` is ours if `a_goes`, so may be `b`. */
static PyObject *
product(PyObject *a, int a_goes, PyObject *b, int b_goes)
{
    if (a_goes && is_ours(a) && fits(a, b)) {
        return multiplied(a, b, a);
    }
    if (b_goes && is_ours(b) && fits(b, a)) {
        return multiplied(a, b, b);
    }
    return multiplied(a, b, NULL);
}

/* The cotangent of an argument. `g_goes` says that nothing needs `g` afterwards. */
static PyObject *
pulled(Pull *self, PyObject *g, int g_goes, PyObject *residuals, PyObject *params)
{
    PyObject *found = call_rule(self, g, residuals, params);
    if (found != NULL && self->is_factor) {
        Py_SETREF(found, product(found, 1, g, g_goes));
    }
    return found;
}

static PyObject *
call_pull(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    if (PyVectorcall_NARGS(n) != 3 || names != NULL || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "a pull takes (g, residuals, params)");
        return NULL;
    }
    return pulled((Pull *)self, args[0], 0, args[1], args[2]);
}

PyTypeObject PullType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "gradtape.arrays._core.Pull",
    .tp_basicsize = sizeof(Pull),
    .tp_dealloc = (destructor)pull_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Pull, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_doc = "A rule as the sweep on plain arrays calls it.",
};

static PyObject *
make(PyObject *const *args, Py_ssize_t n, int is_factor)
{
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "a pull is made of a rule and whether it takes parameters");
        return NULL;
    }
    Pull *made = PyObject_New(Pull, &PullType);
    if (made != NULL) {
        made->vectorcall = call_pull;
        made->fn = Py_NewRef(args[0]);
        made->is_factor = is_factor;
        made->has_params = args[1] == Py_True;
    }
    return (PyObject *)made;
}

PyObject *
factor(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return make(args, n, 1);
}

PyObject *
transpose(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return make(args, n, 0);
}

/* What one pull makes of a cotangent; None if the rule has nothing to say. */
static PyObject *
pull_one(PyObject *pull, PyObject *g, int g_goes, PyObject *residuals, PyObject *params)
{
    if (PyLong_CheckExact(pull)) {
        PyObject *factor = PySequence_GetItem(residuals, PyLong_AsSsize_t(pull));
        PyObject *ct = factor == NULL ? NULL : product(g, g_goes, factor, 0);
        Py_XDECREF(factor);
        return ct;
    }
    if (PyFloat_CheckExact(pull)) {
        double scale = PyFloat_AS_DOUBLE(pull);
        return scale == 1.0 ? Py_NewRef(g) : scale == -1.0 ? negated(g) : product(g, g_goes, pull, 0);
    }
    if (Py_IS_TYPE(pull, &PullType) && PyTuple_CheckExact(residuals)) {
        return pulled((Pull *)pull, g, g_goes, residuals, params);
    }
    PyObject *three[3] = {g, residuals, params};
    return PyObject_Vectorcall(pull, three, 3, NULL);
}

/* How many leading axes have to be summed away to get an array's shape to another; -1 if that alone does not do. */
static int
leading_axes(PyArrayObject *array, PyObject *shape)
{
    int extra = PyArray_NDIM(array) - (int)PyTuple_GET_SIZE(shape);
    if (extra < 0 || !PyArray_ISNUMBER(array)) {
        return -1;
    }
    for (int k = extra; k < PyArray_NDIM(array); k++) {
        if (PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, k - extra)) != PyArray_DIM(array, k)) {
            return -1;
        }
    }
    return extra;
}

/* Sum a cotangent back to the shape of its input; `ct` is taken over. */
static PyObject *
summed_back(PyObject *ct, PyObject *shape)
{
    int extra = PyTuple_CheckExact(shape) && PyArray_Check(ct) ? leading_axes((PyArrayObject *)ct, shape) : -1;
    if (extra == 0) {
        return ct;
    }
    PyObject *two[2] = {ct, shape}, *act = core.unbroadcast, *axes = NULL;
    if (extra > 0) {
        axes = two[1] = PyTuple_New(extra);
        act = core.add_reduce;
        for (int k = 0; axes != NULL && k < extra; k++) {
            PyTuple_SET_ITEM(axes, k, k < 1 << 3 ? Py_NewRef(numbers[k]) : PyLong_FromLong(k));
        }
    }
    PyObject *found = two[1] == NULL ? NULL : PyObject_Vectorcall(act, two, 2, NULL);
    Py_XDECREF(axes);
    Py_DECREF(ct);
    return found;
}

/* Add a cotangent to what its input has already; `ct` is taken over. */
static int
add_to(PyObject *cotangents, PyObject *source, PyObject *ct)
{
    PyObject *previous = PyDict_GetItemWithError(cotangents, source);
    if (previous != NULL && is_ours(previous) && fits(previous, ct)) {
        PyObject *total = added(previous, ct, previous); /* the dict goes on holding it */
        Py_DECREF(ct);
        Py_XDECREF(total);
        return total == NULL ? -1 : 0;
    }
    if (previous != NULL) {
        Py_SETREF(ct, added(previous, ct, NULL));
    }
    int failed = ct == NULL || PyErr_Occurred() || PyDict_SetItem(cotangents, source, ct) < 0;
    Py_XDECREF(ct);
    return failed ? -1 : 0;
}

/* Carry one cotangent through one record; -1 for an error. `g` is ours alone if it is nobody else's. */
static int
pull_back(PyObject *record, PyObject *pulls, PyObject *residuals, PyObject *g, PyObject *cotangents, PyObject *needed)
{
    PyObject *inputs = PyTuple_GET_ITEM(record, 1), *params = PyTuple_GET_ITEM(record, 3);
    PyObject *shapes = PyTuple_GET_ITEM(record, 4);
    Py_ssize_t n = PyTuple_GET_SIZE(inputs), last = -1;
    unsigned long long wanted = 0;
    if (n > PyTuple_GET_SIZE(pulls) || n > 64) {
        PyErr_SetString(PyExc_ValueError, "more inputs than pulls");
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        int asked = PyTuple_GET_ITEM(pulls, i) == Py_None ? 0 : PySet_Contains(needed, PyTuple_GET_ITEM(inputs, i));
        if (asked < 0) {
            return -1;
        }
        if (asked) {
            wanted |= 1ull << i;
            last = i;
        }
    }
    for (Py_ssize_t i = 0; i <= last; i++) {
        if (!(wanted >> i & 1)) {
            continue;
        }
        PyObject *ct = pull_one(PyTuple_GET_ITEM(pulls, i), g, i == last, residuals, params);
        if (ct == Py_None) { /* the rule has nothing to say of this argument */
            Py_DECREF(ct);
            continue;
        }
        if (ct != NULL && shapes != Py_None) {
            ct = summed_back(ct, PyTuple_GET_ITEM(shapes, i));
        }
        if (ct == NULL || add_to(cotangents, PyTuple_GET_ITEM(inputs, i), ct) < 0) {
            return -1;
        }
    }
    return 0;
}

#define MOST_LOOKED_AT 4096 /* from here on BLAS is faster */

#define SUM_OF_SQUARES(type)                                                                                              \
    for (; k + 4 <= n; k += 4) {                                                                                          \
        for (int j = 0; j < 4; j++) {                                                                                     \
            double x = ((const type *)data)[k + j];                                                                       \
            sums[j] += x * x;                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    for (; k < n; k++) {                                                                                                  \
        double x = ((const type *)data)[k];                                                                               \
        sums[0] += x * x;                                                                                                 \
    }

/* Whether a small array has elements that are not zero and none that is not finite; 0 also where that is not sure. */
int
is_ordinary_array(PyObject *value)
{
    PyArrayObject *array = (PyArrayObject *)value;
    if (!PyArray_CheckExact(value) || !PyArray_ISCARRAY_RO(array) || PyArray_SIZE(array) > MOST_LOOKED_AT) {
        return 0;
    }
    npy_intp k = 0, n = PyArray_SIZE(array);
    const void *data = PyArray_DATA(array);
    double sums[4] = {0, 0, 0, 0};
    if (PyArray_TYPE(array) == NPY_FLOAT) {
        SUM_OF_SQUARES(float)
    } else if (PyArray_TYPE(array) == NPY_DOUBLE) {
        SUM_OF_SQUARES(double)
    }
    double total = sums[0] + sums[1] + sums[2] + sums[3];
    return total > 0 && isfinite(total);
}

PyObject *
is_ordinary(PyObject *module, PyObject *value)
{
    return PyBool_FromLong(is_ordinary_array(value));
}

/* Do one record; 1 if its operation has pulls, 0 if its rules are asked in a way of their own, -1 for an error. */
static int
step_back(PyObject *record, PyObject *residuals, PyObject *g, PyObject *cotangents, PyObject *found, PyObject *sources,
          PyObject *needed)
{
    PyObject *op = PyTuple_GET_ITEM(record, 0), *output = PyTuple_GET_ITEM(record, 2);
    PyObject *pulls = Py_TYPE(op) == core.Op ? Py_NewRef(SLOT(op, at.op_pulls)) : Py_NewRef(Py_None);
    if (pulls == core.unmade) {
        Py_SETREF(pulls, PyObject_CallOneArg(core.make_pulls, op));
    }
    if (pulls == NULL || pulls == Py_None) {
        Py_XDECREF(pulls);
        return pulls == NULL ? -1 : 0;
    }
    Py_INCREF(g);
    int failed = PyDict_DelItem(cotangents, output) < 0;
    int wanted = failed ? -1 : PySet_Contains(sources, output);
    failed = wanted < 0 || (wanted && PyDict_SetItem(found, output, g) < 0) ||
             pull_back(record, pulls, residuals, g, cotangents, needed) < 0;
    Py_DECREF(g);
    Py_DECREF(pulls);
    return failed ? -1 : 1;
}

PyObject *
run_back(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 8 || !PyList_Check(args[0]) || !PyList_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "run_back(records, saved, end, at, cotangents, found, sources, needed)");
        return NULL;
    }
    PyObject *records = args[0], *saved = args[1], *failed_at = args[3], *cotangents = args[4], *found = args[5];
    PyObject *sources = args[6], *needed = args[7];
    Py_ssize_t k = PyLong_AsSsize_t(args[2]);
    if (k < 0 || k > PyList_GET_SIZE(records) || k > PyList_GET_SIZE(saved)) {
        PyErr_SetString(PyExc_ValueError, "run_back: the end is not within the records");
        return NULL;
    }
    while (k-- > 0) {
        PyObject *residuals = PyList_GET_ITEM(saved, k), *record = PyList_GET_ITEM(records, k);
        PyObject *g = residuals == Py_None ? NULL : PyDict_GetItemWithError(cotangents, PyTuple_GET_ITEM(record, 2));
        if (g == NULL) {
            if (PyErr_Occurred()) {
                return NULL;
            }
            continue;
        }
        Py_INCREF(residuals);
        Py_INCREF(record);
        int done = step_back(record, residuals, g, cotangents, found, sources, needed);
        Py_DECREF(residuals);
        Py_DECREF(record);
        if (done == 0) {
            return PyLong_FromSsize_t(k + 1);
        }
        if (done < 0) {
            PyObject *type, *error, *traceback, *place = NULL;
            PyErr_Fetch(&type, &error, &traceback);
            place = PyLong_FromSsize_t(k);
            if (place != NULL) {
                PyList_Append(failed_at, place);
                Py_DECREF(place);
            }
            PyErr_Restore(type, error, traceback);
            return NULL;
        }
    }
    return PyLong_FromLong(0);
}
