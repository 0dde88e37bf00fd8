/* SPDX-License-Identifier: MIT */
/*
 * axis.c - the axes of a sweep: from "key=1,2,4", "key=1:9:2", "key=1..64*2" to values
 *
 * Not here: running the points (sweep.c).
 */
#include <inttypes.h>
#include <stdlib.h>

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

void sweep_free(struct sweep *sw)
{
	for (size_t a = 0; a < sw->n_axes; a++) {
		for (size_t i = 0; i < sw->axes[a].n; i++) {
			free(sw->axes[a].values[i]);
			free(sw->axes[a].plain[i]);
		}
		free(sw->axes[a].values);
		free(sw->axes[a].plain);
	}
	sw->n_axes = 0;
}

size_t sweep_points(const struct sweep *sw)
{
	size_t n = 1;

	for (size_t a = 0; a < sw->n_axes; a++)
		n = n > SWEEP_POINTS_MAX ? n : n * sw->axes[a].n;
	return n;
}

/* Add one value after trying it on a scratch object of the knob. */
static bool value_add(struct axis *ax, const struct conf_knob *ck, const char *text, size_t len,
		      char *err, size_t err_len)
{
	char plain[UNIT_TEXT_MAX];

	if (ax->n == SWEEP_VALUES_MAX) {
		snprintf(err, err_len, "more than %d values", SWEEP_VALUES_MAX);
		return false;
	}
	ax->values[ax->n] = copy(text, len);
	ax->plain[ax->n] = NULL;
	ax->n++;
	if (value_parse(ck->knob, ck->obj, ax->values[ax->n - 1], err, err_len) != 0)
		return false;
	value_format_plain(ck->knob, ck->obj, plain, sizeof(plain));
	ax->plain[ax->n - 1] = copy(plain, strlen(plain));
	return true;
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

/* The knob of a key, in a scenario of its own: what all points have in common applies first. */
static bool axis_open(struct sweep *sw, struct conf *c, const char *key, const char *where,
		      struct scenario *sc, struct conf_knob *ck, struct axis **out)
{
	struct axis *ax = &sw->axes[sw->n_axes];
	struct conf *base = malloc(sizeof(*base));
	struct schema schema;
	char err[600];
	int rc;

	if (!base || sw->n_axes == SWEEP_AXES_MAX) {
		conf_error(c, "%s: at most %d knobs can be varied at once", where, SWEEP_AXES_MAX);
		free(base);
		return false;
	}
	conf_init(base);
	for (size_t i = 0; i < sw->n_sets; i++)
		conf_set(base, sw->sets[i], "-s");
	for (size_t a = 0; a < sw->n_axes; a++) {
		snprintf(err, sizeof(err), "%s=%s", sw->axes[a].key, sw->axes[a].values[0]);
		conf_set(base, err, "--vary");
	}
	simrun_configure(base, sw->file,
			 sc); /* its mistakes are told when the points are checked */
	conf_free(base);
	free(base);
	simrun_schema(&schema, sc);
	rc = schema_find(&schema, key, true, ck, err, sizeof(err));
	if (rc != CONF_FOUND) {
		conf_error(c, "%s: %s", where, err);
		return false;
	}
	memset(ax, 0, sizeof(*ax));
	snprintf(ax->key, sizeof(ax->key), "%s", ck->key);
	column_name(ax->column, sizeof(ax->column), ck);
	ax->values = calloc(SWEEP_VALUES_MAX, sizeof(*ax->values));
	ax->plain = calloc(SWEEP_VALUES_MAX, sizeof(*ax->plain));
	if (!ax->values || !ax->plain)
		abort();
	sw->n_axes++;
	*out = ax;
	return true;
}

static bool axis_add(struct sweep *sw, struct conf *c, const char *key, const char *values,
		     const char *where)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf_knob ck;
	struct axis *ax;
	char err[512];
	bool ok = sc && axis_open(sw, c, key, where, sc, &ck, &ax);

	if (ok && !values_add(ax, &ck, values, err, sizeof(err))) {
		conf_error(c, "%s: %s: %s", where, ax->key, err);
		ok = false;
	}
	free(sc);
	return ok;
}

bool sweep_axis_add(struct sweep *sw, struct conf *c, const char *spec, const char *where)
{
	const char *eq = strchr(spec, '=');
	char key[CONF_KEY_MAX];

	if (!eq || eq == spec || (size_t)(eq - spec) >= sizeof(key)) {
		conf_error(c, "%s %s: write key=v1,v2,v3 or key=lo:hi:step or key=lo..hi*factor",
			   where, spec);
		return false;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(eq - spec), spec);
	return axis_add(sw, c, key, eq + 1, where);
}

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

/* Values of an axis as --vary has them, however many; to be freed. */
static char *values_text(const config_setting_t *set)
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

bool sweep_axes_from(struct sweep *sw, struct conf *c, const config_setting_t *group, bool quick)
{
	char where[300], *text;
	bool ok = true;

	for (int i = 0; group && i < config_setting_length(group); i++) {
		const config_setting_t *el = config_setting_get_elem(group, (unsigned)i);
		const config_setting_t *values = NULL;
		const char *key = NULL;

		conf_where(el, where, sizeof(where));
		if (config_setting_is_group(el)) {
			config_setting_lookup_string(el, "key", &key);
			if (quick)
				values = config_setting_get_member(el, "quick");
			if (!values)
				values = config_setting_get_member(el, "values");
		}
		if (!key || !values) {
			conf_error(c,
				   "%s: an axis of sweep is { key = \"...\"; values = \"...\"; }",
				   where);
			return false;
		}
		text = values_text(values);
		ok &= axis_add(sw, c, key, text, where);
		free(text);
	}
	return ok;
}
