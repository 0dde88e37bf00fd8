/* SPDX-License-Identifier: MIT */
/*
 * run.c - a scenario from beginning to end; see run.h
 *
 * Warm-up, the measured window, then a drain so that answers under way still count.
 * Everything is counted twice, where the window begins and where it ends, and subtracted.
 * Not here: what the numbers are called (metrics.c), what there is (topology.c).
 */
#include "sim/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/metrics.h"

#define DRAIN_NS	(20 * NSEC_PER_MSEC)	/* at most; it ends when nothing is left to do */
#define SLICE_NS_MAX	(100 * NSEC_PER_MSEC)
enum { SLICE_EVENTS = 200000, PROGRESS_EVENTS = 400000 };

/* A run under way. Slices adapt to events fired, never to host time. */
struct run {
	struct topology *t;
	sim_progress_fn *progress;
	void *ctx;
	nsec now, end, slice;
	nsec sample_at;			/* next sample of the series, or NSEC_NEVER */
	uint64_t events, told;		/* in all; when progress was last told */
	bool stopped;			/* by the progress callback */
};

static bool clients_finished(const struct topology *t)
{
	for (uint32_t id = 1; id < t->n_hosts; id++)
		if (!host_finished(t->host[id]))
			return false;
	return true;
}

static void tell(struct run *r)
{
	if (!r->progress || r->events - r->told < PROGRESS_EVENTS)
		return;
	r->told = r->events;
	r->stopped = !r->progress(r->ctx, r->now, r->end);
}

/* Run the engine to @to. Samples are taken between events, so a series disturbs nothing. */
static uint64_t step(struct run *r, nsec to)
{
	uint64_t n = 0;

	for (; r->sample_at <= MIN(to, r->end); r->sample_at += r->t->sc->series_period_ns) {
		n += engine_run(r->t->engine, r->sample_at);
		series_sample(r->t->series, r->t, r->sample_at);
	}
	return n + engine_run(r->t->engine, to);
}

/* Run to @until, or until the clients have finished or the caller stops it. */
static void advance(struct run *r, nsec until)
{
	while (r->now < until && !r->stopped && !clients_finished(r->t)) {
		nsec to = MIN(until, r->now + r->slice);
		uint64_t n = step(r, to);

		r->now = to;
		r->events += n;
		if (n > 2 * SLICE_EVENTS && r->slice > 1)
			r->slice /= 2;
		else if (n < SLICE_EVENTS / 2 && r->slice < SLICE_NS_MAX)
			r->slice *= 2;
		tell(r);
	}
}

/* The measured window: counters where it begins, and where it ends, subtracted. */
static void measure(struct run *r, const struct scenario *sc, struct metrics_window *w,
		    struct metrics_window *earlier)
{
	advance(r, sc->warmup_ns);
	metrics_count(r->t, r->now, earlier);
	w->ns = r->now;
	advance(r, sc->warmup_ns + sc->duration_ns);
	w->ns = r->now - w->ns;
	metrics_count(r->t, r->now, w);
	host_counts_since(&w->server, &earlier->server);
	host_counts_since(&w->clients, &earlier->clients);
	limit_ports_since(&w->ports, &earlier->ports);
	metrics_busiest(r->t, w, earlier);
	advance(r, sc->warmup_ns + sc->duration_ns + DRAIN_NS);
}

static int run_and_fill(struct run *run, const struct scenario *sc, struct sim_result *r,
			char *err, size_t err_len)
{
	struct metrics_window *w = calloc(2, sizeof(*w));
	int rc = -ENOMEM;

	if (w) {
		measure(run, sc, &w[0], &w[1]);
		rc = run->stopped ? -EINTR : metrics_fill(r, run->t, &w[0]);
	}
	free(w);
	if (rc == -EINTR)
		snprintf(err, err_len, "the run was stopped at %.3f ms of virtual time",
			 (double)run->now / 1e6);
	else if (rc)
		snprintf(err, err_len, "no memory for the result");
	r->events = run->events;
	r->end = run->now;
	r->trace_hash = topology_hash(run->t);
	return rc;
}

int sim_run(const struct scenario *sc, struct sim_result *r, sim_progress_fn *progress, void *ctx,
	    char *err, size_t err_len)
{
	struct run run = {
		.progress = progress, .ctx = ctx, .slice = 10 * NSEC_PER_USEC,
		.end = sc->warmup_ns + sc->duration_ns,
	};
	int rc, rc_close;

	memset(r, 0, sizeof(*r));
	rc = scenario_check(sc, err, err_len);
	if (rc)
		return rc;
	run.t = topology_new(sc, err, err_len);
	if (!run.t)
		return -EINVAL;
	run.sample_at = run.t->series ? 0 : NSEC_NEVER;
	rc = run_and_fill(&run, sc, r, err, err_len);
	rc_close = topology_free(run.t, rc ? NULL : err, rc ? 0 : err_len);
	if (rc == 0)
		rc = rc_close;
	if (rc)
		sim_result_free(r);
	return rc;
}

void sim_result_free(struct sim_result *r)
{
	free(r->latency);
	free(r->service);
	free(r->load_latency);
	free(r->rows);
	r->latency = r->service = r->load_latency = NULL;
	r->rows = NULL;
	r->n_rows = 0;
}

const struct metric *sim_metric(const struct sim_result *r, const char *name)
{
	for (uint32_t i = 0; i < r->n_metrics; i++)
		if (strcmp(r->metrics[i].name, name) == 0)
			return &r->metrics[i];
	return NULL;
}
