/* SPDX-License-Identifier: MIT */
/*
 * axis.c - a knob to vary: from "1,2,4", "1:9:2", "1..64*2" to values, all of them legal
 *
 * Not here: groups and what they are made of (group.c), points (plan.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/search.h"
#include "cli/simrun.h"
#include "cli/sweep.h"
#include "cli/units.h"

static char *copy(const char *s, size_t n)
{
	char *p = strndup(s, n);

	if (!p) {
		fputs("ix: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

/* Add one value after trying it on a scratch object of the knob. */
static bool value_add(struct axis *ax, const struct conf_knob *ck, const char *text, size_t len,
		      char *err, size_t err_len)
{
	if (ax->n == SWEEP_VALUES_MAX) {
		snprintf(err, err_len, "more than %d values", SWEEP_VALUES_MAX);
		return false;
	}
	ax->values[ax->n] = copy(text, len);
	return value_parse(ck->knob, ck->obj, ax->values[ax->n++], err, err_len) == 0;
}

static bool number_add(struct axis *ax, const struct conf_knob *ck, uint64_t v, char *err,
		       size_t err_len)
{
	char text[UNIT_TEXT_MAX];

	unit_format(ck->knob->unit, v, text, sizeof(text));
	return value_add(ax, ck, text, strlen(text), err, err_len);
}

static bool bound_parse(const struct conf_knob *ck, const char *s, size_t n, uint64_t *v, char *err,
			size_t err_len)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)MIN(n, sizeof(text) - 1), s);
	return unit_parse(ck->knob->unit, text, v, err, err_len) == 0;
}

/* lo:hi:step */
static bool range_add(struct axis *ax, const struct conf_knob *ck, const char *s, char *err,
		      size_t err_len)
{
	const char *c1 = strchr(s, ':'), *c2 = strchr(c1 + 1, ':');
	uint64_t lo, hi, step;

	if (!bound_parse(ck, s, (size_t)(c1 - s), &lo, err, err_len) ||
	    !bound_parse(ck, c1 + 1, (size_t)(c2 - c1 - 1), &hi, err, err_len) ||
	    !bound_parse(ck, c2 + 1, strlen(c2 + 1), &step, err, err_len))
		return false;
	if (step == 0 || lo > hi) {
		snprintf(err, err_len, "\"%.60s\" is not lo:hi:step with lo <= hi and step > 0", s);
		return false;
	}
	for (uint64_t v = lo; v <= hi; v += step) {
		if (!number_add(ax, ck, v, err, err_len))
			return false;
		if (v > UINT64_MAX - step)
			break;
	}
	return true;
}

/* lo..hi*factor; the factor has at most three decimals, so the values are exact everywhere. */
static bool geometric_add(struct axis *ax, const struct conf_knob *ck, const char *s, char *err,
			  size_t err_len)
{
	const char *dots = strstr(s, ".."), *star = strchr(dots, '*');
	uint64_t lo, hi, next;
	char factor_text[32];
	double factor;
	uint64_t milli;

	if (!bound_parse(ck, s, (size_t)(dots - s), &lo, err, err_len) ||
	    !bound_parse(ck, dots + 2, (size_t)(star - dots - 2), &hi, err, err_len))
		return false;
	snprintf(factor_text, sizeof(factor_text), "%.31s", star + 1);
	factor = strtod(factor_text, NULL);
	milli = factor > 1 && factor < 1e6 ? (uint64_t)(factor * 1000 + 0.5) : 0;
	if (milli <= 1000 || lo == 0 || lo > hi || hi > UINT64_MAX / milli) {
		snprintf(err, err_len, "\"%.60s\" is not lo..hi*factor with 0 < lo <= hi and "
			 "factor > 1", s);
		return false;
	}
	for (uint64_t v = lo; v < hi; v = next) {
		if (!number_add(ax, ck, v, err, err_len))
			return false;
		next = MAX(v * milli / 1000, v + 1);
	}
	return number_add(ax, ck, hi, err, err_len);
}

static bool list_add(struct axis *ax, const struct conf_knob *ck, const char *s, char *err,
		     size_t err_len)
{
	for (;;) {
		size_t n;

		s += strspn(s, " ");
		n = strcspn(s, ",");
		if (!value_add(ax, ck, s, n, err, err_len))
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

static bool is_number(const struct knob *k)
{
	return k->type == KNOB_U32 || k->type == KNOB_U64;
}

static bool values_add(struct axis *ax, const struct conf_knob *ck, const char *s, char *err,
		       size_t err_len)
{
	const char *colon = strchr(s, ':'), *dots = strstr(s, "..");

	if (is_number(ck->knob) && colon && strchr(colon + 1, ':'))
		return range_add(ax, ck, s, err, err_len);
	if (is_number(ck->knob) && dots && strchr(dots, '*'))
		return geometric_add(ax, ck, s, err, err_len);
	return list_add(ax, ck, s, err, err_len);
}

/* "workload.rate" of 1/s: "workload.rate_per_s", unless the name says it already. */
static void column_name(char *buf, size_t len, const struct conf_knob *ck)
{
	const char *suffix = is_number(ck->knob) ? unit_suffix(ck->knob->unit) : "";
	size_t n = strlen(ck->key), m = strlen(suffix);
	bool has = n >= m && strcmp(ck->key + n - m, suffix) == 0;

	snprintf(buf, len, "%s%s", ck->key, has ? "" : suffix);
}

/* The column of a knob before the metrics, once. */
static bool lead_add(struct sweep *sw, struct conf *c, const struct conf_knob *ck,
		     const char *where)
{
	struct lead *lead = &sw->leads[sw->n_leads];

	for (size_t i = 0; i < sw->n_leads; i++)
		if (strcmp(sw->leads[i].key, ck->key) == 0)
			return true;
	if (sw->n_leads == SWEEP_LEADS_MAX) {
		conf_error(c, "%s: a sweep varies at most %d knobs", where, SWEEP_LEADS_MAX);
		return false;
	}
	snprintf(lead->key, sizeof(lead->key), "%s", ck->key);
	column_name(lead->column, sizeof(lead->column), ck);
	sw->n_leads++;
	return true;
}

/* A scenario of the group with the first choice of each dimension so far, and of @zip. The
 * mistakes in it are told when the points are checked. */
static void scratch_configure(const struct sweep *sw, const struct group *g, const struct dim *more,
			      struct scenario *sc)
{
	struct conf *c = malloc(sizeof(*c));

	if (!c)
		abort();
	conf_init(c);
	group_assign(sw, g, c);
	for (size_t d = 0; d < g->n_dims; d++)
		dim_assign(&g->dims[d], 0, c);
	dim_assign(more, 0, c);
	simrun_configure(c, sw->file, sc);
	conf_free(c);
	free(c);
}

static bool knob_find(struct sweep *sw, struct conf *c, struct scenario *sc, const char *key,
		      const char *where, struct conf_knob *ck)
{
	struct schema schema;
	char err[600];

	simrun_schema(&schema, sc);
	if (schema_find(&schema, key, true, ck, err, sizeof(err)) != CONF_FOUND) {
		conf_error(c, "%s: %s", where, err);
		return false;
	}
	return lead_add(sw, c, ck, where);
}

static void axis_new(struct axis *ax, const char *key)
{
	memset(ax, 0, sizeof(*ax));
	snprintf(ax->key, sizeof(ax->key), "%s", key);
	ax->values = calloc(SWEEP_VALUES_MAX, sizeof(*ax->values));
	if (!ax->values)
		abort();
}

bool axis_read(struct sweep *sw, const struct group *g, struct conf *c, const char *key,
	       const char *values, const char *where, const struct axis *zip, size_t n_zip,
	       struct axis *out)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct dim so_far = { .n = 1, .n_axes = n_zip };
	struct conf_knob ck;
	char err[512];
	bool ok;

	if (!sc)
		abort();
	so_far.axes = (struct axis *)(uintptr_t)zip;
	snprintf(so_far.where, sizeof(so_far.where), "%.120s", where);
	scratch_configure(sw, g, &so_far, sc);
	ok = knob_find(sw, c, sc, key, where, &ck);
	axis_new(out, ok ? ck.key : key);
	if (ok && !values_add(out, &ck, values, err, sizeof(err))) {
		conf_error(c, "%s: %s: %s", where, out->key, err);
		ok = false;
	}
	free(sc);
	return ok;
}

bool axis_range_read(struct sweep *sw, const struct group *g, struct conf *c, const char *key,
		     const char *lo, const char *hi, const char *where, struct search_spec *spec)
{
	struct scenario *sc = malloc(sizeof(*sc));
	const struct dim none = { .n = 1 };
	struct conf_knob ck;
	char err[512];
	bool ok;

	if (!sc)
		abort();
	scratch_configure(sw, g, &none, sc);
	ok = knob_find(sw, c, sc, key, where, &ck);
	if (ok && !is_number(ck.knob)) {
		conf_error(c, "%s: %s is no number, so there is no highest", where, ck.key);
		ok = false;
	} else if (ok && (value_parse(ck.knob, ck.obj, hi, err, sizeof(err)) != 0 ||
			  (spec->hi = knob_get(ck.knob, ck.obj),
			   value_parse(ck.knob, ck.obj, lo, err, sizeof(err))) != 0)) {
		conf_error(c, "%s: %s: %s", where, ck.key, err);
		ok = false;
	} else if (ok) {
		snprintf(spec->key, sizeof(spec->key), "%s", ck.key);
		spec->unit = ck.knob->unit;
		spec->lo = knob_get(ck.knob, ck.obj);
	}
	if (ok && strcmp(ck.key, "seed") == 0) {
		conf_error(c, "%s: a search tries each load with several seeds itself; what is to "
			   "be raised is a load, such as workload.rate", where);
		ok = false;
	}
	if (ok && (spec->lo == 0 || spec->lo >= spec->hi)) {
		conf_error(c, "%s: %s: a search needs 0 < lo < hi, not %.60s to %.60s", where,
			   ck.key, lo, hi);
		ok = false;
	}
	free(sc);
	return ok;
}

/* ---- listed points ---- */

static struct axis *axis_of(struct dim *dim, const char *key)
{
	struct axis *ax;

	for (size_t a = 0; a < dim->n_axes; a++)
		if (strcmp(dim->axes[a].key, key) == 0)
			return &dim->axes[a];
	dim->axes = realloc(dim->axes, (dim->n_axes + 1) * sizeof(*dim->axes));
	if (!dim->axes)
		abort();
	ax = &dim->axes[dim->n_axes++];
	axis_new(ax, key);
	ax->n = dim->n;
	return ax;
}

static bool assignment_take(struct sweep *sw, struct conf *c, const char *text, const char *where,
			    struct scenario *sc, struct dim *dim, size_t i)
{
	const char *eq = strchr(text, '=');
	char key[CONF_KEY_MAX], err[512];
	struct conf_knob ck;
	struct axis *ax;

	snprintf(key, sizeof(key), "%.*s", (int)(eq - text), text);
	key[strcspn(key, " ")] = '\0';
	if (!knob_find(sw, c, sc, key, where, &ck))
		return false;
	ax = axis_of(dim, ck.key);
	if (ax->values[i]) {
		conf_error(c, "%s: %s is given twice", where, ck.key);
		return false;
	}
	eq += 1 + strspn(eq + 1, " ");
	ax->values[i] = copy(eq, strlen(eq));
	if (value_parse(ck.knob, ck.obj, ax->values[i], err, sizeof(err)) != 0) {
		conf_error(c, "%s: %s: %s", where, ck.key, err);
		return false;
	}
	return true;
}

bool axis_choice_read(struct sweep *sw, const struct group *g, struct conf *c,
		      const config_setting_t *list, const char *where, struct dim *dim, size_t i)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct dim own = { .n = 1 };
	bool ok = true;

	if (!sc)
		abort();
	/* All of them first: one may choose the workload whose knobs the others are. */
	for (int k = 0; k < config_setting_length(list); k++) {
		const char *text = config_setting_get_string_elem(list, k), *eq;
		struct axis *ax;
		char key[CONF_KEY_MAX];

		eq = text ? strchr(text, '=') : NULL;
		if (!eq || eq == text || eq - text >= CONF_KEY_MAX) {
			conf_error(c, "%s: a listed point sets \"key=value\", quoted", where);
			ok = false;
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(eq - text), text);
		ax = axis_of(&own, key);
		free(ax->values[0]);
		ax->values[0] = copy(eq + 1, strlen(eq + 1));
	}
	snprintf(own.where, sizeof(own.where), "%.120s", where);
	if (ok)
		scratch_configure(sw, g, &own, sc);
	for (int k = 0; ok && k < config_setting_length(list); k++)
		ok = assignment_take(sw, c, config_setting_get_string_elem(list, k), where, sc, dim,
				     i);
	dim_free(&own);
	free(sc);
	return ok;
}

/* ---- libconfig ---- */

/* A list's element as text; libconfig keeps numbers as numbers. */
static void element_print(const config_setting_t *set, FILE *f)
{
	switch (config_setting_type(set)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		fprintf(f, "%lld", config_setting_get_int64(set));
		break;
	case CONFIG_TYPE_FLOAT:
		fprintf(f, "%.10g", config_setting_get_float(set));
		break;
	case CONFIG_TYPE_BOOL:
		fputs(config_setting_get_bool(set) ? "true" : "false", f);
		break;
	case CONFIG_TYPE_STRING:
		fputs(config_setting_get_string(set), f);
		break;
	default:
		fputc('?', f);
	}
}

char *axis_values_text(const config_setting_t *set)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	if (!config_setting_is_aggregate(set))
		element_print(set, f);
	else
		for (int i = 0; i < config_setting_length(set); i++) {
			fputs(i ? "," : "", f);
			element_print(config_setting_get_elem(set, (unsigned)i), f);
		}
	if (fclose(f) != 0)
		abort();
	return text;
}
