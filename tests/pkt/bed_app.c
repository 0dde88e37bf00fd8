/* SPDX-License-Identifier: MIT */
/*
 * bed_app.c - the application of a bed: logs every event, makes the calls it is told to
 *
 * It goes through the page and the window as any application does; nothing here looks
 * into the dataplane.
 */
#include "bed.h"

static const char *const event_name[IX_EV_NR] = {
	"none", "knock", "connected", "recv", "sent", "dead", "udp_recv", "udp_sent", "timer" };

static struct bed_event *log_event(struct bed *b)
{
	static struct bed_event lost;

	if (b->ev_n == BED_LOG) {
		bed_fail(__FILE__, __LINE__, "the log of events is full");
		return &lost;
	}
	return &b->ev[b->ev_n++];
}

static void on_recv(struct bed *b, struct bed_event *e, const struct ix_event *ev)
{
	struct bed_conn *c = &b->conn[e->conn];
	const uint8_t *p = (const uint8_t *)(uintptr_t)ev->ptr;

	e->value = ev->len;
	e->p = p;
	for (uint32_t i = 0; i < ev->len; i++) {
		if (p[i] != bed_byte(c->rx_off + i, 1)) {
			bed_fail(__FILE__, __LINE__, "byte %u of the stream is 0x%02x, want 0x%02x",
				 c->rx_off + i, p[i], bed_byte(c->rx_off + i, 1));
			break;
		}
	}
	c->rx_off += ev->len;
	c->undone += ev->len;
	if (b->auto_done && ev->len > 0 && b->n_calls < BED_CALLS) {
		b->calls[b->n_calls++] = (struct ix_call){ .nr = IX_CALL_RECV_DONE,
			.handle = c->handle, .bytes = ev->len };
		c->undone -= ev->len;
	}
}

static uint32_t conn_of(const struct bed *b, const struct ix_event *ev)
{
	if (ev->nr != IX_EV_KNOCK)
		return (uint32_t)(ev->cookie - bed_cookie(0));
	for (uint32_t i = 0; i < BED_CONNS; i++)
		if (b->conn[i].rport == ev->addr.port && b->conn[i].lport == ev->addr.local_port)
			return i;
	return BED_CONNS;
}

static void on_event(struct bed *b, const struct ix_event *ev)
{
	struct bed_event *e = log_event(b);

	*e = (struct bed_event){ .nr = ev->nr };
	if (ev->nr == IX_EV_TIMER || ev->nr >= IX_EV_UDP_RECV)
		return;
	e->conn = conn_of(b, ev);
	if (e->conn >= BED_CONNS) {
		bed_fail(__FILE__, __LINE__, "event %u with a cookie nobody gave", ev->nr);
		return;
	}
	switch (ev->nr) {
	case IX_EV_KNOCK:
		b->conn[e->conn].handle = ev->handle;
		e->value = ev->addr.local_port;
		break;
	case IX_EV_CONNECTED:
		e->value = ev->outcome;
		break;
	case IX_EV_RECV:
		on_recv(b, e, ev);
		break;
	case IX_EV_SENT:
		e->value = (int64_t)ev->bytes;
		e->window = ev->window;
		break;
	case IX_EV_DEAD:
		e->value = ev->reason;
		b->conn[e->conn].undone = 0;
		break;
	}
	bed_mix(&e->nr, sizeof(e->nr));
	bed_mix(&e->value, sizeof(e->value));
	bed_mix(&e->window, sizeof(e->window));
}

static void run(struct user *u, struct ix_page *page)
{
	struct bed *b = container_of(u, struct bed, user);

	for (uint32_t i = 0; i < page->n_events; i++)
		on_event(b, &page->events[i]);
	memcpy(page->calls, b->calls, b->n_calls * sizeof(b->calls[0]));
	page->n_calls = b->n_calls_claim ? b->n_calls_claim : b->n_calls;
	b->n_calls = b->n_calls_claim = 0;
	if (b->hook)
		b->hook(b, page);
}

const struct user_ops bed_user_ops = { .run = run };

int64_t bed_call(struct bed *b, struct ix_call c)
{
	uint32_t i = b->n_calls;
	int64_t ret;

	b->calls[b->n_calls++] = c;
	dp_kick(b->dp);
	bed_pass_once(b);
	ret = dp_page(b->dp)->calls[i].ret;
	if (dp_next_deadline(b->dp) <= b->now)
		bed_pass(b);
	return ret;
}

int64_t bed_send_pieces(struct bed *b, uint32_t n, uint32_t len)
{
	struct bed_conn *c = &b->conn[b->cur];
	struct ix_sg *sg = (struct ix_sg *)(void *)(b->win + BED_WIN - 2048);
	int64_t ret;

	for (uint32_t i = 0; i < n; i++)
		sg[i] = (struct ix_sg){ .len = len, .addr = (uintptr_t)b->win + c->tx_off +
					i * len + (i % 2 ? BED_WIN : 0) };
	ret = bed_call(b, (struct ix_call){ .nr = IX_CALL_SENDV, .handle = c->handle, .n = n,
					    .sg = (uintptr_t)sg });
	if (ret > 0)
		c->tx_off += (uint32_t)ret;
	return ret;
}

int64_t bed_sendv(struct bed *b, uint32_t len) { return bed_send_pieces(b, 1, len); }

int64_t bed_recv_done(struct bed *b, uint64_t bytes)
{
	struct bed_conn *c = &b->conn[b->cur];
	int64_t ret = bed_call(b, (struct ix_call){ .nr = IX_CALL_RECV_DONE, .handle = c->handle,
						    .bytes = bytes });

	if (ret == 0)
		c->undone -= (uint32_t)bytes;
	return ret;
}

int64_t bed_close(struct bed *b, enum ix_close_mode mode)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_CLOSE, .n = mode,
					     .handle = b->conn[b->cur].handle });
}

int64_t bed_accept(struct bed *b)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_ACCEPT, .new_cookie = bed_cookie(b->cur),
					     .handle = b->conn[b->cur].handle });
}

int64_t bed_connect(struct bed *b)
{
	struct bed_conn *c = &b->conn[b->cur];
	int64_t ret;

	ret = bed_call(b, (struct ix_call){ .nr = IX_CALL_CONNECT, .cookie = bed_cookie(b->cur),
					    .addr = { .ip = 0x0a000002, .port = c->rport } });
	if (ret > 0)
		c->handle = (uint64_t)ret;
	return ret;
}

static struct bed_event *take_event(struct bed *b)
{
	struct bed_event *e = &b->ev[b->ev_pos];

	if (b->ev_pos == b->ev_n)
		return NULL;
	if (++b->ev_pos == b->ev_n)
		b->ev_pos = b->ev_n = 0;
	return e;
}

static const struct bed_event *expect(struct bed *b, const char *file, int line, uint32_t nr,
				      int64_t value)
{
	const struct bed_event *e = take_event(b);

	if (!e) {
		bed_fail(file, line, "no event, want %s(%lld)", event_name[nr], (long long)value);
		return NULL;
	}
	if (e->nr != nr || e->value != value || e->conn != b->cur) {
		bed_fail(file, line, "event %s(%lld) of connection %u, want %s(%lld) of %u",
			 event_name[e->nr], (long long)e->value, e->conn, event_name[nr],
			 (long long)value, b->cur);
		return NULL;
	}
	return e;
}

void bed_expect_event_at(struct bed *b, const char *file, int line, uint32_t nr, int64_t value)
{
	expect(b, file, line, nr, value);
}

void bed_expect_sent_at(struct bed *b, const char *file, int line, int64_t bytes, uint32_t window)
{
	const struct bed_event *e = expect(b, file, line, IX_EV_SENT, bytes);

	if (e && e->window != window)
		bed_fail(file, line, "sent says a window of %u, want %u", e->window, window);
}

void bed_expect_no_event_at(struct bed *b, const char *file, int line)
{
	const struct bed_event *e;

	while ((e = take_event(b)) != NULL)
		bed_fail(file, line, "unexpected event %s(%lld) of connection %u",
			 event_name[e->nr], (long long)e->value, e->conn);
}

void bed_forget_events(struct bed *b) { b->ev_pos = b->ev_n = 0; }
