/* The two ends of `tape/usual.py`: what a usual question asks for, and what its answer is made of. */

#include "core.h"

#include <math.h>
#include <numpy/arrayscalars.h>

/* Whether a value is of one of the two usual dtypes, as it is: its number, -1 if not. */
static int
usual_type(PyObject *x)
{
    if (PyArray_CheckExact(x)) {
        int type = PyArray_TYPE((PyArrayObject *)x);
        return PyArray_ISNOTSWAPPED((PyArrayObject *)x) && (type == NPY_FLOAT || type == NPY_DOUBLE) ? type : -1;
    }
    return Py_IS_TYPE(x, &PyDoubleArrType_Type) ? NPY_DOUBLE : Py_IS_TYPE(x, &PyFloatArrType_Type) ? NPY_FLOAT : -1;
}

static int
is_usual(PyObject *x)
{
    return (Py_IS_TYPE(x, core.Tensor) || Py_IS_TYPE(x, core.Variable)) && usual_type(SLOT(x, at.node_value)) >= 0;
}

/* The sources of a question, which are one or a list or tuple of them: how many. */
static Py_ssize_t
all_of(PyObject **sources, PyObject ***first)
{
    if (PyList_CheckExact(*sources) || PyTuple_CheckExact(*sources)) {
        *first = PySequence_Fast_ITEMS(*sources);
        return PySequence_Fast_GET_SIZE(*sources);
    }
    *first = sources;
    return 1;
}

/* Ones in the form of a value. */
static PyObject *
ones_like(PyObject *value)
{
    int type = usual_type(value), nd = PyArray_CheckExact(value) ? PyArray_NDIM((PyArrayObject *)value) : 0;
    PyObject *made = PyArray_SimpleNew(nd, nd ? PyArray_DIMS((PyArrayObject *)value) : NULL, type);
    for (npy_intp k = 0; made != NULL && k < PyArray_SIZE((PyArrayObject *)made); k++) {
        if (type == NPY_DOUBLE) {
            ((double *)PyArray_DATA((PyArrayObject *)made))[k] = 1.0;
        } else {
            ((float *)PyArray_DATA((PyArrayObject *)made))[k] = 1.0f;
        }
    }
    return made == NULL ? NULL : PyArray_Return((PyArrayObject *)made);
}

/* `prepared(recording, target, sources)`: the ids of the sources and the seeds, None for what is not usual. */
PyObject *
prepared(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 3 || Py_TYPE(args[0]) != core.Recording) {
        PyErr_SetString(PyExc_TypeError, "prepared(recording, target, sources)");
        return NULL;
    }
    PyObject *target = args[1], *sources = args[2], **nodes, *known = SLOT(args[0], at.rec_known);
    Py_ssize_t count = all_of(&sources, &nodes);
    if (PyDict_GET_SIZE(SLOT(args[0], at.rec_late)) || !is_usual(target)) {
        Py_RETURN_NONE;
    }
    PyObject *ids = PySet_New(NULL), *seeds = ids == NULL ? NULL : PyDict_New();
    int usual = seeds == NULL ? -1 : 1;
    for (Py_ssize_t k = 0; usual > 0 && k < count; k++) {
        usual = is_usual(nodes[k]) ? PySet_Contains(known, SLOT(nodes[k], at.node_id)) : 0;
        if (usual > 0 && PySet_Add(ids, SLOT(nodes[k], at.node_id)) < 0) {
            usual = -1;
        }
    }
    PyObject *seed = usual > 0 ? ones_like(SLOT(target, at.node_value)) : NULL, *found = NULL;
    if (seed != NULL && PyDict_SetItem(seeds, SLOT(target, at.node_id), seed) == 0) {
        found = PyTuple_Pack(2, ids, seeds);
    } else if (usual == 0) {
        found = Py_NewRef(Py_None);
    }
    Py_XDECREF(seed);
    Py_XDECREF(ids);
    Py_XDECREF(seeds);
    return found;
}

/* Whether a gradient is neither zero nor out of bounds: 1, 0 if it has to be looked at in another way, -1 for an error. */
static int
is_sound(PyObject *x)
{
    double number = Py_IS_TYPE(x, &PyDoubleArrType_Type)  ? PyArrayScalar_VAL(x, Double)
                    : Py_IS_TYPE(x, &PyFloatArrType_Type) ? (double)PyArrayScalar_VAL(x, Float)
                                                          : 0.0;
    if ((number != 0.0 && isfinite(number)) || is_ordinary_array(x)) {
        return 1;
    }
    PyObject *odd = PyObject_CallOneArg(core.is_odd, x);
    int sound = odd == NULL ? -1 : odd == Py_False;
    Py_XDECREF(odd);
    return sound;
}

/* The cotangent that was found for a node, borrowed; NULL if there is none, or not of the node's own form. */
static PyObject *
found_for(PyObject *node, PyObject *found, PyObject *seeds)
{
    PyObject *id = SLOT(node, at.node_id), *ct = PyDict_GetItemWithError(found, id);
    ct = ct == NULL && !PyErr_Occurred() ? PyDict_GetItemWithError(seeds, id) : ct;
    return ct != NULL && usual_type(ct) == usual_type(SLOT(node, at.node_value)) ? ct : NULL;
}

static PyObject *
make_tensor(PyObject *value)
{
    PyObject *id = Py_TYPE(core.new_ids)->tp_iternext(core.new_ids);
    PyObject *made = id == NULL ? NULL : core.Tensor->tp_alloc(core.Tensor, 0);
    if (made == NULL) {
        Py_XDECREF(id);
        return NULL;
    }
    SLOT(made, at.node_value) = Py_NewRef(value);
    SLOT(made, at.node_id) = id;
    return made;
}

/* Leave events for new gradients, and return them in the form of the sources. */
static PyObject *
hand_out(PyObject *results, PyObject *target, PyObject *sources, PyObject *frame)
{
    PyObject *made_from = PyTuple_Pack(1, SLOT(target, at.node_id)), *ids = PyList_New(PyList_GET_SIZE(results));
    int failed = 1;
    if (made_from != NULL && ids != NULL) {
        spare(made_from);
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(results); k++) {
            PyList_SET_ITEM(ids, k, Py_NewRef(SLOT(PyList_GET_ITEM(results, k), at.node_id)));
        }
        failed = PyList_GET_SIZE(ids) && core_note_events(core.gradient, ids, frame, made_from) < 0;
    }
    Py_XDECREF(made_from);
    Py_XDECREF(ids);
    if (failed) {
        return NULL;
    }
    return PyList_CheckExact(sources)    ? Py_NewRef(results)
           : PyTuple_CheckExact(sources) ? PyList_AsTuple(results)
                                         : Py_NewRef(PyList_GET_ITEM(results, 0));
}

/* `collected(found, seeds, target, sources, frame)`: the answer, None where it has to be looked at more closely. */
PyObject *
collected(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 5 || !PyDict_CheckExact(args[0]) || !PyDict_CheckExact(args[1]) || !PyFrame_Check(args[4])) {
        PyErr_SetString(PyExc_TypeError, "collected(found, seeds, target, sources, frame)");
        return NULL;
    }
    PyObject *sources = args[3], **nodes, *answer = NULL;
    Py_ssize_t count = all_of(&sources, &nodes);
    int sound = 1;
    for (Py_ssize_t k = 0; sound > 0 && k < count; k++) {
        PyObject *ct = found_for(nodes[k], args[0], args[1]);
        sound = ct == NULL ? (PyErr_Occurred() ? -1 : 0) : is_sound(ct);
    }
    if (sound <= 0) {
        return sound < 0 ? NULL : Py_NewRef(Py_None);
    }
    PyObject *results = PyList_New(count);
    for (Py_ssize_t k = 0; results != NULL && k < count; k++) {
        PyObject *made = make_tensor(found_for(nodes[k], args[0], args[1]));
        if (made == NULL) {
            Py_CLEAR(results);
        } else {
            PyList_SET_ITEM(results, k, made);
        }
    }
    if (results != NULL) {
        answer = hand_out(results, args[2], args[3], args[4]);
        Py_DECREF(results);
    }
    return answer;
}
