/* SPDX-License-Identifier: MIT */
/*
 * frame.c - frames recycled, read and checksummed
 *
 * The reading is deliberately small and its own: a NIC and a switch look at headers the
 * way hardware does, whatever core/net thinks of them. Hostile lengths are expected.
 * RFC 791, 793, 768 (layouts), 1071 (checksums).
 */
#include "sim/frame.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "sim/arena.h"

enum {
	SLAB_FRAMES = 256,
	SMALL_BYTES = ALIGN_UP(offsetof(struct frame, data) + FRAME_SMALL, CACHE_LINE),
};
enum { L3 = 14, TYPE = 12, TYPE_IPV4 = 0x0800 };
enum { IP_MIN = 20, IP_TOTLEN_ = 2, IP_FRAG = 6, IP_PROTO_ = 9, IP_CSUM_ = 10,
       IP_SRC_ = 12, IP_DST_ = 16, FRAG_BITS = 0x3fff, PROTO_TCP = 6, PROTO_UDP = 17 };
enum { TCP_MIN = 20, TCP_CSUM_ = 16, UDP_MIN = 8, UDP_CSUM_ = 6 };

struct frame_pool {
	struct frame *free[2];	/* large, small */
	struct arena mem;
	uint32_t n_out;
	struct toeplitz tz;
};

struct frame_pool *frame_pool_new(void)
{
	struct frame_pool *fp = calloc(1, sizeof(*fp));

	if (fp != NULL)
		toeplitz_init(&fp->tz, rss_default_key);
	return fp;
}

void frame_pool_free(struct frame_pool *fp)
{
	if (fp == NULL)
		return;
	arena_drop(&fp->mem);
	free(fp);
}

static void grow(struct frame_pool *fp, bool small)
{
	size_t bytes = small ? (size_t)SMALL_BYTES : sizeof(struct frame);
	uint8_t *mem = arena_get(&fp->mem, SLAB_FRAMES * bytes, CACHE_LINE);

	if (mem == NULL) {
		fprintf(stderr, "ix: no memory for more than %u frames under way; "
			"lower rx_ring, tx_ring or buffer_bytes\n", fp->n_out);
		abort();
	}
	for (uint32_t i = 0; i < SLAB_FRAMES; i++) {
		struct frame *f = (struct frame *)(void *)(mem + i * bytes);

		f->next = fp->free[small];
		fp->free[small] = f;
	}
}

struct frame *frame_get(struct frame_pool *fp, uint32_t len)
{
	bool small = len <= FRAME_SMALL;
	struct frame *f;

	if (unlikely(fp->free[small] == NULL))
		grow(fp, small);
	f = fp->free[small];
	fp->free[small] = f->next;
	fp->n_out++;
	memset(f, 0, offsetof(struct frame, data));
	f->small = small;
	return f;
}

void frame_put(struct frame_pool *fp, struct frame *f)
{
	assert(fp->n_out > 0);
	fp->n_out--;
	f->next = fp->free[f->small];
	fp->free[f->small] = f;
}

uint32_t frame_pool_out(const struct frame_pool *fp)
{
	return fp->n_out;
}

const struct toeplitz *frame_pool_toeplitz(const struct frame_pool *fp)
{
	return &fp->tz;
}

struct frame *frame_dup(struct frame_pool *fp, const struct frame *f)
{
	struct frame *copy = frame_get(fp, f->len);
	bool small = copy->small;

	memcpy(copy, f, offsetof(struct frame, data) + f->len);
	copy->small = small;
	copy->next = NULL;
	return copy;
}

/* Bytes of the IPv4 header, 0 when there is none that could be read. */
static inline uint32_t ip_hlen(const struct frame *f)
{
	uint32_t hlen = (f->data[L3] & 15u) * 4;

	if (f->len < L3 + IP_MIN || be16_load(f->data + TYPE) != TYPE_IPV4)
		return 0;
	if (f->data[L3] >> 4 != 4 || hlen < IP_MIN || L3 + hlen > f->len)
		return 0;
	return hlen;
}

void frame_flow(const struct frame *f, struct frame_flow *fl)
{
	const uint8_t *ip = f->data + L3;
	uint32_t hlen = ip_hlen(f);

	*fl = (struct frame_flow){ .kind = FLOW_NONE };
	if (hlen == 0)
		return;
	fl->kind = FLOW_IPV4;
	fl->saddr = be32_load(ip + IP_SRC_);
	fl->daddr = be32_load(ip + IP_DST_);
	fl->proto = ip[IP_PROTO_];
	fl->l4_off = (uint16_t)(L3 + hlen);
	if (fl->proto != PROTO_TCP && fl->proto != PROTO_UDP)
		return;
	if ((be16_load(ip + IP_FRAG) & FRAG_BITS) != 0 || L3 + hlen + 4 > f->len)
		return;
	fl->kind = FLOW_L4;
	fl->sport = be16_load(ip + hlen);
	fl->dport = be16_load(ip + hlen + 2);
}

uint32_t frame_bond_hash(const struct frame *f)
{
	static const uint64_t key[2] = { 0x243f6a8885a308d3, 0x13198a2e03707344 };
	struct frame_flow fl;

	frame_flow(f, &fl);
	if (fl.kind == FLOW_NONE)
		return 0;
	return hash_fold(key, (uint64_t)fl.saddr << 32 | fl.daddr,
			 (uint64_t)fl.sport << 16 | fl.dport);
}

/* Add @len bytes to a sum of native-order 16-bit words (RFC 1071 (2)(B)). */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, uint32_t len)
{
	uint32_t word;
	uint16_t half = 0;

	for (; len >= 4; p += 4, len -= 4) {
		memcpy(&word, p, 4);
		sum += word;
	}
	if (len >= 2) {
		memcpy(&half, p, 2);
		sum += half;
		p += 2;
		len -= 2;
	}
	if (len == 1) {
		half = 0;
		memcpy(&half, p, 1);
		sum += half;
	}
	return sum;
}

/* Folded, complemented, host order: 0 over bytes whose checksum is right. */
static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~__builtin_bswap16((uint16_t)sum);
}

/* A TCP or UDP segment that lies whole in the frame. */
struct segment {
	uint8_t *p;
	uint32_t len;
	uint32_t csum_off;
	uint8_t proto;
};

/* Whether @f carries one; bytes past the IPv4 total length are Ethernet padding. */
static bool segment_of(struct frame *f, struct segment *s)
{
	struct frame_flow fl;
	uint32_t total, hlen, least;

	frame_flow(f, &fl);
	if (fl.kind != FLOW_L4)
		return false;
	hlen = fl.l4_off - (uint32_t)L3;
	total = be16_load(f->data + L3 + IP_TOTLEN_);
	least = fl.proto == PROTO_TCP ? TCP_MIN : UDP_MIN;
	if (total < hlen + least || L3 + total > f->len)
		return false;
	*s = (struct segment){
		.p = f->data + fl.l4_off,
		.len = total - hlen,
		.csum_off = fl.proto == PROTO_TCP ? TCP_CSUM_ : UDP_CSUM_,
		.proto = fl.proto,
	};
	return true;
}

static uint16_t segment_sum(const struct frame *f, const struct segment *s)
{
	uint64_t sum = sum_add(0, f->data + L3 + IP_SRC_, 8);

	sum += __builtin_bswap16(s->proto);
	sum += __builtin_bswap16((uint16_t)s->len);
	return sum_fold(sum_add(sum, s->p, s->len));
}

enum frame_csum frame_csum_verify(const struct frame *f)
{
	struct frame *bytes = (struct frame *)(uintptr_t)f;	/* only read below */
	uint32_t hlen = ip_hlen(f);
	struct segment s;

	if (hlen == 0)
		return FRAME_CSUM_NONE;
	if (sum_fold(sum_add(0, f->data + L3, hlen)) != 0)
		return FRAME_CSUM_BAD;
	if (!segment_of(bytes, &s))
		return FRAME_CSUM_IP;
	if (s.proto == PROTO_UDP && be16_load(s.p + UDP_CSUM_) == 0)
		return FRAME_CSUM_IP;
	return segment_sum(f, &s) == 0 ? FRAME_CSUM_L4 : FRAME_CSUM_BAD;
}

void frame_csum_write_ip(struct frame *f)
{
	uint32_t hlen = ip_hlen(f);
	uint8_t *ip = f->data + L3;

	if (hlen == 0)
		return;
	be16_store(ip + IP_CSUM_, 0);
	be16_store(ip + IP_CSUM_, sum_fold(sum_add(0, ip, hlen)));
}

void frame_csum_write_l4(struct frame *f)
{
	struct segment s;
	uint16_t csum;

	if (!segment_of(f, &s))
		return;
	be16_store(s.p + s.csum_off, 0);
	csum = segment_sum(f, &s);
	if (csum == 0 && s.proto == PROTO_UDP)
		csum = 0xffff;		/* RFC 768: zero means none */
	be16_store(s.p + s.csum_off, csum);
}

void frame_csum_write(struct frame *f)
{
	if ((f->flags & FRAME_CSUM_VIRTUAL) == 0)
		return;
	frame_csum_write_ip(f);
	frame_csum_write_l4(f);
	f->flags &= (uint8_t)~FRAME_CSUM_VIRTUAL;
}

bool frame_ecn_mark(struct frame *f)
{
	bool marked = fault_ecn_mark(f->data, f->len);

	f->ecn_marked |= marked;
	return marked;
}
