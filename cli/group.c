/* SPDX-License-Identifier: MIT */
/*
 * group.c - what a configuration varies: its members `sweep` and `points`
 *
 *	sweep = ( { key = "..."; values = ...; quick = ...; }, ... );	one group of axes
 *	sweep = ( { name = "IX"; base = "ix.conf"; set = [ ... ]; axes = ( ... ); }, ... );
 *	points = ( { set = [ "a=1", "b=2" ]; label = "x"; }, ... );	one group, listed
 *
 * A group's members `axes`, `zip` and `points` are its dimensions, in the order they are
 * written, the last fastest. Not here: values (axis.c), points (plan.c).
 */
#include <stdlib.h>

#include "cli/search.h"
#include "cli/sweep.h"

static const char *const group_members[] = { "name", "base", "set", "quick", "axes", "zip",
					     "points", "search", NULL };
static const char *const axis_members[] = { "key", "values", "quick", NULL };
static const char *const search_members[] = { "key", "lo", "hi", "sla", "tolerance", "seeds",
					      "seeds_max", "quick_tolerance", "quick_seeds",
					      NULL };
static const char *const point_members[] = { "set", "label", NULL };

static char *copy(const char *s)
{
	char *p = strdup(s);

	if (!p)
		abort();
	return p;
}

/* Every member of @set is one of @known; a misspelt one is not passed over. */
static bool members_known(struct conf *c, const config_setting_t *set, const char *what,
			  const char *const *known)
{
	char where[300], list[200] = "";
	size_t at = 0;
	bool ok = true;

	for (size_t k = 0; known[k]; k++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", k ? ", " : "",
				       known[k]);
	for (int i = 0; i < config_setting_length(set); i++) {
		const config_setting_t *m = config_setting_get_elem(set, (unsigned)i);
		const char *name = config_setting_name(m);
		bool is = false;

		for (size_t k = 0; known[k]; k++)
			is |= strcmp(name, known[k]) == 0;
		if (is)
			continue;
		conf_where(m, where, sizeof(where));
		conf_error(c, "%s: %s has no member \"%s\"; it may have %s", where, what, name,
			   list);
		ok = false;
	}
	return ok;
}

static struct group *group_add(struct sweep *sw, struct conf *c, const char *where)
{
	struct group *g;

	if (sw->n_groups == SWEEP_GROUPS_MAX) {
		conf_error(c, "%s: a sweep has at most %d groups", where, SWEEP_GROUPS_MAX);
		return NULL;
	}
	sw->groups = realloc(sw->groups, (sw->n_groups + 1) * sizeof(*sw->groups));
	if (!sw->groups)
		abort();
	g = &sw->groups[sw->n_groups++];
	memset(g, 0, sizeof(*g));
	snprintf(g->where, sizeof(g->where), "%.120s", where);
	return g;
}

/* The next dimension of the group, or NULL. It counts when it is complete. */
static struct dim *dim_new(struct group *g, struct conf *c, const char *where)
{
	struct dim *d = &g->dims[g->n_dims];

	if (g->n_dims == SWEEP_DIMS_MAX) {
		conf_error(c, "%s: at most %d knobs can be varied at once; vary some together "
			   "with zip", where, SWEEP_DIMS_MAX);
		return NULL;
	}
	memset(d, 0, sizeof(*d));
	snprintf(d->where, sizeof(d->where), "%.120s", where);
	return d;
}

/* ---- axes ---- */

/* One { key; values; quick; }, the next of @d. */
static bool axis_take(struct sweep *sw, struct group *g, struct conf *c,
		      const config_setting_t *set, bool quick, struct dim *d)
{
	const config_setting_t *values = NULL;
	const char *key = NULL;
	char where[300], *text;
	bool ok;

	conf_where(set, where, sizeof(where));
	if (config_setting_is_group(set)) {
		if (!members_known(c, set, "an axis", axis_members))
			return false;
		config_setting_lookup_string(set, "key", &key);
		if (quick)
			values = config_setting_get_member(set, "quick");
		if (!values)
			values = config_setting_get_member(set, "values");
	}
	if (!key || !values) {
		conf_error(c, "%s: an axis of sweep is { key = \"...\"; values = \"...\"; }",
			   where);
		return false;
	}
	if (config_setting_is_aggregate(values) && config_setting_length(values) == 0) {
		conf_error(c, "%s: nothing to vary: the list of values of %s is empty", where, key);
		return false;
	}
	d->axes = realloc(d->axes, (d->n_axes + 1) * sizeof(*d->axes));
	if (!d->axes)
		abort();
	text = axis_values_text(values);
	ok = axis_read(sw, g, c, key, text, where, d->axes, d->n_axes, &d->axes[d->n_axes]);
	d->n_axes++;
	free(text);
	return ok;
}

/* Axes that are varied together. */
static bool zip_take(struct sweep *sw, struct group *g, struct conf *c,
		     const config_setting_t *list, bool quick)
{
	char where[300];
	struct dim *d;
	bool ok = true;

	conf_where(list, where, sizeof(where));
	d = dim_new(g, c, where);
	if (!d)
		return false;
	for (int i = 0; ok && i < config_setting_length(list); i++)
		ok = axis_take(sw, g, c, config_setting_get_elem(list, (unsigned)i), quick, d);
	d->n = d->n_axes ? d->axes[0].n : 0;
	for (size_t a = 1; ok && a < d->n_axes; a++)
		if (d->axes[a].n != d->n) {
			conf_error(c, "%s: axes in a zip go together, value by value, but %s has "
				   "%zu and %s has %zu%s", where, d->axes[0].key, d->n,
				   d->axes[a].key, d->axes[a].n,
				   quick ? " (with --quick: give both a quick list, or neither)" :
					   "");
			ok = false;
		}
	if (ok && d->n == 0) {
		conf_error(c, "%s: nothing to vary: the list is empty", where);
		ok = false;
	}
	g->n_dims++;
	return ok;
}

/* A list of axes, each a dimension; a list in it is a zip. */
static bool axes_take(struct sweep *sw, struct group *g, struct conf *c,
		      const config_setting_t *list, bool quick)
{
	bool ok = true;

	for (int i = 0; ok && i < config_setting_length(list); i++) {
		const config_setting_t *el = config_setting_get_elem(list, (unsigned)i);
		char where[300];
		struct dim *d;

		if (config_setting_is_list(el)) {
			ok = zip_take(sw, g, c, el, quick);
			continue;
		}
		conf_where(el, where, sizeof(where));
		d = dim_new(g, c, where);
		if (!d)
			return false;
		ok = axis_take(sw, g, c, el, quick, d);
		d->n = d->n_axes ? d->axes[0].n : 0;
		g->n_dims++;
	}
	return ok;
}

/* ---- listed points ---- */

static bool point_take(struct sweep *sw, struct group *g, struct conf *c,
		       const config_setting_t *set, struct dim *d, size_t i)
{
	const config_setting_t *list = NULL;
	const char *label = NULL;
	char where[300];

	conf_where(set, where, sizeof(where));
	if (config_setting_is_group(set)) {
		if (!members_known(c, set, "a listed point", point_members))
			return false;
		list = config_setting_get_member(set, "set");
		config_setting_lookup_string(set, "label", &label);
	}
	if (!list || !config_setting_is_aggregate(list)) {
		conf_error(c, "%s: a listed point is { set = [\"key=value\", ...]; "
			   "label = \"...\"; }", where);
		return false;
	}
	if (label) {
		d->labels[i] = copy(label);
		sw->has_labels = true;
	}
	return axis_choice_read(sw, g, c, list, where, d, i);
}

static bool points_take(struct sweep *sw, struct group *g, struct conf *c,
			const config_setting_t *list)
{
	int n = config_setting_length(list);
	struct dim *d;
	char where[300];
	bool ok = true;

	conf_where(list, where, sizeof(where));
	if (!config_setting_is_list(list) || n == 0 || n > SWEEP_VALUES_MAX) {
		conf_error(c, "%s: points is a list of 1 to %d: ( { set = [\"key=value\"]; label = "
			   "\"...\"; }, ... )", where, SWEEP_VALUES_MAX);
		return false;
	}
	d = dim_new(g, c, where);
	if (!d)
		return false;
	d->n = (size_t)n;
	d->labels = calloc(d->n, sizeof(*d->labels));
	if (!d->labels)
		abort();
	for (size_t i = 0; ok && i < d->n; i++)
		ok = point_take(sw, g, c, config_setting_get_elem(list, (unsigned)i), d, i);
	g->n_dims++;
	return ok;
}

/* ---- searches ---- */

enum { SEEDS_DEFAULT = 3, SEEDS_TIMES = 4 };
static const double TOLERANCE_DEFAULT = 0.02;

/* Numbers of @spec, 0 where nothing was said. */
static bool search_numbers(struct conf *c, struct search_spec *spec, double tolerance, int seeds,
			   int seeds_max, const char *where)
{
	if (tolerance == 0)
		tolerance = TOLERANCE_DEFAULT;
	if (seeds == 0)
		seeds = MIN(SEEDS_DEFAULT, seeds_max > 0 ? seeds_max : SEEDS_DEFAULT);
	if (seeds_max == 0)
		seeds_max = MIN(MAX(SEEDS_TIMES * seeds, seeds), SEARCH_SEEDS_MAX);
	spec->tolerance = tolerance;
	spec->seeds = (unsigned)seeds;
	spec->seeds_max = (unsigned)seeds_max;
	if (!(tolerance >= 1e-6 && tolerance < 1))
		conf_error(c, "%s: a tolerance is a part of the load, such as 0.02 or 2%%", where);
	else if (seeds < 1 || seeds > seeds_max || seeds_max > SEARCH_SEEDS_MAX)
		conf_error(c, "%s: a search needs 1 <= seeds <= seeds_max <= %d", where,
			   SEARCH_SEEDS_MAX);
	else
		return true;
	return false;
}

static bool search_add(struct sweep *sw, struct group *g, struct conf *c, const char *key,
		       const char *lo, const char *hi, const char *sla, const char *where)
{
	char err[300];

	g->search = calloc(1, sizeof(*g->search));
	if (!g->search)
		abort();
	sw->has_search = true;
	if (!search_objective(g->search, sla, err, sizeof(err))) {
		conf_error(c, "%s: %s", where, err);
		return false;
	}
	return axis_range_read(sw, g, c, key, lo, hi, where, g->search);
}

static double number(const config_setting_t *set, const char *member)
{
	const config_setting_t *m = config_setting_get_member(set, member);

	if (!m)
		return 0;
	return config_setting_type(m) == CONFIG_TYPE_FLOAT ? config_setting_get_float(m) :
							     config_setting_get_int(m);
}

static bool search_take_member(struct sweep *sw, struct group *g, struct conf *c,
			       const config_setting_t *set, bool quick)
{
	const config_setting_t *lo, *hi;
	const char *key = NULL, *sla = NULL;
	double tolerance, seeds;
	char where[300], *lo_text, *hi_text;
	bool ok;

	conf_where(set, where, sizeof(where));
	if (!config_setting_is_group(set) || !members_known(c, set, "a search", search_members))
		return false;
	config_setting_lookup_string(set, "key", &key);
	config_setting_lookup_string(set, "sla", &sla);
	lo = config_setting_get_member(set, "lo");
	hi = config_setting_get_member(set, "hi");
	if (!key || !sla || !lo || !hi) {
		conf_error(c, "%s: a search is { key = \"workload.rate\"; lo = \"50 k/s\"; hi = "
			   "\"4 M/s\"; sla = \"latency_p99_us<500\"; }", where);
		return false;
	}
	lo_text = axis_values_text(lo);
	hi_text = axis_values_text(hi);
	ok = search_add(sw, g, c, key, lo_text, hi_text, sla, where);
	free(lo_text);
	free(hi_text);
	tolerance = quick ? number(set, "quick_tolerance") : 0;
	seeds = quick ? number(set, "quick_seeds") : 0;
	return ok && search_numbers(c, g->search,
				    tolerance != 0 ? tolerance : number(set, "tolerance"),
				    (int)(seeds != 0 ? seeds : number(set, "seeds")),
				    (int)(seeds != 0 ? 0 : number(set, "seeds_max")), where);
}

bool sweep_search(struct sweep *sw, struct conf *c, const char *range, const char *sla,
		  double tolerance, unsigned seeds, unsigned seeds_max)
{
	const char *eq = strchr(range, '='), *dots = eq ? strstr(eq, "..") : NULL;
	char key[CONF_KEY_MAX], lo[64], err[300];
	struct search_spec probe;
	bool ok = true;

	if (!search_objective(&probe, sla, err, sizeof(err))) {
		conf_error(c, "--sla: %s", err);
		return false;
	}
	if (!dots || eq == range || eq - range >= CONF_KEY_MAX || dots - eq >= (int)sizeof(lo)) {
		conf_error(c, "--vary %s: a search needs KEY=LO..HI, for example "
			   "workload.rate='50 k/s..4 M/s'", range);
		return false;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(eq - range), range);
	snprintf(lo, sizeof(lo), "%.*s", (int)(dots - eq - 1), eq + 1);
	sweep_at_least_one(sw, c);
	for (size_t i = 0; ok && i < sw->n_groups; i++)
		ok = search_add(sw, &sw->groups[i], c, key, lo, dots + 2, sla, "--vary") &&
		     search_numbers(c, sw->groups[i].search, tolerance, (int)seeds,
				    (int)seeds_max, "--seeds");
	return ok;
}

/* ---- groups ---- */

static bool texts_take(struct conf *c, const config_setting_t *group, const char *member,
		       bool files, struct texts *out)
{
	const config_setting_t *list = config_setting_get_member(group, member);
	size_t n_files = 0;
	char where[300];

	if (!list)
		return true;
	conf_where(list, where, sizeof(where));
	for (int i = 0; i < config_setting_length(list); i++) {
		const char *s = config_setting_get_string_elem(list, i);

		n_files += s && !strchr(s, '=');
		if (!s || (!files && n_files) || n_files > 4 || out->n == SWEEP_TEXTS_MAX) {
			conf_error(c, "%s: %s is a list of quoted \"key=value\"%s, at most %d",
				   where, member, files ? " and up to 4 configuration files" : "",
				   SWEEP_TEXTS_MAX);
			return false;
		}
		out->t[out->n++] = copy(s);
	}
	if (!config_setting_is_aggregate(list)) {
		conf_error(c, "%s: %s is a list: [\"key=value\", ...]", where, member);
		return false;
	}
	return true;
}

static bool group_settings(struct sweep *sw, struct group *g, struct conf *c,
			   const config_setting_t *set, bool quick)
{
	const char *name = NULL, *base = NULL;

	config_setting_lookup_string(set, "name", &name);
	config_setting_lookup_string(set, "base", &base);
	if (name) {
		g->name = copy(name);
		sw->has_series = true;
	}
	if (base)
		g->base = copy(base);
	return texts_take(c, set, "set", true, &g->sets) &&
	       (!quick || texts_take(c, set, "quick", false, &g->quick));
}

static bool group_take(struct sweep *sw, struct conf *c, const config_setting_t *set, bool quick)
{
	struct group *g;
	char where[300];
	bool ok;

	conf_where(set, where, sizeof(where));
	if (!config_setting_is_group(set)) {
		conf_error(c, "%s: sweep is a list of axes, { key = \"...\"; values = \"...\"; }, "
			   "or of groups, { name = \"...\"; set = [ ... ]; axes = ( ... ); }",
			   where);
		return false;
	}
	g = group_add(sw, c, where);
	ok = g && members_known(c, set, "a group of sweep", group_members) &&
	     group_settings(sw, g, c, set, quick);
	for (int i = 0; ok && i < config_setting_length(set); i++) {
		const config_setting_t *m = config_setting_get_elem(set, (unsigned)i);
		const char *name = config_setting_name(m);

		if (strcmp(name, "axes") == 0)
			ok = axes_take(sw, g, c, m, quick);
		else if (strcmp(name, "zip") == 0)
			ok = zip_take(sw, g, c, m, quick);
		else if (strcmp(name, "points") == 0)
			ok = points_take(sw, g, c, m);
	}
	if (ok && config_setting_get_member(set, "search")) {
		const config_setting_t *m = config_setting_get_member(set, "search");

		ok = search_take_member(sw, g, c, m, quick);
	}
	return ok;
}

static bool is_axis(const config_setting_t *el)
{
	return config_setting_is_list(el) ||
	       (config_setting_is_group(el) && (config_setting_get_member(el, "key") ||
						config_setting_get_member(el, "values")));
}

/* A list of axes is one group; they and groups do not mix. */
static bool sweep_member(struct sweep *sw, struct conf *c, const config_setting_t *set,
			 bool quick)
{
	int n = config_setting_length(set), n_axes = 0;
	struct group *g;
	char where[300];
	bool ok = true;

	conf_where(set, where, sizeof(where));
	if (config_setting_is_group(set))
		return group_take(sw, c, set, quick);
	for (int i = 0; config_setting_is_list(set) && i < n; i++)
		n_axes += is_axis(config_setting_get_elem(set, (unsigned)i));
	if (!config_setting_is_list(set) || (n_axes > 0 && n_axes < n)) {
		conf_error(c, "%s: sweep is a list of axes, ( { key = \"...\"; values = \"...\"; "
			   "}, ... ), or a list of groups, ( { name = \"...\"; axes = ( ... ); }, "
			   "... ), not both", where);
		return false;
	}
	if (n_axes > 0) {
		g = group_add(sw, c, where);
		return g && axes_take(sw, g, c, set, quick);
	}
	for (int i = 0; ok && i < n; i++)
		ok = group_take(sw, c, config_setting_get_elem(set, (unsigned)i), quick);
	return ok;
}

bool sweep_take(struct sweep *sw, struct conf *c, bool quick)
{
	const config_setting_t *set = config_lookup(&c->file, "sweep");
	const config_setting_t *points = config_lookup(&c->file, "points");
	struct group *g;
	bool ok = !set || sweep_member(sw, c, set, quick);

	if (ok && points) {
		g = group_add(sw, c, "points");
		ok = g && points_take(sw, g, c, points);
	}
	return ok;
}

void sweep_at_least_one(struct sweep *sw, struct conf *c)
{
	if (sw->n_groups == 0)
		group_add(sw, c, "");
}

bool sweep_vary(struct sweep *sw, struct conf *c, const char *spec, const char *where)
{
	const char *eq = strchr(spec, '=');
	char key[CONF_KEY_MAX];
	bool ok = true;

	if (!eq || eq == spec || (size_t)(eq - spec) >= sizeof(key)) {
		conf_error(c, "%s %s: write key=v1,v2,v3 or key=lo:hi:step or key=lo..hi*factor",
			   where, spec);
		return false;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(eq - spec), spec);
	if (sw->n_groups == 0 && !group_add(sw, c, where))
		return false;
	for (size_t i = 0; ok && i < sw->n_groups; i++) {
		struct group *g = &sw->groups[i];
		struct dim *d = dim_new(g, c, where);

		if (!d)
			return false;
		d->axes = calloc(1, sizeof(*d->axes));
		if (!d->axes)
			abort();
		d->n_axes = 1;
		ok = axis_read(sw, g, c, key, eq + 1, where, NULL, 0, &d->axes[0]);
		d->n = d->axes[0].n;
		g->n_dims++;
	}
	return ok;
}
