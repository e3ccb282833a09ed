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

/* `user_callers` of frames.py. */
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
next_moment(void)
{
    return Py_TYPE(core.new_ids)->tp_iternext(core.new_ids);
}

/* Moments for as many things as happened at once. */
static PyObject *
next_moments(Py_ssize_t n)
{
    PyObject *moments = PyTuple_New(n);
    for (Py_ssize_t k = 0; moments != NULL && k < n; k++) {
        PyObject *moment = next_moment();
        if (moment == NULL) {
            Py_CLEAR(moments);
        } else {
            PyTuple_SET_ITEM(moments, k, moment);
        }
    }
    if (moments != NULL) {
        spare(moments);
    }
    return moments;
}

/* Hand what was noted to the ambient memory, and to the open recordings or to one alone. */
static int
give(PyObject *noted, PyObject *only)
{
    PyObject *ambient = PyObject_GetAttr(core.state, str_ambient);
    PyObject *done = ambient == NULL ? NULL
                                     : PyObject_CallMethodOneArg(SLOT(ambient, at.ambient_noted), str_append, noted);
    Py_XDECREF(ambient);
    if (done == NULL) {
        return -1;
    }
    Py_DECREF(done);
    if (only != Py_None) {
        return PyList_Append(SLOT(only, at.rec_noted), noted);
    }
    PyObject *recordings = NULL;
    int failed = PyContextVar_Get(core.open_recordings, NULL, &recordings) < 0;
    for (Py_ssize_t k = 0; !failed && k < PyTuple_GET_SIZE(recordings); k++) {
        failed = PyList_Append(SLOT(PyTuple_GET_ITEM(recordings, k), at.rec_noted), noted) < 0;
    }
    Py_XDECREF(recordings);
    return failed ? -1 : 0;
}

/* Note what happened at a moment to a value, or at several to several; both are taken over. -1 for an error. */
static int
note(PyObject *kind, PyObject *moment, PyObject *value, PyObject *frame, PyObject *detail, PyObject *only)
{
    PyFrameObject *place = users_frame((PyFrameObject *)Py_NewRef(frame));
    place = place == NULL && !PyErr_Occurred() ? (PyFrameObject *)Py_NewRef(frame) : place;
    PyObject *code = place == NULL ? NULL : (PyObject *)PyFrame_GetCode(place);
    PyObject *lasti = place == NULL ? NULL : PyLong_FromLong(PyFrame_GetLasti(place));
    int with_callers = lasti == NULL ? -1 : PySet_Contains(core.with_callers, kind);
    PyObject *callers = with_callers < 0 ? NULL : with_callers ? callers_of(place) : PyTuple_New(0);
    PyObject *noted = callers == NULL || moment == NULL || value == NULL
                          ? NULL
                          : PyTuple_Pack(7, moment, kind, value, code, lasti, detail, callers);
    if (noted != NULL && is_leaf(value) && is_leaf(detail) && is_leaf(callers)) {
        PyObject_GC_UnTrack(noted); /* kinds stay as long as the process, code and numbers lead nowhere */
    }
    int failed = noted == NULL || give(noted, only) < 0;
    Py_XDECREF(moment);
    Py_XDECREF(value);
    Py_XDECREF(place);
    Py_XDECREF(code);
    Py_XDECREF(lasti);
    Py_XDECREF(callers);
    Py_XDECREF(noted);
    return failed ? -1 : 0;
}

/* `note_events` of record.py: -1 for an error. */
int
core_note_events(PyObject *kind, PyObject *values, PyObject *frame, PyObject *detail)
{
    PyObject *all = PySequence_Tuple(values);
    if (all != NULL) {
        spare(all);
    }
    return note(kind, next_moments(PySequence_Fast_GET_SIZE(values)), all, frame, detail, Py_None);
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
    if (core_note_events(args[0], args[1], args[2], n > 3 ? args[3] : Py_None) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
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
    if (note(args[0], next_moment(), Py_NewRef(args[1]), args[2], n > 3 ? args[3] : Py_None, only) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}
