/* SPDX-License-Identifier: MIT */
/*
 * conf.c - see conf.h
 *
 * Not here: looking up keys and printing them (schema.c), parsing values (units.c).
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/conf.h"
#include "cli/conf_ints.h"
#include "cli/units.h"

/* Groups that are not knobs: what to vary, and how to draw it. */
static const char *const reserved[] = { "sweep", "points", "figure" };

void conf_init(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	config_init(&c->file);
}

void conf_free(struct conf *c)
{
	for (size_t i = 0; i < c->n_items; i++) {
		free(c->items[i].key);
		free(c->items[i].text);
		free(c->items[i].where);
	}
	free(c->items);
	config_destroy(&c->file);
	memset(c, 0, sizeof(*c));
}

void conf_error(struct conf *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	c->n_errors++;
	if (c->errors_len + 512 > sizeof(c->errors))
		return;
	va_start(ap, fmt);
	n = vsnprintf(c->errors + c->errors_len, 510, fmt, ap);
	va_end(ap);
	for (char *s = c->errors + c->errors_len; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';	/* whatever file is quoted, a terminal survives */
	c->errors_len += (size_t)MIN(n, 509);
	c->errors[c->errors_len++] = '\n';
	c->errors[c->errors_len] = '\0';
}

static void *must(void *p)
{
	if (!p) {
		fputs("ix: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static struct conf_item *item_add(struct conf *c, const char *key, const char *text,
				  const char *where, unsigned layer)
{
	struct conf_item *it;

	if (c->n_items == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 32;
		c->items = must(realloc(c->items, c->cap * sizeof(*c->items)));
	}
	it = &c->items[c->n_items++];
	it->key = must(strdup(key));
	it->text = must(strdup(text));
	it->where = must(strdup(where));
	it->layer = layer;
	it->kind = CONF_OPTION;
	return it;
}

/* ---- the file ---- */

void conf_where(const config_setting_t *set, char *buf, size_t len)
{
	const char *file = config_setting_source_file(set);

	snprintf(buf, len, "%s:%u", file ? file : "configuration", config_setting_source_line(set));
}

/* The offending line itself: libconfig's message alone does not name the key. */
static void parse_error(struct conf *c, const config_t *cfg, const char *path)
{
	const char *file = config_error_file(cfg) ? config_error_file(cfg) : path;
	int line = config_error_line(cfg);
	FILE *f = fopen(file, "r");
	char text[200] = "";

	for (int i = 0; f && i < line; i++)
		if (!fgets(text, sizeof(text), f))
			break;
	if (f)
		fclose(f);
	text[strcspn(text, "\n")] = '\0';
	conf_error(c, "%s:%d: %s: \"%s\"", file, line, config_error_text(cfg),
		   text + strspn(text, " \t"));
}

static void float_text(double d, char *buf, size_t len)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buf, len, "%.*g", digits, d);
		if (strtod(buf, NULL) == d)
			return;
	}
}

static void take_scalar(struct conf *c, const config_setting_t *set, const char *key,
			unsigned layer)
{
	char text[64], where[300];
	struct conf_item *it;

	conf_where(set, where, sizeof(where));
	switch (config_setting_type(set)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(text, sizeof(text), "%lld", config_setting_get_int64(set));
		item_add(c, key, text, where, layer)->kind = CONF_INT;
		break;
	case CONFIG_TYPE_FLOAT:
		float_text(config_setting_get_float(set), text, sizeof(text));
		item_add(c, key, text, where, layer)->kind = CONF_FLOAT;
		break;
	case CONFIG_TYPE_BOOL:
		it = item_add(c, key, config_setting_get_bool(set) ? "true" : "false", where,
			      layer);
		it->kind = CONF_BOOL;
		break;
	case CONFIG_TYPE_STRING:
		item_add(c, key, config_setting_get_string(set), where, layer)->kind = CONF_TEXT;
		break;
	default:
		conf_error(c, "%s: %s is a list; a knob takes one value (to vary it, use sweep)",
			   where, key);
	}
}

static void take_group(struct conf *c, const config_setting_t *group, const char *path, int depth,
		       unsigned layer)
{
	char key[CONF_KEY_MAX], where[300];

	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *set = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(set);
		bool skip = false;

		for (size_t r = 0; r < ARRAY_LEN(reserved); r++)
			skip |= depth == 0 && strcmp(name, reserved[r]) == 0;
		if (skip)
			continue;
		conf_where(set, where, sizeof(where));
		if ((size_t)snprintf(key, sizeof(key), "%s%s%s", path, *path ? "." : "", name) >=
		    sizeof(key))
			conf_error(c, "%s: the key %.100s... is too long", where, key);
		else if (!config_setting_is_group(set))
			take_scalar(c, set, key, layer);
		else if (depth < 8)
			take_group(c, set, key, depth + 1, layer);
		else
			conf_error(c, "%s: %s is nested too deep", where, key);
	}
}

/* A file is read again for every point and to quote a line: a pipe would be empty by then. */
static bool is_readable(struct conf *c, const char *path)
{
	struct stat st;
	FILE *f;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		conf_error(c, "%s: cannot read the configuration: it is %s; name a regular file",
			   path, S_ISDIR(st.st_mode) ? "a folder" : "a pipe or a device");
		return false;
	}
	f = fopen(path, "r");
	if (f)
		fclose(f);
	else
		conf_error(c, "%s: cannot read the configuration: %s", path, strerror(errno));
	return f != NULL;
}

static bool file_take(struct conf *c, config_t *cfg, const char *path, unsigned layer)
{
	char dir[512];
	const char *slash = strrchr(path, '/');
	unsigned before = c->n_errors;

	if (!is_readable(c, path))
		return false;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	config_set_include_dir(cfg, dir);
	if (config_read_file(cfg, path) != CONFIG_TRUE) {
		if (config_error_type(cfg) == CONFIG_ERR_FILE_IO)
			conf_error(c, "%s: cannot read the configuration", path);
		else
			parse_error(c, cfg, path);
		return false;
	}
	if (conf_ints_check(c, path, dir))
		take_group(c, config_root_setting(cfg), "", 0, layer);
	return c->n_errors == before;
}

bool conf_read(struct conf *c, const char *path)
{
	bool ok = file_take(c, &c->file, path, CONF_LAYER_FILE);

	c->has_file = true;
	return ok;
}

bool conf_include(struct conf *c, const char *path, unsigned layer)
{
	config_t cfg;
	bool ok;

	config_init(&cfg);
	ok = file_take(c, &cfg, path, layer);
	config_destroy(&cfg);
	return ok;
}

bool conf_set_layer(struct conf *c, const char *assignment, const char *option, unsigned layer)
{
	const char *eq = strchr(assignment, '=');
	char key[CONF_KEY_MAX];
	size_t n;

	if (!eq || eq == assignment || (size_t)(eq - assignment) >= sizeof(key)) {
		conf_error(c, "%s %s: write key=value, for example -s link.rate='10 Gb/s'", option,
			   assignment);
		return false;
	}
	n = (size_t)(eq - assignment);
	while (n > 0 && assignment[n - 1] == ' ')
		n--;
	memcpy(key, assignment, n);
	key[n] = '\0';
	item_add(c, key, eq + 1 + strspn(eq + 1, " "), option, layer);
	return true;
}

bool conf_set(struct conf *c, const char *assignment, const char *option)
{
	return conf_set_layer(c, assignment, option, CONF_LAYER_OPTION);
}

/* ---- applying ---- */

/* A file distinguishes 1, "1" and true; complain about the kind before the value. */
static const char *kind_mismatch(const struct conf_item *it, const struct knob *k)
{
	bool number = k->type == KNOB_U32 || k->type == KNOB_U64 || k->type == KNOB_DOUBLE;

	switch (it->kind) {
	case CONF_BOOL:
		return k->type == KNOB_BOOL ? NULL : "true and false do not fit here";
	case CONF_INT:
	case CONF_FLOAT:
		if (k->type == KNOB_BOOL)
			return "write true or false";
		return number ? NULL : "text needs quotes";
	case CONF_TEXT:
		if (k->type == KNOB_BOOL)
			return "write true or false without quotes";
		return k->type == KNOB_DOUBLE ? "write a number without quotes" : NULL;
	case CONF_OPTION:
		break;
	}
	return NULL;
}

static void item_apply(struct conf *c, const struct conf_item *it, const struct conf_knob *ck)
{
	char err[400], range[200];
	const char *mismatch = kind_mismatch(it, ck->knob);

	if (mismatch) {
		value_range(ck->knob, range, sizeof(range));
		conf_error(c, "%s: %s: wrong type: %s (%s)", it->where, ck->key, mismatch, range);
	} else if (value_parse(ck->knob, ck->obj, it->text, err, sizeof(err)) != 0) {
		conf_error(c, "%s: %s: %s", it->where, ck->key, err);
	}
}

/* An option may overrule the file, but nothing is said twice in one place. */
static bool is_duplicate(struct conf *c, const struct schema *s, const struct conf_item *b,
			 const struct conf_knob *ck)
{
	struct conf_knob other;
	char err[500];

	for (const struct conf_item *a = c->items; a < b; a++) {
		if (a->layer != b->layer ||
		    schema_find(s, a->key, a->kind == CONF_OPTION, &other, err, sizeof(err)) !=
		    CONF_FOUND)
			continue;
		if (other.knob != ck->knob || other.obj != ck->obj)
			continue;
		conf_error(c, "%s: %s is given twice: %s (%s), then %s", b->where, ck->key, a->text,
			   a->where, b->text);
		return true;
	}
	return false;
}

/* 0 .. layers * n - 1: every item once, when its layer has its turn; else NULL. */
static const struct conf_item *item_in_order(const struct conf *c, size_t i)
{
	const struct conf_item *it = &c->items[i % c->n_items];

	return it->layer == i / c->n_items ? it : NULL;
}

static void selector_apply(struct conf *c, const struct schema *s)
{
	struct section sec[CONF_SECTIONS_MAX];
	struct conf_knob sel, ck;
	char err[500];
	size_t n, len = strlen(s->selector);

	if (schema_find(s, s->selector, false, &sel, err, sizeof(err)) != CONF_FOUND)
		return;
	for (size_t i = 0; i < CONF_LAYERS * c->n_items; i++) {
		const struct conf_item *it = item_in_order(c, i);

		if (it && schema_find(s, it->key, it->kind == CONF_OPTION, &ck, err, sizeof(err)) ==
		    CONF_FOUND && ck.knob == sel.knob && !is_duplicate(c, s, it, &ck))
			item_apply(c, it, &ck);
	}
	n = s->sections(s->ctx, sec);
	for (size_t i = 0; i < n; i++)
		if (strncmp(sec[i].path, s->selector, len) == 0 &&
		    (sec[i].path[len] == '\0' || sec[i].path[len] == '.'))
			knob_defaults(sec[i].knobs, sec[i].n, sec[i].obj);
}

bool conf_apply(struct conf *c, const struct schema *s)
{
	struct conf_knob ck, sel = { 0 };
	char err[500];

	if (s->selector) {
		selector_apply(c, s);
		if (c->n_errors)
			return false;	/* every other message would be about the wrong keys */
		schema_find(s, s->selector, false, &sel, err, sizeof(err));
	}
	for (size_t i = 0; i < CONF_LAYERS * c->n_items; i++) {
		const struct conf_item *it = item_in_order(c, i);

		if (!it)
			continue;
		if (schema_find(s, it->key, it->kind == CONF_OPTION, &ck, err, sizeof(err)) !=
		    CONF_FOUND)
			conf_error(c, "%s: %s", it->where, err);
		else if (ck.knob != sel.knob && !is_duplicate(c, s, it, &ck))
			item_apply(c, it, &ck);
	}
	return c->n_errors == 0;
}

bool conf_names(const struct conf *c, const struct schema *s, const char *full)
{
	struct conf_knob ck;
	char err[500];

	for (size_t i = 0; i < c->n_items; i++)
		if (schema_find(s, c->items[i].key, c->items[i].kind == CONF_OPTION, &ck, err,
				sizeof(err)) == CONF_FOUND && strcmp(ck.key, full) == 0)
			return true;
	return false;
}

void conf_complain(const struct conf *c, const char *prog)
{
	for (const char *line = c->errors; *line;) {
		size_t n = strcspn(line, "\n");

		fprintf(stderr, "%s: %.*s\n", prog, (int)n, line);
		line += n + (line[n] == '\n');
	}
}
