/* SPDX-License-Identifier: MIT */
/*
 * series.c - time series of a run by plain writes; see series.h
 */
#include "sim/series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ix/abi.h"
#include "sim/topology.h"

enum { NO_LOSS_YET = 0x7fffffff };	/* of ix_tcp_info.ssthresh */

/* What 32-bit sequence numbers do not remember. */
struct series_flow {
	uint64_t life;		/* its connection's handle */
	uint32_t acked;
	uint64_t total;		/* bytes acknowledged over all lives */
};

struct series {
	FILE *f;
	char path[SCENARIO_PATH_MAX + 1];
	uint32_t n_flows;
	struct series_flow flow[];
};

struct series *series_open(const char *path, uint32_t n_flows, char *err, size_t err_len)
{
	struct series *s = calloc(1, sizeof(*s) + n_flows * sizeof(s->flow[0]));

	if (!s) {
		snprintf(err, err_len, "series: no memory");
		return NULL;
	}
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->n_flows = n_flows;
	s->f = fopen(path, "w");
	if (!s->f) {
		snprintf(err, err_len, "series: cannot create %s: %s", path, strerror(errno));
		free(s);
		return NULL;
	}
	fputs("time_us,kind,id,cwnd_bytes,ssthresh_bytes,srtt_us,flight_bytes,acked_bytes,"
	      "queue_bytes\n", s->f);
	return s;
}

/* Three decimals keep every nanosecond. */
static void begin(struct series *s, nsec now, const char *kind, uint32_t id)
{
	fprintf(s->f, "%" PRIu64 ".%03u,%s,%u,", now / 1000, (unsigned)(now % 1000), kind, id);
}

static void sample_flow(struct series *s, uint32_t id, uint64_t life,
			const struct ix_tcp_info *v, nsec now)
{
	struct series_flow *fl = &s->flow[id];
	uint32_t acked = v->delivered_bytes - v->sacked_bytes;

	if (fl->life != life) {
		fl->life = life;
		fl->acked = 0;
	}
	fl->total += acked - fl->acked;
	fl->acked = acked;
	begin(s, now, "flow", id);
	fprintf(s->f, "%u,", v->cwnd);
	if (v->ssthresh < NO_LOSS_YET)
		fprintf(s->f, "%u", v->ssthresh);
	fprintf(s->f, ",%u,%u,%" PRIu64 ",\n", v->srtt_us, v->in_flight, fl->total);
}

static bool has_window(const struct ix_tcp_info *v)
{
	return v->state >= IX_TCP_ESTABLISHED && v->state != IX_TCP_TIME_WAIT;
}

void series_sample(struct series *s, const struct topology *t, nsec now)
{
	uint32_t threads = t->sc->client.threads, n = t->sc->clients * threads;
	struct ix_tcp_info v;

	for (uint32_t id = 0; id < s->n_flows; id++) {
		uint32_t i = id % n;
		const struct host *h = t->host[1 + i / threads];
		uint64_t life = dp_conn_info(h->threads[i % threads].dp, id / n, &v);

		if (life && has_window(&v))
			sample_flow(s, id, life, &v, now);
	}
	for (uint32_t p = 0; t->sw && p < t->sc->server.nic.ports; p++) {
		begin(s, now, "port", p);
		fprintf(s->f, ",,,,,%" PRIu64 "\n", sim_switch_queue_bytes(t->sw, p, now));
	}
}

int series_close(struct series *s, char *err, size_t err_len)
{
	int rc = 0;

	if (ferror(s->f) | fclose(s->f)) {
		snprintf(err, err_len, "series: %s is incomplete: the disk is full or the device "
			 "failed", s->path);
		rc = -EIO;
	}
	free(s);
	return rc;
}
