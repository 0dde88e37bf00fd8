/* SPDX-License-Identifier: MIT */
/*
 * summary.c - see summary.h
 *
 * Lines appear when they have something to say: a drop counter at zero is silence. Not
 * here: machine output (simrun.c).
 */
#include <math.h>
#include <inttypes.h>

#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/units.h"

static double value(const struct sim_result *r, const char *name)
{
	const struct metric *m = sim_metric(r, name);

	return m ? m->value : 0;
}

static void label(FILE *f, const char *text)
{
	fprintf(f, "%s%-12s%s", style_on(f, STYLE_BOLD), text, style_off(f));
}

/* 1234567 as "1.235 M". */
static const char *si(double v, char buf[24])
{
	if (v >= 1e6)
		snprintf(buf, 24, "%.3f M", v / 1e6);
	else if (v >= 1e4)
		snprintf(buf, 24, "%.1f k", v / 1e3);
	else
		snprintf(buf, 24, "%.4g", v);
	return buf;
}

static void scenario_line(const struct scenario *sc, FILE *f)
{
	char rate[48], warm[48], dur[48];

	unit_format(UNIT_BPS, sc->link.rate_bps, rate, sizeof(rate));
	unit_format(UNIT_NS, sc->warmup_ns, warm, sizeof(warm));
	unit_format(UNIT_NS, sc->duration_ns, dur, sizeof(dur));
	label(f, "scenario");
	fprintf(f, "%s, %u client%s x %u thread%s, server %u thread%s, %s%s, B = %u\n",
		workload_names[sc->workload], sc->clients, sc->clients == 1 ? "" : "s",
		sc->client.threads, sc->client.threads == 1 ? "" : "s", sc->server.threads,
		sc->server.threads == 1 ? "" : "s", rate, sc->sw.present ? " through a switch" :
		" back to back", sc->server.dp.batch_max);
	label(f, "");
	fprintf(f,
		"price list %s (server), %s (client); %s after %s of warm-up; seed %" PRIu64 "\n",
		sc->server.profile, sc->client.profile, dur, warm, sc->seed);
}

static void throughput_lines(const struct sim_result *r, FILE *f)
{
	char a[24], b[24];

	label(f, "throughput");
	fprintf(f, "%s requests/s", si(value(r, "requests_per_s"), a));
	if (sim_metric(r, "requests_per_s_ci95"))
		fprintf(f, " +- %s", si(value(r, "requests_per_s_ci95"), b));
	fprintf(f, ", %.3f Gb/s of payload %s", value(r, "goodput_gbps"),
		sim_metric(r, "flows") ? "to the server" : "each way");
	if (value(r, "conns_per_s") > 0)
		fprintf(f, ", %s connections/s", si(value(r, "conns_per_s"), a));
	fputc('\n', f);
}

static void flows_line(const struct sim_result *r, FILE *f)
{
	if (!sim_metric(r, "flows"))
		return;
	label(f, "flows");
	fprintf(f, "%.0f, Jain's index %.4f, slowest %.3f Gb/s, fastest %.3f Gb/s\n",
		value(r, "flows"), value(r, "flow_jain"), value(r, "flow_min_gbps"),
		value(r, "flow_max_gbps"));
}

static void latency_line(const struct sim_result *r, const char *name, const char *what, FILE *f)
{
	static const char *const q[] = { "mean", "p50", "p95", "p99", "p999", "max" };
	char metric[48];

	snprintf(metric, sizeof(metric), "%s_mean_us", name);
	if (!sim_metric(r, metric))
		return;
	label(f, what);
	if (isnan(value(r, metric))) {
		fputs("none: no request that was due in the measured time was answered\n", f);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		snprintf(metric, sizeof(metric), "%s_%s_us", name, q[i]);
		fprintf(f, "%s%s %.2f", i ? "  " : "", q[i], value(r, metric));
		if (i == 0 && strcmp(name, "latency") == 0)
			fprintf(f, " +- %.2f", value(r, "latency_ci95_us"));
	}
	fputs(" us\n", f);
}

static void cpu_line(const struct sim_result *r, FILE *f)
{
	label(f, "server");
	fprintf(f, "%.1f%% busy, %.2f frames a pass, %.0f ns a request (%.0f%% application), "
		"%.2f L3 misses a request\n", value(r, "server_util_pct"),
		value(r, "server_batch_mean"), value(r, "server_ns_per_request"),
		value(r, "server_app_pct"), value(r, "l3_misses_per_msg"));
	label(f, "clients");
	fprintf(f, "busiest thread %.1f%% busy, busiest NIC %.0f%% used\n",
		value(r, "client_util_max_pct"), value(r, "client_nic_util_pct"));
}

/* What the rate would grow with, and how much of everything was used. */
static void limit_line(const struct sim_result *r, FILE *f)
{
	label(f, "limit");
	fprintf(f, "%s; cores %.0f%%, link %.0f%%, packet cap %.0f%%, PCIe %.0f%%, locks %.0f%%\n",
		r->limit, value(r, "server_core_util_pct"), value(r, "server_link_util_pct"),
		value(r, "server_cap_util_pct"), value(r, "server_pcie_util_pct"),
		MAX(MAX(value(r, "server_lock_conn_util_pct"),
			value(r, "server_lock_app_util_pct")),
		    value(r, "server_lock_item_util_pct")));
}

/* What went wrong, by cause; nothing to say is said in one word. */
static void trouble_line(const struct sim_result *r, FILE *f)
{
	static const char *const names[] = {
		"conns_failed", "conns_died", "never_sent", "unanswered", "bad_bytes",
		"misses", "errors",
		"server_nic_drop_cap", "server_nic_drop_no_desc", "server_nic_tx_full",
		"client_nic_drop_no_desc", "switch_drops", "fault_lost", "fault_duplicated",
		"fault_corrupted", "fault_reordered", "fault_flapped", "server_tcp_rexmit",
		"client_tcp_rexmit", "server_tcp_rto", "client_tcp_rto", "server_tcp_rcv_drop",
		"client_tcp_rcv_drop", "server_tx_no_mbuf", "server_tcp_listen_drop",
		"server_tcp_no_pcb",
	};
	bool any = false;

	label(f, "trouble");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		double v = value(r, names[i]);

		if (v == 0)
			continue;
		fprintf(f, "%s%s %.0f", any ? "  " : "", names[i], v);
		any = true;
	}
	fprintf(f, "%s\n", any ? "" : "none: nothing dropped, lost, retransmitted or refused");
}

static void rows_table(const struct sim_result *r, FILE *f)
{
	if (r->n_rows == 0)
		return;
	fprintf(f, "\n%s%10s %8s %14s %14s%s\n", style_on(f, STYLE_BOLD), "bytes", "rounds",
		"one way, us", "goodput, Gb/s", style_off(f));
	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct app_row *row = &r->rows[i];

		if (row->rounds == 0 || row->total_ns == 0)
			continue;
		fprintf(f, "%10u %8" PRIu64 " %14.2f %14.3f\n", row->bytes, row->rounds,
			(double)row->total_ns / (double)row->rounds / 2e3,
			16.0 * row->bytes * (double)row->rounds / (double)row->total_ns);
	}
}

static void budget_table(const struct scenario *sc, const struct sim_result *r, FILE *f)
{
	double total = value(r, "budget_total_us");

	if (total <= 0) {
		if (sc->budget)
			fprintf(f, "\nbudget      no answer came after the warm-up: "
				"set warmup=0, or measure longer\n");
		return;
	}
	fprintf(f, "\n%s%-12s %12s %12s %8s%s\n", style_on(f, STYLE_BOLD), "budget",
		"round trip", "one way, us", "share", style_off(f));
	for (uint32_t i = 0; i < r->n_metrics; i++) {
		const struct metric *m = &r->metrics[i];
		size_t n = strlen(m->name);

		if (strncmp(m->name, "budget_", 7) != 0 || n < 10 ||
		    strcmp(m->name + n - 3, "_us") != 0 ||
		    strcmp(m->name, "budget_total_us") == 0 ||
		    strcmp(m->name, "budget_one_way_us") == 0)
			continue;
		fprintf(f, "  %-10.*s %12.3f %12.3f %7.1f%%\n", (int)(n - 10), m->name + 7,
			m->value, m->value / 2, 100 * m->value / total);
	}
	fprintf(f, "  %-10s %12.3f %12.3f %7.1f%%  mean of %.0f answers\n", "total", total,
		total / 2, 100.0, value(r, "budget_answers"));
}

void summary_print(const struct scenario *sc, const struct sim_result *r, FILE *f)
{
	scenario_line(sc, f);
	throughput_lines(r, f);
	flows_line(r, f);
	latency_line(r, "latency", "latency", f);
	latency_line(r, "service", "service", f);
	cpu_line(r, f);
	limit_line(r, f);
	trouble_line(r, f);
	rows_table(r, f);
	budget_table(sc, r, f);
	fprintf(f, "\n%srun %016" PRIx64 ": %" PRIu64 " events, %.3f ms of virtual time%s\n",
		style_on(f, STYLE_DIM), r->trace_hash, r->events, (double)r->end / 1e6,
		style_off(f));
}
