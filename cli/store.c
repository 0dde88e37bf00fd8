/* SPDX-License-Identifier: MIT */
/*
 * store.c - see store.h
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "cli/cli.h"
#include "cli/point.h"
#include "cli/result.h"
#include "cli/simrun.h"
#include "cli/store.h"
#include "sim/costs.h"

enum { STALE_S = 3600, CHECK_LEN = sizeof("\"check\": \"\"}\n") - 1 + STORE_NAME_LEN,
       TAIL_LEN = sizeof(",\n") - 1 + CHECK_LEN };

static const char head_key[] = "{\"ix_point\": 1,\n\"key\": ";
static const char head_result[] = ",\n\"result\": ";

/* 128 bits as 32 digits: SipHash under two keys. */
static void name_of(const void *data, size_t len, char out[STORE_NAME_LEN + 1])
{
	static const uint64_t key[2][2] = { { 0x6978207377656570ULL, 0x20706f696e742061ULL },
					    { 0x6978207377656570ULL, 0x20706f696e742062ULL } };

	snprintf(out, STORE_NAME_LEN + 1, "%016" PRIx64 "%016" PRIx64,
		 siphash24(key[0], data, len), siphash24(key[1], data, len));
}

const char *store_default_dir(void)
{
	const char *env = getenv("IX_STORE");

	return env && *env ? env : "build/store";
}

void store_code(const char *commit, const char *program, char *buf, size_t len)
{
	const char *dirty = strstr(commit, "-dirty");
	char name[STORE_NAME_LEN + 1] = "unknown", *text;
	size_t n;

	if (!dirty && strcmp(commit, "unknown") != 0) {
		snprintf(buf, len, "commit %.64s", commit);
		return;
	}
	text = result_load(program, &n);
	if (text)
		name_of(text, n, name);
	free(text);
	snprintf(buf, len, "program %s", name);
}

/* Is @name one that file_put() writes under: a point's, a host's, a process's? */
static bool is_tmp(const char *name)
{
	const char *pid = strrchr(name, '.');

	return strspn(name, "0123456789abcdef") == STORE_NAME_LEN && name[STORE_NAME_LEN] == '.' &&
	       pid > name + STORE_NAME_LEN && pid[1] && !pid[1 + strspn(pid + 1, "0123456789")];
}

void store_open(struct store *st, const char *dir)
{
	char tmp[STORE_DIR_MAX + 8];

	memset(st, 0, sizeof(*st));
	snprintf(st->dir, sizeof(st->dir), "%s", dir ? dir : "");
	store_code(ix_commit, "/proc/self/exe", st->code, sizeof(st->code));
	if (dir) {
		snprintf(tmp, sizeof(tmp), "%s/tmp", dir);
		result_remove_old(tmp, STALE_S, is_tmp);
	}
}

void store_open_failures(struct store *st, const char *dir)
{
	store_open(st, dir);
	st->of_failures = true;
}

/* ---- keys ---- */

static struct store_file *file_known(struct store *st, const char *name)
{
	for (size_t i = 0; i < st->n_files; i++)
		if (strcmp(st->files[i].name, name) == 0)
			return &st->files[i];
	return NULL;
}

static void file_learn(struct store *st, const char *name, uint64_t hash)
{
	struct store_file *f = &st->files[st->n_files];

	if (st->n_files == STORE_FILES_MAX)
		return;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->hash = hash;
	st->n_files++;
}

static int price_hash(struct store *st, const char *name, uint64_t *hash, char *err, size_t err_len)
{
	const struct store_file *known = file_known(st, name);
	struct costs costs;
	int rc;

	if (known) {
		*hash = known->hash;
		return 0;
	}
	rc = costs_load(&costs, name, err, err_len);
	if (rc)
		return rc;
	*hash = costs.hash;
	file_learn(st, name, *hash);
	return 0;
}

static void hash_set(json_t *files, const char *key, uint64_t hash)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	json_object_set_new(files, key, json_string(text));
}

/* A text knob that names a file there is: its bytes count. Not what a run writes, and not the
 * price lists, which are looked for elsewhere too. */
static void files_hash(const struct schema *s, json_t *files)
{
	static const char *const others[] = { "pcap", "trace", "series", "profile" };
	static const uint64_t key[2] = { 0x6978206461746120ULL, 0x66696c6573202020ULL };
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec), len;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			const struct knob *k = &sec[i].knobs[j];
			const char *value = (const char *)sec[i].obj + k->off;
			char full[CONF_KEY_MAX], *text;
			bool skip = k->type != KNOB_STRING || !*value;

			for (size_t w = 0; w < ARRAY_LEN(others); w++)
				skip |= strcmp(k->name, others[w]) == 0;
			text = skip ? NULL : result_load(value, &len);
			if (!text)
				continue;
			snprintf(full, sizeof(full), "%s.%s", sec[i].path, k->name);
			hash_set(files, full, siphash24(key, text, len));
			free(text);
		}
}

int store_key(struct store *st, struct scenario *sc, struct store_key *k, char *err, size_t err_len)
{
	struct schema s;
	json_t *key, *files;
	int rc;

	memset(k, 0, sizeof(*k));
	rc = price_hash(st, sc->server.profile, &k->prices[0], err, err_len);
	if (!rc)
		rc = price_hash(st, sc->client.profile, &k->prices[1], err, err_len);
	if (rc)
		return rc;
	simrun_schema(&s, sc);
	files = json_object();
	files_hash(&s, files);
	hash_set(files, "prices of server", k->prices[0]);
	hash_set(files, "prices of client", k->prices[1]);
	key = json_pack("{s:s, s:o, s:o}", "code", st->code, "config", schema_json(&s), "files",
			files);
	k->text = json_dumps(key, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
	json_decref(key);
	if (!k->text)
		abort();
	name_of(k->text, strlen(k->text), k->name);
	return 0;
}

void store_key_free(struct store_key *k)
{
	free(k->text);
	k->text = NULL;
}

/* ---- files ---- */

void store_path(const struct store *st, const char *name, char *buf, size_t len)
{
	snprintf(buf, len, "%s/%.2s/%s.json", st->dir, name, name);
}

char *store_text(const struct store_key *k, const char *result, size_t *len)
{
	char check[STORE_NAME_LEN + 1], *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		abort();
	fprintf(f, "%s%s%s%s,\n", head_key, k->text, head_result, result);
	fflush(f);
	name_of(text, *len, check);
	fprintf(f, "\"check\": \"%s\"}\n", check);
	if (fclose(f) != 0)
		abort();
	return text;
}

/* Is the file whole and unchanged since it was written? */
static bool is_whole(const char *text, size_t len)
{
	char check[STORE_NAME_LEN + 1], line[CHECK_LEN + 1];

	if (len < sizeof(head_key) + CHECK_LEN || memcmp(text, head_key, sizeof(head_key) - 1) != 0)
		return false;
	name_of(text, len - CHECK_LEN, check);
	snprintf(line, sizeof(line), "\"check\": \"%s\"}\n", check);
	return memcmp(text + len - CHECK_LEN, line, CHECK_LEN) == 0;
}

/* What lies between the key @key and the check, or NULL: another key's point. */
static const char *result_of(const char *text, size_t len, const char *key, size_t *n)
{
	size_t at = sizeof(head_key) - 1, n_key = strlen(key);

	if (len < at + n_key + sizeof(head_result) - 1 + TAIL_LEN ||
	    memcmp(text + at, key, n_key) != 0)
		return NULL;
	at += n_key;
	if (memcmp(text + at, head_result, sizeof(head_result) - 1) != 0)
		return NULL;
	at += sizeof(head_result) - 1;
	*n = len - TAIL_LEN - at;
	return text + at;
}

/* Anybody can compute a check: is it what a run leaves that finished, or else that failed? */
static bool is_result(const struct store *st, const char *result, size_t len)
{
	struct point p;
	bool is = point_read(&p, result, len);

	is &= (p.status == POINT_FAILED) == st->of_failures;
	point_free(&p);
	return is;
}

char *store_get(const struct store *st, const struct store_key *k, size_t *len, char *why,
		size_t why_len)
{
	char path[STORE_DIR_MAX + 64], *text, *kept = NULL;
	const char *result = NULL;
	size_t n;

	why[0] = '\0';
	if (!st->dir[0])
		return NULL;
	store_path(st, k->name, path, sizeof(path));
	errno = 0;
	text = result_load(path, &n);
	if (!text) {
		if (errno && errno != ENOENT && errno != ENOTDIR)
			snprintf(why, why_len, "%s: cannot be read: %s; the point runs again", path,
				 strerror(errno));
		return NULL;
	}
	if (!is_whole(text, n))
		snprintf(why, why_len, "%s is damaged, its check is wrong; the point runs again",
			 path);
	else if (!(result = result_of(text, n, k->text, len)))
		snprintf(why, why_len, "%s holds another point than its name says; the point runs "
			 "again", path);
	else if (!is_result(st, result, *len))
		snprintf(why, why_len, "%s holds no result of a run; the point runs again", path);
	else if (!(kept = strndup(result, *len)))
		abort();
	free(text);
	return kept;
}

static int file_put(const struct store *st, const char *name, const char *text, size_t len,
		    char *err, size_t err_len)
{
	char path[STORE_DIR_MAX + 64], tmp[STORE_DIR_MAX + 128], host[40] = "", link;

	/* Others may write the same point, on other machines of a shared folder too. */
	gethostname(host, sizeof(host) - 1);
	snprintf(path, sizeof(path), "%s/%.2s/%s.json", st->dir, name, name);
	snprintf(tmp, sizeof(tmp), "%s/tmp/%s.%s.%d", st->dir, name, host, (int)getpid());
	if (readlink(path, &link, 1) >= 0)
		unlink(path);		/* we make none, and a result does not go over one */
	return result_save_by(path, tmp, text, len, err, err_len);
}

int store_put(const struct store *st, const struct store_key *k, const char *result, char *err,
	      size_t err_len)
{
	size_t len;
	char *text;
	int rc;

	if (!st->dir[0])
		return 0;
	text = store_text(k, result, &len);
	rc = file_put(st, k->name, text, len, err, err_len);
	free(text);
	return rc;
}

/* Where the result of a file that was brought belongs. Returns as store_take(). */
static int take_where(const struct store *st, const struct store *failures, const char *path,
		      const char *result, size_t len, const struct store **where, char *err,
		      size_t err_len)
{
	struct point p;
	int rc = 0;

	if (!point_read(&p, result, len)) {
		rc = -EINVAL;
	} else if (p.status == POINT_FAILED && !failures) {
		snprintf(err, err_len, "%s is no finished point, the run failed: %s", path, p.why);
		rc = -ECANCELED;
	}
	*where = p.status == POINT_FAILED ? failures : st;
	point_free(&p);
	return rc;
}

int store_take(const struct store *st, const struct store *failures, const char *path, char *err,
	       size_t err_len)
{
	char name[STORE_NAME_LEN + 1], *text, *end;
	size_t len, at = sizeof(head_key) - 1, result = 0;
	const struct store *where;
	int rc = -EINVAL;

	errno = 0;
	text = result_load(path, &len);
	if (!text) {
		snprintf(err, err_len, "%s: cannot be read: %s", path,
			 errno ? strerror(errno) : "it is no regular file");
		return -EIO;
	}
	end = is_whole(text, len) ? memmem(text, len, head_result, sizeof(head_result) - 1) : NULL;
	if (end)
		result = (size_t)(end - text) + sizeof(head_result) - 1;
	if (end && len >= result + TAIL_LEN)
		rc = take_where(st, failures, path, text + result, len - TAIL_LEN - result, &where,
				err, err_len);
	if (rc == -EINVAL)
		snprintf(err, err_len, "%s is no finished point, or damaged", path);
	if (rc == 0) {
		name_of(text + at, (size_t)(end - text) - at, name);
		rc = file_put(where, name, text, len, err, err_len);
		if (rc == -EINVAL)	/* of the file system: the point is good */
			rc = -EIO;
	}
	free(text);
	return rc;
}
