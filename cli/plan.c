/* SPDX-License-Identifier: MIT */
/*
 * plan.c - the points of a sweep: how many, what each says, what the table says about it
 *
 * Entry points: sweep_configure, sweep_check, sweep_manifest. Not here: reading groups
 * and axes (group.c, axis.c), running points (sweep.c).
 */
#include <stdlib.h>

#include "cli/result.h"
#include "cli/simrun.h"
#include "cli/sweep.h"
#include "cli/units.h"

const char *const sweep_search_columns[SWEEP_SEARCH_COLUMNS] = {
	"search_lo", "search_hi", "search_value", "search_ci95", "search_seeds",
};

static void texts_free(struct texts *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->t[i]);
	x->n = 0;
}

void dim_free(struct dim *d)
{
	for (size_t a = 0; a < d->n_axes; a++) {
		for (size_t i = 0; i < d->axes[a].n; i++)
			free(d->axes[a].values[i]);
		free(d->axes[a].values);
	}
	for (size_t i = 0; d->labels && i < d->n; i++)
		free(d->labels[i]);
	free(d->labels);
	free(d->axes);
	memset(d, 0, sizeof(*d));
}

void sweep_free(struct sweep *sw)
{
	for (size_t i = 0; i < sw->n_groups; i++) {
		struct group *g = &sw->groups[i];

		for (size_t d = 0; d < g->n_dims; d++)
			dim_free(&g->dims[d]);
		texts_free(&g->sets);
		texts_free(&g->quick);
		free(g->name);
		free(g->base);
		free(g->search);
	}
	free(sw->groups);
	sw->groups = NULL;
	sw->n_groups = 0;
}

size_t group_points(const struct group *g)
{
	size_t n = 1;

	for (size_t d = 0; d < g->n_dims; d++)
		n = n > SWEEP_POINTS_MAX ? n : n * g->dims[d].n;
	return n;
}

size_t sweep_points(const struct sweep *sw)
{
	size_t n = 0;

	for (size_t i = 0; i < sw->n_groups && n <= SWEEP_POINTS_MAX; i++)
		n += group_points(&sw->groups[i]);
	return n;
}

const struct group *sweep_group(const struct sweep *sw, size_t *point)
{
	const struct group *g = sw->groups;

	for (; *point >= group_points(g); g++)
		*point -= group_points(g);
	return g;
}

size_t group_choice(const struct group *g, size_t local, size_t d)
{
	for (size_t i = g->n_dims - 1; i > d; i--)
		local /= g->dims[i].n;
	return local % g->dims[d].n;
}

/* A path in a configuration is relative to it. */
static void include(const struct sweep *sw, const char *path, unsigned layer, struct conf *c)
{
	const char *slash = sw->file ? strrchr(sw->file, '/') : NULL;
	char full[700];

	if (*path != '/' && slash)
		snprintf(full, sizeof(full), "%.*s/%s", (int)(slash - sw->file), sw->file, path);
	else
		snprintf(full, sizeof(full), "%s", path);
	conf_include(c, full, layer);
}

void group_assign(const struct sweep *sw, const struct group *g, struct conf *c)
{
	unsigned layer = CONF_LAYER_SET;

	if (g->base)
		include(sw, g->base, CONF_LAYER_BASE, c);
	for (size_t i = 0; i < g->sets.n; i++) {
		if (strchr(g->sets.t[i], '=')) {
			conf_set_layer(c, g->sets.t[i], g->where, layer);
			continue;
		}
		/* A layer of its own, and what follows overrules it. */
		layer += i > 0;
		include(sw, g->sets.t[i], layer++, c);
	}
	for (size_t i = 0; i < sw->n_quick; i++)
		conf_set_layer(c, sw->quick[i], "quick", CONF_LAYER_QUICK);
	for (size_t i = 0; i < g->quick.n; i++)
		conf_set_layer(c, g->quick.t[i], g->where, CONF_LAYER_GROUP_QUICK);
	for (size_t i = 0; i < sw->n_sets; i++)
		conf_set(c, sw->sets[i], "-s");
}

void dim_assign(const struct dim *dim, size_t i, struct conf *c)
{
	char text[CONF_KEY_MAX + UNIT_TEXT_MAX];

	for (size_t a = 0; a < dim->n_axes; a++) {
		const struct axis *ax = &dim->axes[a];

		if (!ax->values[i])
			continue;
		snprintf(text, sizeof(text), "%s=%s", ax->key, ax->values[i]);
		conf_set(c, text, dim->where);
	}
}

bool sweep_configure(const struct sweep *sw, size_t point, struct conf *c, struct scenario *sc)
{
	const struct group *g = sweep_group(sw, &point);

	group_assign(sw, g, c);
	for (size_t d = 0; d < g->n_dims; d++)
		dim_assign(&g->dims[d], group_choice(g, point, d), c);
	return simrun_configure(c, sw->file, sc);
}

/* "(point 17: IX 10GbE, workload.connections=500000)" after what is wrong with it. */
static void point_name(const struct sweep *sw, size_t point, struct conf *c)
{
	size_t at = 0, local = point;
	const struct group *g = sweep_group(sw, &local);
	char text[400] = "";

	if (g->name)
		at = (size_t)snprintf(text, sizeof(text), ", %.100s", g->name);
	for (size_t d = 0; d < g->n_dims; d++) {
		const struct dim *dim = &g->dims[d];
		size_t i = group_choice(g, local, d);

		if (dim->labels && dim->labels[i] && at < sizeof(text))
			at += (size_t)snprintf(text + at, sizeof(text) - at, ", %s",
					       dim->labels[i]);
		for (size_t a = 0; a < dim->n_axes && at < sizeof(text); a++)
			if (dim->axes[a].values[i])
				at += (size_t)snprintf(text + at, sizeof(text) - at, ", %s=%s",
						       dim->axes[a].key, dim->axes[a].values[i]);
	}
	if (at)
		conf_error(c, "(in point %zu of %zu: %s)", point + 1, sweep_points(sw), text + 2);
}

static bool point_check(const struct sweep *sw, size_t point, struct conf *c, struct scenario *sc,
			struct conf *scratch)
{
	size_t n = sweep_points(sw);
	bool ok;

	conf_init(scratch);
	ok = sweep_configure(sw, point, scratch, sc);
	if (!ok) {
		c->n_errors += scratch->n_errors;
		c->errors_len = (size_t)snprintf(c->errors, sizeof(c->errors), "%s",
						 scratch->errors);
		point_name(sw, point, c);
	} else if (n > 1 && (sc->pcap[0] || sc->trace[0] || sc->series[0])) {
		conf_error(c, "pcap, trace and series name one file, but the sweep has %zu points; "
			   "use `ix sim` for one of them", n);
		ok = false;
	}
	conf_free(scratch);
	return ok;
}

bool sweep_check(const struct sweep *sw, struct conf *c)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *scratch = malloc(sizeof(*scratch));
	size_t n = sweep_points(sw);
	bool ok = sc && scratch;

	if (n > SWEEP_POINTS_MAX) {
		conf_error(c, "the sweep has more than %d points", SWEEP_POINTS_MAX);
		ok = false;
	}
	for (size_t i = 0; ok && i < n; i++)
		ok = point_check(sw, i, c, sc, scratch);
	free(scratch);
	free(sc);
	return ok;
}

void sweep_lead_columns(const struct sweep *sw, struct table *t)
{
	if (sw->has_series)
		table_col_add(t, "series");
	if (sw->has_labels)
		table_col_add(t, "label");
	for (size_t i = 0; i < sw->n_leads; i++)
		table_col_add(t, sw->leads[i].column);
	for (size_t i = 0; sw->has_search && i < ARRAY_LEN(sweep_search_columns); i++)
		table_col_add(t, sweep_search_columns[i]);
}

size_t sweep_lead_cells(const struct sweep *sw, size_t point, struct scenario *sc,
			struct table *t, size_t row)
{
	const struct group *g = sweep_group(sw, &point);
	char text[UNIT_TEXT_MAX], err[600];
	struct conf_knob ck;
	struct schema s;
	size_t col = 0;

	simrun_schema(&s, sc);
	if (sw->has_series)
		table_set(t, row, col++, g->name ? g->name : "");
	for (size_t d = 0; d < g->n_dims; d++) {
		const struct dim *dim = &g->dims[d];
		size_t i = group_choice(g, point, d);

		if (dim->labels && dim->labels[i])
			table_set(t, row, col, dim->labels[i]);
	}
	col += sw->has_labels;
	for (size_t i = 0; i < sw->n_leads; i++, col++) {
		if (schema_find(&s, sw->leads[i].key, false, &ck, err, sizeof(err)) != CONF_FOUND)
			continue;	/* another workload has it */
		value_format_plain(ck.knob, ck.obj, text, sizeof(text));
		table_set(t, row, col, text);
	}
	if (sw->has_search)
		col += ARRAY_LEN(sweep_search_columns);
	return col;
}

/* ---- the manifest ---- */

static const char *lead_column(const struct sweep *sw, const char *key)
{
	for (size_t i = 0; i < sw->n_leads; i++)
		if (strcmp(sw->leads[i].key, key) == 0)
			return sw->leads[i].column;
	return key;
}

static json_t *axes_json(const struct sweep *sw, const struct group *g)
{
	json_t *all = json_array();

	for (size_t d = 0; d < g->n_dims; d++)
		for (size_t a = 0; a < g->dims[d].n_axes; a++) {
			const struct axis *ax = &g->dims[d].axes[a];
			json_t *values = json_array(), *o;

			for (size_t i = 0; i < ax->n; i++)
				json_array_append_new(values, ax->values[i] ?
						      json_string(ax->values[i]) : json_null());
			o = json_pack("{s:s, s:s, s:o}", "key", ax->key, "column",
				      lead_column(sw, ax->key), "values", values);
			if (g->dims[d].n_axes > 1)
				json_object_set_new(o, "together", json_integer((json_int_t)d));
			json_array_append_new(all, o);
		}
	return all;
}

static json_t *texts_json(const struct texts *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->n; i++)
		json_array_append_new(a, json_string(x->t[i]));
	return a;
}

static json_t *config_of(const struct sweep *sw, size_t point)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	struct schema s;
	json_t *config;

	if (!sc || !c)
		abort();
	conf_init(c);
	sweep_configure(sw, point, c, sc);
	conf_free(c);
	simrun_schema(&s, sc);
	config = schema_json(&s);
	free(c);
	free(sc);
	return config;
}

/* A group's first point, as far as it differs from the sweep's first point. */
static json_t *group_json(const struct sweep *sw, const struct group *g, size_t first,
			  const json_t *common)
{
	json_t *config = config_of(sw, first), *differs = json_object(), *v;
	const char *key;

	json_object_foreach(config, key, v)
		if (!json_equal(v, json_object_get(common, key)))
			json_object_set(differs, key, v);
	json_decref(config);
	return json_pack("{s:s?, s:s?, s:o, s:o, s:o}", "name", g->name, "base", g->base, "set",
			 texts_json(&g->sets), "axes", axes_json(sw, g), "differs", differs);
}

json_t *sweep_manifest(const struct sweep *sw)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	struct schema s;
	json_t *m, *groups = json_array();
	bool plain = sw->n_groups == 1 && !sw->has_series && !sw->groups[0].base &&
		     sw->groups[0].sets.n == 0;
	size_t first = 0;

	if (!sc || !c)
		abort();
	conf_init(c);
	sweep_configure(sw, 0, c, sc);
	conf_free(c);
	free(c);
	simrun_schema(&s, sc);
	m = result_manifest(&s, "sweep", sw->file);
	free(sc);
	json_object_set_new(m, "axes", axes_json(sw, &sw->groups[0]));
	for (size_t i = 0; !plain && i < sw->n_groups; i++) {
		json_array_append_new(groups, group_json(sw, &sw->groups[i], first,
							 json_object_get(m, "config")));
		first += group_points(&sw->groups[i]);
	}
	if (!plain)
		json_object_set(m, "groups", groups);
	json_decref(groups);
	json_object_set_new(m, "columns", json_object());
	json_object_set_new(m, "failed", json_array());
	return m;
}
