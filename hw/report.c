/* SPDX-License-Identifier: MIT */
/*
 * report.c - what came of a run, one "name value" a line, for people and for awk
 *
 * Names carry their unit. Not here: measuring (workloads/), counting (core/).
 */
#include "hw/world.h"

#include <inttypes.h>

#include "workloads/hist.h"

static void print_hist(FILE *out, const char *name, const struct hist *h)
{
	static const struct {
		const char *name;
		uint32_t ppm;
	} q[] = { { "p50", 500000 }, { "p90", 900000 }, { "p99", 990000 }, { "p999", 999000 } };

	if (h == NULL || h->n == 0)
		return;
	fprintf(out, "%s_mean_us %.3f\n", name, hist_mean(h) / 1e3);
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		fprintf(out, "%s_%s_us %.3f\n", name, q[i].name,
			(double)hist_quantile(h, q[i].ppm) / 1e3);
	fprintf(out, "%s_max_us %.3f\n", name, (double)h->max / 1e3);
}

static void print_rows(FILE *out, const struct app_report *r)
{
	if (r->n_rows > 0)
		fprintf(out, "# netpipe bytes rounds round_trip_us goodput_mbps\n");
	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct app_row *row = &r->rows[i];
		double rtt_us = row->rounds == 0 ? 0 :
				(double)row->total_ns / 1e3 / (double)row->rounds;

		fprintf(out, "netpipe %u %" PRIu64 " %.3f %.3f\n", row->bytes, row->rounds, rtt_us,
			rtt_us > 0 ? 2.0 * 8.0 * row->bytes / rtt_us : 0);
	}
}

void report_client(const struct world *wd, const struct app_report *r, FILE *out)
{
	nsec from = MAX(wd->start + wd->cfg->warmup_ns, r->measured_from_ns);
	nsec end = MIN(wd->finished, wd->last_busy);
	double s;

	if (wd->cfg->duration_ns != 0)
		end = MIN(end, from + wd->cfg->duration_ns);
	s = end > from ? (double)(end - from) / 1e9 : 0;
	fprintf(out, "requests %" PRIu64 "\nbytes %" PRIu64 "\n", r->requests, r->bytes);
	fprintf(out, "elapsed_s %.6f\n", s);
	fprintf(out, "requests_per_s %.1f\n", s > 0 ? (double)r->requests / s : 0);
	fprintf(out, "conns_opened %" PRIu64 "\nconns_failed %" PRIu64 "\nconns_died %" PRIu64 "\n",
		r->conns_opened, r->conns_failed, r->conns_died);
	fprintf(out, "bad_bytes %" PRIu64 "\n", r->bad_bytes);
	if (r->gets + r->sets + r->misses + r->errors > 0)
		fprintf(out, "gets %" PRIu64 "\nsets %" PRIu64 "\nmisses %" PRIu64 "\nerrors %"
			PRIu64 "\n", r->gets, r->sets, r->misses, r->errors);
	if (r->late > 0 || r->never_sent > 0)
		fprintf(out, "late %" PRIu64 "\nnever_sent %" PRIu64 "\n", r->late, r->never_sent);
	print_hist(out, "latency", r->latency);
	print_hist(out, "service", r->service);
	print_rows(out, r);
	fflush(out);
}

static void count(FILE *out, const char *name, uint64_t v, const char *doc)
{
	if (v != 0)
		fprintf(out, "%-28s %12" PRIu64 "  # %s\n", name, v, doc);
}

static void print_nic(const struct tap_counters *c, FILE *out)
{
	count(out, "nic.rx_frames", c->rx_frames, "frames received");
	count(out, "nic.rx_bytes", c->rx_bytes, "bytes of those");
	count(out, "nic.rx_no_mbuf", c->rx_no_mbuf, "polls that found the frame pool empty");
	count(out, "nic.rx_oversize", c->rx_oversize, "frames dropped: beyond the MTU");
	count(out, "nic.rx_missed", c->rx_missed, "frames the kernel dropped: its queue was full");
	count(out, "nic.rx_errors", c->rx_errors, "reads that failed");
	count(out, "nic.tx_frames", c->tx_frames, "frames sent");
	count(out, "nic.tx_bytes", c->tx_bytes, "bytes of those");
	count(out, "nic.tx_blocked", c->tx_blocked, "bursts the kernel did not take whole");
	count(out, "nic.tx_errors", c->tx_errors, "frames dropped: device down or gone");
}

static void print_fault(const char *dir, const struct fault *f, FILE *out)
{
	const struct {
		const char *name;
		uint64_t v;
		const char *doc;
	} c[] = {
		{ "lost", f->n_lost, "frames lost on purpose" },
		{ "dup", f->n_dup, "frames doubled on purpose" },
		{ "corrupt", f->n_corrupt, "frames with one bit flipped on purpose" },
		{ "reordered", f->n_reordered, "frames held back on purpose" },
		{ "flapped", f->n_flapped, "frames lost while the link was down on purpose" },
		{ "marked", f->n_marked, "frames marked Congestion Experienced on purpose" },
	};
	char name[32];

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		snprintf(name, sizeof(name), "fault.%s_%s", dir, c[i].name);
		count(out, name, c[i].v, c[i].doc);
	}
}

static void print_work(const struct work *w, FILE *out)
{
#define X(name, unit, doc) count(out, "work." #name, w->name, doc);
	WORK_TABLE(X)
#undef X
}

void report_stats(const struct world *wd, FILE *out)
{
	const struct stats *st = dp_stats(wd->dp);
	struct dp_usage u = dp_usage(wd->dp);

	for (int i = 0; i < STAT_NR; i++)
		count(out, stat_descs[i].name, st->v[i], stat_descs[i].doc);
	print_nic(&wd->tap.count, out);
	if (wd->impaired) {
		print_fault("rx", &wd->im.rx.fault, out);
		print_fault("tx", &wd->im.tx.fault, out);
		count(out, "fault.not_made", wd->im.n_no_mbuf + wd->im.n_not_held,
		      "faults left out: no frame or no room for it");
	}
	print_work(&wd->work, out);
	count(out, "loop.sleeps", wd->sleeps, "times the thread slept");
	count(out, "usage.conns", u.conns, "connections left, TIME-WAIT included");
	count(out, "usage.snd_refs", u.snd_refs, "pieces of application memory still referenced");
	count(out, "usage.frames_held", u.frames_held, "received frames still held");
	fflush(out);
}
