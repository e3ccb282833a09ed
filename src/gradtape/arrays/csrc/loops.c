/* NumPy's own inner loops without its dispatch. For ten numbers NumPy takes ten times as long to find the loop of a ufunc,
 * to make an iterator and to look for errors as the loop itself takes. Where nothing has to be found out (arrays of one
 * dtype, float32 or float64, that lie in order, numbers that are weaker, a result that is new), the same loop runs on
 * the same memory in the same order: the result is the same to the last bit. All else is left to the ufunc. */

#include "core.h"

#include <fenv.h>
#include <numpy/arrayscalars.h>
#include <numpy/ufuncobject.h>

#define MOST_ELEMENTS 4096 /* from here on NumPy's dispatch does not count, and it lets other threads run meanwhile */
#define MOST_INPUTS 3
#define ODD (FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID)
#define EXACT (1L << 24) /* up to here a whole number is the same in float32 */

/* A ufunc of NumPy, and which of its loops are for float32 and float64; -1 for none. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyUFuncObject *ufunc;
    int of[2], rows, is_matmul;
} Loop;

static void
loop_dealloc(Loop *self)
{
    Py_XDECREF((PyObject *)self->ufunc);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject LoopType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "gradtape.arrays._core.Loop",
    .tp_basicsize = sizeof(Loop),
    .tp_dealloc = (destructor)loop_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(Loop, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_doc = "A ufunc of NumPy, called by its loop where the operands are small.",
};

/* Called from Python it is the ufunc. */
static PyObject *
act(PyObject *self, PyObject *const *args, size_t given, PyObject *names)
{
    PyObject *found = names == NULL ? call_loop(self, args, PyVectorcall_NARGS(given), NULL, 1) : NULL;
    return found != NULL ? found : PyObject_Vectorcall((PyObject *)((Loop *)self)->ufunc, args, given, names);
}

int
prepare_loops(void)
{
    import_umath1(-1);
    return PyType_Ready(&LoopType);
}

static int
find_loop(PyUFuncObject *ufunc, int type)
{
    for (int k = 0; k < ufunc->ntypes; k++) {
        const char *types = ufunc->types + k * ufunc->nargs;
        int same = 1;
        for (int i = 0; i < ufunc->nin; i++) {
            same &= types[i] == type;
        }
        if (same && (types[ufunc->nin] == type || types[ufunc->nin] == NPY_BOOL)) {
            return k;
        }
    }
    return -1;
}

PyObject *
make_loop(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (n != 3 || !PyObject_TypeCheck(args[0], &PyUFunc_Type)) {
        PyErr_SetString(PyExc_TypeError, "a loop is made of a ufunc, whether an operand may be a row, and whether it is matmul");
        return NULL;
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)args[0];
    int is_matmul = args[2] == Py_True;
    int fits = (is_matmul || !ufunc->core_enabled) && ufunc->nin <= MOST_INPUTS && ufunc->nout == 1;
    Loop *made = PyObject_New(Loop, &LoopType);
    if (made != NULL) {
        made->ufunc = (PyUFuncObject *)Py_NewRef(args[0]);
        made->of[0] = fits ? find_loop(ufunc, NPY_FLOAT) : -1;
        made->of[1] = fits ? find_loop(ufunc, NPY_DOUBLE) : -1;
        made->rows = args[1] == Py_True;
        made->is_matmul = is_matmul;
        made->vectorcall = act;
    }
    return (PyObject *)made;
}

int
is_loop(PyObject *x)
{
    return Py_IS_TYPE(x, &LoopType);
}

/* The loop of what may be a ufunc: borrowed, NULL if it has none that we know. */
PyObject *
loop_of(PyObject *function)
{
    return core.loops == NULL || !Py_IS_TYPE(function, &PyUFunc_Type) ? NULL
                                                                      : PyDict_GetItemWithError(core.loops, function);
}

/* An operand as a loop takes it: where its elements are, and how far apart; a number is one element at distance 0. */
struct operand {
    char *data;
    npy_intp step, size;
    union {
        float f;
        double d;
    } number;
};

/* The type of what decides on the loop: an array, or a scalar of NumPy's; -1 for what is neither or not of the two. */
static int
type_of(PyObject *x)
{
    if (PyArray_CheckExact(x)) {
        int type = PyArray_TYPE((PyArrayObject *)x);
        return type == NPY_FLOAT || type == NPY_DOUBLE ? type : -1;
    }
    return Py_IS_TYPE(x, &PyDoubleArrType_Type) ? NPY_DOUBLE : Py_IS_TYPE(x, &PyFloatArrType_Type) ? NPY_FLOAT : -1;
}

/* Take a number in: 0 if it is not the same in that type. */
static int
take_number(struct operand *made, double value, int type)
{
    made->data = (char *)&made->number;
    made->step = 0;
    made->size = 1;
    if (type == NPY_DOUBLE) {
        made->number.d = value;
        return 1;
    }
    made->number.f = (float)value;
    return !Py_IS_INFINITY(made->number.f) || Py_IS_INFINITY(value);
}

/* Take an operand in; 0 if it is not of the kind that loops take as it is. */
static int
take(struct operand *made, PyObject *x, int type)
{
    if (PyArray_CheckExact(x)) {
        PyArrayObject *array = (PyArrayObject *)x;
        if (PyArray_TYPE(array) != type || PyArray_NDIM(array) == 0 || !PyArray_ISBEHAVED_RO(array)) {
            return 0;
        }
        made->data = PyArray_BYTES(array);
        made->size = PyArray_SIZE(array);
        made->step = PyArray_ITEMSIZE(array);
        if (!PyArray_IS_C_CONTIGUOUS(array)) {
            made->step = PyArray_STRIDE(array, 0);
            return PyArray_NDIM(array) == 1 && made->step > 0;
        }
        return 1;
    }
    if (PyFloat_CheckExact(x)) {
        return take_number(made, PyFloat_AS_DOUBLE(x), type);
    }
    if (PyLong_CheckExact(x)) {
        int overflow = 0;
        long value = PyLong_AsLongAndOverflow(x, &overflow);
        return !overflow && -EXACT < value && value < EXACT && take_number(made, (double)value, type);
    }
    if (type_of(x) != type) {
        return 0;
    }
    return take_number(made, type == NPY_DOUBLE ? PyArrayScalar_VAL(x, Double) : PyArrayScalar_VAL(x, Float), type);
}

/* Whether an array is as the last axes of another: its rows, over and over. */
static int
is_row_of(PyArrayObject *row, PyArrayObject *whole)
{
    int extra = PyArray_NDIM(whole) - PyArray_NDIM(row);
    return extra > 0 && PyArray_IS_C_CONTIGUOUS(row) && PyArray_IS_C_CONTIGUOUS(whole) &&
           PyArray_CompareLists(PyArray_DIMS(whole) + extra, PyArray_DIMS(row), PyArray_NDIM(row));
}

/* What the operands of a call have in common. */
struct call {
    struct operand operands[MOST_INPUTS];
    PyArrayObject *widest; /* the array with the most axes, NULL if there are only numbers */
    int type, by_rows;
};

/* Find out whether a loop can do a call: 1 or 0. */
static int
prepare(Loop *self, PyObject *const *args, int n, struct call *found)
{
    found->type = -1;
    found->widest = NULL;
    found->by_rows = 0;
    for (int k = 0; k < n; k++) {
        if (PyArray_CheckExact(args[k]) &&
            (found->widest == NULL || PyArray_NDIM((PyArrayObject *)args[k]) > PyArray_NDIM(found->widest))) {
            found->widest = (PyArrayObject *)args[k];
        }
        found->type = found->type < 0 ? type_of(args[k]) : found->type;
    }
    if (found->type < 0 || self->of[found->type == NPY_DOUBLE] < 0) {
        return 0;
    }
    for (int k = 0; k < n; k++) {
        if (!take(&found->operands[k], args[k], found->type)) {
            return 0;
        }
        if (!PyArray_CheckExact(args[k]) || args[k] == (PyObject *)found->widest ||
            same_shape(args[k], (PyObject *)found->widest)) {
            continue;
        }
        if (!self->rows || n != 2 || !is_row_of((PyArrayObject *)args[k], found->widest)) {
            return 0;
        }
        found->by_rows = 1;
    }
    return found->widest == NULL || (0 < PyArray_SIZE(found->widest) && PyArray_SIZE(found->widest) <= MOST_ELEMENTS);
}

/* Run the loop, row by row if an operand is a row of the other. */
static void
run(Loop *self, struct call *call, int n, char *out, npy_intp out_step)
{
    int k = self->of[call->type == NPY_DOUBLE];
    npy_intp size = call->widest == NULL ? 1 : PyArray_SIZE(call->widest), row = size;
    char *data[MOST_INPUTS + 1];
    npy_intp steps[MOST_INPUTS + 1];
    for (int i = 0; i < n; i++) {
        data[i] = call->operands[i].data;
        steps[i] = call->operands[i].step;
        row = call->by_rows && call->operands[i].size < row ? call->operands[i].size : row;
    }
    data[n] = out;
    steps[n] = out_step;
    for (npy_intp done = 0; done < size; done += row) {
        self->ufunc->functions[k](data, &row, steps, self->ufunc->data == NULL ? NULL : (void *)self->ufunc->data[k]);
        data[n] += row * out_step;
        for (int i = 0; i < n; i++) {
            data[i] += call->operands[i].size == size ? row * steps[i] : 0;
        }
    }
}

#define MOST_PRODUCTS (1 << 18)

/* The product of two small matrices by the loop of `matmul`, which hands it to BLAS; NULL as `call_loop`. */
static PyObject *
multiply_matrices(Loop *self, PyObject *const *args)
{
    PyArrayObject *a = (PyArrayObject *)args[0], *b = (PyArrayObject *)args[1];
    if (!PyArray_CheckExact(args[0]) || !PyArray_CheckExact(args[1]) || PyArray_NDIM(a) != 2 || PyArray_NDIM(b) != 2 ||
        PyArray_TYPE(a) != PyArray_TYPE(b) || PyArray_DIM(a, 1) != PyArray_DIM(b, 0) || !PyArray_ISBEHAVED_RO(a) ||
        !PyArray_ISBEHAVED_RO(b)) {
        return NULL;
    }
    int k = type_of(args[0]) < 0 ? -1 : self->of[PyArray_TYPE(a) == NPY_DOUBLE];
    npy_intp sizes[4] = {1, PyArray_DIM(a, 0), PyArray_DIM(a, 1), PyArray_DIM(b, 1)}, shape[2] = {sizes[1], sizes[3]};
    double products = (double)sizes[1] * (double)sizes[2] * (double)sizes[3];
    if (k < 0 || products == 0 || products > MOST_PRODUCTS) {
        return NULL;
    }
    PyObject *made = PyArray_SimpleNew(2, shape, PyArray_TYPE(a));
    if (made == NULL) {
        PyErr_Clear(); /* NumPy says it again */
        return NULL;
    }
    PyArrayObject *out = (PyArrayObject *)made;
    char *data[3] = {PyArray_BYTES(a), PyArray_BYTES(b), PyArray_BYTES(out)};
    npy_intp steps[9] = {0, 0, 0, PyArray_STRIDE(a, 0), PyArray_STRIDE(a, 1), PyArray_STRIDE(b, 0), PyArray_STRIDE(b, 1),
                         PyArray_STRIDE(out, 0), PyArray_STRIDE(out, 1)};
    self->ufunc->functions[k](data, sizes, steps, self->ufunc->data == NULL ? NULL : (void *)self->ufunc->data[k]);
    return made;
}

/* The answer of a loop, unless its flags say that NumPy may have to warn. */
static PyObject *
unless_odd(PyObject *made, int checked)
{
    if (made != NULL && checked && fetestexcept(ODD)) {
        Py_CLEAR(made);
    }
    return made;
}

/* Call a ufunc by its loop; NULL without an error where that cannot be done, or where `checked` and NumPy may have to warn.
 * The result is written into `into` if that is not NULL: it has the shape and type of the result. */
PyObject *
call_loop(PyObject *loop, PyObject *const *args, Py_ssize_t n, PyObject *into, int checked)
{
    Loop *self = (Loop *)loop;
    struct call call;
    if (loop == NULL || n != self->ufunc->nin || n > MOST_INPUTS) {
        return NULL;
    }
    if (checked && fetestexcept(ODD)) {
        feclearexcept(ODD);
    }
    if (self->is_matmul) {
        return into == NULL ? unless_odd(multiply_matrices(self, args), checked) : NULL;
    }
    if (!prepare(self, args, (int)n, &call)) {
        return NULL;
    }
    int type = self->ufunc->types[self->of[call.type == NPY_DOUBLE] * self->ufunc->nargs + n];
    PyObject *made = NULL;
    union {
        double d;
        float f;
        npy_bool b;
    } number = {0};
    char *out = (char *)&number;
    npy_intp step = 0;
    if (call.widest != NULL) {
        made = into != NULL ? Py_NewRef(into)
                            : PyArray_SimpleNew(PyArray_NDIM(call.widest), PyArray_DIMS(call.widest), type);
        if (made == NULL) {
            PyErr_Clear(); /* NumPy says it again */
            return NULL;
        }
        out = PyArray_BYTES((PyArrayObject *)made);
        step = PyArray_ITEMSIZE((PyArrayObject *)made);
    }
    run(self, &call, (int)n, out, step);
    if (made == NULL) {
        PyArray_Descr *descr = PyArray_DescrFromType(type);
        made = PyArray_Scalar(out, descr, NULL);
        Py_DECREF(descr);
    }
    return unless_odd(made, checked);
}
