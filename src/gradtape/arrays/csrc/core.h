/* What the parts of the compiled hot path share; see `arrays/core.py`. */

#ifndef GRADTAPE_CORE_H
#define GRADTAPE_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL gradtape_core_arrays
#ifndef CORE_MAIN
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#define MOST_ARGUMENTS 8

/* What `set_up` and its like were given: objects of the engine's modules, by the names that they have there. */
struct names {
    PyObject *add, *multiply, *negative; /* loops */
    PyObject *add_reduce, *apply, *array_function, *array_ufunc, *fail, *failures, *find_site, *functions;
    PyObject *gradient, *is_odd, *is_user_file, *latest, *loops, *make_pulls;
    PyObject *mark_real, *may_share_memory, *new_ids, *no_params, *open_recordings, *plain, *plain_index, *save_outside;
    PyObject *spec, *state, *unbroadcast, *unmade, *unsupported, *user_files, *watch_read, *with_callers, *xp;
    PyTypeObject *Index, *Op, *RealShape, *Recording, *Site, *Spec, *Tensor, *Variable;
};
extern struct names core;

/* Where the slots of the engine's classes lie. */
struct slots {
    Py_ssize_t ambient_noted, node_value, node_id, index_value, latest_code, variable_trainable;
    Py_ssize_t op_alone, op_connects, op_defaults, op_elementwise, op_kernel, op_kept, op_parts, op_permanent,
        op_pulls, op_variadic;
    Py_ssize_t rec_auto_watch, rec_known, rec_late, rec_noted, rec_roots, rec_saved, rec_since, rec_variables, rec_written;
};
extern struct slots at;

#define SLOT(object, offset) (*(PyObject **)((char *)(object) + (offset)))

extern PyObject *numbers[1 << 3];
extern PyObject *str_ambient, *str_backward_of, *str_call, *str_append, *str_make_saver, *str_shape;

/* garbage.c */
int is_leaf(PyObject *x);
void spare(PyObject *tuple);
void spare_record(PyObject *record, PyObject *op, PyObject *params, PyObject *shapes);

/* record.c */
PyObject *tuple_of(PyObject *const *values, Py_ssize_t n);
PyObject *core_apply(PyObject *op, PyObject *const *args, Py_ssize_t n, PyObject *params, PyObject *frame);
int same_shape(PyObject *a, PyObject *b);

PyObject *apply(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *as_tensors(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *apply_to_one(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *apply_to_two(PyObject *module, PyObject *const *args, Py_ssize_t n);

/* events.c */
int core_note_events(PyObject *kind, PyObject *values, PyObject *frame, PyObject *detail);
PyObject *note_events(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *note_event(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *names);

/* question.c */
PyObject *prepared(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *collected(PyObject *module, PyObject *const *args, Py_ssize_t n);

/* loops.c */
int prepare_loops(void);
PyObject *make_loop(PyObject *module, PyObject *const *args, Py_ssize_t n);
int is_loop(PyObject *x);
PyObject *loop_of(PyObject *function);
PyObject *call_loop(PyObject *loop, PyObject *const *args, Py_ssize_t n, PyObject *into, int checked);

/* doors.c */
extern PyTypeObject DoorType;
PyObject *unary(PyObject *module, PyObject *op);
PyObject *binary(PyObject *module, PyObject *op);
PyObject *reflected(PyObject *module, PyObject *op);
PyObject *getitem(PyObject *module, PyObject *op);
PyObject *recorded(PyObject *module, PyObject *op);
PyObject *array_ufunc(PyObject *module, PyObject *nothing);
PyObject *array_function(PyObject *module, PyObject *nothing);

/* pulls.c */
extern PyTypeObject PullType;
PyObject *factor(PyObject *module, PyObject *const *args, Py_ssize_t n);
PyObject *transpose(PyObject *module, PyObject *const *args, Py_ssize_t n);
int is_ours(PyObject *x);
int fits(PyObject *x, PyObject *other);
PyObject *added(PyObject *a, PyObject *b, PyObject *into);
PyObject *pull_one(PyObject *pull, PyObject *g, int g_goes, PyObject *residuals, PyObject *params);
int adds_in_place(PyObject *pull);
int add_in_place(PyObject *pull, PyObject *total, PyObject *g, PyObject *residuals, PyObject *params);

/* sweep.c */
PyObject *run_back(PyObject *module, PyObject *const *args, Py_ssize_t n);
int is_ordinary_array(PyObject *value);
PyObject *is_ordinary(PyObject *module, PyObject *value);

#endif
