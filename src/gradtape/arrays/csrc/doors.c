/* The doors through which most operations come, without a frame of Python between the user's line and `apply`: operators,
 * brackets, and NumPy's two protocols. A door is bound like a method. What it does not know is left to the function of
 * the same name in Python. */

#include "core.h"

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *op;
} Door;

static void
door_dealloc(Door *self)
{
    Py_XDECREF(self->op);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
door_bind(PyObject *self, PyObject *object, PyObject *type)
{
    return object == NULL || object == Py_None ? Py_NewRef(self) : PyMethod_New(self, object);
}

PyTypeObject DoorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "gradtape.arrays._core.Door",
    .tp_basicsize = sizeof(Door),
    .tp_dealloc = (destructor)door_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_vectorcall_offset = offsetof(Door, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_descr_get = door_bind,
    .tp_doc = "A method of tensors that is compiled.",
};

static PyObject *
make(vectorcallfunc act, PyObject *op)
{
    Door *made = PyObject_New(Door, &DoorType);
    if (made != NULL) {
        made->vectorcall = act;
        made->op = Py_NewRef(op);
    }
    return (PyObject *)made;
}

/* The frame that called: ours have none. */
static PyObject *
caller(void)
{
    PyObject *frame = (PyObject *)PyEval_GetFrame();
    if (frame == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "a tensor was used where no code of Python runs");
    }
    return frame;
}

static int
takes(size_t given, PyObject *names, Py_ssize_t wanted)
{
    if (PyVectorcall_NARGS(given) == wanted && (names == NULL || !PyTuple_GET_SIZE(names))) {
        return 1;
    }
    PyErr_Format(PyExc_TypeError, "expected %zd arguments", wanted - 1);
    return 0;
}

static PyObject *
act_unary(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    PyObject *frame = takes(n, names, 1) ? caller() : NULL;
    return frame == NULL ? NULL : core_apply(((Door *)self)->op, args, 1, core.no_params, frame);
}

static PyObject *
act_binary(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    PyObject *frame = takes(n, names, 2) ? caller() : NULL;
    return frame == NULL ? NULL : core_apply(((Door *)self)->op, args, 2, core.no_params, frame);
}

static PyObject *
act_reflected(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    PyObject *frame = takes(n, names, 2) ? caller() : NULL;
    if (frame == NULL) {
        return NULL;
    }
    PyObject *turned[2] = {args[1], args[0]};
    return core_apply(((Door *)self)->op, turned, 2, core.no_params, frame);
}

/* Whether what stands in brackets holds neither tensors nor arrays: then it is kept as it is. */
static int
is_simple(PyObject *index)
{
    if (index == Py_None || index == Py_Ellipsis || PyLong_CheckExact(index)) {
        return 1;
    }
    if (PySlice_Check(index)) {
        PySliceObject *slice = (PySliceObject *)index;
        return is_simple(slice->start) && is_simple(slice->stop) && is_simple(slice->step);
    }
    int simple = PyTuple_CheckExact(index);
    for (Py_ssize_t k = 0; simple && k < PyTuple_GET_SIZE(index); k++) {
        PyObject *part = PyTuple_GET_ITEM(index, k);
        simple = !PyTuple_Check(part) && is_simple(part);
    }
    return simple;
}

static PyObject *
act_getitem(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    PyObject *frame = takes(n, names, 2) ? caller() : NULL;
    if (frame == NULL) {
        return NULL;
    }
    PyObject *plain = is_simple(args[1]) ? Py_NewRef(args[1])
                                         : PyObject_CallFunctionObjArgs(core.plain_index, args[1], frame, NULL);
    PyObject *index = plain == NULL ? NULL : core.Index->tp_alloc(core.Index, 0);
    if (index == NULL) {
        Py_XDECREF(plain);
        return NULL;
    }
    SLOT(index, at.index_value) = plain;
    PyObject *both[2] = {args[0], index};
    PyObject *result = core_apply(((Door *)self)->op, both, 2, core.no_params, frame);
    Py_DECREF(index);
    return result;
}

/* The row of a function of NumPy that is called with its arrays alone, NULL without an error if it has none. */
static PyObject *
row_of(PyObject *function, Py_ssize_t arrays)
{
    PyObject *op = PyDict_GetItemWithError(core.functions, function);
    if (op == NULL || Py_TYPE(op) != core.Op || SLOT(op, at.op_variadic) != Py_False) {
        return NULL;
    }
    PyObject *alone = SLOT(op, at.op_alone);
    return PyLong_CheckExact(alone) && PyLong_AsSsize_t(alone) == arrays ? op : NULL;
}

/* `array_ufunc(self, ufunc, method, *args, **kwargs)` of arrays/protocols.py. */
static PyObject *
act_array_ufunc(PyObject *self, PyObject *const *args, size_t given, PyObject *names)
{
    Py_ssize_t n = PyVectorcall_NARGS(given);
    int called = n > 3 && (names == NULL || !PyTuple_GET_SIZE(names)) && PyUnicode_Check(args[2]) &&
                 PyUnicode_Compare(args[2], str_call) == 0;
    PyObject *op = called ? row_of(args[1], n - 3) : NULL, *result = NULL;
    if (op != NULL) {
        PyObject *frame = caller();
        result = frame == NULL ? NULL : core_apply(op, args + 3, n - 3, SLOT(op, at.op_defaults), frame);
    }
    if (result != NULL) {
        return result;
    }
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(core.unsupported)) {
            return NULL;
        }
        PyErr_Clear();
    }
    return PyObject_Vectorcall(core.array_ufunc, args, n, names);
}

/* `array_function(self, function, types, args, kwargs)` of arrays/protocols.py. */
static PyObject *
act_array_function(PyObject *self, PyObject *const *args, size_t given, PyObject *names)
{
    Py_ssize_t n = PyVectorcall_NARGS(given);
    int alone = n == 5 && PyTuple_CheckExact(args[3]) && PyDict_CheckExact(args[4]) && !PyDict_GET_SIZE(args[4]);
    PyObject *op = alone ? row_of(args[1], PyTuple_GET_SIZE(args[3])) : NULL, *result = NULL;
    if (op != NULL) {
        PyObject *frame = caller(), *const *arrays = &PyTuple_GET_ITEM(args[3], 0);
        Py_ssize_t count = PyTuple_GET_SIZE(args[3]);
        result = frame == NULL ? NULL : core_apply(op, arrays, count, SLOT(op, at.op_defaults), frame);
    }
    if (result != NULL) {
        return result;
    }
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(core.unsupported)) {
            return NULL;
        }
        PyErr_Clear();
    }
    return PyObject_Vectorcall(core.array_function, args, n, names);
}

/* The parameters of a call: the defaults of its row, and what is given by name. */
static PyObject *
params_of(PyObject *op, PyObject *const *named, PyObject *names)
{
    PyObject *params = PyDict_Copy(SLOT(op, at.op_defaults));
    for (Py_ssize_t k = 0; params != NULL && k < PyTuple_GET_SIZE(names); k++) {
        if (PyDict_SetItem(params, PyTuple_GET_ITEM(names, k), named[k]) < 0) {
            Py_CLEAR(params);
        }
    }
    return params;
}

/* `function(*arrays, **params)` of `recorded` in arrays/doors.py. */
static PyObject *
act_recorded(PyObject *self, PyObject *const *args, size_t given, PyObject *names)
{
    PyObject *op = ((Door *)self)->op, *frame = caller();
    Py_ssize_t n = PyVectorcall_NARGS(given);
    int named = names != NULL && PyTuple_GET_SIZE(names);
    PyObject *params = named ? params_of(op, args + n, names) : Py_NewRef(SLOT(op, at.op_defaults));
    PyObject *result = frame == NULL || params == NULL ? NULL : core_apply(op, args, n, params, frame);
    Py_XDECREF(params);
    return result;
}

PyObject *
recorded(PyObject *module, PyObject *op)
{
    if (Py_TYPE(op) != core.Op || SLOT(op, at.op_variadic) != Py_False) {
        PyErr_SetString(PyExc_TypeError, "recorded(op) is for operations with so many arguments");
        return NULL;
    }
    return make(act_recorded, op);
}

PyObject *
unary(PyObject *module, PyObject *op)
{
    return make(act_unary, op);
}

PyObject *
binary(PyObject *module, PyObject *op)
{
    return make(act_binary, op);
}

PyObject *
reflected(PyObject *module, PyObject *op)
{
    return make(act_reflected, op);
}

PyObject *
getitem(PyObject *module, PyObject *op)
{
    return make(act_getitem, op);
}

PyObject *
array_ufunc(PyObject *module, PyObject *nothing)
{
    return make(act_array_ufunc, Py_None);
}

PyObject *
array_function(PyObject *module, PyObject *nothing)
{
    return make(act_array_function, Py_None);
}
