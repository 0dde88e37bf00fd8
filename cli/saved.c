/* SPDX-License-Identifier: MIT */
/*
 * saved.c - see saved.h
 *
 * Not here: saving (sweep_save()), price lists that have changed since (judge.c).
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/result.h"
#include "cli/saved.h"

enum { PATH_LEN = 600 };

int saved_read(struct table *t, const char *dir, const char *name, char *err, size_t err_len)
{
	char path[PATH_LEN];
	int rc;

	result_path(path, sizeof(path), dir, name, "csv");
	rc = table_read_whole(t, path, err, err_len);
	if (rc == 0 && t->n_rows == 0) {	/* of a sweep there is at least one */
		snprintf(err, err_len, "%s is damaged: it has no rows", path);
		table_free(t);
		rc = -EINVAL;
	}
	return rc;
}

/* What is wrong with the manifest @path, read as @m or NULL, of a table with @hash. */
static bool is_doubtful(const char *path, const json_t *m, const char *csv, const char *hash,
			char *why, size_t why_len)
{
	const json_t *was = json_object_get(m, RESULT_HASH);

	if (access(path, F_OK) != 0)
		snprintf(why, why_len, "%s has no manifest, %s", csv, path);
	else if (!json_is_object(m))
		snprintf(why, why_len, "%s is damaged: it is no manifest", path);
	else if (was && strcmp(json_string_value(was) ?: "", hash) != 0)
		snprintf(why, why_len, "%s has changed since %s was written with it", csv, path);
	else
		return false;
	return true;
}

bool saved_is_doubtful(const char *dir, const char *name, char *why, size_t why_len)
{
	char path[PATH_LEN], csv[PATH_LEN], hash[RESULT_HASH_LEN], *text;
	json_t *manifest;
	bool doubtful;
	size_t len;

	result_path(csv, sizeof(csv), dir, name, "csv");
	result_path(path, sizeof(path), dir, name, "json");
	text = result_load(csv, &len);
	if (!text)
		return false;		/* saved_read() says why */
	result_hash(hash, text, len);
	free(text);
	manifest = json_load_file(path, 0, NULL);
	doubtful = is_doubtful(path, manifest, csv, hash, why, why_len);
	json_decref(manifest);
	return doubtful;
}
