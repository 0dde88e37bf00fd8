/* SPDX-License-Identifier: MIT */
/*
 * point.h - what one run of a sweep leaves: a document, the same fresh or from the store
 *
 *	{"status":"ok","limit":"core","prices":["…","…"],"metrics":
 *	 [["requests",123.0,"what it is"],…],"rows":[[64,100,123456],…]}
 *
 * "client-bound" has a member `why` and the numbers too; "failed" has `why` only. Numbers
 * have 17 significant digits, so that they are read back exactly.
 */
#ifndef CLI_POINT_H
#define CLI_POINT_H

#include <jansson.h>

#include "sim/run.h"

enum point_status { POINT_OK, POINT_CLIENT_BOUND, POINT_FAILED };

struct point {
	enum point_status status;
	const char *why;		/* "" if ok */
	const char *limit;		/* of the run (sim/limit.h), "" if it failed */
	uint32_t n_metrics, n_rows;
	struct metric *metrics;
	struct app_row *rows;
	uint64_t price_hash_server, price_hash_client;
	json_t *doc;
};

/** Run @sc and tell what came of it, on one line; to be freed. */
char *point_measure(const struct scenario *sc);

/** The document of a run that failed. */
char *point_failure(const char *why);

/** Read a document of @len bytes. false: it is none, and @p is a failed point that says so. */
bool point_read(struct point *p, const char *text, size_t len);
void point_free(struct point *p);

/** The metric @name, or NULL. */
const struct metric *point_metric(const struct point *p, const char *name);

/** The metric whose name is most like @name, and by how many edits it differs; NULL: none is. */
const struct metric *point_metric_like(const struct point *p, const char *name, unsigned *distance);

#endif
