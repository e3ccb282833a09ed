/* `apply` of `arrays/dispatch.py`: run an operation, and write its record. Whatever is not the usual case is left to it. */

#include "core.h"

static PyObject *
leave_to_python(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *params, PyObject *frame)
{
    PyObject *all = PyTuple_New(n);
    if (all == NULL) {
        return NULL;
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        PyTuple_SET_ITEM(all, k, Py_NewRef(args[k]));
    }
    PyObject *result = PyObject_CallFunctionObjArgs(core.apply, op, all, params, frame, NULL);
    Py_DECREF(all);
    return result;
}

PyObject *
tuple_of(PyObject *const *values, Py_ssize_t n)
{
    PyObject *made = PyTuple_New(n);
    for (Py_ssize_t k = 0; made != NULL && k < n; k++) {
        PyTuple_SET_ITEM(made, k, Py_NewRef(values[k]));
    }
    return made;
}

/* `watch_variable` of dispatch.py, for a variable of floating point that a recording does not know yet. */
static int
watch(PyObject *recording, PyObject *variable, PyObject *id)
{
    if (PyDict_SetItem(SLOT(recording, at.rec_variables), id, variable) < 0 ||
        PySet_Add(SLOT(recording, at.rec_known), id) < 0 || PySet_Add(SLOT(recording, at.rec_roots), id) < 0) {
        return -1;
    }
    PyObject *now = Py_TYPE(core.new_ids)->tp_iternext(core.new_ids);
    int failed = now == NULL || PyDict_SetItem(SLOT(recording, at.rec_since), id, now) < 0;
    Py_XDECREF(now);
    return failed ? -1 : 0;
}

static int
is_inexact(PyObject *value)
{
    if (!PyArray_Check(value)) {
        return PyArray_IsScalar(value, Inexact);
    }
    return PyArray_ISFLOAT((PyArrayObject *)value) || PyArray_ISCOMPLEX((PyArrayObject *)value);
}

/* Let the open tapes follow a variable, unless all of them have it already. */
static int
read_variable(PyObject *variable, PyObject *recordings)
{
    PyObject *id = SLOT(variable, at.node_id);
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(recordings); k++) {
        PyObject *recording = PyTuple_GET_ITEM(recordings, k);
        int has = PyDict_Contains(SLOT(recording, at.rec_variables), id);
        if (has) {
            if (has < 0) {
                return -1;
            }
            continue;
        }
        if (SLOT(variable, at.variable_trainable) != Py_True || SLOT(recording, at.rec_auto_watch) != Py_True ||
            !is_inexact(SLOT(variable, at.node_value))) {
            PyObject *done = PyObject_CallOneArg(core.watch_read, variable);
            Py_XDECREF(done);
            return done == NULL ? -1 : 0;
        }
        if (watch(recording, variable, id) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether a result is complex. */
static int
is_complex(PyObject *y)
{
    return PyArray_Check(y) ? PyArray_ISCOMPLEX((PyArrayObject *)y) : PyArray_IsScalar(y, ComplexFloating);
}

/* Whether two values have the same shape; what is no array counts as a number. */
int
same_shape(PyObject *a, PyObject *b)
{
    int of_a = PyArray_Check(a) ? PyArray_NDIM((PyArrayObject *)a) : 0;
    int of_b = PyArray_Check(b) ? PyArray_NDIM((PyArrayObject *)b) : 0;
    return of_a == of_b &&
           (!of_a || PyArray_CompareLists(PyArray_DIMS((PyArrayObject *)a), PyArray_DIMS((PyArrayObject *)b), of_a));
}

static PyObject *
shape_of(PyObject *value)
{
    return PyArray_Check(value) ? PyObject_GetAttr(value, str_shape) : PyTuple_New(0);
}

/* `broadcast_shapes` of dispatch.py. */
static PyObject *
broadcast_shapes(PyObject *const *values, Py_ssize_t n, PyObject *y)
{
    int differs = 0;
    for (Py_ssize_t k = 0; k < n && !differs; k++) {
        differs = !same_shape(values[k], y);
    }
    if (!differs) {
        return Py_NewRef(Py_None);
    }
    PyObject *shapes = PyTuple_New(n);
    for (Py_ssize_t k = 0; shapes != NULL && k < n; k++) {
        PyObject *shape = shape_of(values[k]);
        if (shape == NULL) {
            Py_CLEAR(shapes);
        } else {
            PyTuple_SET_ITEM(shapes, k, shape);
        }
    }
    return shapes;
}

/* `spec` of ops/model.py. */
static PyObject *
spec(PyObject *value)
{
    if (!PyArray_Check(value)) {
        return PyObject_CallOneArg(core.spec, value);
    }
    PyObject *made = core.Spec->tp_alloc(core.Spec, 2), *shape = PyObject_GetAttr(value, str_shape);
    if (made == NULL || shape == NULL) {
        Py_XDECREF(made);
        Py_XDECREF(shape);
        return NULL;
    }
    PyTuple_SET_ITEM(made, 0, shape);
    PyTuple_SET_ITEM(made, 1, Py_NewRef((PyObject *)PyArray_DESCR((PyArrayObject *)value)));
    PyObject_GC_UnTrack(shape);
    PyObject_GC_UnTrack(made);
    return made;
}

/* What the rules need of the result and the inputs: what `make_saver` of ops/model.py makes for a mask does the same. */
static PyObject *
residuals(PyObject *op, unsigned mask, PyObject *y, PyObject *const *values)
{
    PyObject *key = mask < 8 ? Py_NewRef(numbers[mask]) : PyLong_FromLong(mask);
    PyObject *kept = key == NULL ? NULL : PyDict_GetItemWithError(SLOT(op, at.op_kept), key);
    if (kept == NULL && !PyErr_Occurred()) {
        PyObject *saver = PyObject_CallMethodOneArg(op, str_make_saver, key);
        kept = saver == NULL ? NULL : PyDict_GetItemWithError(SLOT(op, at.op_kept), key);
        Py_XDECREF(saver);
    }
    Py_XDECREF(key);
    if (kept == NULL) {
        return NULL;
    }
    if (!PyBytes_CheckExact(kept)) { /* nothing is needed; all records share the tuple that says so */
        return Py_NewRef(kept);
    }
    Py_ssize_t n = PyBytes_GET_SIZE(kept);
    PyObject *saved = PyTuple_New(n);
    for (Py_ssize_t k = 0; saved != NULL && k < n; k++) {
        PyObject *value = k ? values[k - 1] : y;
        char level = PyBytes_AS_STRING(kept)[k];
        PyObject *part = level == 2 ? Py_NewRef(value) : level == 1 ? spec(value) : Py_NewRef(Py_None);
        if (part == NULL) {
            Py_CLEAR(saved);
        } else {
            PyTuple_SET_ITEM(saved, k, part);
        }
    }
    return saved;
}

/* Let results and residuals hold copies of a plain array, which the user may overwrite. */
static int
keep_apart(PyObject *value, PyObject **y, PyObject *saved)
{
    int shared = *y == value;
    if (!shared && PyArray_CheckExact(*y) && PyArray_BASE((PyArrayObject *)*y) != NULL) {
        PyObject *may = PyObject_CallFunctionObjArgs(core.may_share_memory, *y, value, NULL);
        shared = may == NULL ? -1 : may == Py_True;
        Py_XDECREF(may);
    }
    if (shared < 0) {
        return -1;
    }
    if (shared) {
        PyObject *copy = PyArray_NewCopy((PyArrayObject *)*y, NPY_KEEPORDER);
        if (copy == NULL) {
            return -1;
        }
        Py_SETREF(*y, copy);
    }
    for (Py_ssize_t k = 0; saved != NULL && k < PyTuple_GET_SIZE(saved); k++) {
        if (PyTuple_GET_ITEM(saved, k) == value) { /* then the tuple is new, and this its only reference */
            PyObject *copy = PyArray_NewCopy((PyArrayObject *)value, NPY_CORDER);
            if (copy == NULL) {
                return -1;
            }
            PyTuple_SET_ITEM(saved, k, copy);
            Py_DECREF(value);
            return 0;
        }
    }
    return 0;
}

/* Run the kernel; an error of it becomes one at the user's line. `args` are the arguments as they came. */
static PyObject *
run_kernel(PyObject *op, PyObject *const *args, PyObject *const *values, Py_ssize_t n, PyObject *params, PyObject *frame)
{
    PyObject *given = PyDict_GET_SIZE(params) ? params : NULL, *kernel = SLOT(op, at.op_kernel);
    PyObject *y = given == NULL ? call_loop(loop_of(kernel), values, n, NULL, 1) : NULL;
    y = y == NULL ? PyObject_VectorcallDict(kernel, values, n, given) : y;
    if (y != NULL || !PyErr_ExceptionMatches(core.failures)) {
        return y;
    }
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
    }
    PyObject *all = tuple_of(args, n), *plain = tuple_of(values, n);
    if (all != NULL && plain != NULL) {
        Py_XDECREF(PyObject_CallFunctionObjArgs(core.fail, op, all, plain, frame, error, NULL)); /* it raises */
    }
    Py_XDECREF(all);
    Py_XDECREF(plain);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return NULL;
}

/* Whether code is known to be the user's: then it is the latest now. */
static int
is_users(PyObject *code)
{
    PyObject *known = PyDict_GetItemWithError(core.user_files, ((PyCodeObject *)code)->co_filename);
    if (known != Py_True) {
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_XSETREF(SLOT(core.latest, at.latest_code), Py_NewRef(code));
    return 1;
}

#define KNOWN_PLACES 4096

/* A number of an instruction: a loop comes to the same few again and again, and they are shared. */
static PyObject *
place_number(long lasti)
{
    static PyObject *known[KNOWN_PLACES];
    if (lasti < 0 || lasti >= 2 * KNOWN_PLACES || lasti % 2) { /* instructions are of two bytes */
        return PyLong_FromLong(lasti);
    }
    PyObject **number = &known[lasti / 2];
    *number = *number == NULL ? PyLong_FromLong(lasti) : *number;
    return Py_XNewRef(*number);
}

/* Find the place of a call: new references. */
static int
find_place(PyObject *frame, PyObject **code, PyObject **lasti)
{
    *code = (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
    *lasti = NULL;
    int users = *code == SLOT(core.latest, at.latest_code) ? 1 : is_users(*code);
    if (users > 0) {
        *lasti = place_number(PyFrame_GetLasti((PyFrameObject *)frame));
    } else if (users == 0) {
        PyObject *site = PyObject_GetAttr(core.state, str_backward_of); /* what `find_site` looks at first */
        if (site == Py_None) {
            Py_SETREF(site, PyObject_CallOneArg(core.find_site, frame));
        }
        if (site != NULL) {
            Py_SETREF(*code, Py_NewRef(PyTuple_GET_ITEM(site, 0)));
            *lasti = Py_NewRef(PyTuple_GET_ITEM(site, 1));
            Py_DECREF(site);
        }
    }
    return *lasti == NULL ? -1 : 0;
}

/* Give a record to one recording; whether it follows the result, or -1 for an error. `saved` may be NULL. */
static int
note_in(PyObject *recording, PyObject *record, PyObject *ids, PyObject *output, PyObject *saved)
{
    PyObject *known = SLOT(recording, at.rec_known);
    int follows = 0;
    for (Py_ssize_t i = 0; saved != NULL && !follows && i < PyTuple_GET_SIZE(ids); i++) {
        PyObject *id = PyTuple_GET_ITEM(ids, i);
        follows = id == numbers[0] ? 0 : PySet_Contains(known, id);
    }
    if (follows < 0 || PyList_Append(SLOT(recording, at.rec_written), record) < 0 ||
        (follows && PySet_Add(known, output) < 0) ||
        PyList_Append(SLOT(recording, at.rec_saved), follows ? saved : Py_None) < 0) {
        return -1;
    }
    return follows;
}

/* Write the record of an operation that ran, and return its result as a tensor. `saved` may be NULL. */
static PyObject *
write_record(PyObject *op, PyObject *ids, PyObject *y, PyObject *params, PyObject *shapes, PyObject *saved,
             PyObject *frame, PyObject *recordings)
{
    PyObject *result = NULL, *code = NULL, *lasti = NULL, *record = NULL;
    PyObject *output = Py_TYPE(core.new_ids)->tp_iternext(core.new_ids);
    if (output == NULL || find_place(frame, &code, &lasti) < 0) {
        goto done;
    }
    record = PyTuple_Pack(7, op, ids, output, params, shapes, code, lasti);
    if (record == NULL) {
        goto done;
    }
    spare_record(record, op, params, shapes);
    spare(ids);
    if (saved != NULL) {
        spare(saved);
    }
    int followed = 0;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(recordings); k++) {
        int follows = note_in(PyTuple_GET_ITEM(recordings, k), record, ids, output, saved);
        if (follows < 0) {
            goto done;
        }
        followed |= follows;
    }
    if (saved != NULL && !followed) {
        PyObject *kept = PyObject_CallFunctionObjArgs(core.save_outside, output, saved, NULL);
        if (kept == NULL) {
            goto done;
        }
        Py_DECREF(kept);
    }
    result = core.Tensor->tp_alloc(core.Tensor, 0);
    if (result != NULL) {
        SLOT(result, at.node_value) = Py_NewRef(y);
        SLOT(result, at.node_id) = Py_NewRef(output);
    }
done:
    Py_XDECREF(output);
    Py_XDECREF(code);
    Py_XDECREF(lasti);
    Py_XDECREF(record);
    return result;
}

/* What the usual case is made of: the values of the arguments, and which are nodes (`mask`), plain arrays, arrays at all. */
struct operands {
    PyObject *values[MOST_ARGUMENTS], *ids;
    unsigned mask, plain;
    int arrays;
};

/* Sort the arguments: 1 if all are of the usual kinds and one is a node, 0 if not, -1 for an error. Values are borrowed. */
static int
sort_arguments(PyObject *const *args, Py_ssize_t n, struct operands *found)
{
    found->mask = found->plain = 0;
    found->arrays = 0;
    for (Py_ssize_t k = 0; k < n; k++) {
        PyTypeObject *kind = Py_TYPE(args[k]);
        found->values[k] = args[k];
        if (kind == core.Tensor || kind == core.Variable) {
            found->mask |= 1u << k;
            found->values[k] = SLOT(args[k], at.node_value);
            found->arrays++;
        } else if (kind == &PyArray_Type) {
            found->plain |= 1u << k;
            found->arrays++;
        } else if (kind != &PyFloat_Type && kind != &PyLong_Type) {
            int known = kind == core.Index ? 1 : PySet_Contains(core.plain, (PyObject *)kind);
            if (known <= 0) {
                return known;
            }
            found->arrays++;
        }
    }
    return found->mask != 0;
}

static PyObject *
ids_of(PyObject *const *args, Py_ssize_t n, unsigned mask)
{
    PyObject *ids = PyTuple_New(n);
    for (Py_ssize_t k = 0; ids != NULL && k < n; k++) {
        PyTuple_SET_ITEM(ids, k, Py_NewRef(mask >> k & 1 ? SLOT(args[k], at.node_id) : numbers[0]));
    }
    return ids;
}

/* Find out what the rules need, and write the record; `y` is taken over. */
static PyObject *
keep(PyObject *op, struct operands *given, PyObject *y, Py_ssize_t n, PyObject *params, PyObject *frame,
     PyObject *recordings)
{
    PyObject *result = NULL, *saved = NULL, *shapes = NULL;
    int several = given->arrays > 1 && SLOT(op, at.op_elementwise) == Py_True;
    if (SLOT(op, at.op_connects) == Py_True) {
        shapes = several ? broadcast_shapes(given->values, n, y) : Py_NewRef(Py_None);
        if (shapes != NULL && is_complex(y)) {
            PyObject *all = tuple_of(given->values, n);
            Py_SETREF(shapes, all == NULL ? NULL : PyObject_CallFunctionObjArgs(core.mark_real, shapes, all, y, NULL));
            Py_XDECREF(all);
        }
        if (shapes == NULL || (saved = residuals(op, given->mask, y, given->values)) == NULL) {
            goto done;
        }
    } else {
        shapes = Py_NewRef(Py_None);
    }
    for (Py_ssize_t k = 0; given->plain >> k; k++) {
        if (given->plain >> k & 1 && keep_apart(given->values[k], &y, saved) < 0) {
            goto done;
        }
    }
    result = write_record(op, given->ids, y, params, shapes, saved, frame, recordings);
done:
    Py_DECREF(y);
    Py_XDECREF(shapes);
    Py_XDECREF(saved);
    return result;
}

PyObject *
core_apply(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *params, PyObject *frame)
{
    PyObject *recordings = NULL, *result = NULL;
    struct operands given;
    int usual = n > 0 && n <= MOST_ARGUMENTS && Py_TYPE(op) == core.Op && SLOT(op, at.op_parts) == numbers[0] &&
                SLOT(op, at.op_variadic) == Py_False && PyDict_CheckExact(params) && PyFrame_Check(frame);
    usual = usual ? sort_arguments(args, n, &given) : 0;
    if (usual < 0 || PyContextVar_Get(core.open_recordings, NULL, &recordings) < 0) {
        return NULL;
    }
    if (!usual || !PyTuple_GET_SIZE(recordings)) {
        Py_DECREF(recordings);
        return leave_to_python(op, args, n, params, frame);
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        if (Py_TYPE(args[k]) == core.Variable && read_variable(args[k], recordings) < 0) {
            Py_DECREF(recordings);
            return NULL;
        }
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        Py_INCREF(given.values[k]);
    }
    given.ids = ids_of(args, n, given.mask);
    PyObject *y = given.ids == NULL ? NULL : run_kernel(op, args, given.values, n, params, frame);
    if (y != NULL) {
        result = keep(op, &given, y, n, params, frame, recordings);
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        Py_DECREF(given.values[k]);
    }
    Py_XDECREF(given.ids);
    Py_DECREF(recordings);
    return result;
}

PyObject *
apply(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 4 || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "apply(op, args, params, frame)");
        return NULL;
    }
    return core_apply(args[0], &PyTuple_GET_ITEM(args[1], 0), PyTuple_GET_SIZE(args[1]), args[2], args[3]);
}

PyObject *
apply_to_one(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "apply_to_one(op, x, params, frame)");
        return NULL;
    }
    return core_apply(args[0], args + 1, 1, args[2], args[3]);
}

PyObject *
apply_to_two(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 5) {
        PyErr_SetString(PyExc_TypeError, "apply_to_two(op, a, b, params, frame)");
        return NULL;
    }
    return core_apply(args[0], args + 1, 2, args[3], args[4]);
}
