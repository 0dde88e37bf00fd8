/* SPDX-License-Identifier: MIT */
/*
 * sweep.h - one scenario, or several, over values of some knobs
 *
 * A sweep is a list of groups; a group is settings and dimensions, and its points are the
 * product of its dimensions, last fastest. A dimension is an axis, axes that are varied
 * together (zip), or a list of points. An axis is "key=" and a list "v1,v2,v3", a range
 * "lo:hi:step" (hi included if it is hit) or a geometric range "lo..hi*factor" (hi always
 * included); values carry units. docs/sweeps.md shows what a configuration says (group.c).
 *
 * What a knob of a point is, the last that says so decides: default, the file's top level,
 * the group's `base`, its `set` in order, the figure's `quick`, the group's `quick`; and
 * above all of them the options and the dimensions, which must not name the same knob.
 *
 * Points run in forked children; the table's rows are in the order of the points, however
 * many run at a time. Columns: `series` (the group's name), `label` (of a listed point),
 * every knob that any group varies with the value it has in this point, and the metrics. A
 * point that fails is a row with no numbers and an error; a run whose client was the
 * bottleneck fails too, unless allowed.
 */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "cli/conf.h"
#include "cli/table.h"

enum { SWEEP_GROUPS_MAX = 256, SWEEP_DIMS_MAX = 8, SWEEP_VALUES_MAX = 1000,
       SWEEP_POINTS_MAX = 100000, SWEEP_LEADS_MAX = 64, SWEEP_TEXTS_MAX = 64 };

/** A knob and the values it takes. */
struct axis {
	char key[CONF_KEY_MAX];	/* in full */
	size_t n;
	char **values;		/* as conf_set() takes them; NULL: this choice leaves it alone */
};

/** Axes of equal length, varied together: a choice is an index into each. */
struct dim {
	size_t n, n_axes;
	struct axis *axes;
	char **labels;		/* of listed points, else NULL */
	char where[128];	/* "fig.conf:12" or "--vary" */
};

/** Texts in their order, owned. */
struct texts {
	size_t n;
	char *t[SWEEP_TEXTS_MAX];
};

struct search_spec;

struct group {
	char *name;		/* the cell of column `series`, or NULL */
	char *base;		/* path of a configuration, from the sweep's, or NULL */
	struct texts sets, quick;	/* "key=value"; in sets also the path of a configuration */
	size_t n_dims;
	struct dim dims[SWEEP_DIMS_MAX];
	struct search_spec *search;	/* each point is a search (search.h), or NULL */
	char where[128];
};

/** A knob that some group varies: a column before the metrics. */
struct lead {
	char key[CONF_KEY_MAX];
	char column[CONF_KEY_MAX + 8];	/* key with the unit of its numbers */
};

struct sweep {
	size_t n_groups, n_leads;
	struct group *groups;
	struct lead leads[SWEEP_LEADS_MAX];
	bool has_series, has_labels, has_search;
	/* What every point has in common. */
	const char *file;			/* configuration, may be NULL */
	const char *const *sets;		/* "key=value", options */
	size_t n_sets;
	const char *const *quick;		/* ... of the figure's preview */
	size_t n_quick;
	unsigned jobs;				/* at a time; 0: all processors */
	bool quiet, allow_client_bound;
	const char *const *columns;		/* metrics to keep, NULL-terminated; NULL: all */
	const char *label;			/* of messages; NULL: "ix sweep" */
	const char *store_dir;			/* of finished points; NULL: none */
	bool collect;				/* run nothing: what is in the store */
	const char *failures_dir;		/* ... and here, of runs that failed; or NULL */
};

/* ---- what to vary: axis.c, group.c ---- */

/** Add the axis "key=values" to every group of @sw. Mistakes are noted in @c. */
bool sweep_vary(struct sweep *sw, struct conf *c, const char *spec, const char *where);

/** Make every point of every group a search of KEY=LO..HI for @sla; see search.h. */
bool sweep_search(struct sweep *sw, struct conf *c, const char *range, const char *sla,
		  double tolerance, unsigned seeds, unsigned seeds_max);

/**
 * Take the members `sweep` and `points` of the configuration that @c has read; with @quick
 * the values of a preview. Needs what all points have in common in @sw.
 */
bool sweep_take(struct sweep *sw, struct conf *c, bool quick);

/** The scenario as it is, one point, when nothing is varied. */
void sweep_at_least_one(struct sweep *sw, struct conf *c);

/** Read the axis @key with @values ("1,2,4") of @g; @zip[@n_zip] are varied with it. */
bool axis_read(struct sweep *sw, const struct group *g, struct conf *c, const char *key,
	       const char *values, const char *where, const struct axis *zip, size_t n_zip,
	       struct axis *out);

/**
 * Read the list of assignments @list as choice @i of @dim, whose axes grow by the knobs it
 * is the first to name.
 */
bool axis_choice_read(struct sweep *sw, const struct group *g, struct conf *c,
		      const config_setting_t *list, const char *where, struct dim *dim, size_t i);

/** A number to search for and the ends of its range: key in full, values in base units. */
bool axis_range_read(struct sweep *sw, const struct group *g, struct conf *c, const char *key,
		     const char *lo, const char *hi, const char *where,
		     struct search_spec *spec);

/** A libconfig value or list of them, as text; to be freed. */
char *axis_values_text(const config_setting_t *set);

/* ---- points: plan.c ---- */

/** Columns of a sweep with a search: what it found, then the metric of the objective there. */
enum { SWEEP_SEARCH_COLUMNS = 5 };
extern const char *const sweep_search_columns[SWEEP_SEARCH_COLUMNS];

size_t sweep_points(const struct sweep *sw);
size_t group_points(const struct group *g);

/** The group of point @point, which becomes its number within the group. */
const struct group *sweep_group(const struct sweep *sw, size_t *point);

/** Which choice of dimension @d point @local of the group makes. */
size_t group_choice(const struct group *g, size_t local, size_t d);

/** Assign to @c what group @g says but for its dimensions. */
void group_assign(const struct sweep *sw, const struct group *g, struct conf *c);

/** Assign choice @i of @dim to @c. */
void dim_assign(const struct dim *dim, size_t i, struct conf *c);

struct scenario;
/** Resolve point @point into @sc; false: mistakes are in @c, which is initialized before. */
bool sweep_configure(const struct sweep *sw, size_t point, struct conf *c, struct scenario *sc);

/** Note every mistake of any point in @c. false: there are some, nothing must run. */
bool sweep_check(const struct sweep *sw, struct conf *c);

/** Fill the cells before the metrics: those of @point, configured as @sc. Returns how many. */
size_t sweep_lead_cells(const struct sweep *sw, size_t point, struct scenario *sc,
			struct table *t, size_t row);

/** Add the columns of sweep_lead_cells() to @t. */
void sweep_lead_columns(const struct sweep *sw, struct table *t);

/** What was varied, and the configuration of the first point. */
json_t *sweep_manifest(const struct sweep *sw);

void dim_free(struct dim *dim);
void sweep_free(struct sweep *sw);

#endif
