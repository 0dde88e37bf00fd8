/* SPDX-License-Identifier: MIT */
/*
 * host.c - passes in virtual time; see host.h
 *
 * A thread has one engine event, its next pass. It is asked for by the NIC (a frame
 * becomes visible in an empty ring) and after each pass (frames left, a deadline). While a
 * pass runs the next one starts at its end; an idle thread sees what came half a period of
 * its polling loop later, or when an interrupt says so. Not here: threads that do not run to
 * completion (host_parts.c), hints (host_hints.c), building and counting (host_setup.c).
 */
#include "sim/host.h"

#include "sim/host_impl.h"

enum { SEGMENT_MIN = HOST_AT_TCP + TCP_HLEN_MIN, VHL_PLAIN = 0x45 };

/* When a frame that is visible at @at is seen by a thread that is doing nothing. */
nsec host_seen_at(struct host_thread *t, nsec at)
{
	const struct host_setup *s = &t->host->setup;
	nsec irq;

	if (s->cfg->exec.wake == WAKE_POLL)
		return at + t->host->detect_ns;
	irq = at + s->costs->v[COST_irq_delay] / COST_SCALE;
	return MAX(irq, t->irq_at + t->itr.ns);
}

void host_irq(struct host_thread *t, nsec now)
{
	if (sim_nic_rx_waiting(t->host->nic, t->queue) > 0)
		t->irq_at = now;
	t->irqs++;
}

/* Ask for a pass at @start. */
static inline void want_pass(struct host_thread *t, nsec start)
{
	struct cpu_thread *c = &t->host->cpu.thread[t->queue];

	if (start >= c->next_at)
		return;
	c->next_at = start;
	engine_at(t->host->setup.engine, &t->start, start);
}

/* Ask for a pass because of something at @at. */
static inline void want(struct host_thread *t, nsec at)
{
	const struct cpu_thread *c = &t->host->cpu.thread[t->queue];

	if (at != NSEC_NEVER)
		want_pass(t, at <= c->busy_until ? c->busy_until : at + t->host->detect_ns);
}

/* ... of a frame, the oldest in the ring or the one that fills the batch, visible at @at. */
static inline void want_frame(struct host_thread *t, nsec at)
{
	const struct host_setup *s = &t->host->setup;
	const struct cpu_thread *c = &t->host->cpu.thread[t->queue];

	if (at == NSEC_NEVER)
		return;
	if (unlikely(s->cfg->exec.policy == BATCH_WAIT) &&
	    sim_nic_rx_waiting(t->host->nic, t->queue) < s->cfg->dp.batch_max)
		at += s->cfg->exec.batch_timeout_ns;
	if (at <= c->busy_until)
		want_pass(t, c->busy_until);
	else if (likely(s->cfg->exec.wake == WAKE_POLL))
		want_pass(t, at + t->host->detect_ns);
	else
		want_pass(t, MAX(host_seen_at(t, at), c->busy_until) +
			  exec_jitter(&t->jitter, s->costs->v[COST_wake_jitter]));
}

void host_wake(void *ctx, nsec at)
{
	want_frame(ctx, at);
}

static bool is_segment(const struct frame *f)
{
	const uint8_t *ip = f->data + HOST_AT_IP;

	return f->len >= SEGMENT_MIN && be16_load(f->data + ETH_TYPE) == ETHERTYPE_IPV4 &&
	       ip[IP_VHL] == VHL_PLAIN && ip[IP_PROTO] == IPPROTO_TCP_;
}

static bool has_payload(const struct frame *f)
{
	uint32_t hlen = (uint32_t)(f->data[HOST_AT_TCP + TCP_OFF] >> 4) * 4;

	return be16_load(f->data + HOST_AT_IP + IP_TOTLEN) > IP_HLEN_MIN + hlen;
}

/* The same in both directions. */
static uint32_t flow_hash(const struct frame *f)
{
	static const uint64_t key[2] = { 0x9d39247e33776d41ULL, 0x2af7398005aaa5c7ULL };
	uint32_t saddr = be32_load(f->data + HOST_AT_IP + IP_SRC);
	uint32_t daddr = be32_load(f->data + HOST_AT_IP + IP_DST);
	uint32_t sport = be16_load(f->data + HOST_AT_TCP + TCP_SPORT);
	uint32_t dport = be16_load(f->data + HOST_AT_TCP + TCP_DPORT);

	return hash_fold(key, (uint64_t)(saddr ^ daddr) << 32 | (saddr + daddr),
			 (uint64_t)(sport ^ dport) << 32 | (sport + dport));
}

/* GRO: a full frame that follows one of its flow is appended to it. */
static bool merge(struct host_thread *t, const struct frame *f)
{
	if (f->rss == t->flow && t->in_flow > 0 && f->len >= EXEC_FULL_FRAME &&
	    t->in_flow < EXEC_LARGE_FRAMES) {
		t->in_flow++;
		t->merged++;
		return true;
	}
	t->flow = f->rss;
	t->in_flow = f->len >= EXEC_FULL_FRAME;
	return false;
}

void host_rx_tap(void *ctx, const struct frame *f, nsec visible, nsec now)
{
	struct host_thread *t = ctx;
	struct host *h = t->host;

	if (unlikely(h->machine.ddio_bytes != 0))
		t->touch_ps += machine_frame(&h->machine, &t->machine, f->len,
					     sim_nic_dma_mark(h->nic) - f->dma_mark);
	if ((f->flags & FRAME_RSS) == 0 || !is_segment(f))
		return;
	if (unlikely(h->setup.cfg->exec.large_segments)) {
		if (merge(t, f))
			return;	/* its state was reached for the frame before */
		t->data += has_payload(f);
	}
	t->touch_ps += machine_segment(&h->machine, &t->machine, f->rss, f->len,
				       f->data[HOST_AT_TCP + TCP_FLAGS] & TH_SYN);
	if (unlikely(t->budget != NULL) && has_payload(f))
		budget_rx(t->budget, f, flow_hash(f), visible, now);
}

void host_tx_tap(void *ctx, struct frame *f, nsec end)
{
	struct host_thread *t = ctx;

	(void)end;
	if (is_segment(f) && has_payload(f))
		budget_tx(t->budget, f, flow_hash(f));
}

void host_app_run(struct user *u, struct ix_page *page)
{
	struct host_thread *t = container_of(u, struct host_thread, user);

	page->n_objects = 0;
	ixev_run(t->ev, page);
	machine_fetch_objects(&t->host->machine, page);
}

/* What reaching the objects costs that the application has declared: asked at the end of the pass,
 * when the model's own memory has arrived. */
static void touch_objects(struct host_thread *t, nsec now)
{
	struct ix_page *page = dp_page(t->dp);
	uint64_t ps;

	if (page->n_objects == 0)
		return;
	ps = machine_objects(&t->host->machine, &t->machine, page, now);
	page->n_objects = 0;
	t->touch_ps += ps;
	t->host->sum.object_ps += ps;
}

/* Tell budget and trace what the pass that started at @now cost. */
static void observe(struct host_thread *t, const struct work *w, nsec now, nsec end)
{
	const struct host_setup *s = &t->host->setup;
	struct cost_split split = costs_split(s->costs, w);
	struct cpu_charge c = cpu_split(end - now, &split, t->touch_ps);

	if (t->budget)
		budget_pass(t->budget, now, &c);
	if (s->trace)
		trace_pass(s->trace, s->id, t->queue, now, &c, w);
}

static void account(struct host_thread *t, const struct work *w, nsec now, nsec end)
{
	struct host_sum *s = &t->host->sum;

	t->busy_ns += end - now;
	t->rx_bytes += w->rx_bytes;
	t->tx_bytes += w->tx_bytes;
	t->hash = (t->hash ^ now ^ end << 20) * 0x9e3779b97f4a7c15ULL;
	s->passes++;
	s->passes_rx += w->rx_frames != 0;
#define X(name, unit, doc) s->work.name += w->name;
	WORK_TABLE(X)
#undef X
}

void host_pass_begin(struct host_thread *t, nsec now)
{
	struct cpu_thread *c = &t->host->cpu.thread[t->queue];

	assert(now >= c->busy_until);
	c->next_at = NSEC_NEVER;
	t->touch_ps = 0;
	t->merged = t->data = t->in_flow = 0;
	nic_pass_begin(t->host->nic, t->queue, now);
}

/* What a stage of the pass costs on a core of its own, then here and now. */
nsec host_pass_end(struct host_thread *t, struct work *w, uint64_t extra_ps, nsec now)
{
	struct host *h = t->host;
	const struct exec_cfg *x = &h->setup.cfg->exec;
	uint64_t ps, wait_ps;
	nsec end;

	touch_objects(t, now);
	exec_adjust(x, w, t->merged, t->data);
	ps = costs_total(h->setup.costs, w) + t->touch_ps + extra_ps +
	     w->app_requests * h->setup.costs->v[COST_app_kernel];
	if (unlikely(x->shared) && w->tcp_conns > 0)
		ps += w->tcp_conns * h->setup.costs->v[COST_conn_contention] *
		      cpu_others_busy(&h->cpu, t->queue, now);
	wait_ps = machine_wait_ps(&h->machine, &t->machine, w, now);
	h->sum.cost_ps += ps + wait_ps;
	end = now + cpu_duration(&h->cpu, t->queue, ps, now) + wait_ps / COST_SCALE;
	h->cpu.thread[t->queue].busy_until = end;
	if (unlikely(t->budget != NULL || h->setup.trace != NULL))
		observe(t, w, now, end);
	if (unlikely(x->tx_flush == FLUSH_EARLY))
		nic_pass_end_spread(h->nic, t->queue,
				    x->large_segments ? EXEC_LARGE_FRAMES : 1, now, end);
	else
		nic_pass_end(h->nic, t->queue, end);
	account(t, w, now, end);
	return end;
}

/* One pass, in the core an instant, here as long as its work is worth. */
void host_pass(struct event *ev, nsec now)
{
	struct host_thread *t = container_of(ev, struct host_thread, start);
	struct host *h = t->host;
	const struct exec_cfg *x = &h->setup.cfg->exec;
	struct work w = { 0 };
	uint64_t extra_ps = 0;

	if (unlikely(x->wake == WAKE_INTERRUPT) && now > h->cpu.thread[t->queue].busy_until) {
		host_irq(t, now);
		extra_ps = h->setup.costs->v[COST_irq] + h->setup.costs->v[COST_wakeup];
	}
	host_pass_begin(t, now);
	if (h->setup.app->next_due && h->setup.app->next_due(t->app) <= now)
		dp_kick(t->dp);
	if (unlikely(x->tx_flush == FLUSH_LATE))
		dp_run_late(t->dp, now, &w);
	else
		dp_run_once(t->dp, now, &w);
	host_pass_end(t, &w, extra_ps, now);
	want_frame(t, sim_nic_rx_next(h->nic, t->queue));
	want(t, exec_tick(x, dp_next_deadline(t->dp)));
	if (h->setup.app->next_due)
		want(t, h->setup.app->next_due(t->app));
}
