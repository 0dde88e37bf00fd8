/* SPDX-License-Identifier: MIT */
/*
 * kv_store.c - the hash table and what requests do to it; see kv_store.h
 *
 * The table has 2^n chained buckets and does not grow: at bring-up its owner knows how many
 * records come. Expiry and flushes are lazy: a dead item goes when somebody meets it.
 */
#include "workloads/kv_store.h"

enum { RELATIVE_MAX_S = 60 * 60 * 24 * 30, START_S = 2 };

/* ---- numbers ---- */

uint32_t kv_decimal(uint8_t *to, uint64_t v)
{
	uint8_t buf[KV_DELTA_DIGITS];
	uint32_t n = 0;

	do {
		buf[KV_DELTA_DIGITS - ++n] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	memcpy(to, buf + KV_DELTA_DIGITS - n, n);
	return n;
}

bool kv_number(const uint8_t *p, uint32_t n, uint64_t *v)
{
	uint64_t x = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t digit = (uint32_t)p[i] - '0';

		if (digit > 9 || x > UINT64_MAX / 10 || x * 10 > UINT64_MAX - digit)
			return false;
		x = x * 10 + digit;
	}
	*v = x;
	return n > 0;
}

/* ---- life ---- */

static uint64_t page_count(const struct kv_store_cfg *cfg)
{
	return cfg->memory_limit / KV_PAGE + KV_CLASSES_MAX;
}

size_t kv_store_bytes(const struct kv_store_cfg *cfg)
{
	return ALIGN_UP(sizeof(struct kv_store), (size_t)CACHE_LINE) +
	       (sizeof(struct kv_item *) << cfg->hash_power) + page_count(cfg) * KV_PAGE;
}

struct kv_store *kv_store_init(void *mem, const struct kv_store_cfg *cfg)
{
	struct kv_store *st = mem;
	uint8_t *at = (uint8_t *)mem + ALIGN_UP(sizeof(*st), (size_t)CACHE_LINE);

	st->seed = cfg->seed | 1;
	st->unix_ns = cfg->unix_ns;
	st->now_s = START_S;
	st->evict = cfg->evict;
	st->bucket = (struct kv_item **)(void *)at;
	st->mask = (uint32_t)((1ULL << cfg->hash_power) - 1);
	st->pages = at + (sizeof(struct kv_item *) << cfg->hash_power);
	st->n_pages = (uint32_t)page_count(cfg);
	st->pages_max = (uint32_t)(cfg->memory_limit / KV_PAGE);
	kv_slab_init(st);
	return st;
}

static void flush_now(struct kv_store *st)
{
	st->flush_cas = st->cas;
	st->flush_s = 0;
}

void kv_store_tick(struct kv_store *st, uint64_t now_ns)
{
	uint64_t s;

	if (st->tick_ns == 0) {
		st->start_ns = now_ns;
		st->unix_start_s = (st->unix_ns + now_ns) / NSEC_PER_SEC - START_S;
	}
	s = (now_ns - st->start_ns) / NSEC_PER_SEC;
	st->now_s = (uint32_t)s + START_S;
	st->tick_ns = st->start_ns + (s + 1) * NSEC_PER_SEC;
	if (st->flush_s != 0 && st->now_s >= st->flush_s)
		flush_now(st);
}

uint32_t kv_exptime(const struct kv_store *st, int64_t exptime)
{
	if (exptime == 0)
		return 0;
	if (exptime < 0)
		return 1;	/* now_s is never below 2 */
	if (exptime <= RELATIVE_MAX_S)
		return st->now_s + (uint32_t)exptime;
	if ((uint64_t)exptime <= st->unix_start_s)
		return 1;
	return (uint32_t)MIN((uint64_t)exptime - st->unix_start_s, (uint64_t)UINT32_MAX);
}

void kv_flush(struct kv_store *st, int64_t delay_s)
{
	st->stats.cmd_flush++;
	if (delay_s == 0)
		flush_now(st);
	else
		st->flush_s = kv_exptime(st, delay_s);
	if (st->flush_s != 0 && st->flush_s <= st->now_s)
		flush_now(st);
}

/* ---- the table ---- */

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t load(const uint8_t *p, uint32_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* Words are folded in by a wide multiplication; the last 16 bytes may overlap earlier ones. */
uint32_t kv_hash(const struct kv_store *st, const uint8_t *key, uint32_t nkey)
{
	static const uint64_t k0 = 0x9e3779b97f4a7c15ULL, k1 = 0xd1342543de82ef95ULL;
	uint64_t h = st->seed ^ nkey * k1, a, b;

	if (nkey >= 8) {
		for (uint32_t i = 0; i + 16 < nkey; i += 16)
			h = mix(load(key + i, 8) ^ k0, load(key + i + 8, 8) ^ h);
		a = load(key + nkey - 8, 8);
		b = load(key + (nkey >= 16 ? nkey - 16 : 0), 8);
	} else {
		a = load(key, nkey);
		b = 0;
	}
	h = mix(a ^ k0, b ^ h);
	h = mix(h ^ k1, st->seed);
	return (uint32_t)(h ^ h >> 32);
}

struct kv_item *kv_find(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash)
{
	struct kv_item *it = st->bucket[hash & st->mask];

	while (it && (it->nkey != nkey || memcmp(kv_key(it), key, nkey) != 0))
		it = it->h_next;
	if (it && unlikely(kv_is_dead(st, it))) {
		kv_unlink(st, it);
		return NULL;
	}
	return it;
}

void kv_link(struct kv_store *st, struct kv_item *it, uint32_t hash)
{
	struct kv_item **at = &st->bucket[hash & st->mask];

	it->h_next = *at;
	*at = it;
	it->state |= KV_LINKED;
	it->time = st->now_s;
	it->cas = ++st->cas;
	st->n_items++;
	st->bytes += kv_item_bytes(it);
	st->stats.total_items++;
	kv_lru_add(st, it);
}

static void free_item(struct kv_store *st, struct kv_item *it)
{
	st->cls[it->cls].requested -= kv_item_bytes(it);
	kv_slab_put(st, it);
}

static void unlink_hashed(struct kv_store *st, struct kv_item *it, uint32_t hash)
{
	struct kv_item **at = &st->bucket[hash & st->mask];

	assert(it->state & KV_LINKED);
	while (*at != it)
		at = &(*at)->h_next;
	*at = it->h_next;
	it->state &= (uint8_t)~KV_LINKED;
	st->n_items--;
	st->bytes -= kv_item_bytes(it);
	kv_lru_remove(st, it);
	if (it->refs == 0)
		free_item(st, it);
}

void kv_unlink(struct kv_store *st, struct kv_item *it)
{
	unlink_hashed(st, it, kv_hash(st, kv_key(it), it->nkey));
}

void kv_unref(struct kv_store *st, struct kv_item *it)
{
	assert(it->refs > 0);
	if (--it->refs == 0 && !(it->state & KV_LINKED))
		free_item(st, it);
}

/* ---- what requests do ---- */

static void replace(struct kv_store *st, struct kv_item *old, struct kv_item *it, uint32_t hash)
{
	if (old)
		unlink_hashed(st, old, hash);
	kv_link(st, it, hash);
}

/* A new item with the values of @old and @it joined, or NULL. */
static struct kv_item *joined(struct kv_store *st, struct kv_item *old, struct kv_item *it,
			      bool append, enum kv_result *why)
{
	struct kv_item *first = append ? old : it, *second = append ? it : old, *new;

	kv_ref(old);	/* making room must not evict it */
	new = kv_item_new(st, kv_key(old), old->nkey, old->flags, old->exptime,
			  old->nbytes + it->nbytes, why);
	if (new) {
		memcpy(kv_value(new), kv_value(first), first->nbytes);
		memcpy(kv_value(new) + first->nbytes, kv_value(second), second->nbytes + 2u);
	}
	kv_unref(st, old);
	return new;
}

static enum kv_result put_joined(struct kv_store *st, struct kv_item *old, struct kv_item *it,
				 uint32_t hash, bool append, uint64_t *cas)
{
	enum kv_result why;
	struct kv_item *new;

	if (*cas != 0 && *cas != old->cas)
		return KV_EXISTS;
	new = joined(st, old, it, append, &why);
	if (!new)
		return why;
	replace(st, old, new, hash);
	*cas = new->cas;
	kv_unref(st, new);
	return KV_STORED;
}

/* Does the present item @old (or its absence) allow @verb? KV_STORED: yes. */
static enum kv_result may_put(struct kv_store *st, struct kv_item *old, enum kv_verb verb,
			      uint64_t cas)
{
	switch (verb) {
	case KV_ADD:
		if (old)
			kv_lru_bump(st, old);
		return old ? KV_NOT_STORED : KV_STORED;
	case KV_REPLACE:
	case KV_APPEND:
	case KV_PREPEND:
		return old ? KV_STORED : KV_NOT_STORED;
	case KV_CAS:
		if (!old) {
			st->stats.cas_misses++;
			return KV_NOT_FOUND;
		}
		if (old->cas != cas) {
			st->cls[old->cls].stats.cas_badval++;
			return KV_EXISTS;
		}
		st->cls[old->cls].stats.cas_hits++;
		return KV_STORED;
	default:
		return KV_STORED;
	}
}

enum kv_result kv_put(struct kv_store *st, struct kv_item *it, uint32_t hash, enum kv_verb verb,
		      uint64_t *cas)
{
	struct kv_item *old = kv_find(st, kv_key(it), it->nkey, hash);
	enum kv_result r = may_put(st, old, verb, *cas);

	st->cls[it->cls].stats.set_cmds++;
	if (r == KV_STORED && (verb == KV_APPEND || verb == KV_PREPEND)) {
		r = put_joined(st, old, it, hash, verb == KV_APPEND, cas);
	} else if (r == KV_STORED) {
		replace(st, old, it, hash);
		*cas = it->cas;
	}
	kv_unref(st, it);
	return r;
}

static bool is_blank(uint8_t ch) { return ch == ' ' || (ch >= '\t' && ch <= '\r'); }

/* The number that @it begins with, as strtoull() and memcached understand it: blanks in front, and
 * nothing or a blank behind. A decrement leaves some there. */
static bool item_number(struct kv_item *it, uint64_t *v)
{
	const uint8_t *p = kv_value(it), *end = p + it->nbytes, *last;

	while (p < end && is_blank(*p))
		p++;
	for (last = p; last < end && !is_blank(*last); last++)
		;
	return last - p <= KV_NUMBER_MAX && kv_number(p, (uint32_t)(last - p), v);
}

/* Give @old the text @digits[@n]: where it is, when it fits and nobody is sending it. */
static enum kv_result number_write(struct kv_store *st, struct kv_item *old, uint32_t hash,
				   const uint8_t *digits, uint32_t n, uint64_t *cas)
{
	enum kv_result why;
	struct kv_item *new;

	if (n <= old->nbytes && old->refs == 0) {
		memcpy(kv_value(old), digits, n);
		memset(kv_value(old) + n, ' ', old->nbytes - n);
		*cas = old->cas = ++st->cas;
		kv_used(st, old);
		return KV_STORED;
	}
	kv_ref(old);
	new = kv_item_new(st, kv_key(old), old->nkey, old->flags, old->exptime, n, &why);
	kv_unref(st, old);
	if (!new)
		return why;
	memcpy(kv_value(new), digits, n);
	memcpy(kv_value(new) + n, "\r\n", 2);
	replace(st, old, new, hash);
	*cas = new->cas;
	kv_unref(st, new);
	return KV_STORED;
}

enum kv_result kv_delta(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			bool incr, uint64_t delta, uint64_t *cas, uint64_t *value)
{
	struct kv_item *it = kv_find(st, key, nkey, hash);
	uint8_t digits[KV_DELTA_DIGITS];
	uint64_t v;

	if (!it) {
		if (incr)
			st->stats.incr_misses++;
		else
			st->stats.decr_misses++;
		return KV_NOT_FOUND;
	}
	if (*cas != 0 && *cas != it->cas)
		return KV_EXISTS;
	if (!item_number(it, &v))
		return KV_NON_NUMERIC;
	if (incr) {
		v += delta;
		st->cls[it->cls].stats.incr_hits++;
	} else {
		v = delta > v ? 0 : v - delta;
		st->cls[it->cls].stats.decr_hits++;
	}
	*value = v;
	return number_write(st, it, hash, digits, kv_decimal(digits, v), cas);
}

enum kv_result kv_delete(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			 uint64_t cas)
{
	struct kv_item *it = kv_find(st, key, nkey, hash);

	if (!it) {
		st->stats.delete_misses++;
		return KV_NOT_FOUND;
	}
	if (cas != 0 && cas != it->cas)
		return KV_EXISTS;
	st->cls[it->cls].stats.delete_hits++;
	unlink_hashed(st, it, hash);
	return KV_STORED;
}

void kv_forget(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash)
{
	struct kv_item *it = kv_find(st, key, nkey, hash);

	if (it)
		unlink_hashed(st, it, hash);
}

struct kv_item *kv_touch(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			 int64_t exptime)
{
	struct kv_item *it = kv_find(st, key, nkey, hash);

	st->stats.cmd_touch++;
	if (!it) {
		st->stats.touch_misses++;
		return NULL;
	}
	st->cls[it->cls].stats.touch_hits++;
	it->exptime = kv_exptime(st, exptime);
	kv_used(st, it);
	return it;
}
