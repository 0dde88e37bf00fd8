/* SPDX-License-Identifier: MIT */
/*
 * store.h - finished points on disk, named by everything that decides them
 *
 * A point's key is a JSON text: the code (its commit; of a build that no commit describes,
 * a hash of the program's own bytes), every knob in canonical text with the seed among
 * them, and hashes of the bytes of the files that the knobs name. Its name is a 128-bit
 * hash of that text. DIR/ab/abcd....json holds four lines:
 *
 *	{"ix_point": 1,
 *	"key": KEY,
 *	"result": what point.h says,
 *	"check": "128-bit hash of the bytes before this line"}
 *
 * A file is written beside (DIR/tmp), made durable and renamed: whoever is killed when, a
 * file is there whole or not at all. What is there is believed when the check is right, the
 * key is equal and the result is that of a run that finished; any other file is as none, and
 * replaced. Nobody locks: two who write one point write the same bytes.
 *
 * Runs that failed are not kept, as they are tried again. What came of those of one sweep on
 * other machines is carried in a folder of the same form, which is believed where they failed.
 */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include <stdio.h>

#include "sim/scenario.h"

enum { STORE_NAME_LEN = 32, STORE_FILES_MAX = 32, STORE_DIR_MAX = 4096 };

struct store {
	char dir[STORE_DIR_MAX];	/* "": nothing is kept */
	bool of_failures;		/* of runs that failed, and of no others */
	char code[96];			/* "commit 0123456789ab" or "program 0123..." */
	/* Data files whose hashes are known already. */
	size_t n_files;
	struct store_file {
		char name[SCENARIO_PATH_MAX + 1];
		uint64_t hash;
	} files[STORE_FILES_MAX];
};

struct store_key {
	char name[STORE_NAME_LEN + 1];
	char *text;
	uint64_t prices[2];		/* hashes of the price lists: server, client */
};

/** IX_STORE, or build/store. */
const char *store_default_dir(void);

/** @dir NULL: nothing is kept. Removes what killed writers left an hour ago. */
void store_open(struct store *st, const char *dir);

/** The same for the folder @dir of runs that failed. */
void store_open_failures(struct store *st, const char *dir);

/** The key of @sc. Returns 0, or a negative errno and a sentence: a price list is missing. */
int store_key(struct store *st, struct scenario *sc, struct store_key *k, char *err,
	      size_t err_len);
void store_key_free(struct store_key *k);

/** The code that made a result of this commit, as a key says it. */
void store_code(const char *commit, const char *program, char *buf, size_t len);

/**
 * The result of @k, to be freed, or NULL. A file that is not believed leaves a sentence in
 * @why, which is "" otherwise.
 */
char *store_get(const struct store *st, const struct store_key *k, size_t *len, char *why,
		size_t why_len);

/** Keep @result. Returns 0, or a negative errno and a sentence. */
int store_put(const struct store *st, const struct store_key *k, const char *result, char *err,
	      size_t err_len);

/** The bytes of the file that store_put() writes; to be freed. */
char *store_text(const struct store_key *k, const char *result, size_t *len);

/**
 * Take a file that another machine wrote into the store; that of a run that failed into
 * @failures. Returns as store_put(); -EINVAL: the file is none of these, or damaged;
 * -ECANCELED: the run failed, and @failures is NULL.
 */
int store_take(const struct store *st, const struct store *failures, const char *path, char *err,
	       size_t err_len);

/** Where the point whose key has this @name is kept. */
void store_path(const struct store *st, const char *name, char *buf, size_t len);

#endif
