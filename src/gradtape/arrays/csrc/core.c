/* The hot path once more, compiled, and optional: without it the functions of the same names in Python run, and the tests
 * run both. This part is the module and what it is told of the engine. */

#define CORE_MAIN
#include "core.h"

struct names core;
struct slots at;
PyObject *numbers[1 << 3];
PyObject *str_ambient, *str_backward_of, *str_call, *str_append, *str_make_saver, *str_shape;

static Py_ssize_t
offset_of(void *type, const char *name)
{
    PyObject *descriptor = PyObject_GetAttrString((PyObject *)type, name);
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

/* Where a name that we are told goes. */
struct told {
    const char *name;
    void *place;
};

/* Where a slot of one of the classes that we are told lies. */
struct laid {
    const char *of, *name;
    Py_ssize_t *place;
};

static const struct told EVENTS[] = {
    {"Recording", &core.Recording}, {"Site", &core.Site}, {"is_user_file", &core.is_user_file},
    {"new_ids", &core.new_ids}, {"open_recordings", &core.open_recordings}, {"state", &core.state},
    {"user_files", &core.user_files}, {"with_callers", &core.with_callers}, {NULL, NULL},
};
static const struct laid SLOTS_OF_EVENTS[] = {
    {"Ambient", "noted", &at.ambient_noted}, {"Recording", "auto_watch", &at.rec_auto_watch},
    {"Recording", "known", &at.rec_known}, {"Recording", "late", &at.rec_late}, {"Recording", "noted", &at.rec_noted},
    {"Recording", "roots", &at.rec_roots}, {"Recording", "saved", &at.rec_saved}, {"Recording", "since", &at.rec_since},
    {"Recording", "variables", &at.rec_variables}, {"Recording", "written", &at.rec_written}, {NULL, NULL, NULL},
};
static const struct told RECORDING[] = {
    {"Index", &core.Index}, {"Op", &core.Op}, {"RealShape", &core.RealShape}, {"Spec", &core.Spec},
    {"Tensor", &core.Tensor}, {"Variable", &core.Variable}, {"apply", &core.apply}, {"fail", &core.fail},
    {"failures", &core.failures}, {"find_site", &core.find_site}, {"latest", &core.latest}, {"loops", &core.loops},
    {"mark_real", &core.mark_real}, {"may_share_memory", &core.may_share_memory}, {"no_params", &core.no_params},
    {"plain", &core.plain}, {"save_outside", &core.save_outside}, {"spec", &core.spec}, {"watch_read", &core.watch_read}, {NULL, NULL},
};
static const struct laid SLOTS[] = {
    {"Node", "_value", &at.node_value}, {"Node", "_id", &at.node_id}, {"Index", "value", &at.index_value},
    {"Latest", "code", &at.latest_code}, {"Op", "alone", &at.op_alone}, {"Op", "connects", &at.op_connects},
    {"Op", "defaults", &at.op_defaults}, {"Op", "elementwise", &at.op_elementwise},
    {"Op", "kernel", &at.op_kernel}, {"Op", "kept", &at.op_kept}, {"Op", "parts", &at.op_parts},
    {"Op", "permanent", &at.op_permanent}, {"Op", "pulls", &at.op_pulls}, {"Op", "variadic", &at.op_variadic},
    {"Variable", "trainable", &at.variable_trainable}, {NULL, NULL, NULL},
};
static const struct told DOORS[] = {
    {"array_function", &core.array_function}, {"array_ufunc", &core.array_ufunc}, {"functions", &core.functions},
    {"plain_index", &core.plain_index}, {"unsupported", &core.unsupported}, {NULL, NULL},
};
static const struct told QUESTION[] = {{"gradient", &core.gradient}, {"is_odd", &core.is_odd}, {NULL, NULL}};
static const struct told SWEEP[] = {
    {"add", &core.add}, {"multiply", &core.multiply}, {"negative", &core.negative},
    {"add_reduce", &core.add_reduce}, {"make_pulls", &core.make_pulls}, {"unbroadcast", &core.unbroadcast}, {"unmade", &core.unmade},
    {"xp", &core.xp}, {NULL, NULL},
};

static PyObject *
find(PyObject *given, const char *name)
{
    PyObject *found = PyDict_Check(given) ? PyDict_GetItemString(given, name) : NULL;
    if (found == NULL) {
        PyErr_Format(PyExc_TypeError, "the core has to be told `%s`", name);
    }
    return found;
}

static PyObject *
take_all(PyObject *given, const struct told *names)
{
    for (; names->name != NULL; names++) {
        PyObject *found = find(given, names->name);
        if (found == NULL) {
            return NULL;
        }
        Py_XSETREF(*(PyObject **)names->place, Py_NewRef(found));
    }
    Py_RETURN_NONE;
}

static const struct laid NOTHING_LAID[] = {{NULL, NULL, NULL}};
static const struct {
    const char *name;
    const struct told *told;
    const struct laid *laid;
} PARTS[] = {
    {"events", EVENTS, SLOTS_OF_EVENTS}, {"apply", RECORDING, SLOTS},      {"doors", DOORS, NOTHING_LAID},
    {"sweep", SWEEP, NOTHING_LAID},      {"question", QUESTION, NOTHING_LAID},
};

static PyObject *
set_up(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    for (size_t k = 0; n == 2 && PyUnicode_Check(args[0]) && k < sizeof PARTS / sizeof *PARTS; k++) {
        if (PyUnicode_CompareWithASCIIString(args[0], PARTS[k].name) == 0) {
            for (const struct laid *slot = PARTS[k].laid; slot->of != NULL; slot++) {
                PyObject *type = find(args[1], slot->of);
                if (type == NULL || (*slot->place = offset_of(type, slot->name)) < 0) {
                    return NULL;
                }
            }
            return take_all(args[1], PARTS[k].told);
        }
    }
    PyErr_SetString(PyExc_TypeError, "set_up(part, what it needs)");
    return NULL;
}

#define FAST(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL

static PyMethodDef methods[] = {
    {"set_up", FAST(set_up), "Tell what a part needs of the engine."},
    {"note_event", (PyCFunction)(void (*)(void))note_event, METH_FASTCALL | METH_KEYWORDS, "See arrays/record.py."},
    {"note_events", FAST(note_events), "See arrays/record.py."},
    {"prepared", FAST(prepared), "See tape/usual.py."},
    {"collected", FAST(collected), "See tape/usual.py."},
    {"apply", FAST(apply), "See arrays/dispatch.py."},
    {"apply_to_one", FAST(apply_to_one), "See arrays/dispatch.py."},
    {"apply_to_two", FAST(apply_to_two), "See arrays/dispatch.py."},
    {"unary", unary, METH_O, "Make the method of an operator with one argument."},
    {"binary", binary, METH_O, "Make the method of an operator with two arguments."},
    {"reflected", reflected, METH_O, "Make the method of an operator whose tensor stands on the right."},
    {"getitem", getitem, METH_O, "Make `__getitem__`."},
    {"recorded", recorded, METH_O, "Make a function of the namespace of recorded sweeps."},
    {"as_tensors", FAST(as_tensors), "See tape/reverse.py."},
    {"array_ufunc", array_ufunc, METH_NOARGS, "Make `__array_ufunc__`."},
    {"array_function", array_function, METH_NOARGS, "Make `__array_function__`."},
    {"loop", FAST(make_loop), "Make what a ufunc is called by where its operands are small."},
    {"factor", FAST(factor), "Make the pull of a partial derivative."},
    {"transpose", FAST(transpose), "Make the pull of any other rule."},
    {"run_back", FAST(run_back), "See tape/pulls.py."},
    {"is_ordinary", is_ordinary, METH_O, "See tape/query.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_core", "The hot path of the engine, compiled.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    import_array();
    str_call = PyUnicode_InternFromString("__call__");
    str_ambient = PyUnicode_InternFromString("ambient");
    str_backward_of = PyUnicode_InternFromString("backward_of");
    str_append = PyUnicode_InternFromString("append");
    str_make_saver = PyUnicode_InternFromString("make_saver");
    str_shape = PyUnicode_InternFromString("shape");
    for (long k = 0; k < 1 << 3; k++) {
        numbers[k] = PyLong_FromLong(k);
    }
    if (prepare_loops() < 0 || PyType_Ready(&DoorType) < 0 || PyType_Ready(&PullType) < 0) {
        return NULL;
    }
    return PyModule_Create(&definition);
}
