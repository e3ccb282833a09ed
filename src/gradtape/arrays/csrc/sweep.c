/* The loop of `tape/pulls.py`. */

#include "core.h"

#include <math.h>

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

/* Whether the elements of two values are of one type, as far as that is seen at once. */
static int
same_type(PyObject *array, PyObject *other)
{
    PyArray_Descr *descr = PyArray_DESCR((PyArrayObject *)array);
    if (PyArray_CheckExact(other)) {
        return descr == PyArray_DESCR((PyArrayObject *)other);
    }
    return Py_TYPE(other) == descr->typeobj;
}

/* Add to what an input has already where that is the sweep's own: 1, 0 if that cannot be done, -1 for an error. */
static int
try_in_place(PyObject *cotangents, PyObject *source, PyObject *pull, PyObject *g, PyObject *residuals, PyObject *params)
{
    PyObject *total = PyDict_GetItemWithError(cotangents, source);
    if (total == NULL || !is_ours(total) || !same_type(total, g)) {
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_INCREF(total);
    int failed = add_in_place(pull, total, g, residuals, params) < 0;
    Py_DECREF(total);
    return failed ? -1 : 1;
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
        PyObject *pull = PyTuple_GET_ITEM(pulls, i), *input = PyTuple_GET_ITEM(inputs, i);
        int added = adds_in_place(pull) ? try_in_place(cotangents, input, pull, g, residuals, params) : 0;
        if (added) {
            if (added < 0) {
                return -1;
            }
            continue;
        }
        PyObject *ct = pull_one(pull, g, i == last, residuals, params);
        if (ct == Py_None) { /* the rule has nothing to say of this argument */
            Py_DECREF(ct);
            continue;
        }
        if (ct != NULL && shapes != Py_None) {
            ct = summed_back(ct, PyTuple_GET_ITEM(shapes, i));
        }
        if (ct == NULL || add_to(cotangents, input, ct) < 0) {
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

/* Whether a kept value becomes a tensor again: it is an array, and not a constant. */
static int
has_id(PyObject *value, PyObject *id)
{
    return id != numbers[0] && (PyArray_Check(value) || PyArray_IsScalar(value, Generic));
}

/* `as_tensors(residuals, output, inputs)`: kept values with the ids that they had; the same tuple where none has one. */
PyObject *
as_tensors(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 3 || !PyTuple_CheckExact(args[0]) || !PyTuple_CheckExact(args[2]) ||
        PyTuple_GET_SIZE(args[0]) > PyTuple_GET_SIZE(args[2]) + 1) {
        PyErr_SetString(PyExc_TypeError, "as_tensors(residuals, output, inputs)");
        return NULL;
    }
    PyObject *residuals = args[0], *found = NULL;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(residuals); k++) {
        PyObject *value = PyTuple_GET_ITEM(residuals, k), *id = k ? PyTuple_GET_ITEM(args[2], k - 1) : args[1];
        if (!has_id(value, id)) {
            continue;
        }
        found = found == NULL ? tuple_of(&PyTuple_GET_ITEM(residuals, 0), PyTuple_GET_SIZE(residuals)) : found;
        PyObject *made = found == NULL ? NULL : core.Tensor->tp_alloc(core.Tensor, 0);
        if (made == NULL) {
            Py_XDECREF(found);
            return NULL;
        }
        SLOT(made, at.node_value) = Py_NewRef(value);
        SLOT(made, at.node_id) = Py_NewRef(id);
        PyTuple_SET_ITEM(found, k, made);
        Py_DECREF(value);
    }
    return found == NULL ? Py_NewRef(residuals) : found;
}
