/* SPDX-License-Identifier: MIT */
/*
 * conf.h - a configuration: assignments from a file and from options, applied to knobs
 *
 * A file is libconfig syntax; its groups follow the dotted paths of the sections:
 *
 *	seed = 7;
 *	link = { rate = "10 Gb/s"; };
 *	server = { threads = 1; dp = { batch_max = 16; }; };
 *	workload = { name = "echo"; size = 64; };
 *
 * A knob that bears the name of a group ("workload") is written `name` inside the group.
 * An option names a key in full or by its end, as long as that fits one key only, or one
 * whose group encloses the others' ("size": workload.size before workload.server.size).
 *
 * Every mistake is collected with file, line, key, legal range and the nearest known key,
 * so that one attempt shows them all. Not here: what a value may look like (units.c).
 */
#ifndef CLI_CONF_H
#define CLI_CONF_H

#include <jansson.h>
#include <libconfig.h>
#include <stdio.h>

#include "base/knob.h"

enum { CONF_SECTIONS_MAX = 32, CONF_KEY_MAX = 128, CONF_ERRORS_MAX = 8192 };

/** Who said it: a later layer overrules an earlier one; within a layer nothing is said twice. */
enum conf_layer {
	CONF_LAYER_FILE,
	CONF_LAYER_BASE,		/* the file that a group of a sweep builds on */
	CONF_LAYER_SET,			/* what the group sets; a file in it takes a layer */
	CONF_LAYER_SET_LAST = CONF_LAYER_SET + 8,
	CONF_LAYER_QUICK,		/* a figure's preview, */
	CONF_LAYER_GROUP_QUICK,		/* ... and a group's */
	CONF_LAYER_OPTION,
	CONF_LAYER_SEARCH,		/* what a search tries */
	CONF_LAYERS
};

/** The knobs that a configuration is applied to. */
struct schema {
	size_t (*sections)(void *ctx, struct section out[CONF_SECTIONS_MAX]);
	void *ctx;
	/* Key that decides which sections there are; applied first, and then the sections
	 * of its name (and below it) get their defaults. NULL: none. */
	const char *selector;
	const char *list_keys;	/* command that prints every key, for messages */
};

/** One assignment. */
struct conf_item {
	char *key, *text;
	char *where;		/* "fig2.conf:12" or "-s" */
	unsigned layer;
	enum { CONF_INT, CONF_FLOAT, CONF_BOOL, CONF_TEXT, CONF_OPTION } kind;
};

struct conf {
	config_t file;		/* the groups "sweep", "points", "figure" are read here */
	bool has_file;
	struct conf_item *items;
	size_t n_items, cap;
	unsigned n_errors;
	size_t errors_len;
	char errors[CONF_ERRORS_MAX];	/* one sentence a line */
};

void conf_init(struct conf *c);
void conf_free(struct conf *c);

/** Note a mistake. */
__attribute__((format(printf, 2, 3))) void conf_error(struct conf *c, const char *fmt, ...);

/** Read a file, at most once. false: mistakes were noted. */
bool conf_read(struct conf *c, const char *path);

/** Read one more file, as @layer. false: mistakes were noted. */
bool conf_include(struct conf *c, const char *path, unsigned layer);

/** Take "key=value"; @option ("-s") says where it came from. */
bool conf_set(struct conf *c, const char *assignment, const char *option);
bool conf_set_layer(struct conf *c, const char *assignment, const char *option, unsigned layer);

/** Apply every assignment, layer by layer. false: mistakes were noted; nothing to run. */
bool conf_apply(struct conf *c, const struct schema *s);

/** Is the key @full assigned by file or option? */
bool conf_names(const struct conf *c, const struct schema *s, const char *full);

/** Print the mistakes, one a line, behind the program's name. */
void conf_complain(const struct conf *c, const char *prog);

/** Where a setting stands, "fig2.conf:12". */
void conf_where(const config_setting_t *set, char *buf, size_t len);

/* ---- schemas (schema.c) ---- */

/** A knob in its section. */
struct conf_knob {
	const struct knob *knob;
	void *obj;
	char key[CONF_KEY_MAX];	/* in full */
};

enum { CONF_FOUND = 0, CONF_UNKNOWN = -1, CONF_AMBIGUOUS = -2 };

/**
 * Find @key; with @suffix also by its end. Returns CONF_FOUND and @out, or CONF_UNKNOWN
 * or CONF_AMBIGUOUS and a sentence in @err that names the candidates.
 */
int schema_find(const struct schema *s, const char *key, bool suffix, struct conf_knob *out,
		char *err, size_t err_len);

/** Print a file that conf_read() and conf_apply() turn into the same values. */
void schema_print(const struct schema *s, FILE *f);

/** Print every knob: name, default, range, what it is. */
void schema_list(const struct schema *s, FILE *f);

/** {"server.dp.batch_max": 64, "link.rate": "10 Gb/s", ...} */
json_t *schema_json(const struct schema *s);

/** Single edits (insert, delete, replace, swap neighbours) between two words. */
unsigned edit_distance(const char *a, const char *b);

#endif
