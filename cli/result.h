/* SPDX-License-Identifier: MIT */
/*
 * result.h - result files: CSV and manifest, whole or not at all
 *
 * A file is written beside its target and renamed over it, so a reader sees the old one or
 * the new one. Nothing in it depends on the host: no time, no host name, no path outside
 * the command. Missing folders are made.
 */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

#include <jansson.h>

#include "cli/conf.h"
#include "cli/table.h"

/** Each returns 0, or a negative errno and a sentence in @err. */
int result_save(const char *path, const char *data, size_t len, char *err, size_t err_len);
/** The same through the file @tmp, in a folder of the same file system. */
int result_save_by(const char *path, const char *tmp, const char *data, size_t len, char *err,
		   size_t err_len);
int result_save_table(const char *path, const struct table *t, char *err, size_t err_len);
int result_save_json(const char *path, const json_t *j, char *err, size_t err_len);

/** Why @path cannot be written: a folder, or below what is none; a device, a pipe or a link, whose
 * place a rename would take. NULL if it can, as far as that goes. */
const char *result_trouble(const char *path);

/** The name that @path is written under until it is whole, in the same folder. */
void result_tmp(char *buf, size_t len, const char *path);
/** Make the file @tmp, which is whole, durable and call it @path. Returns 0 or a negative errno. */
int result_rename(const char *tmp, const char *path);

/** Remove what runs that were killed left of @path: of processes that are gone, a minute old. */
void result_tidy(const char *path);

/** Every byte of a regular file, to be freed; NULL and errno. */
char *result_load(const char *path, size_t *len);

/** Remove the files in @dir that @is_ours by their names, and that nobody has written to for @age_s
 * seconds. */
void result_remove_old(const char *dir, long age_s, bool (*is_ours)(const char *name));

/** As result_save_json(), to a stream. */
void result_print_json(const json_t *j, FILE *f);

/**
 * What a result was made from: version, commit, compiler, what ran, and every knob of @s.
 * @what is "sim", "sweep" or "figure"; @input the configuration file's name.
 */
json_t *result_manifest(const struct schema *s, const char *what, const char *input);

/** A CSV's text, to be freed. */
char *result_table_text(const struct table *t, size_t *len);

/* The member of a manifest that has the hash of the table it was saved with. */
#define RESULT_HASH "csv"
enum { RESULT_HASH_LEN = 17 };

/** The hash of a text, in hexadecimal. */
void result_hash(char hex[RESULT_HASH_LEN], const char *data, size_t len);

/** A number that JSON can hold; null for infinities and nan. */
json_t *result_number(double v);

/** @dir/@name.@ext into @buf. */
void result_path(char *buf, size_t len, const char *dir, const char *name, const char *ext);

/** The file's name without folders and without ".conf". */
void result_name(char *buf, size_t len, const char *path);

enum { RESULT_DIR_LEN = 400, RESULT_NAME_LEN = 200 };	/* as an option may have them */

/** results/x.csv, or results/x, to results and x. */
void result_split(const char *path, char *dir, size_t dir_len, char *name, size_t name_len);

#endif
