/* SPDX-License-Identifier: MIT */
/*
 * test_store.c - finished points on disk: names, round trips, and files not to believe
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/point.h"
#include "cli/result.h"
#include "cli/store.h"
#include "tests/unit/cu.h"

static char dir[] = "/tmp/ix_store_XXXXXX", path[512], err[700];
static struct scenario sc;
static struct store st;
static struct store_key key;

static const char ok[] = "{\"status\":\"ok\",\"prices\":[\"00000000000000ff\",\"1\"],\"metrics\":"
			 "[[\"a\",0.10000000000000001,\"doc\"],[\"b\",\"inf\",\"\"],"
			 "[\"c\",\"nan\",\"\"]],\"rows\":[[64,100,12345678901234]]}";

static void begin(void)
{
	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
	scenario_defaults(&sc);
	store_open(&st, dir);
	CU_ASSERT_FATAL(store_key(&st, &sc, &key, err, sizeof(err)) == 0);
	store_path(&st, key.name, path, sizeof(path));
}

/* Every knob and the seed have a part in the name; the same scenario has the same name. */
static void names(void)
{
	struct store other = st;
	struct store_key k;

	CHECK_EQ(strlen(key.name), STORE_NAME_LEN);
	CHECK(store_key(&st, &sc, &k, err, sizeof(err)) == 0);
	CHECK(strcmp(k.name, key.name) == 0 && strcmp(k.text, key.text) == 0);
	CHECK(strstr(k.text, "\"seed\":1,") && strstr(k.text, "prices of server"));
	store_key_free(&k);
	sc.seed = 2;
	CHECK(store_key(&st, &sc, &k, err, sizeof(err)) == 0);
	CHECK(strcmp(k.name, key.name) != 0);
	store_key_free(&k);
	sc.seed = 1;
	strcpy(other.code, "commit 0123456789ab");
	CHECK(store_key(&other, &sc, &k, err, sizeof(err)) == 0);
	CHECK(strcmp(k.name, key.name) != 0);
	store_key_free(&k);
	strcpy(sc.server.profile, "nonesuch");
	CHECK(store_key(&st, &sc, &k, err, sizeof(err)) != 0 && strstr(err, "nonesuch"));
	strcpy(sc.server.profile, "ix");
}

static void codes(void)
{
	char a[96], b[96], file[64];

	store_code("0123456789ab", "/proc/self/exe", a, sizeof(a));
	CHECK(strcmp(a, "commit 0123456789ab") == 0);
	store_code("0123456789ab-dirty", "/proc/self/exe", a, sizeof(a));
	CHECK(strncmp(a, "program ", 8) == 0 && strlen(a) == 8 + STORE_NAME_LEN);
	snprintf(file, sizeof(file), "%s/program", dir);
	CHECK(result_save(file, "x", 1, err, sizeof(err)) == 0);
	store_code("unknown", file, b, sizeof(b));
	CHECK(strcmp(a, b) != 0);
	CHECK(result_save(file, "y", 1, err, sizeof(err)) == 0);
	store_code("unknown", file, a, sizeof(a));
	CHECK(strcmp(a, b) != 0);
	unlink(file);
}

static bool get_is(const char *want, const char *why_part)
{
	size_t len;
	char *got = store_get(&st, &key, &len, err, sizeof(err));
	bool same = want ? got && len == strlen(want) && memcmp(got, want, len) == 0 : !got;

	free(got);
	if (!same || !strstr(err, why_part))
		fprintf(stderr, "got %s, said: %s\n", got ? "something" : "nothing", err);
	return same && strstr(err, why_part) && (*why_part || !*err);
}

static void put_and_get(void)
{
	CHECK(get_is(NULL, ""));
	CHECK(store_put(&st, &key, ok, err, sizeof(err)) == 0);
	CHECK(get_is(ok, ""));
	CHECK(store_put(&st, &key, ok, err, sizeof(err)) == 0);	/* again: no harm */
	CHECK(get_is(ok, ""));
}

/* Cut at any length, or with any byte changed, a file is not believed. */
static void damage(void)
{
	size_t len, step;
	char *whole = result_load(path, &len);

	CU_ASSERT_FATAL(whole != NULL);
	step = len / 97 + 1;
	for (size_t n = 0; n < len; n += step) {
		CHECK(result_save(path, whole, n, err, sizeof(err)) == 0);
		CHECK(get_is(NULL, "is damaged"));
	}
	for (size_t i = 0; i < len; i += step) {
		whole[i] ^= 4;
		CHECK(result_save(path, whole, len, err, sizeof(err)) == 0);
		CHECK(get_is(NULL, "is damaged"));
		whole[i] ^= 4;
	}
	CHECK(result_save(path, whole, len, err, sizeof(err)) == 0);
	CHECK(get_is(ok, ""));
	free(whole);
}

/* A whole file under another's name: what a collision of names would look like. */
static void foreign(void)
{
	struct store_key k;
	char *text;
	size_t len;

	sc.seed = 3;
	CHECK(store_key(&st, &sc, &k, err, sizeof(err)) == 0);
	sc.seed = 1;
	text = store_text(&k, ok, &len);
	CHECK(result_save(path, text, len, err, sizeof(err)) == 0);
	CHECK(get_is(NULL, "holds another point"));
	CHECK(store_take(&st, NULL, path, err, sizeof(err)) == 0);	/* to where it belongs */
	store_path(&st, k.name, path, sizeof(path));
	CHECK(access(path, R_OK) == 0);
	CHECK(result_save(path, "{}", 2, err, sizeof(err)) == 0);
	CHECK(store_take(&st, NULL, path, err, sizeof(err)) == -EINVAL);
	CHECK(strstr(err, "no finished point") != NULL);
	unlink(path);
	store_path(&st, key.name, path, sizeof(path));
	free(text);
	store_key_free(&k);
}

/* A right check and the right key, but no result of a run: it must not fail for ever. */
static void forged(void)
{
	static const char *const results[] = {
		"", "\"", "{}", "[]", "null", "{\"status\":\"ok\"}",
		"{\"status\":\"failed\",\"why\":\"x\"}",
		"{\"status\":\"ok\",\"metrics\":[[\"a\",\"doc\",1]]}",
	};
	char copy[64], *text;
	size_t len;

	snprintf(copy, sizeof(copy), "%s/forged", dir);
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		text = store_text(&key, results[i], &len);
		CHECK(result_save(path, text, len, err, sizeof(err)) == 0);
		CHECK(get_is(NULL, "holds no result of a run"));
		CHECK(result_save(copy, text, len, err, sizeof(err)) == 0);
		CHECK(store_take(&st, NULL, copy, err, sizeof(err)) != 0);
		CHECK(strstr(err, "no finished point") != NULL);
		free(text);
	}
	unlink(copy);
	CHECK(store_put(&st, &key, ok, err, sizeof(err)) == 0);
	CHECK(get_is(ok, ""));
}

/* Runs that failed have a folder of their own, which holds nothing else. */
static void failures(void)
{
	static const char failed[] = "{\"status\":\"failed\",\"why\":\"x\"}";
	char dir_failed[64], copy[64], *text;
	struct store other;
	size_t len;

	snprintf(dir_failed, sizeof(dir_failed), "%s/failed", dir);
	snprintf(copy, sizeof(copy), "%s/brought", dir);
	store_open_failures(&other, dir_failed);
	text = store_text(&key, failed, &len);
	CHECK(result_save(copy, text, len, err, sizeof(err)) == 0);
	free(text);
	CHECK(store_take(&st, NULL, copy, err, sizeof(err)) == -ECANCELED);
	CHECK(store_take(&st, &other, copy, err, sizeof(err)) == 0);
	CHECK(get_is(ok, ""));
	text = store_get(&other, &key, &len, err, sizeof(err));
	CHECK(text && !*err && strcmp(text, failed) == 0);
	free(text);
	CHECK(store_put(&other, &key, ok, err, sizeof(err)) == 0);
	CHECK(!store_get(&other, &key, &len, err, sizeof(err)) && strstr(err, "no result"));
	store_path(&other, key.name, copy, sizeof(copy));
	unlink(copy);
	snprintf(copy, sizeof(copy), "%s/brought", dir);
	CHECK(truncate(copy, 200) == 0);
	CHECK(store_take(&st, &other, copy, err, sizeof(err)) == -EINVAL);
	unlink(copy);
}

static void no_store(void)
{
	struct store none;
	size_t len;

	store_open(&none, NULL);
	CHECK(store_put(&none, &key, ok, err, sizeof(err)) == 0);
	CHECK(store_get(&none, &key, &len, err, sizeof(err)) == NULL && !*err);
}

static void full_disk(void)
{
	struct store full;

	store_open(&full, "/dev/full/store");
	CHECK(store_put(&full, &key, ok, err, sizeof(err)) < 0);
	CHECK(strstr(err, "cannot write /dev/full/store/") != NULL);
}

static void documents(void)
{
	struct point p;
	char *text;

	CHECK(point_read(&p, ok, strlen(ok)) && p.status == POINT_OK && !*p.why);
	CHECK_EQ(p.n_metrics, 3);
	CHECK(point_metric(&p, "a")->value == 0.1 && isinf(point_metric(&p, "b")->value));
	CHECK(isnan(point_metric(&p, "c")->value) && !point_metric(&p, "d"));
	CHECK(p.n_rows == 1 && p.rows[0].bytes == 64 && p.rows[0].total_ns == 12345678901234);
	CHECK_EQ(p.price_hash_server, 255);
	point_free(&p);
	CHECK(!point_read(&p, "{}", 2) && p.status == POINT_FAILED && strstr(p.why, "incomplete"));
	point_free(&p);
	CHECK(!point_read(&p, ok, 50) && p.status == POINT_FAILED);
	point_free(&p);
	text = point_failure("because \"x\"");
	CHECK(point_read(&p, text, strlen(text)) && strcmp(p.why, "because \"x\"") == 0);
	point_free(&p);
	free(text);
}

/* A run and its document say the same, to the last bit. */
static void exact(void)
{
	struct sim_result *r = calloc(1, sizeof(*r));
	struct point p;
	char *text, *again;
	bool same = true;

	sc.warmup_ns = 1000000;
	sc.duration_ns = 1000000;
	CU_ASSERT_FATAL(r && sim_run(&sc, r, NULL, NULL, err, sizeof(err)) == 0);
	text = point_measure(&sc);
	CHECK(point_read(&p, text, strlen(text)));
	CHECK_EQ(p.n_metrics, r->n_metrics);
	for (uint32_t i = 0; i < r->n_metrics && i < p.n_metrics; i++)
		same &= memcmp(&p.metrics[i].value, &r->metrics[i].value, sizeof(double)) == 0 &&
			strcmp(p.metrics[i].name, r->metrics[i].name) == 0 &&
			strcmp(p.metrics[i].doc, r->metrics[i].doc) == 0;
	CHECK(same);
	CHECK(p.price_hash_server == key.prices[0] && p.price_hash_client == key.prices[1]);
	again = point_measure(&sc);
	CHECK(strcmp(text, again) == 0);
	free(text);
	free(again);
	point_free(&p);
	sim_result_free(r);
	free(r);
}

static void end(void)
{
	char command[64];

	store_key_free(&key);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	CHECK(system(command) == 0);
}

CU_MAIN("store", TEST(begin), TEST(names), TEST(codes), TEST(put_and_get), TEST(damage),
	TEST(foreign), TEST(forged), TEST(failures), TEST(no_store), TEST(full_disk),
	TEST(documents), TEST(exact),
	TEST(end))
