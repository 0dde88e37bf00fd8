/* SPDX-License-Identifier: MIT */
/*
 * search.c - see search.h
 *
 * Not here: running what is wanted (task.c), and who asks (sweep.c, cmd_search.c).
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cli/search.h"
#include "cli/units.h"
#include "sim/metrics.h"

const char *trial_verdict_name(enum trial_verdict v)
{
	static const char *const names[] = {
		[TRIAL_OPEN] = "open", [TRIAL_HOLDS] = "holds", [TRIAL_FAILS] = "fails",
		[TRIAL_UNSURE] = "unsure", [TRIAL_REFUSED] = "refused",
	};

	return names[v];
}

bool search_objective(struct search_spec *spec, const char *text, char *err, size_t err_len)
{
	size_t n = strcspn(text, "<> "), skip = strspn(text + n, " ");
	const char *op = text + n + skip, *number;
	char *end;

	number = op + 1 + (*op && op[1] == '=');
	if (*op) {
		spec->above = *op == '>';
		spec->limit = strtod(number, &end);
	}
	if (n == 0 || n >= sizeof(spec->metric) || (*op != '<' && *op != '>') || end == number ||
	    end[strspn(end, " ")] || !isfinite(spec->limit)) {
		snprintf(err, err_len, "\"%.100s\" is no objective; write METRIC<NUMBER or "
			 "METRIC>NUMBER, for example latency_p99_us<500", text);
		return false;
	}
	snprintf(spec->metric, sizeof(spec->metric), "%.*s", (int)n, text);
	return true;
}

void search_begin(struct search *s, const struct search_spec *spec, size_t point, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->spec = spec;
	s->point = point;
	s->seed = seed;
}

void search_end(struct search *s)
{
	for (size_t i = 0; i < s->n_trials; i++) {
		for (unsigned k = 0; k < SEARCH_SEEDS_MAX; k++)
			task_free(&s->trials[i]->task[k]);
		free(s->trials[i]);
	}
	s->n_trials = 0;
}

__attribute__((format(printf, 3, 4))) static void finish(struct search *s, enum search_state state,
							  const char *fmt, ...)
{
	va_list ap;

	s->state = state;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
}

/* ---- which load next ---- */

static const struct trial *trial_at(const struct search *s, uint64_t value)
{
	for (size_t i = 0; i < s->n_trials; i++)
		if (s->trials[i]->value == value)
			return s->trials[i];
	return NULL;
}

/* What is known: the bounds, and the unsure loads between them. NULL: none. */
struct known {
	const struct trial *holds, *fails, *unsure_lo, *unsure_hi;
};

static struct known known(const struct search *s)
{
	struct known k = { 0 };

	for (size_t i = 0; i < s->n_trials; i++) {
		const struct trial *l = s->trials[i];

		if ((l->verdict == TRIAL_FAILS || l->verdict == TRIAL_REFUSED) &&
		    (!k.fails || l->value < k.fails->value))
			k.fails = l;
	}
	for (size_t i = 0; i < s->n_trials; i++) {
		const struct trial *l = s->trials[i];

		if (l->verdict == TRIAL_HOLDS && (!k.fails || l->value < k.fails->value) &&
		    (!k.holds || l->value > k.holds->value))
			k.holds = l;
	}
	for (size_t i = 0; i < s->n_trials; i++) {
		const struct trial *l = s->trials[i];

		if (l->verdict != TRIAL_UNSURE || (k.fails && l->value > k.fails->value) ||
		    (k.holds && l->value < k.holds->value))
			continue;
		if (!k.unsure_lo || l->value < k.unsure_lo->value)
			k.unsure_lo = l;
		if (!k.unsure_hi || l->value > k.unsure_hi->value)
			k.unsure_hi = l;
	}
	return k;
}

static uint64_t square_root(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 x = (u128)a * b;
	uint64_t lo = a, hi = b;

	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if ((u128)mid * mid <= x)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* A load between two, 0 if they are close enough. Round numbers: they are read by people, and
 * a search with another range may meet them in the store. */
static uint64_t between(const struct search *s, uint64_t lo, uint64_t hi)
{
	double step = (double)lo * s->spec->tolerance;
	uint64_t mid, quantum = 1;

	if (hi <= lo + 1 || (double)(hi - lo) <= step)
		return 0;
	mid = hi / 2 > lo ? square_root(lo, hi) : lo + (hi - lo) / 2;
	while ((double)quantum * 40 <= step)
		quantum *= 10;
	mid = (mid + quantum / 2) / quantum * quantum;
	return mid > lo && mid < hi ? mid : lo + (hi - lo) / 2;
}

/* The next value to try, 0 if there is none. */
static uint64_t next_value(const struct search *s, const struct known *k)
{
	uint64_t lo = k->holds->value, hi = k->fails ? k->fails->value : s->spec->hi, mid;

	mid = between(s, lo, k->unsure_lo ? k->unsure_lo->value : hi);
	if (!mid && k->unsure_hi)
		mid = between(s, k->unsure_hi->value, hi);
	if (!mid && !k->fails && !trial_at(s, s->spec->hi))
		mid = s->spec->hi;
	return mid;
}

static void trial_add(struct search *s, uint64_t value)
{
	struct trial *l = calloc(1, sizeof(*l));
	char text[UNIT_TEXT_MAX];

	if (!l)
		abort();
	unit_format(s->spec->unit, value, text, sizeof(text));
	l->value = value;
	snprintf(l->text, sizeof(l->text), "%.127s=%.30s", s->spec->key, text);
	s->trials[s->n_trials++] = l;
}

static void value_text(const struct search *s, uint64_t value, char *buf, size_t len)
{
	unit_format(s->spec->unit, value, buf, len);
}

/* The first load does not hold: there is nothing to bisect. */
static void nothing_holds(struct search *s, const struct trial *l)
{
	char at[UNIT_TEXT_MAX];

	value_text(s, l->value, at, sizeof(at));
	if (l->verdict == TRIAL_REFUSED)
		finish(s, SEARCH_REFUSED, "%s: %.299s", l->text, l->why);
	else if (isnan(l->mean))
		finish(s, SEARCH_FAILED, "%s %s %g does not hold even at %s=%.40s, where no "
		       "request that was due was answered in the measured time; begin lower",
		       s->spec->metric, s->spec->above ? ">" : "<", s->spec->limit, s->spec->key,
		       at);
	else
		finish(s, SEARCH_FAILED, "%s %s %g does not surely hold even at %s=%.40s: it is "
		       "%.5g +- %.3g there; begin lower", s->spec->metric,
		       s->spec->above ? ">" : "<", s->spec->limit, s->spec->key, at, l->mean,
		       l->ci95);
}

/* Nothing is left to try. */
static void conclude(struct search *s, const struct known *k)
{
	char at[UNIT_TEXT_MAX], below[UNIT_TEXT_MAX];

	s->holds = k->holds;
	s->fails = k->fails;
	value_text(s, k->holds->value, below, sizeof(below));
	if (!k->fails) {
		value_text(s, s->spec->hi, at, sizeof(at));
		finish(s, SEARCH_FAILED, "%s %s %g does not surely fail even at %s=%.40s; raise "
		       "the upper end of the range", s->spec->metric, s->spec->above ? ">" : "<",
		       s->spec->limit, s->spec->key, at);
	} else if (k->fails->verdict == TRIAL_REFUSED) {
		value_text(s, k->fails->value, at, sizeof(at));
		finish(s, SEARCH_REFUSED, "it holds at %s=%.40s, but at %.40s the client was the "
		       "bottleneck, so nothing is known about the server: %.299s", s->spec->key,
		       below, at, k->fails->why);
	} else {
		s->state = SEARCH_FOUND;
	}
}

/* Choose what to run next, or end. */
static void choose(struct search *s)
{
	struct known k = known(s);
	uint64_t value;

	if (s->n_trials == 0) {
		trial_add(s, s->spec->lo);
		return;
	}
	if (!k.holds) {
		nothing_holds(s, s->trials[0]);
		return;
	}
	value = next_value(s, &k);
	if (value && s->n_trials < SEARCH_TRIALS_MAX)
		trial_add(s, value);
	else
		conclude(s, &k);
}

static struct trial *trial_open(const struct search *s)
{
	struct trial *l = s->n_trials ? s->trials[s->n_trials - 1] : NULL;

	return l && l->verdict == TRIAL_OPEN ? l : NULL;
}

size_t search_wants(struct search *s, struct task **out, size_t max)
{
	struct trial *l = trial_open(s);
	unsigned upto;
	size_t n = 0;

	if (s->state == SEARCH_GOES_ON && !l)
		choose(s);
	l = trial_open(s);
	if (s->state != SEARCH_GOES_ON || !l)
		return 0;
	/* As many again each time, so that few rounds are enough. */
	upto = MIN(l->n ? 2 * l->n : s->spec->seeds, s->spec->seeds_max);
	for (unsigned i = l->n; i < upto && n < max; i++, n++) {
		snprintf(l->seed[i], sizeof(l->seed[i]), "seed=%" PRIu64, s->seed + i);
		l->task[i] = (struct task){ .point = s->point,
					    .extra = { l->text, l->seed[i] } };
		out[n] = &l->task[i];
	}
	return n;
}

/* ---- what they said ---- */

static void judge(const struct search_spec *spec, struct trial *l)
{
	double sum = 0, margin;

	for (unsigned i = 0; i < l->n; i++)
		sum += l->y[i];
	l->mean = sum / l->n;
	l->ci95 = metrics_ci95(l->y, l->n);
	margin = spec->above ? l->mean - spec->limit : spec->limit - l->mean;
	if (margin > l->ci95)
		l->verdict = TRIAL_HOLDS;
	else if (-margin > l->ci95)
		l->verdict = TRIAL_FAILS;
	else if (l->n >= spec->seeds_max)
		l->verdict = TRIAL_UNSURE;
}

/* One run: its number, or the end of this load or of the search. */
static void run_take(struct search *s, struct trial *l, const struct task *t, bool allow_bound)
{
	const struct metric *m, *like;
	struct point p;
	unsigned d;

	if (!t->data) {
		finish(s, SEARCH_FAILED, "%s, %s: %.90s", l->text, t->extra[1],
		       t->state == TASK_MISSING ? "not in the store" : t->why);
		return;
	}
	point_read(&p, t->data, t->len);
	m = point_metric(&p, s->spec->metric);
	if (p.status == POINT_FAILED) {
		finish(s, SEARCH_FAILED, "%s, %s: %.300s", l->text, t->extra[1], p.why);
	} else if (p.status == POINT_CLIENT_BOUND && !allow_bound) {
		l->verdict = TRIAL_REFUSED;
		snprintf(l->why, sizeof(l->why), "%s", p.why);
	} else if (m && isnan(m->value)) {	/* nothing due was answered: it is beyond its end */
		l->verdict = TRIAL_FAILS;
		l->mean = NAN;
	} else if (!m) {
		like = point_metric_like(&p, s->spec->metric, &d);
		finish(s, SEARCH_FAILED, "no metric is called \"%s\"; %s%s%s`ix sim --json` shows "
		       "their names", s->spec->metric, like ? "did you mean " : "",
		       like ? like->name : "", like ? "? " : "");
	} else {
		if (l->n == 0)
			snprintf(l->limit, sizeof(l->limit), "%s", p.limit);
		l->y[l->n++] = m->value;
	}
	point_free(&p);
}

void search_take(struct search *s, bool allow_client_bound)
{
	struct trial *l = trial_open(s);
	unsigned first = l ? l->n : 0;

	for (unsigned i = first; l && i < SEARCH_SEEDS_MAX && l->task[i].extra[0]; i++) {
		run_take(s, l, &l->task[i], allow_client_bound);
		if (l->verdict != TRIAL_OPEN || s->state != SEARCH_GOES_ON)
			return;
	}
	if (l && l->n > first)
		judge(s->spec, l);
}

const char *search_limit(const struct search *s)
{
	return strcmp(s->holds->limit, "none") == 0 && s->fails ? s->fails->limit :
								 s->holds->limit;
}

struct metric *search_means(const struct trial *l, uint32_t *n, struct point *doc)
{
	struct metric *out;

	point_read(doc, l->task[0].data, l->task[0].len);
	*n = doc->n_metrics;
	out = calloc(*n + 1u, sizeof(*out));
	if (!out)
		abort();
	memcpy(out, doc->metrics, *n * sizeof(*out));
	for (unsigned i = 1; i < l->n; i++) {
		struct point p;

		point_read(&p, l->task[i].data, l->task[i].len);
		for (uint32_t m = 0; m < *n; m++) {
			const struct metric *same = point_metric(&p, out[m].name);

			out[m].value += same ? same->value : 0;
		}
		point_free(&p);
	}
	for (uint32_t m = 0; m < *n; m++)
		out[m].value /= l->n;
	return out;
}
