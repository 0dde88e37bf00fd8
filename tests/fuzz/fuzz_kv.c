/* SPDX-License-Identifier: MIT */
/*
 * fuzz_kv.c - hostile clients of the memcached server: any bytes, in any pieces, on four streams
 *
 * The input is a list of steps, a byte that says what and for whom, then its operands:
 *	0..127	the next (byte & 31) bytes, of client byte >> 5, as one piece; 0 bytes: 256 of
 *		the one that follows
 *	128..	an act of client (byte & 3): see enum act
 * Clients open themselves. What must hold is what kv_bed.h checks (no byte is given back twice,
 * what is sent does not change, all memory comes back) and that nobody is served without bound.
 */
#include "tests/unit/kv_bed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum act { ACT_PASS, ACT_STALL, ACT_GO, ACT_EOF, ACT_KILL, ACT_SECOND, ACT_MONTH, ACT_ROOM, ACTS };
enum { CLIENTS = 4, SIZE_MAX_ = 4096 };

static void ready(int i)
{
	struct bed_conn *c = &kb.conn[i];

	if (c->used && (c->closed || c->dead))
		kv_bed_kill(i);
	if (!c->used)
		kv_bed_open_at(i);
	if (!c->known)
		kv_bed_pass();
	BED_CHECK(c->known);
}

static void act(int i, uint8_t what)
{
	struct bed_conn *c = &kb.conn[i];

	switch ((enum act)(what % ACTS)) {
	case ACT_PASS:
		kv_bed_pass();
		break;
	case ACT_STALL:
		c->stalled = true;
		c->room = 0;
		break;
	case ACT_GO:
		c->starved |= c->stalled;
		c->stalled = false;
		kv_bed_pass();
		break;
	case ACT_EOF:
		if (!c->eof)
			kv_bed_eof(i);
		break;
	case ACT_KILL:
		kv_bed_kill(i);
		break;
	case ACT_SECOND:
		kb.now_ns += NSEC_PER_SEC;
		kv_bed_pass();
		break;
	case ACT_MONTH:
		kb.now_ns += 31 * 86400 * NSEC_PER_SEC;
		kv_bed_pass();
		break;
	default:
		c->room = 100;
	}
}

static void check_bounds(void)
{
	for (uint32_t i = 0; i < kb.app->conns_used; i++) {
		const struct kv_conn *c = &kb.app->conns[i];

		BED_CHECK(c->chunks <= KV_CONN_CHUNKS + KV_STATS_CHUNKS);
		BED_CHECK(c->out_bytes < KV_CONN_BYTES + 2 * KV_ITEM_MAX);
		BED_CHECK(c->in_len < KV_IN_MAX);
	}
}

/* One step at @p; returns the bytes it took. */
static size_t one(const uint8_t *p, size_t n)
{
	uint8_t many[256];
	size_t len = p[0] & 31;
	int i = p[0] >> 5 & 3;

	if (p[0] >= 128) {
		ready(p[0] & 3);
		act(p[0] & 3, (uint8_t)((p[0] & 127) >> 2));
		return 1;
	}
	ready(i);
	if (kb.conn[i].eof)
		return 1;
	if (len == 0 && n > 1) {
		memset(many, p[1], sizeof(many));
		kv_bed_put(i, many, sizeof(many));
		return 2;
	}
	len = MIN(len, n - 1);
	kv_bed_put(i, p + 1, len);
	return 1 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > SIZE_MAX_)
		return 0;
	kv_bed_init();
	kv_bed_set("memory_limit", (data[0] & 1 ? 1ULL : 8ULL) << 20);
	kv_bed_set("frames", data[0] & 2 ? 4 : 64);
	kv_bed_set("copy_max", data[0] & 4 ? 0 : 512);
	kv_bed_set("evict", !(data[0] & 8));
	kv_bed_set("hash_power", 4);
	kv_bed_start();
	for (size_t at = 1; at < size; ) {
		at += one(data + at, size - at);
		check_bounds();
	}
	for (int i = 0; i < CLIENTS; i++)
		if (kb.conn[i].used)
			kb.conn[i].stalled = false;
	kv_bed_settle();
	kv_bed_end();
	return 0;
}
