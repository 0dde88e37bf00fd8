/* SPDX-License-Identifier: MIT */
/*
 * host.c - passes in virtual time; see host.h
 *
 * A thread has one engine event, its next pass. It is asked for by the NIC (a frame
 * becomes visible in an empty ring) and after each pass (frames left, a deadline). While a
 * pass runs the next one starts at its end; an idle thread sees what came half a period of
 * its polling loop later. Not here: building and counting (host_setup.c).
 */
#include "sim/host.h"

#include "net/wire.h"
#include "sim/host_impl.h"

/* Where the bytes of an option-less IPv4 header and its TCP header are in a frame. */
enum {
	AT_IP = ETH_HLEN,
	AT_TCP = ETH_HLEN + IP_HLEN_MIN,
	SEGMENT_MIN = AT_TCP + TCP_HLEN_MIN,
	VHL_PLAIN = 0x45,
};

/* Ask for a pass because of something at @at. */
static inline void want(struct host_thread *t, nsec at)
{
	struct host *h = t->host;
	struct cpu_thread *c = &h->cpu.thread[t->queue];
	nsec start = at <= c->busy_until ? c->busy_until : at + h->detect_ns;

	if (at == NSEC_NEVER || start >= c->next_at)
		return;
	c->next_at = start;
	engine_at(h->setup.engine, &t->start, start);
}

void host_wake(void *ctx, nsec at)
{
	want(ctx, at);
}

static bool is_segment(const struct frame *f)
{
	return f->len >= SEGMENT_MIN && be16_load(f->data + ETH_TYPE) == ETHERTYPE_IPV4 &&
	       f->data[AT_IP + IP_VHL] == VHL_PLAIN && f->data[AT_IP + IP_PROTO] == IPPROTO_TCP_;
}

static bool has_payload(const struct frame *f)
{
	uint32_t hlen = (uint32_t)(f->data[AT_TCP + TCP_OFF] >> 4) * 4;

	return be16_load(f->data + AT_IP + IP_TOTLEN) > IP_HLEN_MIN + hlen;
}

/* The same in both directions. */
static uint32_t flow_hash(const struct frame *f)
{
	static const uint64_t key[2] = { 0x9d39247e33776d41ULL, 0x2af7398005aaa5c7ULL };
	uint32_t saddr = be32_load(f->data + AT_IP + IP_SRC);
	uint32_t daddr = be32_load(f->data + AT_IP + IP_DST);
	uint32_t sport = be16_load(f->data + AT_TCP + TCP_SPORT);
	uint32_t dport = be16_load(f->data + AT_TCP + TCP_DPORT);

	return hash_fold(key, (uint64_t)(saddr ^ daddr) << 32 | (saddr + daddr),
			 (uint64_t)(sport ^ dport) << 32 | (sport + dport));
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
	t->touch_ps += machine_segment(&h->machine, &t->machine, f->rss, f->len,
				       f->data[AT_TCP + TCP_FLAGS] & TH_SYN);
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
	if (page->n_objects)
		t->touch_ps += machine_objects(&t->host->machine, &t->machine, page);
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
	t->passes++;
	t->passes_rx += w->rx_frames != 0;
	t->busy_ns += end - now;
	t->hash = (t->hash ^ now ^ end << 20) * 0x9e3779b97f4a7c15ULL;
#define X(name, unit, doc) t->work.name += w->name;
	WORK_TABLE(X)
#undef X
}

/* One pass, in the core an instant, here as long as its work is worth. */
void host_pass(struct event *ev, nsec now)
{
	struct host_thread *t = container_of(ev, struct host_thread, start);
	struct host *h = t->host;
	struct cpu_thread *c = &h->cpu.thread[t->queue];
	struct work w = { 0 };
	nsec end;

	assert(now >= c->busy_until);
	c->next_at = NSEC_NEVER;
	t->touch_ps = 0;
	if (h->setup.app->next_due && h->setup.app->next_due(t->app) <= now)
		dp_kick(t->dp);
	nic_pass_begin(h->nic, t->queue, now);
	dp_run_once(t->dp, now, &w);
	end = now + cpu_duration(&h->cpu, t->queue, costs_total(h->setup.costs, &w) + t->touch_ps,
				 now) +
	      machine_wait_ps(&h->machine, &t->machine, &w, now) / 1000;
	c->busy_until = end;
	if (unlikely(t->budget != NULL || h->setup.trace != NULL))
		observe(t, &w, now, end);
	nic_pass_end(h->nic, t->queue, end);
	account(t, &w, now, end);
	want(t, sim_nic_rx_next(h->nic, t->queue));
	want(t, dp_next_deadline(t->dp));
	if (h->setup.app->next_due)
		want(t, h->setup.app->next_due(t->app));
}
