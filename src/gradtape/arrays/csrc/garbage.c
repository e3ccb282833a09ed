/* What the garbage collector is spared: it would walk long tapes again and again, and their parts lead nowhere. */

#include "core.h"

/* Whether a value refers to nothing that could lead back to it: an array, a number, None, or what `spec` makes. */
int
is_leaf(PyObject *x)
{
    return !PyObject_IS_GC(x) || ((PyTuple_CheckExact(x) || Py_IS_TYPE(x, core.Spec) || Py_IS_TYPE(x, core.Site)) && !PyObject_GC_IsTracked(x));
}

/* Spare the garbage collector a tuple, if no circle can go through it: a long tape has many, which all live, and each look
 * for garbage would walk them. */
void
spare(PyObject *tuple)
{
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(tuple); k++) {
        if (!is_leaf(PyTuple_GET_ITEM(tuple, k))) {
            return;
        }
    }
    PyObject_GC_UnTrack(tuple);
}

/* Spare a value of a record that is a number, text, or a tuple of such: whether it is. */
static int
spare_plain(PyObject *x)
{
    if (PyTuple_CheckExact(x)) {
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(x); k++) {
            if (PyObject_IS_GC(PyTuple_GET_ITEM(x, k)) && !spare_plain(PyTuple_GET_ITEM(x, k))) {
                return 0;
            }
        }
        PyObject_GC_UnTrack(x);
    }
    return !PyObject_IS_GC(x) || !PyObject_GC_IsTracked(x);
}

/* The same for parameters; a dictionary that gets another value later is tracked again by itself. */
static int
spare_params(PyObject *params)
{
    PyObject *name, *value;
    Py_ssize_t at_name = 0;
    while (PyDict_Next(params, &at_name, &name, &value)) {
        if (!spare_plain(value)) {
            return 0;
        }
    }
    PyObject_GC_UnTrack(params);
    return 1;
}

/* The same for a record: rows of the table lead to nothing of the user's, nor do parameters that are plain. */
void
spare_record(PyObject *record, PyObject *op, PyObject *params, PyObject *shapes)
{
    int plain = params == core.no_params || params == SLOT(op, at.op_defaults) || !PyObject_GC_IsTracked(params) ||
                spare_params(params);
    if (plain && SLOT(op, at.op_permanent) == Py_True && spare_plain(shapes)) {
        PyObject_GC_UnTrack(record);
    }
}
