/* SPDX-License-Identifier: MIT */
/*
 * task.h - points of a sweep, from the store or run in children, however many at a time
 */
#ifndef CLI_TASK_H
#define CLI_TASK_H

#include "cli/columns.h"
#include "cli/progress.h"
#include "cli/store.h"
#include "cli/sweep.h"

enum { TASK_EXTRA_MAX = 2 };

enum task_state {
	TASK_NEW,
	TASK_STORED,		/* its result was in the store */
	TASK_RAN,		/* its result is fresh, a failure included */
	TASK_LOST,		/* its process died: see @why */
	TASK_MISSING,		/* not in the store, and nothing was to be run */
};

struct task {
	size_t point;
	const char *extra[TASK_EXTRA_MAX];	/* "key=value" over the point's; NULL: none */
	enum task_state state;
	unsigned kind;				/* of the names of its metrics: columns.h */
	char *data;				/* a document of point.h; freed by task_free() */
	size_t len;
	char why[96];
	char name[STORE_NAME_LEN + 1];		/* in the store; "" if the point has no key */
};

/** What the tasks of a sweep have in common, and what came of them so far. */
struct tasks {
	const struct sweep *sw;
	struct store store, failures;
	struct progress progress;
	struct columns columns;
	size_t n_asked, n_stored, n_kept;	/* kept: ran, and finished */
	bool told;		/* how many are in the store */
	char err[700];		/* why the store cannot keep results */
};

void tasks_begin(struct tasks *ts, const struct sweep *sw);

/**
 * Finish @t[@n]: look in the store, then run the others unless @sw only collects. Equal ones
 * run once. Returns 0; IX_FAILED when a result could not be kept, which ends everything
 * (ts->err says why); IX_USAGE when a column was refused (ts->columns says which); or
 * IX_SIGNAL + the number of a signal.
 */
int tasks_run(struct tasks *ts, struct task *t, size_t n);

void task_free(struct task *t);

/** Resolve a task's configuration; false: mistakes are in @c. */
bool task_configure(const struct sweep *sw, const struct task *t, struct conf *c,
		    struct scenario *sc);

/**
 * Run @sc here, whose key in @st is @name, and keep it there. Returns the document, which is
 * that of a failure if the key is another; @err says why it could not be kept, else as it was.
 */
char *task_measure(struct store *st, const char *name, struct scenario *sc, char *err,
		   size_t err_len);

#endif
