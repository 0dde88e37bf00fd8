/* SPDX-License-Identifier: MIT */
/*
 * meter.c - adding up one client's requests
 */
#include "workloads/meter.h"

#include "base/types.h"

void meter_init(struct meter *m, uint64_t warmup_ns, uint64_t stop_ns)
{
	m->warmup_ns = m->at_ns = warmup_ns;
	m->span_ns = stop_ns > warmup_ns ? stop_ns - warmup_ns : 0;
	m->slice_ns = m->span_ns / METER_SLICES;
}

void meter_sent(struct meter *m, uint64_t intended_ns, uint64_t sent_ns)
{
	assert(sent_ns >= intended_ns);
	if (meter_covers(m, intended_ns) && sent_ns - intended_ns > METER_LATE_NS)
		m->late++;
}

/* Which of the equal slices of [warmup, stop) holds @t_ns, which is covered; usually that of the
 * one before. Divides first, so it cannot overflow, and bounds what the rounded-down width leaves
 * over. */
static uint32_t slice_of(struct meter *m, uint64_t t_ns)
{
	if (t_ns - m->at_ns >= m->slice_ns) {
		uint64_t i = m->slice_ns ? (t_ns - m->warmup_ns) / m->slice_ns : 0;

		m->at = i < METER_SLICES ? (uint32_t)i : METER_SLICES - 1;
		m->at_ns = m->warmup_ns + m->at * m->slice_ns;
	}
	return m->at;
}

void meter_done(struct meter *m, uint64_t intended_ns, uint64_t sent_ns, uint64_t now_ns,
		uint32_t bytes)
{
	if (meter_covers(m, now_ns)) {
		m->requests++;
		m->bytes += bytes;
	}
	if (meter_covers(m, intended_ns)) {
		uint32_t i = slice_of(m, intended_ns);

		hist_add(&m->latency, now_ns - intended_ns);
		if (!m->one_clock)
			hist_add(&m->service, now_ns - sent_ns);
		m->slice_sum_ns[i] += now_ns - intended_ns;
		m->slice_n[i]++;
	}
}

void meter_lost(struct meter *m, uint64_t intended_ns)
{
	if (meter_covers(m, intended_ns))
		m->lost++;
}

void meter_report(struct meter *m, struct app_report *r)
{
	r->requests = m->requests;
	r->bytes = m->bytes;
	r->late = m->late;
	r->unanswered = m->lost;
	r->latency = &m->latency;
	r->service = m->one_clock ? &m->latency : &m->service;
	r->n_slices = METER_SLICES;
	memcpy(r->slice_sum_ns, m->slice_sum_ns, sizeof(m->slice_sum_ns));
	memcpy(r->slice_n, m->slice_n, sizeof(m->slice_n));
}
