/* SPDX-License-Identifier: MIT */
/*
 * fuzz_calls.c - a hostile application: any call array, on connections in any state
 *
 * The script of rig.h; a pass's op is followed by what the application does in it: a byte
 * (APP_* and the number of calls), then the calls. A call is its number and the handle it
 * names (a nibble each: one of the last 15 seen, or any 8 bytes), `n`, and its operands; see
 * put_call().
 *
 * Beyond the rig's checks: what a call returns is possible, a connection's cookie hears
 * nothing after `dead`, no `sent` exceeds what sendv took, and in the end every cookie has
 * had its end, every datagram its udp_sent and every timer its firing.
 */
#include <stdlib.h>

#include "tests/fuzz/rig.h"

enum { APP_CALLS = 31, APP_LIE = BIT(5), APP_SCRIBBLE = BIT(6), APP_FORGET = BIT(7) };
enum { HANDLES = 15, ENDS = 512, TIMERS = 512 };

enum end_state { END_UNUSED, END_ASKED, END_LIVE, END_OVER };

/** A connection as the application knows it: its cookie is the index. */
struct end {
	uint8_t state;
	uint64_t handle, taken, sent;
};

static struct {
	unsigned char *window;
	struct ix_page *page;		/* the dataplane's addresses, before the scribbling */
	struct ix_call *calls;
	struct ix_event *events;
	uint64_t handle[HANDLES];
	uint32_t n_handles;
	struct ix_call did[RIG_CALLS];	/* what the last entry left, in full */
	uint32_t n_did;
	uint64_t last_ptr;
	uint32_t last_len;
	struct end end[ENDS];
	uint32_t n_ends;
	uint32_t udp_out;
	uint64_t timer[TIMERS];		/* handle; 0: fired or cancelled. Its cookie is the index */
	uint32_t n_timers;
	uint64_t udp_in[RIG_UDP_HELD];	/* not given back */
	uint32_t n_udp_in;
} app;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what it learns ---- */

static void remember(uint64_t handle) { app.handle[app.n_handles++ % HANDLES] = handle; }

static struct end *end_of(uint64_t handle)
{
	for (uint32_t i = 1; i < app.n_ends; i++)
		if (app.end[i].handle == handle && app.end[i].state == END_LIVE)
			return &app.end[i];
	return NULL;
}

static void returned(const struct ix_call *c, int64_t ret)
{
	struct end *e;
	uint32_t i;

	RIG_CHECK(ret > -4096);
	if (ret < 0)
		return;
	switch (c->nr) {
	case IX_CALL_CONNECT:
		RIG_CHECK(ret > 0);
		remember((uint64_t)ret);
		app.end[c->cookie].handle = (uint64_t)ret;
		break;
	case IX_CALL_ACCEPT:
		RIG_CHECK(ret == 0);
		app.end[c->new_cookie].handle = c->handle;
		app.end[c->new_cookie].state = END_LIVE;
		break;
	case IX_CALL_SENDV:
		e = end_of(c->handle);
		RIG_CHECK(e || ret == 0);	/* nothing is sent before it is accepted */
		if (e)
			e->taken += (uint64_t)ret;
		break;
	case IX_CALL_INFO:
		RIG_CHECK(ret > 0 && ret <= (int64_t)MIN(c->n, sizeof(struct ix_tcp_info)));
		RIG_CHECK(c->ptr - (uintptr_t)app.window <= RIG_WINDOW - c->n);
		break;
	case IX_CALL_UDP_SENDV:
		app.udp_out++;
		break;
	case IX_CALL_TIMER_ARM:
		remember((uint64_t)ret);
		app.timer[c->cookie] = (uint64_t)ret;
		break;
	case IX_CALL_UDP_RECV_DONE:
		for (i = 0; i < app.n_udp_in && app.udp_in[i] != c->handle; i++)
			;
		RIG_CHECK(i < app.n_udp_in);
		app.udp_in[i] = app.udp_in[--app.n_udp_in];
		break;
	case IX_CALL_TIMER_CANCEL:
		for (i = 1; i < app.n_timers && app.timer[i] != c->handle; i++)
			;
		RIG_CHECK(i < app.n_timers);
		app.timer[i] = 0;
		break;
	default:
		RIG_CHECK(c->nr != IX_CALL_NONE && c->nr < IX_CALL_NR);
	}
}

static void read_returns(void)
{
	for (uint32_t i = 0; i < app.n_did; i++)
		returned(&app.did[i], app.calls[i].ret);
	app.n_did = 0;
}

static void see_connection(const struct rig *r, const struct ix_event *ev)
{
	struct end *e = &app.end[ev->cookie];

	RIG_CHECK(ev->cookie > 0 && ev->cookie < app.n_ends);
	switch (ev->nr) {
	case IX_EV_CONNECTED:
		RIG_CHECK(e->state == END_ASKED && ev->outcome <= 0);
		e->state = ev->outcome ? END_OVER : END_LIVE;
		return;
	case IX_EV_RECV:
		RIG_CHECK(ev->len == 0 || (ev->ptr >= (uintptr_t)r->pool.pool.base &&
			  ev->ptr + ev->len <= (uintptr_t)pool_at(&r->pool.pool, RIG_FRAMES)));
		app.last_ptr = ev->ptr;
		app.last_len = ev->len;
		break;
	case IX_EV_SENT:
		e->sent += ev->bytes;
		RIG_CHECK(e->sent <= e->taken);
		break;
	default:
		RIG_CHECK(ev->nr == IX_EV_DEAD && ev->reason < IX_DEAD_NR);
	}
	RIG_CHECK(e->state == END_LIVE);
	if (ev->nr == IX_EV_DEAD)
		e->state = END_OVER;
}

static void see(const struct rig *r, const struct ix_event *ev)
{
	switch (ev->nr) {
	case IX_EV_KNOCK:
		remember(ev->handle);
		break;
	case IX_EV_UDP_RECV:
		remember(ev->handle);
		RIG_CHECK(app.n_udp_in < RIG_UDP_HELD);
		app.udp_in[app.n_udp_in++] = ev->handle;
		app.last_ptr = ev->ptr;
		app.last_len = ev->len;
		break;
	case IX_EV_UDP_SENT:
		RIG_CHECK(app.udp_out-- > 0 && ev->cookie == UINT64_MAX);
		break;
	case IX_EV_TIMER:
		RIG_CHECK(ev->cookie < app.n_timers && app.timer[ev->cookie] != 0);
		app.timer[ev->cookie] = 0;
		break;
	default:
		see_connection(r, ev);
	}
}

/* ---- what it does ---- */

static uint64_t pick_handle(struct feed *f, uint32_t i)
{
	return i < HANDLES ? app.handle[i] : feed_u64(f);
}

/* A fresh cookie, so that its events can be told apart; 0 when the input wants too many. */
static uint64_t new_end(void)
{
	if (app.n_ends == ENDS)
		return 0;
	app.end[app.n_ends].state = END_ASKED;
	return app.n_ends++;
}

static uint64_t pick_addr(struct rig *r, struct feed *f, uint8_t how, uint64_t len)
{
	switch (how & 7) {
	case 0:
		return (uintptr_t)app.window + feed_u16(f);
	case 1:
		return app.last_ptr;
	case 2:
		return (uintptr_t)app.window + RIG_WINDOW - len;
	case 3:
		return (uintptr_t)app.window + RIG_WINDOW - len + 1;
	case 4:
		return (uintptr_t)app.window - feed_u8(f);
	case 5:
		return (uintptr_t)pool_at(&r->pool.pool, 0) - 1 + feed_u8(f);
	case 6:
		return (uintptr_t)pool_at(&r->pool.pool, RIG_FRAMES) - len + feed_u8(f);
	default:
		return feed_u64(f);
	}
}

static uint64_t pick_len(struct feed *f, uint8_t how)
{
	switch (how >> 3 & 7) {
	case 0:
		return feed_u8(f);
	case 1:
	case 2:
		return feed_u16(f);
	case 3:
		return app.last_len;
	case 4:
		return (uint64_t)IX_SENDV_MAX + feed_u8(f) - 128;
	case 5:
		return RIG_WINDOW;
	case 6:
		return UINT64_MAX - feed_u8(f);
	default:
		return feed_u64(f);
	}
}

/* An array of @n entries somewhere, written as far as it lies in the window. An entry's
 * byte: address and length as above; bit 6: this one for all that follow. */
static uint64_t put_sg(struct rig *r, struct feed *f, uint32_t n)
{
	uint64_t bytes = (uint64_t)n * sizeof(struct ix_sg);
	uint8_t how = feed_u8(f), entry = 0;
	uint64_t at = (how & 7) == 0 ? (uintptr_t)app.window + (how >> 3) * 64u :
		      pick_addr(r, f, how, bytes);
	struct ix_sg sg = { 0, 0 };

	if (at - (uintptr_t)app.window > RIG_WINDOW - sizeof(sg))
		return at;
	for (uint32_t i = 0; i < MIN(n, 80u); i++) {
		if (at + (i + 1) * sizeof(sg) > (uintptr_t)app.window + RIG_WINDOW)
			break;
		if (!(entry & 0x40)) {
			entry = feed_u8(f);
			sg.len = pick_len(f, entry);
			sg.addr = pick_addr(r, f, entry, sg.len);
		}
		memcpy((void *)(uintptr_t)(at + i * sizeof(sg)), &sg, sizeof(sg));
	}
	return at;
}

static struct ix_addr pick_remote(struct feed *f)
{
	static const uint32_t ip[8] = { RIG_PEER_IP(0), RIG_PEER_IP(3), RIG_IP, 0xc0000209u,
					0x0a0000ffu, 0, 0x7f000001u, 0x0a000009u };
	uint8_t how = feed_u8(f);

	return (struct ix_addr){ .ip = ip[how & 7], .port = (uint16_t)(how >> 4),
				 .local_port = (how & 8) ? RIG_PORT : 0 };
}

static uint64_t pick_bytes(const struct rig *r, struct feed *f, uint64_t handle)
{
	const struct tcp_pcb *p = tcp_pcb_of(&r->dp->tcp, handle);
	uint8_t how = feed_u8(f);

	if (how == 0)
		return p ? tcp_recv_held(&r->dp->tcp, p) : 0;
	return how == 255 ? feed_u64(f) : how == 254 ? app.last_len : how;
}

static void put_call(struct rig *r, struct ix_call *c)
{
	struct feed *f = &r->feed;
	uint8_t what = feed_u8(f), n = feed_u8(f);

	*c = (struct ix_call){ .nr = what & 15, .n = n == 255 ? (uint32_t)feed_u64(f) : n };
	if (c->nr == 15)
		c->nr = (uint32_t)feed_u64(f) | 15;
	c->handle = pick_handle(f, what >> 4);
	switch (c->nr) {
	case IX_CALL_CONNECT:
		c->addr = pick_remote(f);
		c->cookie = new_end();
		break;
	case IX_CALL_ACCEPT:
		c->new_cookie = new_end();
		break;
	case IX_CALL_UDP_SENDV:
		c->cookie = UINT64_MAX;
		c->addr = pick_remote(f);
		c->sg = put_sg(r, f, c->n);
		break;
	case IX_CALL_SENDV:
		c->sg = put_sg(r, f, c->n);
		break;
	case IX_CALL_RECV_DONE:
		c->bytes = pick_bytes(r, f, c->handle);
		break;
	case IX_CALL_INFO:
		c->n = (uint32_t)pick_len(f, feed_u8(f));
		c->ptr = pick_addr(r, f, feed_u8(f), c->n);
		break;
	case IX_CALL_SET:
		c->value = feed_u8(f) & 0x80 ? feed_u64(f) : c->n & 1;
		break;
	case IX_CALL_TIMER_ARM:
		c->cookie = app.n_timers < TIMERS ? app.n_timers++ : 0;
		c->delay_ns = 1ull << (c->n & 63);
		break;
	default:
		break;
	}
	if ((c->nr == IX_CALL_CONNECT && !c->cookie) ||
	    (c->nr == IX_CALL_ACCEPT && !c->new_cookie) ||
	    (c->nr == IX_CALL_TIMER_ARM && !c->cookie))
		c->nr = IX_CALL_NONE;		/* names have run out */
}

/* The page is the application's to write: none of it may be believed. */
static void scribble(struct rig *r, struct ix_page *page)
{
	size_t n;
	const uint8_t *raw = feed_bytes(&r->feed, sizeof(*page), &n);

	memset(app.events, 0xa5, RIG_EVENTS * sizeof(*app.events));
	memset(page, 0xff, sizeof(*page));
	if (n > 0)
		memcpy(page, raw, n);
}

/* The input is over: hand back datagrams, cancel timers, leave the rest to the peers. */
static void let_go(struct ix_page *page)
{
	uint32_t n = 0;

	while (n < app.n_udp_in) {
		app.calls[n] = (struct ix_call){ .nr = IX_CALL_UDP_RECV_DONE,
						 .handle = app.udp_in[n] };
		n++;
	}
	for (uint32_t i = 1; i < app.n_timers && n < RIG_CALLS; i++)
		if (app.timer[i])
			app.calls[n++] = (struct ix_call){ .nr = IX_CALL_TIMER_CANCEL,
							   .handle = app.timer[i] };
	memcpy(app.did, app.calls, n * sizeof(app.did[0]));
	app.n_did = page->n_calls = n;
}

static void enter(struct rig *r, struct ix_page *page)
{
	uint8_t what;
	uint32_t n;

	if (!app.page) {
		app.page = page;
		app.calls = page->calls;
		app.events = page->events;
	}
	RIG_CHECK(page == app.page);
	read_returns();
	for (uint32_t i = 0; i < page->n_events; i++)
		see(r, &app.events[i]);
	if (r->draining) {
		let_go(page);
		return;
	}
	what = feed_u8(&r->feed);
	n = MIN(what & APP_CALLS, (uint32_t)RIG_CALLS);
	for (uint32_t i = 0; i < n; i++)
		put_call(r, &app.calls[i]);
	if (what & APP_SCRIBBLE)
		scribble(r, page);
	page->n_calls = n;
	/* A lie runs every descriptor there is, so those beyond are made harmless to repeat. */
	if (what & APP_LIE) {
		for (uint32_t i = n; i < RIG_CALLS; i++)
			app.calls[i] = (struct ix_call){ .nr = IX_CALL_NR + i };
		page->n_calls = (uint32_t)feed_u64(&r->feed) | RIG_CALLS << 1;
	}
	memcpy(app.did, app.calls, n * sizeof(app.did[0]));
	app.n_did = n;
	if (what & APP_FORGET)
		app.n_handles = 0;
}

static void check_end(void)
{
	for (uint32_t i = 1; i < app.n_ends; i++) {
		struct end *e = &app.end[i];

		RIG_CHECK(e->state != END_LIVE);
		RIG_CHECK(e->state != END_ASKED || e->handle == 0);
	}
	RIG_CHECK(app.udp_out == 0);
	for (uint32_t i = 1; i < app.n_timers; i++)
		RIG_CHECK(app.timer[i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	unsigned char *window = app.window;

	if (!window && posix_memalign((void **)&window, 4096, RIG_WINDOW) != 0)
		abort();
	memset(window, 0x5a, RIG_WINDOW);
	memset(&app, 0, sizeof(app));
	app.window = window;
	app.n_ends = app.n_timers = 1;
	r = (struct rig){ .app = enter, .kick = true };
	rig_open(&r, data, size, window, RIG_WINDOW);
	rig_run(&r);
	check_end();
	return 0;
}
