/* The hot path once more, compiled: what `arrays/dispatch.py` does to one and to two arguments and with their record,
 * and the loop of `tape/pulls.py`. Optional: without it the functions of the same names in those files run, and the tests
 * run both. Whatever is not the usual case is left to them here too. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* What `set_up` was given; see `arrays/core.py`. */
static PyObject *open_recordings, *apply, *fail, *find_site, *latest, *user_files, *mark_real, *watch_read, *next_id, *save_outside;
static PyObject *failures, *make_pulls, *unbroadcast, *unmade, *plain_dtypes;
static PyTypeObject *Tensor, *Variable, *Index, *OpType;

static PyObject *str_dtype, *str_filename, *str_kind, *str_shape, *str_make_saver, *masks[4];

/* Where the slots of the engine's classes lie. */
static Py_ssize_t node_value, node_id, op_kernel, op_parts, op_connects, op_elementwise, op_savers, op_pulls;
static Py_ssize_t rec_written, rec_saved, rec_known, rec_variables, latest_code;

#define SLOT(object, offset) (*(PyObject **)((char *)(object) + (offset)))

static Py_ssize_t
offset_of(PyObject *type, const char *name)
{
    PyObject *descriptor = PyObject_GetAttrString(type, name);
    if (descriptor == NULL) {
        return -1;
    }
    if (!Py_IS_TYPE(descriptor, &PyMemberDescr_Type)) {
        Py_DECREF(descriptor);
        PyErr_Format(PyExc_TypeError, "%R has no slot %s", type, name);
        return -1;
    }
    Py_ssize_t offset = ((PyMemberDescrObject *)descriptor)->d_member->offset;
    Py_DECREF(descriptor);
    return offset;
}

static int
is_node(PyObject *x)
{
    return Py_TYPE(x) == Tensor || Py_TYPE(x) == Variable;
}

/* Let the open tapes follow a variable, unless all of them have it already. */
static int
read_variable(PyObject *variable, PyObject *recordings)
{
    PyObject *id = SLOT(variable, node_id);
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(recordings); k++) {
        int has = PyDict_Contains(SLOT(PyTuple_GET_ITEM(recordings, k), rec_variables), id);
        if (has < 0) {
            return -1;
        }
        if (!has) {
            PyObject *done = PyObject_CallOneArg(watch_read, variable);
            Py_XDECREF(done);
            return done == NULL ? -1 : 0;
        }
    }
    return 0;
}

/* Whether a result is complex; -1 for an error. */
static int
is_complex(PyObject *y)
{
    PyObject *dtype = PyObject_GetAttr(y, str_dtype);
    if (dtype == NULL) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(plain_dtypes); k++) {
        if (dtype == PyTuple_GET_ITEM(plain_dtypes, k)) {
            Py_DECREF(dtype);
            return 0;
        }
    }
    PyObject *kind = PyObject_GetAttr(dtype, str_kind);
    Py_DECREF(dtype);
    if (kind == NULL) {
        return -1;
    }
    int found = PyUnicode_CompareWithASCIIString(kind, "c") == 0;
    Py_DECREF(kind);
    return found;
}

/* Whether code is known to be the user's: then it is the latest now. */
static int
is_users(PyObject *code)
{
    PyObject *file = PyObject_GetAttr(code, str_filename);
    if (file == NULL) {
        return -1;
    }
    PyObject *known = PyDict_GetItemWithError(user_files, file);
    Py_DECREF(file);
    if (known != Py_True) {
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_XSETREF(SLOT(latest, latest_code), Py_NewRef(code));
    return 1;
}

/* Write the record of an operation that ran, and return its result as a tensor. `saved` may be NULL. */
static PyObject *
write_record(PyObject *op, PyObject *ids, PyObject *y, PyObject *params, PyObject *shapes, PyObject *saved,
             PyObject *frame, PyObject *recordings)
{
    PyObject *result = NULL, *output = NULL, *code = NULL, *lasti = NULL, *record = NULL;
    output = PyObject_CallNoArgs(next_id);
    if (output == NULL) {
        return NULL;
    }
    code = (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
    int users = code == SLOT(latest, latest_code) ? 1 : is_users(code);
    if (users < 0) {
        goto done;
    }
    if (users) {
        lasti = PyLong_FromLong(PyFrame_GetLasti((PyFrameObject *)frame));
    } else {
        PyObject *site = PyObject_CallOneArg(find_site, frame);
        if (site == NULL) {
            goto done;
        }
        Py_SETREF(code, Py_NewRef(PyTuple_GET_ITEM(site, 0)));
        lasti = Py_NewRef(PyTuple_GET_ITEM(site, 1));
        Py_DECREF(site);
    }
    if (lasti == NULL) {
        goto done;
    }
    record = PyTuple_Pack(7, op, ids, output, params, shapes, code, lasti);
    if (record == NULL) {
        goto done;
    }
    int followed = 0;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(recordings); k++) {
        PyObject *recording = PyTuple_GET_ITEM(recordings, k);
        PyObject *known = SLOT(recording, rec_known);
        int follows = 0;
        for (Py_ssize_t i = 0; saved != NULL && !follows && i < PyTuple_GET_SIZE(ids); i++) {
            follows = PySet_Contains(known, PyTuple_GET_ITEM(ids, i));
        }
        if (follows < 0 || PyList_Append(SLOT(recording, rec_written), record) < 0 ||
            (follows && PySet_Add(known, output) < 0) ||
            PyList_Append(SLOT(recording, rec_saved), follows ? saved : Py_None) < 0) {
            goto done;
        }
        followed |= follows;
    }
    if (saved != NULL && !followed) {
        PyObject *kept = PyObject_CallFunctionObjArgs(save_outside, output, saved, NULL);
        if (kept == NULL) {
            goto done;
        }
        Py_DECREF(kept);
    }
    result = Tensor->tp_alloc(Tensor, 0);
    if (result != NULL) {
        SLOT(result, node_value) = Py_NewRef(y);
        SLOT(result, node_id) = Py_NewRef(output);
    }
done:
    Py_XDECREF(output);
    Py_XDECREF(code);
    Py_XDECREF(lasti);
    Py_XDECREF(record);
    return result;
}

/* Run the kernel; an error of it becomes one at the user's line. `args` are the arguments as they came. */
static PyObject *
run_kernel(PyObject *op, PyObject *const *args, PyObject *const *values, Py_ssize_t n, PyObject *params, PyObject *frame)
{
    PyObject *given = PyDict_GET_SIZE(params) ? params : NULL;
    PyObject *y = PyObject_VectorcallDict(SLOT(op, op_kernel), values, n, given);
    if (y != NULL || !PyErr_ExceptionMatches(failures)) {
        return y;
    }
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
    }
    PyObject *all = n == 1 ? PyTuple_Pack(1, args[0]) : PyTuple_Pack(2, args[0], args[1]);
    PyObject *plain = n == 1 ? PyTuple_Pack(1, values[0]) : PyTuple_Pack(2, values[0], values[1]);
    if (all != NULL && plain != NULL) {
        Py_XDECREF(PyObject_CallFunctionObjArgs(fail, op, all, plain, frame, error, NULL)); /* it raises */
    }
    Py_XDECREF(all);
    Py_XDECREF(plain);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return NULL;
}

/* Find out what the rules need and write the record; `ids` and `y` are taken over. */
static PyObject *
keep(PyObject *op, PyObject *ids, PyObject *y, PyObject *const *values, Py_ssize_t n, int mask, PyObject *params,
     PyObject *frame, PyObject *recordings)
{
    PyObject *result = NULL, *saved = NULL, *shapes = Py_NewRef(Py_None), *all = NULL;
    if (SLOT(op, op_connects) == Py_True) {
        all = n == 1 ? PyTuple_Pack(1, values[0]) : PyTuple_Pack(2, values[0], values[1]);
        if (all == NULL) {
            goto done;
        }
        if (mask == 3 && SLOT(op, op_elementwise) == Py_True) {
            PyObject *shape = PyObject_GetAttr(y, str_shape);
            PyObject *left = PyObject_GetAttr(values[0], str_shape), *right = PyObject_GetAttr(values[1], str_shape);
            int differs = -1;
            if (shape != NULL && left != NULL && right != NULL) {
                differs = PyObject_RichCompareBool(left, shape, Py_NE);
                differs = differs ? differs : PyObject_RichCompareBool(right, shape, Py_NE);
            }
            if (differs > 0) {
                Py_SETREF(shapes, PyTuple_Pack(2, left, right));
            }
            Py_XDECREF(shape);
            Py_XDECREF(left);
            Py_XDECREF(right);
            if (differs < 0 || shapes == NULL) {
                goto done;
            }
        }
        int complex = is_complex(y);
        if (complex < 0) {
            goto done;
        }
        if (complex) {
            Py_SETREF(shapes, PyObject_CallFunctionObjArgs(mark_real, shapes, all, y, NULL));
            if (shapes == NULL) {
                goto done;
            }
        }
        PyObject *saver = PyDict_GetItemWithError(SLOT(op, op_savers), masks[mask]);
        Py_XINCREF(saver);
        if (saver == NULL && !PyErr_Occurred()) {
            saver = PyObject_CallMethodOneArg(op, str_make_saver, masks[mask]);
        }
        if (saver == NULL) {
            goto done;
        }
        PyObject *both[2] = {y, all};
        saved = PyObject_Vectorcall(saver, both, 2, NULL);
        Py_DECREF(saver);
        if (saved == NULL) {
            goto done;
        }
    }
    result = write_record(op, ids, y, params, shapes, saved, frame, recordings);
done:
    Py_DECREF(ids);
    Py_DECREF(y);
    Py_XDECREF(shapes);
    Py_XDECREF(saved);
    Py_XDECREF(all);
    return result;
}

static PyObject *
leave_to_apply(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *params, PyObject *frame)
{
    PyObject *all = n == 1 ? PyTuple_Pack(1, args[0]) : PyTuple_Pack(2, args[0], args[1]);
    if (all == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_CallFunctionObjArgs(apply, op, all, params, frame, NULL);
    Py_DECREF(all);
    return result;
}

/* What `apply_to_one` and `apply_to_two` have in common: arguments are op, x or a and b, params, frame. */
static PyObject *
apply_to(PyObject *const *given, Py_ssize_t n)
{
    PyObject *op = given[0], *params = given[n + 1], *frame = given[n + 2], *recordings = NULL, *result = NULL;
    PyObject *const *args = given + 1;
    PyObject *values[2], *ids[2];
    int mask = 0, usual = 1;
    for (Py_ssize_t k = 0; k < n; k++) {
        if (is_node(args[k])) {
            mask |= 1 << k;
            values[k] = SLOT(args[k], node_value);
            ids[k] = SLOT(args[k], node_id);
        } else if (n == 2 && (PyFloat_CheckExact(args[k]) || PyLong_CheckExact(args[k]) ||
                              (k == 1 && Py_TYPE(args[k]) == Index))) {
            values[k] = args[k];
            ids[k] = masks[0]; /* the number 0 */
        } else {
            usual = 0;
        }
    }
    if (PyContextVar_Get(open_recordings, NULL, &recordings) < 0) {
        return NULL;
    }
    if (!usual || !mask || !PyTuple_GET_SIZE(recordings) || Py_TYPE(op) != OpType || SLOT(op, op_parts) != masks[0]) {
        Py_DECREF(recordings);
        return leave_to_apply(op, args, n, params, frame);
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        if (Py_TYPE(args[k]) == Variable && read_variable(args[k], recordings) < 0) {
            Py_DECREF(recordings);
            return NULL;
        }
        Py_INCREF(values[k]);
    }
    PyObject *all = n == 1 ? PyTuple_Pack(1, ids[0]) : PyTuple_Pack(2, ids[0], ids[1]);
    PyObject *y = all == NULL ? NULL : run_kernel(op, args, values, n, params, frame);
    if (y == NULL) {
        Py_XDECREF(all);
    } else {
        result = keep(op, all, y, values, n, mask, params, frame, recordings);
    }
    for (Py_ssize_t k = 0; k < n; k++) {
        Py_DECREF(values[k]);
    }
    Py_DECREF(recordings);
    return result;
}

static PyObject *
apply_to_one(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "apply_to_one(op, x, params, frame)");
        return NULL;
    }
    return apply_to(args, 1);
}

static PyObject *
apply_to_two(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 5) {
        PyErr_SetString(PyExc_TypeError, "apply_to_two(op, a, b, params, frame)");
        return NULL;
    }
    return apply_to(args, 2);
}

/* Carry one cotangent through one record; -1 for an error. */
static int
pull_back(PyObject *record, PyObject *pulls, PyObject *residuals, PyObject *g, PyObject *cotangents, PyObject *needed)
{
    PyObject *inputs = PyTuple_GET_ITEM(record, 1), *params = PyTuple_GET_ITEM(record, 3);
    PyObject *shapes = PyTuple_GET_ITEM(record, 4);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
        PyObject *source = PyTuple_GET_ITEM(inputs, i), *pull = PyTuple_GET_ITEM(pulls, i);
        int wanted = pull == Py_None ? 0 : PySet_Contains(needed, source);
        if (wanted <= 0) {
            if (wanted < 0) {
                return -1;
            }
            continue;
        }
        PyObject *ct;
        if (PyLong_CheckExact(pull)) {
            PyObject *factor = PySequence_GetItem(residuals, PyLong_AsSsize_t(pull));
            ct = factor == NULL ? NULL : PyNumber_Multiply(g, factor);
            Py_XDECREF(factor);
        } else if (PyFloat_CheckExact(pull)) {
            double scale = PyFloat_AS_DOUBLE(pull);
            ct = scale == 1.0 ? Py_NewRef(g) : scale == -1.0 ? PyNumber_Negative(g) : PyNumber_Multiply(g, pull);
        } else {
            PyObject *three[3] = {g, residuals, params};
            ct = PyObject_Vectorcall(pull, three, 3, NULL);
            if (ct == Py_None) { /* the rule has nothing to say of this argument */
                Py_DECREF(ct);
                continue;
            }
        }
        if (ct != NULL && shapes != Py_None) {
            PyObject *two[2] = {ct, PyTuple_GET_ITEM(shapes, i)};
            Py_SETREF(ct, PyObject_Vectorcall(unbroadcast, two, 2, NULL));
        }
        if (ct == NULL) {
            return -1;
        }
        PyObject *previous = PyDict_GetItemWithError(cotangents, source);
        if (previous != NULL) {
            Py_SETREF(ct, PyNumber_Add(previous, ct));
        }
        int failed = ct == NULL || PyErr_Occurred() || PyDict_SetItem(cotangents, source, ct) < 0;
        Py_XDECREF(ct);
        if (failed) {
            return -1;
        }
    }
    return 0;
}

static PyObject *
run_back(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 8 || !PyList_Check(args[0]) || !PyList_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "run_back(records, saved, end, at, cotangents, found, sources, needed)");
        return NULL;
    }
    PyObject *records = args[0], *saved = args[1], *at = args[3], *cotangents = args[4], *found = args[5];
    PyObject *sources = args[6], *needed = args[7];
    Py_ssize_t k = PyLong_AsSsize_t(args[2]);
    if (k < 0 || k > PyList_GET_SIZE(records) || k > PyList_GET_SIZE(saved)) {
        PyErr_SetString(PyExc_ValueError, "run_back: the end is not within the records");
        return NULL;
    }
    while (k-- > 0) {
        PyObject *residuals = PyList_GET_ITEM(saved, k), *record = PyList_GET_ITEM(records, k);
        if (residuals == Py_None) {
            continue;
        }
        PyObject *op = PyTuple_GET_ITEM(record, 0), *output = PyTuple_GET_ITEM(record, 2);
        PyObject *g = PyDict_GetItemWithError(cotangents, output);
        if (g == NULL) {
            if (PyErr_Occurred()) {
                return NULL;
            }
            continue;
        }
        PyObject *pulls = Py_TYPE(op) == OpType ? Py_NewRef(SLOT(op, op_pulls)) : Py_NewRef(Py_None);
        if (pulls == unmade) {
            Py_SETREF(pulls, PyObject_CallOneArg(make_pulls, op));
            if (pulls == NULL) {
                return NULL;
            }
        }
        if (pulls == Py_None) {
            Py_DECREF(pulls);
            return PyLong_FromSsize_t(k + 1);
        }
        Py_INCREF(g);
        Py_INCREF(residuals);
        Py_INCREF(record);
        int failed = PyDict_DelItem(cotangents, output) < 0;
        int wanted = failed ? -1 : PySet_Contains(sources, output);
        failed = wanted < 0 || (wanted && PyDict_SetItem(found, output, g) < 0) ||
                 pull_back(record, pulls, residuals, g, cotangents, needed) < 0;
        Py_DECREF(g);
        Py_DECREF(residuals);
        Py_DECREF(record);
        Py_DECREF(pulls);
        if (failed) {
            PyObject *type, *error, *traceback, *place = NULL;
            PyErr_Fetch(&type, &error, &traceback);
            place = PyLong_FromSsize_t(k);
            if (place != NULL) {
                PyList_Append(at, place);
                Py_DECREF(place);
            }
            PyErr_Restore(type, error, traceback);
            return NULL;
        }
    }
    return PyLong_FromLong(0);
}

/* Take from a dict by name; a borrowed reference becomes one of ours. */
static int
take(PyObject *given, const char *name, void *place)
{
    PyObject *found = PyDict_GetItemString(given, name);
    if (found == NULL) {
        PyErr_Format(PyExc_TypeError, "set_up: `%s` is missing", name);
        return -1;
    }
    Py_XSETREF(*(PyObject **)place, Py_NewRef(found));
    return 0;
}

static PyObject *
set_up(PyObject *module, PyObject *given)
{
    PyObject *node = PyDict_GetItemString(given, "Node"), *recording = PyDict_GetItemString(given, "Recording");
    if (take(given, "open_recordings", &open_recordings) || take(given, "apply", &apply) || take(given, "fail", &fail) ||
        take(given, "find_site", &find_site) || take(given, "latest", &latest) ||
        take(given, "user_files", &user_files) ||
        take(given, "mark_real", &mark_real) || take(given, "watch_read", &watch_read) ||
        take(given, "next_id", &next_id) || take(given, "save_outside", &save_outside) ||
        take(given, "failures", &failures) || take(given, "plain_dtypes", &plain_dtypes) ||
        take(given, "Tensor", &Tensor) || take(given, "Variable", &Variable) || take(given, "Index", &Index) ||
        take(given, "Op", &OpType) || node == NULL || recording == NULL) {
        return NULL;
    }
    if ((node_value = offset_of(node, "_value")) < 0 || (node_id = offset_of(node, "_id")) < 0 ||
        (op_kernel = offset_of((PyObject *)OpType, "kernel")) < 0 ||
        (op_parts = offset_of((PyObject *)OpType, "parts")) < 0 ||
        (op_connects = offset_of((PyObject *)OpType, "connects")) < 0 ||
        (op_elementwise = offset_of((PyObject *)OpType, "elementwise")) < 0 ||
        (op_savers = offset_of((PyObject *)OpType, "savers")) < 0 ||
        (op_pulls = offset_of((PyObject *)OpType, "pulls")) < 0 ||
        (rec_written = offset_of(recording, "written")) < 0 || (rec_saved = offset_of(recording, "saved")) < 0 ||
        (rec_known = offset_of(recording, "known")) < 0 || (rec_variables = offset_of(recording, "variables")) < 0 ||
        (latest_code = offset_of((PyObject *)Py_TYPE(latest), "code")) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *
set_up_sweep(PyObject *module, PyObject *given)
{
    if (take(given, "make_pulls", &make_pulls) || take(given, "unbroadcast", &unbroadcast) ||
        take(given, "unmade", &unmade)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"set_up", set_up, METH_O, "Tell what `apply_to_one` and `apply_to_two` need."},
    {"set_up_sweep", set_up_sweep, METH_O, "Tell what `run_back` needs."},
    {"apply_to_one", (PyCFunction)(void (*)(void))apply_to_one, METH_FASTCALL, "See arrays/dispatch.py."},
    {"apply_to_two", (PyCFunction)(void (*)(void))apply_to_two, METH_FASTCALL, "See arrays/dispatch.py."},
    {"run_back", (PyCFunction)(void (*)(void))run_back, METH_FASTCALL, "See tape/pulls.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_core", "The hot path of the engine, compiled.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    str_dtype = PyUnicode_InternFromString("dtype");
    str_filename = PyUnicode_InternFromString("co_filename");
    str_kind = PyUnicode_InternFromString("kind");
    str_shape = PyUnicode_InternFromString("shape");
    str_make_saver = PyUnicode_InternFromString("make_saver");
    for (long k = 0; k < 4; k++) {
        masks[k] = PyLong_FromLong(k);
    }
    return PyModule_Create(&definition);
}
