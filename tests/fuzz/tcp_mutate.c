/* SPDX-License-Identifier: MIT */
/*
 * tcp_mutate.c - change a program of tcp_op.h into another program
 *
 * Ops are put in, taken out, copied, moved and varied whole; operands get values that mean
 * something where they stand. Bytes that are no op stay: libFuzzer's own mutations are asked
 * for the header now and then by fuzz_tcp.c.
 */
#include "base/rng.h"
#include "tests/fuzz/tcp_op.h"

struct program {
	uint8_t *data;
	struct op op[OP_MAX];
	uint32_t n, max;
};

static void load(struct op *op, uint32_t *n, const uint8_t *data, size_t size)
{
	*n = size < OP_HEADER ? 0 : (uint32_t)MIN((size - OP_HEADER) / OP_SIZE, (size_t)OP_MAX);
	if (*n > 0)
		memcpy(op, data + OP_HEADER, *n * sizeof(*op));
}

static size_t store(const struct program *p)
{
	if (p->n > 0)
		memcpy(p->data + OP_HEADER, p->op, p->n * sizeof(p->op[0]));
	return OP_HEADER + p->n * sizeof(p->op[0]);
}

static uint8_t below(struct rng *r, uint32_t n) { return (uint8_t)rng_below(r, n); }

/* Flags people send, and now and then any. */
static uint8_t some_flags(struct rng *r)
{
	static const uint8_t usual[] = { 0x10, 0x10, 0x10, 0x10, 0x18, 0x18, 0x11, 0x12, 0x02, 0x04,
					 0x14, 0x30, 0x50, 0x90, 0xd0, 0x00 };

	return below(r, 8) ? usual[below(r, ARRAY_LEN(usual))] : below(r, 256);
}

/* Small, of either sign, the edge itself most often. */
static uint8_t some_delta(struct rng *r)
{
	static const uint8_t near[] = { 0, 0, 0, 0, 1, 0xff, 2, 0xfe, 10, 0xf6, 100, 0x9c };

	return below(r, 4) ? near[below(r, ARRAY_LEN(near))] : below(r, 256);
}

static uint8_t some_time(struct rng *r)
{
	static const uint8_t usual[] = { 0, 0, 0, OP_T_LATE, OP_T_LATE, 2, 14, 20, 28, 34, 36, 40,
					 46 };

	return below(r, 4) ? usual[below(r, ARRAY_LEN(usual))] : below(r, OP_T_LATE + 1);
}

static struct op some_op(struct rng *r, uint8_t conn)
{
	static const uint8_t often[] = { OP_PASS, OP_PASS, OP_PASS, OP_SEG, OP_SEG, OP_SEG, OP_DATA,
					 OP_ACK, OP_SENDV, OP_SENDV, OP_SACK, OP_LOSE };
	struct op o = { .conn = conn, .b = below(r, 256), .c = below(r, 256), .d = below(r, 256),
			.e = below(r, 256), .f = below(r, 3) ? 0 : below(r, 256) };

	o.kind = below(r, 2) ? often[below(r, ARRAY_LEN(often))] : below(r, OP_NR);
	o.a = o.kind == OP_PASS ? some_time(r) : o.kind == OP_SEG ? some_flags(r) : below(r, 256);
	if (o.kind == OP_SYN)
		o.a = below(r, 4) ? SYN_MSS | SYN_WSCALE | SYN_SACK | SYN_TS : below(r, 32);
	if (o.kind == OP_LOSE || o.kind == OP_CLOSE)
		o.a &= 3;
	if (o.kind == OP_SEG || o.kind == OP_RST) {
		o.b = below(r, 3) ? 0 : below(r, 256);
		o.c = some_delta(r);
		o.d = some_delta(r);
	}
	return o;
}

static void vary(struct op *o, struct rng *r)
{
	struct op other = some_op(r, o->conn);

	switch (below(r, 9)) {
	case 0: o->kind = other.kind; break;
	case 1: o->conn = below(r, 8); break;
	case 2: o->a = o->kind == OP_PASS ? some_time(r) : o->kind == OP_SEG ? some_flags(r) :
		       below(r, 256); break;
	case 3: o->b = below(r, 256); break;
	case 4: o->c = some_delta(r); break;
	case 5: o->d = some_delta(r); break;
	case 6: o->e = below(r, 256); break;
	case 7: o->f = below(r, 256); break;
	default: *o = other; break;
	}
}

/* Make room for @n ops at @at; fewer if the program would be too long. Returns how many. */
static uint32_t make_room(struct program *p, uint32_t at, uint32_t n)
{
	n = MIN(n, p->max - p->n);
	memmove(p->op + at + n, p->op + at, (p->n - at) * sizeof(p->op[0]));
	p->n += n;
	return n;
}

static void take_out(struct program *p, uint32_t at, uint32_t n)
{
	n = MIN(n, p->n - at);
	p->n -= n;
	memmove(p->op + at, p->op + at + n, (p->n - at) * sizeof(p->op[0]));
}

static void change(struct program *p, struct rng *r)
{
	uint32_t at = (uint32_t)rng_below(r, p->n + 1), n = 1u + below(r, 1u + below(r, 8));
	uint32_t from = p->n ? (uint32_t)rng_below(r, p->n) : 0;
	uint8_t conn = p->n ? p->op[from].conn : 0;
	struct op copy[8];

	if (p->n == 0 || below(r, 4) == 0) {			/* new ones */
		n = make_room(p, at, n);
		while (n-- > 0)
			p->op[at + n] = some_op(r, conn);
		return;
	}
	n = MIN(n, p->n - from);
	memcpy(copy, p->op + from, n * sizeof(copy[0]));
	switch (below(r, 6)) {
	case 0:
		take_out(p, from, n);
		break;
	case 1:							/* repeat */
		n = make_room(p, at, n);
		memcpy(p->op + at, copy, n * sizeof(copy[0]));
		break;
	case 2:							/* move */
		take_out(p, from, n);
		at = MIN(at, p->n);
		n = make_room(p, at, n);
		memcpy(p->op + at, copy, n * sizeof(copy[0]));
		break;
	default:
		while (n-- > 0)
			vary(&p->op[from + n], r);
	}
}

size_t op_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed)
{
	static struct program p;
	struct rng r;

	if (max < OP_HEADER)
		return 0;
	rng_stream(&r, seed, 0);
	if (size < OP_HEADER)
		memset(data + size, 0, OP_HEADER - size);
	p.data = data;
	p.max = (uint32_t)MIN((max - OP_HEADER) / OP_SIZE, (size_t)OP_MAX);
	load(p.op, &p.n, data, size);
	p.n = MIN(p.n, p.max);
	if (below(&r, 16) == 0)
		data[below(&r, OP_HEADER)] ^= (uint8_t)BIT(below(&r, 8));
	for (uint32_t i = 1u + below(&r, 3); i > 0; i--)
		change(&p, &r);
	return store(&p);
}

size_t op_cross(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
		size_t max, uint32_t seed)
{
	static struct program p;
	static struct op other[OP_MAX];
	uint32_t n, head, tail;
	struct rng r;

	if (a_size < OP_HEADER || max < OP_HEADER)
		return 0;
	rng_stream(&r, seed, 0);
	p.data = out;
	p.max = (uint32_t)MIN((max - OP_HEADER) / OP_SIZE, (size_t)OP_MAX);
	memcpy(out, a, OP_HEADER);
	load(p.op, &p.n, a, a_size);
	load(other, &n, b, b_size);
	head = (uint32_t)rng_below(&r, MIN(p.n, p.max) + 1);
	tail = n ? (uint32_t)rng_below(&r, n) : 0;
	n = MIN(n - tail, p.max - head);
	memcpy(p.op + head, other + tail, n * sizeof(other[0]));
	p.n = head + n;
	return store(&p);
}
