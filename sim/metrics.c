/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - naming and computing what a run measured; see metrics.h
 *
 * Arithmetic on doubles here is only division, multiplication, addition and sqrt, each
 * correctly rounded, so results are the same on every machine.
 */
#include "sim/metrics.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/hist.h"

enum { SLICES = 32, BUSY_LIMIT_PCT = 95, LATE_LIMIT_PCT = 1, LATE_BUSY_PCT = 70 };

__attribute__((format(printf, 4, 5)))
static void add(struct sim_result *r, double value, const char *doc, const char *name, ...)
{
	struct metric *m = &r->metrics[r->n_metrics];
	va_list ap;

	assert(r->n_metrics < SIM_METRICS_MAX);
	r->n_metrics++;
	va_start(ap, name);
	vsnprintf(m->name, sizeof(m->name), name, ap);
	va_end(ap);
	m->value = value;
	m->doc = doc;
}

static double ratio(double a, double b)
{
	return b != 0 ? a / b : 0;
}

double metrics_ci95(const double *x, uint32_t n)
{
	/* Student's t, 97.5%, by degrees of freedom from 1. */
	static const double t975[] = {
		12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201,
		2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074,
		2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042, 2.040,
	};
	double mean = 0, var = 0;

	if (n < 2)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		mean += x[i];
	mean /= n;
	for (uint32_t i = 0; i < n; i++)
		var += (x[i] - mean) * (x[i] - mean);
	var /= n - 1;
	return t975[MIN(n - 1, ARRAY_LEN(t975)) - 1] * sqrt(var / n);
}

void metrics_count(const struct topology *t, nsec now, struct metrics_window *w)
{
	struct host_counts c;

	host_count(t->host[0], now, &w->server);
	limit_ports_count(&w->ports, t);
	stripes_count(&t->host[0]->machine.items, w->item_held_ps);
	for (uint32_t id = 1; id < t->n_hosts; id++) {
		host_count(t->host[id], now, &c);
		memcpy(w->client_thread_busy_ns[id], c.thread_busy_ns, sizeof(c.thread_busy_ns));
		host_counts_add(&w->clients, &c);
	}
}

void metrics_busiest(const struct topology *t, struct metrics_window *w,
		    const struct metrics_window *earlier)
{
	for (uint32_t id = 1; id < t->n_hosts; id++)
		for (uint32_t i = 0; i < t->host[id]->n_threads; i++) {
			uint64_t ns = w->client_thread_busy_ns[id][i] -
				      earlier->client_thread_busy_ns[id][i];

			if (ns <= w->client_busy_max_ns)
				continue;
			w->client_busy_max_ns = ns;
			w->busiest_client = id;
			w->busiest_thread = i;
		}
	w->server.lock_held_ps[LOCK_ITEM] = 0;
	for (uint32_t i = 0; i < STRIPES; i++)
		w->server.lock_held_ps[LOCK_ITEM] = MAX(w->server.lock_held_ps[LOCK_ITEM],
							w->item_held_ps[i] -
							earlier->item_held_ps[i]);
}

/* Fold one instance's histogram in; made when first needed. Returns 0 or -ENOMEM. */
static int merge_hist(struct hist **to, const struct hist *from)
{
	if (!from)
		return 0;
	if (!*to) {
		*to = malloc(sizeof(**to));
		if (!*to)
			return -ENOMEM;
		hist_reset(*to);
	}
	hist_merge(*to, from);
	return 0;
}

/* Rows of equal sizes add up; the first instance that has rows decides which there are. */
static int merge_rows(struct sim_result *r, const struct app_report *rep)
{
	if (rep->n_rows == 0)
		return 0;
	if (!r->rows) {
		r->rows = calloc(rep->n_rows, sizeof(*r->rows));
		if (!r->rows)
			return -ENOMEM;
		memcpy(r->rows, rep->rows, rep->n_rows * sizeof(*r->rows));
		r->n_rows = rep->n_rows;
		return 0;
	}
	for (uint32_t i = 0; i < MIN(r->n_rows, rep->n_rows); i++)
		if (r->rows[i].bytes == rep->rows[i].bytes) {
			r->rows[i].rounds += rep->rows[i].rounds;
			r->rows[i].total_ns += rep->rows[i].total_ns;
		}
	return 0;
}

static void merge_sums(struct app_report *to, const struct app_report *from)
{
	to->requests += from->requests;
	to->bytes += from->bytes;
	to->conns_opened += from->conns_opened;
	to->conns_failed += from->conns_failed;
	to->conns_died += from->conns_died;
	to->conns_open += from->conns_open;
	to->late += from->late;
	to->never_sent += from->never_sent;
	to->unanswered += from->unanswered;
	to->bad_bytes += from->bad_bytes;
	to->gets += from->gets;
	to->sets += from->sets;
	to->misses += from->misses;
	to->errors += from->errors;
	to->closed |= from->closed;
	to->n_slices = MAX(to->n_slices, from->n_slices);
	for (uint32_t i = 0; i < MIN(from->n_slices, (uint32_t)SLICES); i++) {
		to->slice_sum_ns[i] += from->slice_sum_ns[i];
		to->slice_n[i] += from->slice_n[i];
	}
}

/* Bytes of flows, summed in the order of hosts, threads and flows. */
struct flow_sums {
	uint64_t n, min, max;
	double sum, sum_sq;
};

static void merge_flows(struct flow_sums *f, const struct app_report *rep)
{
	for (uint32_t i = 0; i < rep->n_flows; i++) {
		uint64_t bytes = rep->flow_bytes[i];

		f->min = f->n == 0 ? bytes : MIN(f->min, bytes);
		f->max = MAX(f->max, bytes);
		f->sum += (double)bytes;
		f->sum_sq += (double)bytes * (double)bytes;
		f->n++;
	}
}

/* The sum of what a host's instances report; client histograms and rows go to @r. Beside a probe
 * the others' latency is kept apart. */
static int merge_host(struct sim_result *r, const struct host *h, struct app_report *sum,
		      struct flow_sums *flows, bool beside_probe)
{
	struct hist **latency = beside_probe ? &r->load_latency : &r->latency;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < h->n_threads; i++) {
		struct app_report rep = { 0 };

		h->setup.app->report(h->threads[i].app, &rep);
		merge_sums(sum, &rep);
		if (!h->setup.app->client)
			continue;
		merge_flows(flows, &rep);
		rc = merge_hist(latency, rep.latency);
		if (rc == 0 && !beside_probe)
			rc = merge_hist(&r->service, rep.service);
		if (rc == 0)
			rc = merge_rows(r, &rep);
	}
	return rc;
}

/* An end of the 95 % interval of the 99th percentile, in us: the value at the rank that lies 1.96
 * standard deviations of a binomial to one @side of it. */
static double p99_end(const struct hist *h, int side)
{
	double n = (double)h->n, rank = 0.99 * n + side * 1.96 * sqrt(0.99 * 0.01 * n);

	return h->n ? (double)hist_quantile(h, (uint32_t)(1e6 * MIN(MAX(rank, 0) / n, 1))) / 1e3 :
		      NAN;
}

static void add_hist(struct sim_result *r, const struct hist *h, const char *name, const char *doc)
{
	static const struct { const char *name; uint32_t ppm; } q[] = {
		{ "p50", 500000 }, { "p95", 950000 }, { "p99", 990000 }, { "p999", 999000 },
	};

	if (!h)
		return;
	add(r, h->n ? hist_mean(h) / 1e3 : NAN, doc, "%s_mean_us", name);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		add(r, h->n ? (double)hist_quantile(h, q[i].ppm) / 1e3 : NAN, doc, "%s_%s_us", name,
		    q[i].name);
	add(r, h->n ? (double)h->max / 1e3 : NAN, doc, "%s_max_us", name);
	add(r, p99_end(h, -1), "95% interval of the 99th percentile, as if requests were "
	    "independent: its lower end", "%s_p99_lo_us", name);
	add(r, p99_end(h, 1), "... its upper end", "%s_p99_hi_us", name);
}

/* Confidence by batch means: the slices' mean latencies, and their counts as rates. */
static void add_intervals(struct sim_result *r, const struct app_report *c,
			  const struct app_report *timed, nsec ns)
{
	double mean[SLICES], rate[SLICES];
	uint32_t n_mean = 0, n = MIN(c->n_slices, (uint32_t)SLICES);

	for (uint32_t i = 0; i < n; i++) {
		rate[i] = ratio((double)c->slice_n[i] * 1e9 * n, (double)ns);
		if (timed->slice_n[i])
			mean[n_mean++] = (double)timed->slice_sum_ns[i] /
					 (double)timed->slice_n[i] / 1e3;
	}
	if (n == 0)
		return;
	add(r, metrics_ci95(mean, n_mean), "half width of the 95% interval of latency_mean_us, "
	    "from 32 batch means", "latency_ci95_us");
	add(r, metrics_ci95(rate, n), "half width of the 95% interval of requests_per_s, "
	    "from 32 batches", "requests_per_s_ci95");
}

/* Requests due in the window whose answers came, in it or behind it. */
static uint64_t timed_count(const struct app_report *a)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < a->n_slices; i++)
		n += a->slice_n[i];
	return n;
}

/* @c: the load; @timed: those whose latency is the run's, the probe or the same. */
static void add_load(struct sim_result *r, const struct app_report *c, const struct app_report *s,
		     const struct app_report *timed, nsec ns)
{
	double per_s = ratio(1e9, (double)ns);

	add(r, (double)c->requests * per_s, "requests completed a second", "requests_per_s");
	add(r, ratio((double)c->bytes * 8, (double)ns),
	    "payload of completed requests, one direction", "goodput_gbps");
	add(r, (double)c->conns_opened * per_s, "connections opened a second", "conns_per_s");
	add_hist(r, r->latency, "latency", "from the intended start of a request to its answer");
	add_hist(r, r->service, "service", "from the sending of a request to its answer");
	add_hist(r, r->load_latency, "load_latency", "as latency, of the clients beside the probe");
	add_intervals(r, c, timed, ns);
	add(r, (double)c->requests, "requests completed in the window", "requests");
	add(r, (double)c->conns_open, "connections open at the end", "conns_open");
	add(r, (double)c->conns_failed, "connections that could not be opened", "conns_failed");
	add(r, (double)c->conns_died, "connections that ended against the client's will",
	    "conns_died");
	add(r, (double)c->late, "requests sent more than 1 us after their time", "late");
	add(r, (double)c->never_sent, "requests due and not sent", "never_sent");
	add(r, (double)c->unanswered, "requests sent and not answered", "unanswered");
	add(r, (double)timed_count(timed), "requests whose latency is measured", "requests_timed");
	add(r, (double)(c->bad_bytes + s->bad_bytes), "payload bytes that were not what was sent",
	    "bad_bytes");
}

/* Of a key-value load; others have none of it. */
static void add_answers(struct sim_result *r, const struct app_report *c)
{
	if (c->gets + c->sets + c->misses + c->errors == 0)
		return;
	add(r, (double)c->gets, "GETs completed in the window", "gets");
	add(r, (double)c->sets, "SETs completed in the window", "sets");
	add(r, (double)c->misses, "GETs completed in the window that found nothing", "misses");
	add(r, (double)c->errors, "answers of the run that were errors or not understood",
	    "errors");
}

/* How evenly flows shared: Jain's index, (sum x)^2 / (n sum x^2), 1 when all are equal. */
static void add_flows(struct sim_result *r, const struct flow_sums *f, nsec ns)
{
	if (f->n == 0)
		return;
	add(r, (double)f->n, "flows of the workload", "flows");
	add(r, ratio(f->sum * f->sum, (double)f->n * f->sum_sq),
	    "Jain's fairness index of the flows' bytes", "flow_jain");
	add(r, ratio((double)f->min * 8, (double)ns), "goodput of the slowest flow",
	    "flow_min_gbps");
	add(r, ratio((double)f->max * 8, (double)ns), "goodput of the fastest flow",
	    "flow_max_gbps");
}

/* Prices of everything a group of hosts did, split; cache costs count as kernel. */
static void add_cpu(struct sim_result *r, const struct topology *t, const struct metrics_window *w,
		    double requests)
{
	const struct host_counts *s = &w->server;
	struct cost_split split = costs_split(&t->server_costs, &s->work);
	double ns = (double)w->ns, n = t->host[0]->n_threads;
	uint64_t app_ps = split.app + s->object_ps + s->lock_wait_ps[LOCK_APP];
	double app = ratio((double)app_ps * 100, (double)s->cost_ps);

	add(r, ratio((double)s->busy_ns * 100, ns * n), "time in passes, all server threads",
	    "server_util_pct");
	for (uint32_t i = 0; i < t->host[0]->n_threads; i++)
		add(r, ratio((double)s->thread_busy_ns[i] * 100, ns), "time in passes",
		    "server_t%u_util_pct", i);
	add(r, ratio((double)w->client_busy_max_ns * 100, ns),
	    "time in passes, busiest client thread", "client_util_max_pct");
	add(r, ratio((double)s->work.rx_frames, (double)s->passes_rx),
	    "frames a pass that took any", "server_batch_mean");
	add(r, ratio((double)w->clients.work.rx_frames, (double)w->clients.passes_rx),
	    "frames a pass that took any", "client_batch_mean");
	add(r, (double)s->passes, "passes in the window", "server_passes");
	add(r, (double)w->clients.passes, "passes in the window", "client_passes");
	add(r, (double)s->irqs, "interrupts taken in the window", "server_irqs");
	add(r, (double)s->wakeups, "times a sleeping application was woken", "server_wakeups");
	add(r, (double)s->switches, "switches between stack and application thread",
	    "server_switches");
	add(r, ratio((double)s->busy_ns, requests), "server thread time a request",
	    "server_ns_per_request");
	add(r, app, "share of the server's work that is the application's: handlers, what it "
	    "declares, its objects, waiting for its lock", "server_app_pct");
	add(r, ratio((double)s->misses_milli / 1000, requests),
	    "last-level cache misses of the server a request", "l3_misses_per_msg");
}

/* What threads share: objects, pages, memory, locks. */
static void add_machine(struct sim_result *r, const struct metrics_window *w, double requests)
{
	static const char *const names[LOCKS] = { "conn", "app", "item" };
	const struct host_counts *s = &w->server;
	double ps = (double)w->ns * 1000, waits = 0;

	add(r, ratio((double)s->tlb_misses_milli / 1000, requests),
	    "TLB misses of the server a request", "tlb_misses_per_msg");
	add(r, ratio((double)s->objects, requests), "touches of stored objects a request",
	    "objects_per_msg");
	add(r, (double)s->machine.cold_frames, "received frames that DMA of later ones had pushed "
	    "out of the cache", "server_cold_frames");
	add(r, ratio((double)s->machine.dram_ps * 100, ps), "memory bandwidth in use",
	    "server_dram_util_pct");
	add(r, ratio((double)s->machine.dram_wait_ps / 10, (double)s->busy_ns),
	    "share of pass time waiting for memory that others use", "server_dram_wait_pct");
	for (int i = 0; i < LOCKS; i++) {
		double held = ratio((double)s->lock_held_ps[i] * 100, ps);

		add(r, MIN(held, 100), "time this lock is held; of items' locks, the one held most",
		    "server_lock_%s_util_pct", names[i]);
		waits += (double)s->lock_wait_ps[i];
	}
	add(r, ratio(waits / 10, (double)s->busy_ns),
	    "share of pass time waiting for locks", "server_lock_wait_pct");
}

/* How much of each resource was used, and which was the limit. */
static void add_limit(struct sim_result *r, const struct limit *l)
{
	add(r, l->core, "busiest server thread: in passes", "server_core_util_pct");
	add(r, l->nic.link, "busiest port and direction: its bit rate", "server_link_util_pct");
	add(r, l->nic.cap, "busiest port and direction: its packet cap", "server_cap_util_pct");
	add(r, l->nic.pcie_up, "busiest card: PCIe towards memory", "server_pcie_up_util_pct");
	add(r, l->nic.pcie_down, "busiest card: PCIe from memory", "server_pcie_down_util_pct");
	add(r, MAX(l->nic.pcie_up, l->nic.pcie_down), "busiest card and direction of PCIe",
	    "server_pcie_util_pct");
	add(r, l->client_nic, "busiest link, packet cap or PCIe of a client",
	    "client_nic_util_pct");
}

static void add_nic(struct sim_result *r, const char *who, const struct nic_counters *c)
{
	add(r, (double)c->rx_frames, "frames into RX rings", "%s_nic_rx_frames", who);
	add(r, (double)c->tx_frames, "frames out of TX rings", "%s_nic_tx_frames", who);
	add(r, (double)c->rx_drop_cap, "dropped: over the packet cap", "%s_nic_drop_cap", who);
	add(r, (double)c->rx_drop_no_desc, "dropped: RX ring full", "%s_nic_drop_no_desc", who);
	add(r, (double)c->rx_drop_no_mbuf, "refills that found the pool empty",
	    "%s_nic_no_mbuf", who);
	add(r, (double)c->tx_ring_full, "frames a full TX ring refused", "%s_nic_tx_full", who);
	add(r, (double)c->rx_ring_high, "most frames waiting in one RX ring", "%s_nic_ring_high",
	    who);
}

static void add_network(struct sim_result *r, const struct topology *t)
{
	uint64_t lost = 0, dup = 0, corrupt = 0, reordered = 0, flapped = 0, marked = 0;

	if (t->sw) {
		const struct switch_counters *c = sim_switch_counters(t->sw);

		add(r, (double)c->frames, "frames forwarded, whole run", "switch_frames");
		add(r, (double)c->drop_buffer, "dropped: buffer full, whole run", "switch_drops");
		add(r, (double)c->ecn_marked, "marked CE, whole run", "switch_ecn_marked");
		add(r, (double)c->buffer_high, "most bytes buffered", "switch_buffer_high_bytes");
	}
	for (uint32_t i = 0; i < ARRAY_LEN(t->fault); i++) {
		const struct fault *f = t->fault[i] ? sim_fault_state(t->fault[i]) : NULL;

		if (!f)
			continue;
		lost += f->n_lost;
		dup += f->n_dup;
		corrupt += f->n_corrupt;
		reordered += f->n_reordered;
		flapped += f->n_flapped;
		marked += f->n_marked;
	}
	add(r, (double)lost, "frames lost by fault injection, whole run", "fault_lost");
	add(r, (double)dup, "frames duplicated by fault injection", "fault_duplicated");
	add(r, (double)corrupt, "frames with a bit flipped by fault injection", "fault_corrupted");
	add(r, (double)reordered, "frames held back by fault injection", "fault_reordered");
	add(r, (double)flapped, "frames lost while the link was down", "fault_flapped");
	add(r, (double)marked, "packets marked CE by fault injection", "fault_marked");
}

/* What the core counted: statistics and work of the window, and what is left at the end. */
static void add_core(struct sim_result *r, const char *who, const struct host_counts *c)
{
	for (int i = 0; i < STAT_NR; i++)
		add(r, (double)c->stats.v[i], stat_descs[i].doc, "%s_%s", who, stat_descs[i].name);
#define X(name, unit, doc) add(r, (double)c->work.name, doc, "%s_work_%s", who, #name);
	WORK_TABLE(X)
#undef X
}

static void add_left(struct sim_result *r, const struct topology *t)
{
	struct dp_usage sum = { 0 };

	for (uint32_t id = 0; id < t->n_hosts; id++)
		for (uint32_t i = 0; i < t->host[id]->n_threads; i++) {
			struct dp_usage u = dp_usage(t->host[id]->threads[i].dp);

			sum.conns += u.conns;
			sum.snd_refs += u.snd_refs;
			sum.frames_held += u.frames_held;
		}
	add(r, sum.conns, "connections in any state at the end, all hosts", "left_conns");
	add(r, sum.snd_refs, "pieces of application memory referenced at the end", "left_snd_refs");
	add(r, sum.frames_held, "received frames held at the end", "left_frames_held");
}

static void add_budget(struct sim_result *r, const struct topology *t)
{
	struct budget *b;
	double us = 0, n;

	if (!t->sc->budget || !(b = calloc(1, sizeof(*b))))
		return;
	for (uint32_t id = 1; id < t->n_hosts; id++)
		for (uint32_t i = 0; i < t->host[id]->n_threads; i++)
			budget_merge(b, t->host[id]->threads[i].budget);
	n = (double)b->n * 1e3;
	for (int i = 0; i < HOP_NR; i++) {
		add(r, ratio((double)b->sum_ns[i], n), "mean share of a round trip",
		    "budget_%s_us", budget_hop_names[i]);
		us += (double)b->sum_ns[i];
	}
	add(r, ratio(us, n), "mean round trip, the sum of its shares", "budget_total_us");
	add(r, ratio(us, 2 * n), "half of it", "budget_one_way_us");
	add(r, (double)b->n, "answers the budget is the mean of", "budget_answers");
	free(b);
}

/* Was a client the limit? Then the server's numbers are a lower bound, and we say so. */
static void judge_clients(struct sim_result *r, const struct topology *t,
			  const struct metrics_window *w, const struct app_report *c,
			  const struct limit *l)
{
	const char *busiest = t->host[w->busiest_client]->setup.name;
	double busy = ratio((double)w->client_busy_max_ns * 100, (double)w->ns);
	double due = (double)(timed_count(c) + c->unanswered + c->never_sent);
	double late = ratio((double)(c->late + c->never_sent) * 100, due);
	bool named = strcmp(l->name, "client") == 0;

	r->client_bound = true;
	if (busy > BUSY_LIMIT_PCT || (named && l->client_cpu >= l->client_nic))
		snprintf(r->why, sizeof(r->why), "thread %u of %s was in passes %.1f%% of the "
			 "time, so the client was the limit, not the server; raise clients or "
			 "client.threads, or lower the load", w->busiest_thread, busiest, busy);
	else if (late > LATE_LIMIT_PCT && busy > LATE_BUSY_PCT)
		snprintf(r->why, sizeof(r->why), "%.1f%% of the requests left late and thread %u "
			 "of %s was in passes %.1f%% of the time: the client could not keep its "
			 "schedule; raise clients or client.threads, or lower the load", late,
			 w->busiest_thread, busiest, busy);
	else if (named)
		snprintf(r->why, sizeof(r->why), "the %s of %s was used to %.1f%%, so the client "
			 "was the limit, not the server; raise clients, or lower the load",
			 l->client_part, t->host[l->client_id]->setup.name, l->client_nic);
	else
		r->client_bound = false;
	r->limit = r->client_bound ? "client" : l->name;
	if (strcmp(r->limit, "none") == 0 && c->closed)
		r->limit = "connections";
}

/* A probe is no part of the load, but what goes wrong there has gone wrong. */
static void add_faults(struct app_report *to, const struct app_report *probe)
{
	to->conns_failed += probe->conns_failed;
	to->conns_died += probe->conns_died;
	to->bad_bytes += probe->bad_bytes;
	to->errors += probe->errors;
}

int metrics_fill(struct sim_result *r, const struct topology *t, const struct metrics_window *w)
{
	struct app_report clients = { 0 }, server = { 0 }, probe = { 0 };
	struct flow_sums flows = { 0 };
	struct limit l;
	int rc = merge_host(r, t->host[0], &server, &flows, false);

	for (uint32_t id = 1; rc == 0 && id < t->n_hosts; id++)
		rc = merge_host(r, t->host[id], topology_is_probe(t, id) ? &probe : &clients,
				&flows, t->sc->probe && !topology_is_probe(t, id));
	if (rc)
		return rc;
	add_faults(&clients, &probe);
	add_load(r, &clients, &server, t->sc->probe ? &probe : &clients, w->ns);
	add_answers(r, &clients);
	add_flows(r, &flows, w->ns);
	add_cpu(r, t, w, (double)clients.requests);
	add_machine(r, w, (double)clients.requests);
	limit_judge(&l, t, w->ns, &w->server, &w->ports, w->client_busy_max_ns);
	add_limit(r, &l);
	add_budget(r, t);
	add_nic(r, "server", &w->server.nic);
	add_nic(r, "client", &w->clients.nic);
	add_network(r, t);
	add_left(r, t);
	add_core(r, "server", &w->server);
	add_core(r, "client", &w->clients);
	r->price_hash_server = t->server_costs.hash;
	r->price_hash_client = t->client_costs.hash;
	judge_clients(r, t, w, &clients, &l);
	return 0;
}
