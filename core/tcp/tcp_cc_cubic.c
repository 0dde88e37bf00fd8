/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc_cubic.c - CUBIC (RFC 9438)
 *
 * In congestion avoidance the window follows W_cubic(t) = C (t - K)^3 + W_max, or Reno's
 * estimate where that is larger. Windows are bytes, the curve's time is 1/1024 s.
 * t counts only while the window was what limited the sender (section 5.8): every ACK adds
 * the time since the last such one, and no more than two round trips.
 * Not here: HyStart++ (RFC 9406); slow start is RFC 5681's. Of spurious reductions only the
 * last can be undone (section 4.9).
 */
#include "tcp/tcp_impl.h"

enum { CURVE_MAX = 1 << 20 };	/* from K, 1/1024 s: C (t - K)^3 is far beyond TCP_CWND_MAX */

/* A bit of the root a step, from the top: (2r + 1)^3 - (2r)^3 = 3 (2r) (2r + 1) + 1. */
uint32_t tcp_cc_cbrt(uint64_t x)
{
	uint64_t r = 0;

	for (int32_t shift = 63; shift >= 0; shift -= 3) {
		uint64_t step;

		r *= 2;
		step = 3 * r * (r + 1) + 1;
		if (x >> shift >= step) {
			x -= step << shift;
			r++;
		}
	}
	return (uint32_t)r;
}

static void cubic_init(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)t;
	(void)p;
	c->cc_state.cubic = (struct tcp_cubic){ 0 };
}

/* Equation 2: K^3 = (W_max - cwnd_epoch) / C, C = 0.4 segments a cubic second. */
static void begin(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cubic *q)
{
	struct tcp_cubic_epoch *e = &q->now;

	if (e->w_max > p->cwnd) {
		e->k = tcp_cc_cbrt(((uint64_t)(e->w_max - p->cwnd) * 5 << 29) / p->mss);
	} else {
		e->k = 0;
		e->w_max = p->cwnd;
	}
	e->w_est = p->cwnd;
	e->t_us = 0;
	e->live = true;
	q->last_us = t->now_us;
	q->cwnd_rest = q->est_rest = 0;
}

static void pass_time(const struct tcp *t, uint32_t rtt_us, struct tcp_cubic *q)
{
	uint32_t gap = MIN(t->now_us - q->last_us, 2 * rtt_us);

	q->now.t_us += MIN(gap, UINT32_MAX - q->now.t_us);
	q->last_us = t->now_us;
}

/* Equation 1 at @t_us, bytes. */
static uint32_t curve(const struct tcp_cubic_epoch *e, uint32_t mss, uint64_t t_us)
{
	uint64_t t = t_us * 16 / 15625, d = MIN(t < e->k ? e->k - t : t - e->k, CURVE_MAX), w;

	w = ((d * d * d >> 15) * 2 * mss / 5) >> 15;
	if (t < e->k)
		return e->w_max - (uint32_t)MIN(w, e->w_max);
	return (uint32_t)MIN(e->w_max + w, TCP_CWND_MAX);
}

/* @n / @cwnd; what is left over counts next time. */
static uint32_t divide(uint64_t n, uint32_t cwnd, uint32_t *rest)
{
	n += *rest;
	*rest = (uint32_t)(n % cwnd);
	return (uint32_t)(n / cwnd);
}

/* Equation 4: alpha is 3 (1 - beta) / (1 + beta) = 9/17, and 1 beyond cwnd_prior. */
static void reno_grow(const struct tcp_pcb *p, struct tcp_cubic *q, uint32_t acked)
{
	uint64_t n = (uint64_t)acked * p->mss;

	if (q->now.w_est < q->now.cwnd_prior)
		n = n * 9 / 17;
	q->now.w_est = MIN(q->now.w_est + divide(n, p->cwnd, &q->est_rest), TCP_CWND_MAX);
}

/* Sections 4.3 (Reno-friendly), 4.4 (concave), 4.5 (convex). */
static void grow(struct tcp_pcb *p, struct tcp_cubic *q, uint32_t acked, uint32_t rtt_us)
{
	uint32_t cwnd = p->cwnd, target;

	reno_grow(p, q, acked);
	if (curve(&q->now, p->mss, q->now.t_us) < q->now.w_est) {
		p->cwnd = MAX(cwnd, q->now.w_est);
		return;
	}
	target = curve(&q->now, p->mss, (uint64_t)q->now.t_us + rtt_us);
	target = MIN(MAX(target, cwnd), cwnd + cwnd / 2);
	cwnd += divide((uint64_t)(target - cwnd) * acked, cwnd, &q->cwnd_rest);
	p->cwnd = MIN(cwnd, TCP_CWND_MAX);
}

static void cubic_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked,
			bool limited)
{
	struct tcp_cubic *q = &c->cc_state.cubic;
	uint32_t rtt_us = p->srtt >> 3;

	if (!limited)
		return;
	if (p->cwnd < c->ssthresh) {
		tcp_cc_slow_start(p, acked);
		return;
	}
	if (q->now.live)
		pass_time(t, rtt_us, q);
	else
		begin(t, p, q);
	grow(p, q, acked, rtt_us);
}

/* Section 4.6, beta = 0.7; 4.7: a window that did not reach the last W_max makes room. */
static uint32_t cubic_loss(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight)
{
	struct tcp_cubic *q = &c->cc_state.cubic;
	uint32_t cwnd = p->cwnd;

	(void)t;
	q->before = q->now;
	q->now.cwnd_prior = cwnd;
	q->now.w_max = cwnd < q->now.w_max ? (uint32_t)((uint64_t)cwnd * 17 / 20) : cwnd;
	q->now.live = false;
	return MAX((uint32_t)((uint64_t)flight * 7 / 10), 2u * p->mss);
}

/* Section 4.8: the stage behind slow start begins at its plateau. */
static void cubic_timeout(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)t;
	(void)p;
	c->cc_state.cubic.now.w_max = 0;
}

/* Section 4.9 */
static void cubic_undo(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)p;
	c->cc_state.cubic.now = c->cc_state.cubic.before;
	c->cc_state.cubic.last_us = t->now_us;
}

/* Section 5.8: none of the idle time counts. */
static void cubic_idle(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)p;
	c->cc_state.cubic.last_us = t->now_us;
}

const struct tcp_cc_ops tcp_cc_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.acked = cubic_acked,
	.loss = cubic_loss,
	.timeout = cubic_timeout,
	.undo = cubic_undo,
	.idle = cubic_idle,
};
