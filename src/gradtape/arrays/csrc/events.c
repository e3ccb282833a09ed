/* `note_event` and `note_events` of arrays/record.py: what happened, where, and who called. */

#include "core.h"

/* Whether a frame runs code of the user's: 1 or 0, -1 for an error. */
static int
is_users_frame(PyFrameObject *frame)
{
    PyCodeObject *code = PyFrame_GetCode(frame);
    PyObject *known = PyDict_GetItemWithError(core.user_files, code->co_filename);
    PyObject *told = known != NULL          ? Py_NewRef(known)
                     : PyErr_Occurred()     ? NULL
                                            : PyObject_CallOneArg(core.is_user_file, code->co_filename);
    Py_DECREF(code);
    int users = told == NULL ? -1 : told == Py_True;
    Py_XDECREF(told);
    return users;
}

/* The nearest frame of the user's code outwards from one, which is taken over; NULL without an error if there is none. */
static PyFrameObject *
users_frame(PyFrameObject *here)
{
    while (here != NULL) {
        int users = is_users_frame(here);
        if (users) {
            if (users < 0) {
                Py_CLEAR(here);
            }
            return here;
        }
        Py_SETREF(here, PyFrame_GetBack(here));
    }
    return NULL;
}

static PyObject *
site_of(PyFrameObject *frame)
{
    PyObject *site = core.Site->tp_alloc(core.Site, 2), *lasti = PyLong_FromLong(PyFrame_GetLasti(frame));
    if (site == NULL || lasti == NULL) {
        Py_XDECREF(site);
        Py_XDECREF(lasti);
        return NULL;
    }
    PyTuple_SET_ITEM(site, 0, (PyObject *)PyFrame_GetCode(frame));
    PyTuple_SET_ITEM(site, 1, lasti);
    PyObject_GC_UnTrack(site); /* code and a number lead nowhere; an event is remembered for long */
    return site;
}

#define MOST_CALLERS 8

/* `user_callers` of record.py. */
static PyObject *
callers_of(PyFrameObject *frame)
{
    PyObject *found[MOST_CALLERS];
    Py_ssize_t n = 0;
    PyFrameObject *here = users_frame(PyFrame_GetBack(frame));
    while (here != NULL && n < MOST_CALLERS && (found[n] = site_of(here)) != NULL) {
        n++;
        Py_SETREF(here, n < MOST_CALLERS ? users_frame(PyFrame_GetBack(here)) : NULL);
    }
    Py_XDECREF(here);
    PyObject *callers = PyErr_Occurred() ? NULL : PyTuple_New(n);
    for (Py_ssize_t k = 0; k < n; k++) {
        if (callers == NULL) {
            Py_DECREF(found[k]);
        } else {
            PyTuple_SET_ITEM(callers, k, found[k]);
        }
    }
    if (callers != NULL) {
        spare(callers);
    }
    return callers;
}

static PyObject *
make_event(PyObject *kind, PyObject *value, PyObject *site, PyObject *detail, PyObject *callers)
{
    PyObject *seq = Py_TYPE(core.new_ids)->tp_iternext(core.new_ids);
    PyObject *event = seq == NULL ? NULL : core.Event->tp_alloc(core.Event, 6);
    if (event == NULL) {
        Py_XDECREF(seq);
        return NULL;
    }
    PyTuple_SET_ITEM(event, 0, seq);
    PyTuple_SET_ITEM(event, 1, Py_NewRef(kind));
    PyTuple_SET_ITEM(event, 2, Py_NewRef(value));
    PyTuple_SET_ITEM(event, 3, Py_NewRef(site));
    PyTuple_SET_ITEM(event, 4, Py_NewRef(detail));
    PyTuple_SET_ITEM(event, 5, Py_NewRef(callers));
    if (is_leaf(detail) && is_leaf(callers)) {
        PyObject_GC_UnTrack(event); /* kinds stay as long as the process */
    }
    return event;
}

static int
extend(PyObject *list, PyObject *events)
{
    return PyList_SetSlice(list, PyList_GET_SIZE(list), PyList_GET_SIZE(list), events);
}

/* Hand events to the ambient memory, and to the open recordings or to one alone. */
static int
give(PyObject *events, PyObject *only)
{
    PyObject *ambient = PyObject_GetAttr(core.state, str_ambient);
    PyObject *done = ambient == NULL ? NULL
                                     : PyObject_CallMethodOneArg(SLOT(ambient, at.ambient_events), str_extend, events);
    Py_XDECREF(ambient);
    if (done == NULL) {
        return -1;
    }
    Py_DECREF(done);
    if (only != Py_None) {
        return extend(SLOT(only, at.rec_events), events);
    }
    PyObject *recordings = NULL;
    int failed = PyContextVar_Get(core.open_recordings, NULL, &recordings) < 0;
    for (Py_ssize_t k = 0; !failed && k < PyTuple_GET_SIZE(recordings); k++) {
        failed = extend(SLOT(PyTuple_GET_ITEM(recordings, k), at.rec_events), events) < 0;
    }
    Py_XDECREF(recordings);
    return failed ? -1 : 0;
}

PyObject *
core_note_events(PyObject *kind, PyObject *values, PyObject *frame, PyObject *detail, PyObject *only)
{
    PyFrameObject *place = users_frame((PyFrameObject *)Py_NewRef(frame));
    place = place == NULL && !PyErr_Occurred() ? (PyFrameObject *)Py_NewRef(frame) : place;
    PyObject *site = place == NULL ? NULL : site_of(place), *callers = NULL, *events = NULL;
    int with_callers = site == NULL ? -1 : PySet_Contains(core.with_callers, kind);
    if (with_callers >= 0) {
        callers = with_callers ? callers_of(place) : PyTuple_New(0);
    }
    Py_ssize_t n = PySequence_Fast_GET_SIZE(values);
    events = callers == NULL ? NULL : PyList_New(n);
    for (Py_ssize_t k = 0; events != NULL && k < n; k++) {
        PyObject *event = make_event(kind, PySequence_Fast_GET_ITEM(values, k), site, detail, callers);
        if (event == NULL) {
            Py_CLEAR(events);
        } else {
            PyList_SET_ITEM(events, k, event);
        }
    }
    if (events != NULL && give(events, only) < 0) {
        Py_CLEAR(events);
    }
    Py_XDECREF(place);
    Py_XDECREF(site);
    Py_XDECREF(callers);
    return events;
}

/* Whether arguments are `kind, values or value, frame` and, if given, a detail and a recording. */
static int
tells_of(PyObject *const *args, Py_ssize_t n, Py_ssize_t most)
{
    return n >= 3 && n <= most && PyFrame_Check(args[2]) &&
           (n < 5 || args[4] == Py_None || Py_TYPE(args[4]) == core.Recording);
}

PyObject *
note_events(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (!tells_of(args, n, 4) || !(PyTuple_CheckExact(args[1]) || PyList_CheckExact(args[1]))) {
        PyErr_SetString(PyExc_TypeError, "note_events(kind, values, frame, detail)");
        return NULL;
    }
    return core_note_events(args[0], args[1], args[2], n > 3 ? args[3] : Py_None, Py_None);
}

PyObject *
note_event(PyObject *module, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *only = n > 4 ? args[4] : Py_None;
    if (names != NULL && PyTuple_GET_SIZE(names) == 1 &&
        PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "only") == 0) {
        only = args[n];
    } else if (names != NULL && PyTuple_GET_SIZE(names)) {
        n = 0;
    }
    if (!tells_of(args, n, 5) || !(only == Py_None || Py_TYPE(only) == core.Recording)) {
        PyErr_SetString(PyExc_TypeError, "note_event(kind, value, frame, detail, only)");
        return NULL;
    }
    PyObject *values = PyTuple_Pack(1, args[1]);
    PyObject *events =
        values == NULL ? NULL : core_note_events(args[0], values, args[2], n > 3 ? args[3] : Py_None, only);
    PyObject *event = events == NULL ? NULL : Py_NewRef(PyList_GET_ITEM(events, 0));
    Py_XDECREF(values);
    Py_XDECREF(events);
    return event;
}
