/* SPDX-License-Identifier: MIT */
/*
 * ixev.h - the event library: contexts, handlers, zero-copy sends, timers
 *
 * An application embeds struct ixev_ctx in its own per-connection state. Handlers run
 * inside ixev_run(), once a pass. What they ask for is kept per context and issued as
 * one recv_done, one sendv and one close a context when the batch ends, so a handler may
 * send and acknowledge in as many small steps as it likes.
 *
 * Nothing here allocates: contexts, references and timers belong to the application, and
 * struct ixev to whoever starts it. All of it must lie in the application's window.
 *
 * Life of a context: ixev_ctx_init, then ixev_accept (from the knock handler) or
 * ixev_connect; then recv, eof, sent in any order; then exactly one dead (or one
 * connected with an error), after which the context may be reused.
 */
#ifndef IX_IXEV_H
#define IX_IXEV_H

#include "ix/abi.h"

struct ixev;
struct ixev_ctx;
struct ixev_ref;
struct ixev_timer;

/** Called for every piece once it is acknowledged and let go, or the connection is dead. */
typedef void ixev_release_fn(struct ixev_ctx *ctx, struct ixev_ref *ref);

/** A piece of memory being sent. The application owns it again in `release`. */
struct ixev_ref {
	struct ixev_ref *next;		/* the library's, while being sent */
	const uint8_t *addr;
	uint32_t len;			/* bytes, >= 1 */
	uint32_t done;			/* the library's: bytes acknowledged */
	ixev_release_fn *release;	/* may be 0 */
};

/** Handlers of a connection; any may be 0. */
struct ixev_conn_ops {
	/* A connect finished: 0, or negative errno and the context is free again. */
	void (*connected)(struct ixev_ctx *ctx, int outcome);
	/* @len bytes arrived. They stay readable until ixev_recv_done() has covered them. */
	void (*recv)(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len);
	/* The peer has sent its FIN; sending may go on. */
	void (*eof)(struct ixev_ctx *ctx);
	/* Bytes were acknowledged (0: only the window opened); releases have run. */
	void (*sent)(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window);
	/* The connection is gone; every reference has been released. */
	void (*dead)(struct ixev_ctx *ctx, enum ix_dead_reason reason);
};

/* Private to the library but for @ops; 80 bytes, what every event touches in the first 64. */
struct ixev_ctx {
	const struct ixev_conn_ops *ops;
	struct ixev *ev;
	ix_handle_t handle;		/* 0 until known; the address while a connect waits */
	struct ixev_ref *head, *tail;	/* references, oldest first */
	struct ixev_ref *todo;		/* first not wholly accepted by sendv, or 0 */
	uint32_t todo_off;		/* bytes of todo already accepted */
	uint32_t recv_done;		/* bytes to acknowledge */
	uint16_t flags;			/* IXEV_F_* of ixev_impl.h */
	uint8_t close_mode;
	uint32_t held;			/* bytes delivered and not given back */
	struct ixev_ctx *pend_next;	/* contexts with something to issue */
	struct ixev_ctx **pend_prev;
};

/** Handlers of the thread. */
struct ixev_ops {
	/* A client asks on local port @to->local_port. Return a context after
	 * ixev_ctx_init() to accept, or 0 to refuse. */
	struct ixev_ctx *(*knock)(void *app, struct ixev *ev, const struct ix_addr *from);
	/* A datagram; hold it until ixev_udp_recv_done(ev, handle). */
	void (*udp_recv)(void *app, struct ixev *ev, ix_handle_t handle, const uint8_t *p,
			 uint32_t len, const struct ix_addr *from);
	/* The memory of a datagram sent with @cookie is let go. */
	void (*udp_sent)(void *app, struct ixev *ev, uint64_t cookie);
	/* Runs last in every entry, after all events. */
	void (*idle)(void *app, struct ixev *ev);
};

/** Bytes ixev_init() needs for a page of @max_calls, 2 or more. */
uint64_t ixev_bytes(uint32_t max_calls);

/** Make a thread in @mem (8-byte aligned, ixev_bytes() bytes, in the window). @app is handed
 * to the thread's handlers. */
struct ixev *ixev_init(void *mem, uint32_t max_calls, const struct ixev_ops *ops, void *app);

/** One entry: take the return codes, run handlers for every event, leave a batch of calls. */
void ixev_run(struct ixev *ev, struct ix_page *page);

/**
 * There will be an entry with @page soon, of the @n events at @e: fetch what it touches, before
 * other threads' state has to make room for it. First the contexts, and once they have arrived
 * what they name.
 */
void ixev_prefetch(const struct ixev *ev, const struct ix_event *e, uint32_t n);
void ixev_prefetch_next(const struct ixev *ev, const struct ix_page *page,
			const struct ix_event *e, uint32_t n);

/** Nanoseconds, start of the pass that is running. */
uint64_t ixev_now(const struct ixev *ev);

void *ixev_app(const struct ixev *ev);

/** Declare @cycles of application work in this entry (priced by a simulator only). */
void ixev_work(struct ixev *ev, uint64_t cycles);

/**
 * Declare a request served in this entry on the stored object with hash @object, with @bytes of
 * payload parsed or composed; @update: 1 when it changed the object, else 0. Priced by a
 * simulator only: its cache model follows the objects, its price list has `app_requests`,
 * `app_updates` and `app_bytes`.
 */
void ixev_request(struct ixev *ev, uint32_t object, uint32_t bytes, unsigned update);

void ixev_ctx_init(struct ixev_ctx *ctx, const struct ixev_conn_ops *ops);

/** Open a connection to @ip:@port (host order); `connected` tells. */
void ixev_connect(struct ixev *ev, struct ixev_ctx *ctx, uint32_t ip, uint16_t port);

/** Send @ref->addr, @ref->len without copying; both stay untouched until release. Sends
 * queue in order and wait for the window as long as it takes. Ignored (released at once)
 * after close or death. */
void ixev_send(struct ixev_ctx *ctx, struct ixev_ref *ref);

/** The application is done with the oldest @bytes delivered, at most what it holds: opens the
 * window. */
void ixev_recv_done(struct ixev_ctx *ctx, uint32_t bytes);

/** End the connection once what was sent has been accepted (FIN, HALF), or now (RST). After
 * FIN or RST received bytes are the library's: they stay as long as a reference is out, which
 * may name them, and no longer. */
void ixev_close(struct ixev_ctx *ctx, enum ix_close_mode mode);

/**
 * How the connection is doing: @to, in the window, is filled when this entry ends, and to be
 * read in the next. Returns 0, or -1 when there is no connection (yet, or any more) or this
 * entry's call array is full; then nothing is written, nor is it if the connection dies before.
 */
int ixev_info(struct ixev_ctx *ctx, struct ix_tcp_info *to);

/** Set an option when this entry ends. As ixev_info(); a value the dataplane refuses changes
 * nothing. */
int ixev_set(struct ixev_ctx *ctx, enum ix_option opt, uint64_t value);

/** One-shot timer; @fire runs in an entry at or after now + delay. Re-arming moves it. */
struct ixev_timer {
	void (*fire)(struct ixev_timer *t, struct ixev *ev);
	struct ixev_timer *pend_next;	/* the library's */
	uint64_t delay_ns;
	ix_handle_t handle;
	uint8_t flags;			/* IXEV_T_* of ixev_impl.h */
};

void ixev_timer_init(struct ixev_timer *t, void (*fire)(struct ixev_timer *, struct ixev *));
void ixev_timer_arm(struct ixev *ev, struct ixev_timer *t, uint64_t delay_ns);
/** Harmless when not armed. The struct stays the library's until this entry ends. */
void ixev_timer_cancel(struct ixev *ev, struct ixev_timer *t);

/** Datagram from @local_port. @sg[@n] and what it names stay untouched until udp_sent. Returns 0,
 * or -1 when this entry's call array is full. */
int ixev_udp_send(struct ixev *ev, uint64_t cookie, const struct ix_addr *to, uint16_t local_port,
		  const struct ix_sg *sg, uint32_t n);
int ixev_udp_recv_done(struct ixev *ev, ix_handle_t handle);

#endif
