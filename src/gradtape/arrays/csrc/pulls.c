/* What the sweep makes of rules, see `tape/pulls.py`: pulls that are called without a frame of Python between, and products
 * that write into memory that is nobody's. */

#include "core.h"

#define MOST_RESIDUALS (MOST_ARGUMENTS + 1)
#define MOST_STEPS 8
#define MOST_VALUES (MOST_RESIDUALS + 2 * MOST_STEPS)

/* A rule with the namespace that it runs in. A factor gives `fn(xp, *residuals) * g`, a transpose `fn(xp, g, *residuals)`;
 * both get the operation's parameters if it has any. A factor's `more` is the same as a program (`tape/programs.py`), a
 * transpose's adds to an array in place: `more(xp, total, g, *residuals)`; None if there is none. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *fn, *more;
    int is_factor, has_params;
} Pull;

static void
pull_dealloc(Pull *self)
{
    Py_XDECREF(self->fn);
    Py_XDECREF(self->more);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

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
int
is_ours(PyObject *x)
{
    return Py_REFCNT(x) == 1 && PyArray_CheckExact(x) && PyArray_NDIM((PyArrayObject *)x) > 0 &&
           PyArray_BASE((PyArrayObject *)x) == NULL &&
           PyArray_CHKFLAGS((PyArrayObject *)x, NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE);
}

/* Whether the product or sum of two arrays has the shape and the dtype of the first. */
int
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

PyObject *
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

/* Whether an object is a program: constants, and steps of a loop and the places of its operands. */
static int
is_program(PyObject *x)
{
    int fits = PyTuple_CheckExact(x) && PyTuple_GET_SIZE(x) == 2 && PyTuple_CheckExact(PyTuple_GET_ITEM(x, 0)) &&
               PyTuple_CheckExact(PyTuple_GET_ITEM(x, 1)) && PyTuple_GET_SIZE(PyTuple_GET_ITEM(x, 0)) <= MOST_STEPS &&
               0 < PyTuple_GET_SIZE(PyTuple_GET_ITEM(x, 1)) && PyTuple_GET_SIZE(PyTuple_GET_ITEM(x, 1)) <= MOST_STEPS;
    for (Py_ssize_t k = 0; fits && k < PyTuple_GET_SIZE(PyTuple_GET_ITEM(x, 1)); k++) {
        PyObject *step = PyTuple_GET_ITEM(PyTuple_GET_ITEM(x, 1), k);
        fits = PyTuple_CheckExact(step) && PyTuple_GET_SIZE(step) == 2 && is_loop(PyTuple_GET_ITEM(step, 0)) &&
               PyBytes_CheckExact(PyTuple_GET_ITEM(step, 1)) && PyBytes_GET_SIZE(PyTuple_GET_ITEM(step, 1)) <= 3;
    }
    return fits;
}

/* Run a program on residuals: its last result, or NULL without an error where a loop cannot do its step. */
static PyObject *
run_program(PyObject *program, PyObject *residuals)
{
    PyObject *constants = PyTuple_GET_ITEM(program, 0), *steps = PyTuple_GET_ITEM(program, 1), *values[MOST_VALUES];
    Py_ssize_t n = PyTuple_GET_SIZE(residuals), known = n + PyTuple_GET_SIZE(constants), done = 0;
    if (n > MOST_RESIDUALS) {
        return NULL;
    }
    for (Py_ssize_t k = 0; k < known; k++) {
        values[k] = k < n ? PyTuple_GET_ITEM(residuals, k) : PyTuple_GET_ITEM(constants, k - n);
    }
    PyObject *found = NULL;
    for (; done < PyTuple_GET_SIZE(steps); done++) {
        PyObject *step = PyTuple_GET_ITEM(steps, done), *places = PyTuple_GET_ITEM(step, 1), *operands[3];
        for (Py_ssize_t k = 0; k < PyBytes_GET_SIZE(places); k++) {
            Py_ssize_t place = (unsigned char)PyBytes_AS_STRING(places)[k];
            if (place >= known + done) {
                goto end;
            }
            operands[k] = values[place];
        }
        values[known + done] = call_loop(PyTuple_GET_ITEM(step, 0), operands, PyBytes_GET_SIZE(places), NULL, 0);
        if (values[known + done] == NULL) {
            goto end;
        }
    }
    found = Py_NewRef(values[known + done - 1]);
end:
    while (done-- > 0) {
        Py_DECREF(values[known + done]);
    }
    return found;
}

/* The cotangent of an argument. `g_goes` says that nothing needs `g` afterwards. */
static PyObject *
pulled(Pull *self, PyObject *g, int g_goes, PyObject *residuals, PyObject *params)
{
    PyObject *found = self->is_factor && self->more != Py_None ? run_program(self->more, residuals) : NULL;
    found = found == NULL ? call_rule(self, g, residuals, params) : found;
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
    if (n != 3 || (is_factor && args[2] != Py_None && !is_program(args[2]))) {
        PyErr_SetString(PyExc_TypeError, "a pull is made of a rule, whether it takes parameters, and what does the same");
        return NULL;
    }
    Pull *made = PyObject_New(Pull, &PullType);
    if (made != NULL) {
        made->vectorcall = call_pull;
        made->fn = Py_NewRef(args[0]);
        made->more = Py_NewRef(args[2]);
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
PyObject *
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

/* Whether a pull can add to an array in place. */
int
adds_in_place(PyObject *pull)
{
    return Py_IS_TYPE(pull, &PullType) && !((Pull *)pull)->is_factor && ((Pull *)pull)->more != Py_None;
}

/* Let it do so. */
int
add_in_place(PyObject *pull, PyObject *total, PyObject *g, PyObject *residuals, PyObject *params)
{
    Pull *self = (Pull *)pull;
    PyObject *given[3 + MOST_RESIDUALS] = {core.xp, total, g};
    Py_ssize_t n = PyTuple_GET_SIZE(residuals);
    for (Py_ssize_t k = 0; k < n && k < MOST_RESIDUALS; k++) {
        given[3 + k] = PyTuple_GET_ITEM(residuals, k);
    }
    PyObject *done = PyObject_VectorcallDict(self->more, given, 3 + n, self->has_params ? params : NULL);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}
