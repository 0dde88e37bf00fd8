/* SPDX-License-Identifier: MIT */
/*
 * test_claims.c - verdicts, measurements, points and shapes, and the tables they come from
 */
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/claims.h"
#include "cli/curves.h"
#include "cli/measure.h"
#include "cli/result.h"
#include "cli/saved.h"
#include "tests/unit/cu.h"

static enum verdict judge(const char *value, const char *tolerance, double ours)
{
	char error[32];

	return claim_judge(value, "us", NULL, tolerance, ours, error, sizeof(error));
}

static void tolerances(void)
{
	char error[32];

	CHECK_EQ(judge("5.7", "10%", 5.13), VERDICT_HOLDS);	/* the edge belongs to it */
	CHECK_EQ(judge("5.7", "10%", 5.12), VERDICT_MISSES);
	CHECK_EQ(judge("5.7", "10%", 6.27), VERDICT_HOLDS);
	CHECK_EQ(judge("5.7", "10%", 6.28), VERDICT_MISSES);
	CHECK_EQ(judge("20", "at most", 20), VERDICT_HOLDS);
	CHECK_EQ(judge("20", "at most", 20.1), VERDICT_MISSES);
	CHECK_EQ(judge("20", "at most", 1), VERDICT_HOLDS);
	CHECK_EQ(judge("10", "at least", 9.9), VERDICT_MISSES);
	CHECK_EQ(judge("10", "at least", 100), VERDICT_HOLDS);
	CHECK_EQ(judge("3", "exact", 3), VERDICT_HOLDS);
	CHECK_EQ(judge("3", "exact", 3.5), VERDICT_MISSES);
	CHECK_EQ(judge("75", "10 points", 84), VERDICT_HOLDS);
	CHECK_EQ(judge("75", "10 points", 86), VERDICT_MISSES);
	CHECK_EQ(judge("46-54", "5 points", 41), VERDICT_HOLDS);
	CHECK_EQ(judge("46-54", "5 points", 60), VERDICT_MISSES);
	CHECK_EQ(judge("6.4", "informative", 3), VERDICT_INFORMATIVE);
	CHECK_EQ(judge("6.4", "roughly", 6.4), VERDICT_BROKEN);
	CHECK_EQ(judge("6.4", "inf%", 100), VERDICT_BROKEN);
	CHECK_EQ(judge("6.4", "nan points", 6.4), VERDICT_BROKEN);
	CHECK_EQ(judge("nan", "10%", 6.4), VERDICT_BROKEN);
	CHECK_EQ(judge("1-inf", "10%", 6.4), VERDICT_BROKEN);
	CHECK_EQ(judge("many", "10%", 6.4), VERDICT_BROKEN);
	CHECK_EQ(judge("6.4", "10%", NAN), VERDICT_BROKEN);
	claim_judge("5.7", "us", NULL, "10%", 5.13, error, sizeof(error));
	CU_ASSERT_STRING_EQUAL(error, "-10.0 %");
	/* What is accepted decides, what was published is compared with. */
	CHECK_EQ(claim_judge("8", "us", "7-8", "exact", 8, error, sizeof(error)), VERDICT_HOLDS);
	CU_ASSERT_STRING_EQUAL(error, "+0.0 %");
	CHECK_EQ(claim_judge("8", "us", "7-8", "exact", 7, error, sizeof(error)), VERDICT_HOLDS);
	CU_ASSERT_STRING_EQUAL(error, "-12.5 %");
	CHECK_EQ(claim_judge("8", "us", "7-8", "exact", 6.5, error, sizeof(error)), VERDICT_MISSES);
	CHECK_EQ(claim_judge("24", "us", "21-25", "12%", 25.1, error, sizeof(error)),
		 VERDICT_MISSES);
	CU_ASSERT_STRING_EQUAL(error, "+4.6 %");
	/* What was published as nothing has no percents. */
	CHECK_EQ(claim_judge("0", "us", NULL, "at most", 0.25, error, sizeof(error)),
		 VERDICT_MISSES);
	CU_ASSERT_STRING_EQUAL(error, "+0.25 us");
	CHECK_EQ(claim_judge("0", "", NULL, "exact", 0, error, sizeof(error)), VERDICT_HOLDS);
	CU_ASSERT_STRING_EQUAL(error, "+0");
	CHECK_EQ(claim_judge("8", "us", "some", "exact", 8, error, sizeof(error)), VERDICT_BROKEN);
}

/* Column B, x, y; and a, b that sum to y. */
static void fill(struct table *t)
{
	static const double rows[][5] = {
		{ 1, 100, 5, 2, 3 }, { 1, 300, 11, 5, 6 }, { 1, 200, 7, 3, 4 },
		{ 64, 100, 6, 6, 0 }, { 64, 200, 6.5, 6, 0.5 }, { 64, 400, 12, 6, 6 },
	};
	static const char *const cols[] = { "B", "x", "y", "a", "b" };

	memset(t, 0, sizeof(*t));
	for (size_t c = 0; c < 5; c++)
		table_col_add(t, cols[c]);
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		table_row_add(t);
		for (size_t c = 0; c < 5; c++)
			table_set_number(t, r, c, rows[r][c]);
	}
}

static double measured(const struct table *t, const char *how, const char *want_err)
{
	char err[256] = "";
	config_t c;
	double v = NAN;

	config_init(&c);
	if (config_read_string(&c, how) != CONFIG_TRUE)
		CU_FAIL("bad test configuration");
	if (measure(config_root_setting(&c), t, &v, err, sizeof(err)) != 0)
		v = NAN;
	CHECK(want_err ? strstr(err, want_err) != NULL : err[0] == '\0');
	config_destroy(&c);
	return v;
}

static void measurements(void)
{
	struct table t;

	fill(&t);
	CHECK(measured(&t, "op=\"at\"; x=\"x\"; y=\"y\"; at=300.0;", NULL) == 11);
	CHECK(measured(&t, "op=\"at\"; x=\"x\"; y=\"y\"; at=100; where=\"B=64\"; scale=0.5;",
		      NULL) == 3);
	CHECK(measured(&t, "op=\"crosses\"; x=\"x\"; y=\"y\"; level=9.0; where=\"B=1\";", NULL) ==
	      250);
	CHECK(measured(&t, "op=\"crosses\"; x=\"x\"; y=\"y\"; level=1.0; where=\"B=1\";", NULL) ==
	      100);
	CHECK(measured(&t, "op=\"spread\"; x=\"x\"; y=\"y\"; at=200.0;", NULL) == 1);
	CHECK(measured(&t,
		      "op=\"gain\"; x=\"x\"; y=\"y\"; level=9.0; series=\"B\"; from=\"1\"; "
		      "to=\"64\";",
		      NULL) > 16.3);
	CHECK(measured(&t, "op=\"sum\"; x=\"x\"; y=\"y\"; at=300.0; columns=(\"a\",\"b\");",
		       NULL) == 100);
	CHECK(isnan(measured(&t, "op=\"at\"; x=\"x\"; y=\"y\"; at=5.0;", "no row")));
	CHECK(isnan(measured(&t, "op=\"crosses\"; x=\"x\"; y=\"y\"; level=99.0;", "no row")));
	CHECK(isnan(measured(&t, "op=\"sum\"; x=\"x\"; y=\"y\"; at=300.0; columns=(\"a\",\"zz\");",
			    "no column \"zz\"")));
	CHECK(isnan(measured(&t, "op=\"median\"; x=\"x\"; y=\"y\";", "unknown op \"median\"")));
	CHECK(isnan(measured(&t, "op=\"at\";", "needs op, x and y")));
	table_free(&t);
}

static void measurements_of_curves(void)
{
	struct table t;

	fill(&t);
	CHECK(measured(&t, "op=\"last\"; x=\"x\"; y=\"y\"; where=\"B=1\";", NULL) == 11);
	CHECK(measured(&t, "op=\"max\"; y=\"y\";", NULL) == 12);
	CHECK(measured(&t, "op=\"row\"; y=\"y\"; where=(\"B=64\", \"x=400\");", NULL) == 12);
	CHECK(isnan(measured(&t, "op=\"row\"; y=\"y\"; where=\"B=64\";", "no row")));
	CHECK(isnan(measured(&t, "op=\"row\"; y=\"y\"; where=(\"B=64\", \"x=300\");",
			     "no row")));
	CHECK(measured(&t, "op=\"load\"; x=\"x\"; y=\"y\"; level=9.0; where=\"B=1\";", NULL) ==
	      250);
	CHECK(measured(&t, "op=\"load\"; x=\"x\"; y=\"y\"; level=99.0; where=\"B=1\";", NULL) ==
	      300);
	CHECK(isnan(measured(&t, "op=\"load\"; x=\"x\"; y=\"y\"; level=1.0;", "no row")));
	/* 95 % of 11 is 10.45: only the last row has it; 60 % of it the middle one. */
	CHECK(measured(&t, "op=\"reaches\"; x=\"x\"; y=\"y\"; where=\"B=1\";", NULL) == 300);
	CHECK(measured(&t, "op=\"reaches\"; x=\"x\"; y=\"y\"; share=60.0; where=\"B=1\";",
		       NULL) == 200);
	CHECK(measured(&t, "op=\"reaches\"; x=\"x\"; y=\"y\"; where=\"B=1\"; scale=0.015; "
		       "step=1.0;", NULL) == 5);
	CHECK(measured(&t, "op=\"share\"; x=\"x\"; y=\"y\"; at=100.0; where=\"B=64\";", NULL) ==
	      50);
	CHECK(measured(&t, "op=\"ratio\"; x=\"x\"; y=\"y\"; at=100.0; series=\"B\"; of=\"64\"; "
		       "to=\"1\";", NULL) == 1.2);
	CHECK(measured(&t, "op=\"ratio\"; x=\"x\"; y=\"y\"; series=\"B\"; of=\"64\"; to=\"1\"; "
		       "scale=11.0;", NULL) == 12);
	CHECK(isnan(measured(&t, "op=\"ratio\"; x=\"x\"; y=\"y\"; series=\"B\"; of=\"64\"; "
			     "to=\"3\";", "no row")));
	CHECK(measured(&t, "op=\"at\"; x=\"x\"; y=\"y\"; at=300; scale=-1; offset=100;", NULL) ==
	      89);
	table_free(&t);
}

/* A column that is not there is a mistake, a row that is not there is none. */
static void a_misspelt_measurement_is_refused(void)
{
	static const struct { const char *how, *says; } bad[] = {
		{ "op=\"max\"; y=\"nosuch\";", "no column \"nosuch\"" },
		{ "op=\"at\"; x=\"nosuch\"; y=\"y\"; at=1;", "no column \"nosuch\"" },
		{ "op=\"max\"; y=\"y\"; where=\"C=1\";", "no column \"C\"" },
		{ "op=\"max\"; y=\"y\"; where=(\"B=1\", \"C=1\");", "no column \"C\"" },
		{ "op=\"max\"; y=\"y\"; where=\"B\";", "where is \"column=value\"" },
		{ "op=\"max\"; y=\"y\"; where=5;", "where is \"column=value\"" },
		{ "op=\"ratio\"; x=\"x\"; y=\"y\"; of=\"1\"; to=\"64\";",
		  "no column \"series\"" },
		{ "op=\"max\"; y=\"y\"; where=\"B=2\";", "no row of the result has B=2" },
		{ "op=\"ratio\"; x=\"x\"; y=\"y\"; series=\"B\"; of=\"1\"; to=\"2\";",
		  "no row of the result has B=2" },
	};
	char err[256];
	config_t c;
	struct table t;
	double v;

	fill(&t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		config_init(&c);
		CHECK_EQ(config_read_string(&c, bad[i].how), CONFIG_TRUE);
		CHECK_EQ(measure(config_root_setting(&c), &t, &v, err, sizeof(err)),
			 strstr(bad[i].says, "no row") ? -ENODATA : -EINVAL);
		CHECK(strstr(err, bad[i].says) != NULL);
		config_destroy(&c);
	}
	table_free(&t);
}

static void a_cell_is_a_number_or_nothing(void)
{
	static const char max_64[] = "op=\"max\"; y=\"y\"; where=\"B=64\";";
	struct table t;

	fill(&t);
	table_set(&t, 5, 2, "nan");
	CHECK(measured(&t, max_64, NULL) == 6.5);
	table_set(&t, 5, 2, "");
	CHECK(measured(&t, max_64, NULL) == 6.5);
	table_set(&t, 0, 2, "abc");	/* not read */
	CHECK(measured(&t, max_64, NULL) == 6.5);
	table_set(&t, 5, 2, "12abc");
	CHECK(isnan(measured(&t, max_64, "line 7 of the result: y is \"12abc\"")));
	CHECK(isnan(measured(&t, "op=\"sum\"; x=\"x\"; y=\"x\"; at=300; columns=(\"y\");",
			     "line 2 of the result: y is \"abc\"")));
	table_free(&t);
}

static void a_point_that_failed_has_no_columns(void)
{
	struct table t = { 0 };

	table_col_add(&t, "B");
	table_col_add(&t, "error");
	for (size_t r = 0; r < 2; r++) {
		table_row_add(&t);
		table_set(&t, r, 1, "why");
	}
	CHECK_EQ(rows_failed(&t), 2);
	CHECK(isnan(measured(&t, "op=\"max\"; y=\"y\";", "every point failed")));
	table_set(&t, 1, 1, "");
	CHECK_EQ(rows_failed(&t), 1);
	CHECK(isnan(measured(&t, "op=\"max\"; y=\"y\";", "no column \"y\"")));
	table_free(&t);
}

static void sources_name_points(void)
{
	struct fitted *f = calloc(1, sizeof(*f));

	fitted_add(f, "fit: fig3a/IX 4x10GbE/0.5 and 1, fig3a/IX 10GbE/2");
	fitted_add(f, "fit: C18, 25 misses of fig4/IX 4x10GbE/250992 against 1296; configured");
	fitted_add(f, "assumed: config/a/b, C1, C123, figures");
	CHECK_EQ(f->n, 6);
	CHECK(fitted_point(f, "fig3a", "IX 4x10GbE", 0.5));
	CHECK(fitted_point(f, "fig3a", "IX 4x10GbE", 1));
	CHECK(fitted_point(f, "fig3a", "IX 10GbE", 2));
	CHECK(!fitted_point(f, "fig3a", "IX 10GbE", 1));
	CHECK(fitted_point(f, "fig4", "IX 4x10GbE", 1296));
	CHECK(fitted_claim(f, "C18"));
	CHECK(!fitted_claim(f, "C17"));
	for (size_t i = 0; i < f->n; i++)	/* only the one that nobody asked for is left */
		CHECK_EQ(f->used[i].met, f->used[i].x != 250992);
	fitted_free(f);
	free(f);
}

static void file_put(const char *dir, const char *name, const char *ext, const char *text)
{
	char path[600], err[600];

	result_path(path, sizeof(path), dir, name, ext);
	CHECK_EQ(result_save(path, text, strlen(text), err, sizeof(err)), 0);
}

static void saved_results_are_whole(void)
{
	static const char csv[] = "x,y\n1,2\n3,\"a\nb\"\n";
	static const char *const bad[] = { "", "x,y\n", "x,y\n1,2", "x,y\n1\n", "x,y\n1,2,3\n",
					   "x,y\n1,2\n3,\"a\nb", "x,x\n1,2\n", "x,y" };
	char dir[] = "/tmp/test_claims.XXXXXX", err[700], path[600], json[100], hash[17];
	struct table t;

	CHECK(mkdtemp(dir) != NULL);
	CHECK_EQ(saved_read(&t, dir, "f", err, sizeof(err)), -ENOENT);
	CHECK(!saved_is_doubtful(dir, "f", err, sizeof(err)));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		file_put(dir, "f", "csv", bad[i]);
		CHECK_EQ(saved_read(&t, dir, "f", err, sizeof(err)), -EINVAL);
		CHECK(strstr(err, "f.csv is damaged") && t.n_cols == 0);
	}
	file_put(dir, "f", "csv", csv);
	CHECK_EQ(saved_read(&t, dir, "f", err, sizeof(err)), 0);
	CHECK_EQ(t.n_rows, 2);
	table_free(&t);
	CHECK(saved_is_doubtful(dir, "f", err, sizeof(err)) && strstr(err, "has no manifest"));
	file_put(dir, "f", "json", "{ \"co");
	CHECK(saved_is_doubtful(dir, "f", err, sizeof(err)) && strstr(err, "it is no manifest"));
	file_put(dir, "f", "json", "{}");	/* of before there was a hash */
	CHECK(!saved_is_doubtful(dir, "f", err, sizeof(err)));
	result_hash(hash, csv, strlen(csv));
	snprintf(json, sizeof(json), "{ \"csv\": \"%s\" }", hash);
	file_put(dir, "f", "json", json);
	CHECK(!saved_is_doubtful(dir, "f", err, sizeof(err)));
	file_put(dir, "f", "csv", "x,y\n1,2\n");
	CHECK(saved_is_doubtful(dir, "f", err, sizeof(err)) && strstr(err, "has changed since"));
	for (size_t i = 0; i < 2; i++) {
		result_path(path, sizeof(path), dir, "f", i ? "csv" : "json");
		CHECK_EQ(remove(path), 0);
	}
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK_EQ(saved_read(&t, dir, "f", err, sizeof(err)), -EISDIR);
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(rmdir(dir), 0);
}

/* Of a price and of a knob; what only speaks of a number was not fitted on it. */
static void sources_are_read(void)
{
	static const char list[] = "# C08 is hard.\na 1 ns \"by hand on fig1/A/3 and C09: why\"\n"
		"b 2 ns \"assumed: C10\"\nc 3 ns \"fit: C11\"\n";
	static const char knobs[] = "x = 1;\n# y is by hand on\n# C12\n# z is by hand on C13.\n";
	char dir[] = "/tmp/test_claims.XXXXXX", path[600];
	struct fitted *f = calloc(1, sizeof(*f));

	CHECK(mkdtemp(dir) != NULL);
	file_put(dir, "list", "conf", list);
	file_put(dir, "knobs", "conf", knobs);
	CHECK_EQ(fitted_read(f, dir), 2);
	CHECK_EQ(f->n, 4);
	CHECK(fitted_point(f, "fig1", "A", 3) && fitted_claim(f, "C09"));
	CHECK(fitted_claim(f, "C11") && fitted_claim(f, "C13"));
	fitted_free(f);
	free(f);
	for (size_t i = 0; i < 2; i++) {
		result_path(path, sizeof(path), dir, i ? "list" : "knobs", "conf");
		remove(path);
	}
	CHECK_EQ(rmdir(dir), 0);
}

static const char *check_of(const struct curves *c, const char *check, const char *series,
			    const char *col)
{
	const struct table *t = &c->checks;

	for (size_t r = 0; r < t->n_rows; r++)
		if (strcmp(table_get(t, r, table_col(t, "check")), check) == 0 &&
		    strcmp(table_get(t, r, table_col(t, "series")), series) == 0)
			return table_get(t, r, table_col(t, col));
	return "none";
}

/* Judge figure f, defined by @conf, whose saved result is @ours, against the points @published. */
static void curves_made(struct curves *c, const char *conf, const char *published,
			const char *ours, const char *used_on)
{
	static const char *const files[][2] = {
		{ "f", "conf" }, { "curves", "csv" }, { "f", "csv" },
	};
	struct table result;
	const char *const texts[] = { conf, published, ours };
	char dir[] = "/tmp/test_claims.XXXXXX", err[600];
	struct figure_env env = { .out = dir };
	struct fitted *used = calloc(1, sizeof(*used));
	struct figure fig;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(env.figs, sizeof(env.figs), "%s", dir);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		file_put(dir, files[i][0], files[i][1], texts[i]);
	fitted_add(used, used_on);
	CHECK_EQ(curves_begin(c, &env, used, err, sizeof(err)), 0);
	CHECK(figure_open(&fig, &env, "f"));
	CHECK_EQ(saved_read(&result, dir, "f", err, sizeof(err)), 0);
	curves_take(c, &fig, &env, &result);
	table_free(&result);
	figure_close(&fig);
	curves_check(c);
	fitted_free(used);
	free(used);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		result_path(err, sizeof(err), dir, files[i][0], files[i][1]);
		remove(err);
	}
	CHECK_EQ(rmdir(dir), 0);
}

static void a_miss_has_its_reason(void)
{
	static const char conf[] = "figure = { curves = ( { x = \"n\"; y = \"v\"; knee = 90.0; } );"
		"misses = ( { series = \"A\"; why = \"because\"; }, "
		"{ series = \"B\"; why = \"it holds\"; } ); };";
	static const char published[] = "figure,series,x,x_unit,y,y_unit\nf,A,1,n,10,v\n"
		"f,A,2,n,50,v\nf,A,3,n,100,v\nf,B,1,n,10,v\nf,B,2,n,50,v\nf,B,3,n,100,v\n";
	static const char ours[] =
		"series,n,v\nA,1,10\nA,2,100\nA,3,100\nB,1,10\nB,2,50\nB,3,100\n";
	struct curves c;

	curves_made(&c, conf, published, ours, "");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "A", "verdict"), "misses");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "A", "why"), "because");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "B", "verdict"), "holds");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "B", "why"), "");
	curves_free(&c);
}

/* A has its knee at @published_knee and ours at @our_knee on an axis that is as @axis says; B
 * overtakes C, which it does not. Our first point is half a percent above the paper's. */
static void shapes_are(const char *axis, const char *published_knee, const char *our_knee)
{
	static const char conf_of[] =
		"figure = { curves = ( { x = \"n\"; x_scale = 0.1; y = \"v\"; knee = 90.0; %s }, "
		"{ series = \"C\"; where = \"series=see\"; x = \"n\"; x_scale = 0.1; y = \"v\"; } "
		"); };";
	static const char published[] =
		"figure,series,x,x_unit,y,y_unit\nf,A,1,n,10,v\nf,A,2,n,50,v\nf,A,3,n,100,v\n"
		"f,B,1,n,5,v\nf,C,1,n,7,v\nf,B,9,n,7,v\ng,A,1,n,1,v\n";
	static const char ours[] =
		"series,n,v\nA,10.05,11\nA,20,60\nA,30,100\nB,10,8\nsee,10,7.7\n";
	char conf[400];
	struct curves c;

	snprintf(conf, sizeof(conf), conf_of, axis);
	curves_made(&c, conf, published, ours, "f/A/1, but this is no figure; fig1/B/2");
	CHECK_EQ(c.points.n_rows, 7);
	CU_ASSERT_STRING_EQUAL(table_get(&c.points, 0, table_col(&c.points, "error_pct")), "10");
	CU_ASSERT_STRING_EQUAL(table_get(&c.points, 5, table_col(&c.points, "note")),
			       "we do not get that far");
	CU_ASSERT_STRING_EQUAL(table_get(&c.points, 6, table_col(&c.points, "note")), "not run");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "A", "published"), published_knee);
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "A", "simulated"), our_knee);
	CU_ASSERT_STRING_EQUAL(check_of(&c, "knee", "A", "verdict"), "holds");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "order", "", "published"), "A > C > B");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "order", "", "simulated"), "A > B > C");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "order", "", "verdict"), "misses");
	CU_ASSERT_STRING_EQUAL(check_of(&c, "median error, not used", "", "error"), "10.0 %");
	curves_free(&c);
}

/* Published points that cannot be read are named: nothing would be judged in their place. */
static void damaged_curves_are_refused(void)
{
	static const struct { const char *csv, *says; } bad[] = {
		{ "", "no column figure" },
		{ "figure,series,x,x_unit,y_unit\nf,A,1,n,v\n", "no column y" },
		{ "figure,series,x,x_unit,y,y_unit\nf,A,1,n,2,v\nf,B,1,n,x,v\n", "point 2" },
		{ "figure,series,x,x_unit,y,y_unit\nf,A,1,n,nan,v\n", "\"nan\"" },
		{ "figure,series,x,x_unit,y,y_unit\nf,A", "point 1" },
	};
	char dir[] = "/tmp/test_claims.XXXXXX", err[600], path[600];
	struct figure_env env = { .out = dir };
	struct fitted *used = calloc(1, sizeof(*used));
	struct curves c;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(env.figs, sizeof(env.figs), "%s", dir);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		file_put(dir, "curves", "csv", bad[i].csv);
		CHECK(curves_begin(&c, &env, used, err, sizeof(err)) < 0);
		CHECK(strstr(err, "curves.csv") && strstr(err, bad[i].says));
		curves_free(&c);
	}
	fitted_free(used);
	free(used);
	result_path(path, sizeof(path), dir, "curves", "csv");
	unlink(path);
	rmdir(dir);
}

/* 2 + 0.8 and 2 + 0.75; 2 x 1.5^0.8 and 2 x 1.5^0.75. */
static void shapes_of_curves(void)
{
	shapes_are("", "2.8", "2.75");
	shapes_are("x_log = true;", "2.766", "2.711");
}

static void csv_comes_back(void)
{
	char path[] = "/tmp/test_claims.XXXXXX", err[256];
	struct table t = { 0 }, u;
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	double v;

	table_col_add(&t, "name, quoted");
	table_col_add(&t, "v");
	table_row_add(&t);
	table_set(&t, 0, 0, "say \"hi\",\nthere");
	table_set_number(&t, 0, 1, 0.1 + 0.2);
	table_row_add(&t);
	table_set(&t, 1, 0, "x");	/* v stays empty */
	table_write(&t, f);
	fclose(f);
	CHECK_EQ(table_read(&u, path, err, sizeof(err)), 0);
	unlink(path);
	CHECK_EQ(u.n_cols, 2);
	CHECK_EQ(u.n_rows, 2);
	CU_ASSERT_STRING_EQUAL(u.cols[0], "name, quoted");
	CU_ASSERT_STRING_EQUAL(table_get(&u, 0, 0), "say \"hi\",\nthere");
	CU_ASSERT_STRING_EQUAL(table_get(&u, 0, 1), "0.3");
	CHECK(!table_number(&u, 1, 1, &v));
	CHECK_EQ(table_col(&u, "nothing"), TABLE_NO_COLUMN);
	table_free(&t);
	table_free(&u);
	CHECK_EQ(table_read(&t, "/nonexistent.csv", err, sizeof(err)), -ENOENT);
}

static void the_published_claims_are_well_formed(void)
{
	char err[256], error[32];
	struct table t;
	double v;

	CHECK_EQ(table_read(&t, "paper-figs/claims.csv", err, sizeof(err)), 0);
	CHECK(t.n_rows >= 33);
	for (size_t r = 0; r < t.n_rows; r++) {
		const char *value = table_get(&t, r, table_col(&t, "value"));

		v = strtod(value, NULL);
		CHECK(claim_judge(value, "", NULL, table_get(&t, r, table_col(&t, "tolerance")), v,
				  error, sizeof(error)) != VERDICT_BROKEN);
	}
	table_free(&t);
	CHECK_EQ(table_read(&t, "paper-figs/curves.csv", err, sizeof(err)), 0);
	for (size_t r = 0; r < t.n_rows; r++)
		CHECK(table_number(&t, r, table_col(&t, "x"), &v) &&
		      table_number(&t, r, table_col(&t, "y"), &v));
	table_free(&t);
}

CU_MAIN("claims", TEST(tolerances), TEST(measurements), TEST(measurements_of_curves),
	TEST(a_misspelt_measurement_is_refused), TEST(a_cell_is_a_number_or_nothing),
	TEST(a_point_that_failed_has_no_columns), TEST(saved_results_are_whole),
	TEST(sources_name_points), TEST(sources_are_read),
	TEST(a_miss_has_its_reason), TEST(shapes_of_curves), TEST(damaged_curves_are_refused),
	TEST(csv_comes_back), TEST(the_published_claims_are_well_formed))
