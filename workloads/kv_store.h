/* SPDX-License-Identifier: MIT */
/*
 * kv_store.h - the store of the memcached server: items, slab classes, LRU lists, hash table
 *
 * Laid out as memcached 1.4.18's: an item is a header of 48 bytes, its CAS id, key, the text
 * " flags length\r\n" that an ASCII answer needs, value, "\r\n"; it lies in a chunk of a slab
 * class; a class has one LRU list. Memory is taken in pages of 1 MiB and stays with its class.
 *
 * Who enters: kv_store_clock() first, in every entry of the application; then any of the
 * operations below. The elastic threads of one host share a store and are run by one host
 * thread in either world, one after the other, so there is no lock here. What memcached's item
 * locks and cache lock cost is in the simulator's price list; a request only declares what it
 * did (ixev_request).
 *
 * An item that is being sent or filled has references; it can be unlinked meanwhile and its
 * chunk is freed with the last of them.
 * Not here: protocols, connections (kv.h).
 */
#ifndef WORKLOADS_KV_STORE_H
#define WORKLOADS_KV_STORE_H

#include "base/types.h"

enum {
	KV_NKEY_MAX = 250,
	KV_ITEM_MAX = 1 << 20,		/* bytes of a chunk, so of an item with all it has */
	KV_PAGE = 1 << 20,
	KV_CLASSES_MAX = 64,
	KV_SUFFIX_MAX = 24,		/* " 4294967295 1048576\r\n" and some */
	KV_DELTA_DIGITS = 20,		/* of 2^64 - 1 */
	KV_NUMBER_MAX = 32,		/* digits of a value that may be a number */
};

enum { KV_LINKED = 1, KV_FETCHED = 2 };	/* kv_item.state */

struct kv_item {
	struct kv_item *next, *prev;	/* LRU list; next: free chunks too */
	struct kv_item *h_next;		/* chain of the hash table */
	uint32_t time;			/* last use, by kv_store.now_s */
	uint32_t exptime;		/* 0: never */
	uint32_t nbytes;		/* of the value */
	uint32_t flags;			/* the client's */
	uint32_t refs;			/* being sent or filled */
	uint8_t cls, nkey, nsuffix, state;
	uint64_t cas;
	uint8_t data[];
};

_Static_assert(sizeof(struct kv_item) == 48 + 8, "as memcached's, with its CAS id");

/** What happened to items of a class; `stats` and `stats slabs` show it. */
struct kv_class_stats {
	uint64_t get_hits, set_cmds, touch_hits, delete_hits, incr_hits, decr_hits, cas_hits,
		 cas_badval;
	uint64_t evicted, evicted_nonzero, evicted_unfetched, reclaimed, expired_unfetched,
		 out_of_memory;
	uint32_t evicted_time;		/* seconds since its last use, of the last one evicted */
};

struct kv_class {
	uint32_t size;			/* of a chunk */
	uint32_t per_page;
	uint32_t pages;
	struct kv_item *free;
	uint32_t n_free;
	uint8_t *fresh;			/* chunks of the newest page never used yet */
	uint32_t n_fresh;
	uint32_t n_items;		/* linked */
	struct kv_item *head, *tail;	/* LRU, newest first */
	uint64_t requested;		/* bytes items in use asked for */
	struct kv_class_stats stats;
};

/** What happened without an item. */
struct kv_stats {
	uint64_t cmd_flush, cmd_touch, get_misses, delete_misses, incr_misses, decr_misses,
		 cas_misses, touch_misses, cmd_get;
	uint64_t bytes_read, bytes_written, total_items, total_conns, refused_conns;
	uint64_t curr_conns;
};

struct kv_store {
	uint64_t seed;
	uint64_t start_ns, tick_ns;	/* of the first request; of the next second, 0 before */
	uint32_t now_s;			/* seconds since a little before the start; >= 2 */
	uint32_t flush_s;		/* 0, or when a delayed flush is due */
	uint64_t cas, flush_cas;	/* last id given; items up to this one are gone */
	uint64_t unix_ns;		/* what a clock on the wall shows at time 0 */
	uint64_t unix_start_s;		/* ... showed when now_s was 0 */
	struct kv_item **bucket;
	uint32_t mask;
	uint32_t n_items, n_classes;
	uint8_t *pages;			/* [n_pages] of KV_PAGE bytes */
	uint32_t n_pages, used_pages, pages_max;	/* pages_max: the memory limit */
	uint64_t bytes;			/* of linked items */
	bool evict;
	struct kv_class cls[KV_CLASSES_MAX];
	struct kv_stats stats;
};

struct kv_store_cfg {
	uint64_t memory_limit;		/* bytes of pages */
	uint32_t hash_power;		/* 2^n buckets */
	bool evict;			/* when full; else answer with an error */
	uint64_t seed;			/* of the hash */
	uint64_t unix_ns;		/* what a clock on the wall shows at time 0 */
};

/** How an operation on the store ended. */
enum kv_result {
	KV_STORED, KV_NOT_STORED, KV_EXISTS, KV_NOT_FOUND, KV_NO_MEMORY, KV_TOO_LARGE,
	KV_NON_NUMERIC,
};

enum kv_verb { KV_SET, KV_ADD, KV_REPLACE, KV_APPEND, KV_PREPEND, KV_CAS };

static inline uint8_t *kv_key(struct kv_item *it) { return it->data; }
static inline uint8_t *kv_suffix(struct kv_item *it) { return it->data + it->nkey; }
static inline uint8_t *kv_value(struct kv_item *it) { return it->data + it->nkey + it->nsuffix; }

/** Bytes an item takes: header, key, suffix, value and what memcached adds (NUL, "\r\n"). */
static inline uint32_t kv_item_bytes(const struct kv_item *it)
{
	return (uint32_t)sizeof(*it) + it->nkey + 1u + it->nsuffix + it->nbytes + 2u;
}

/* ---- kv_store.c: life of a store, the table, what requests do ---- */

/** Bytes kv_store_init() needs. */
size_t kv_store_bytes(const struct kv_store_cfg *cfg);

/** Make an empty store in @mem, which is zeroed and aligned to a cache line. */
struct kv_store *kv_store_init(void *mem, const struct kv_store_cfg *cfg);

/** The time is @now_ns: seconds, and what was to happen by now. */
void kv_store_tick(struct kv_store *st, uint64_t now_ns);

static inline void kv_store_clock(struct kv_store *st, uint64_t now_ns)
{
	if (unlikely(now_ns >= st->tick_ns))
		kv_store_tick(st, now_ns);
}

uint32_t kv_hash(const struct kv_store *st, const uint8_t *key, uint32_t nkey);

/** Bring the bucket of @hash into the cache. */
static inline void kv_prefetch(const struct kv_store *st, uint32_t hash)
{
	prefetch(&st->bucket[hash & st->mask]);
}

/** A client's expiry as kv_item.exptime: seconds from now up to 30 days, else Unix time; negative:
 * expired already. */
uint32_t kv_exptime(const struct kv_store *st, int64_t exptime);

/** The live item of a key, or NULL. No reference is taken; no counter moves. */
struct kv_item *kv_find(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash);

/** ... which is used by this: it goes to the head of its LRU list, if that was long ago. */
static inline void kv_ref(struct kv_item *it) { it->refs++; }
void kv_unref(struct kv_store *st, struct kv_item *it);

/**
 * Complete @verb with the filled @it, whose reference is the caller's and ends here. @cas: 0, or
 * the id that the present item must have. KV_STORED: *@cas is the id of the new item.
 */
enum kv_result kv_put(struct kv_store *st, struct kv_item *it, uint32_t hash, enum kv_verb verb,
		      uint64_t *cas);

/** Add to (or take from) the decimal number stored; *@value is the new one, *@cas its id (in: 0, or
 * the id it must have). */
enum kv_result kv_delta(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			bool incr, uint64_t delta, uint64_t *cas, uint64_t *value);

/** Returns KV_STORED when it was there and is deleted, KV_EXISTS when it has not the id @cas. */
enum kv_result kv_delete(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			 uint64_t cas);

/** Delete without counting it: what was to replace the item could not be stored. */
void kv_forget(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash);

/** Give an item another expiry (kv_exptime()'s argument) and count it. Returns it, or NULL. */
struct kv_item *kv_touch(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t hash,
			 int64_t exptime);

/** Forget every item, now or in @delay_s seconds (negative: now). */
void kv_flush(struct kv_store *st, int64_t delay_s);

/** Store @it, whose key is not in the table; its reference stays the caller's. */
void kv_link(struct kv_store *st, struct kv_item *it, uint32_t hash);

/** Take @it out of table and LRU list. */
void kv_unlink(struct kv_store *st, struct kv_item *it);

/** Write @v in decimal to @to (KV_DELTA_DIGITS bytes of room); returns how many digits. */
uint32_t kv_decimal(uint8_t *to, uint64_t v);

/** Parse @n bytes of decimal digits into *@v; false: something else, or above 2^64 - 1. */
bool kv_number(const uint8_t *p, uint32_t n, uint64_t *v);

/* ---- kv_slab.c: chunks ---- */

/** Sizes of the classes; the memory of the pages is the store's. */
void kv_slab_init(struct kv_store *st);

/** Index of the smallest class for @size bytes; n_classes: none is large enough. */
uint32_t kv_slab_class(const struct kv_store *st, uint32_t size);

/** A chunk of class @cls, or NULL: the memory limit is reached. */
struct kv_item *kv_slab_take(struct kv_store *st, uint32_t cls);
void kv_slab_put(struct kv_store *st, struct kv_item *it);

/**
 * An item that is in no list yet, with one reference, key and suffix written, value to be
 * filled. @exptime as kv_exptime() gave it. Evicts if it must. NULL: *@why is KV_TOO_LARGE or
 * KV_NO_MEMORY.
 */
struct kv_item *kv_item_new(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t flags,
			    uint32_t exptime, uint32_t nbytes, enum kv_result *why);

/* ---- kv_lru.c ---- */

enum { KV_BUMP_S = 60 };	/* an item moves to the head at most so often, as memcached's */

void kv_lru_add(struct kv_store *st, struct kv_item *it);
void kv_lru_remove(struct kv_store *st, struct kv_item *it);
void kv_lru_bump(struct kv_store *st, struct kv_item *it);

/** Was @it flushed, or has it expired? */
static inline bool kv_is_dead(const struct kv_store *st, const struct kv_item *it)
{
	return it->cas <= st->flush_cas || (it->exptime != 0 && it->exptime <= st->now_s);
}

/** Unlink a dead item among the oldest of class @cls; false: there is none. */
bool kv_lru_reclaim(struct kv_store *st, uint32_t cls);

/** Unlink the oldest item of class @cls that nobody refers to; false: none was found. */
bool kv_lru_evict(struct kv_store *st, uint32_t cls);

/** @it is being read: it is young again. */
static inline void kv_used(struct kv_store *st, struct kv_item *it)
{
	if (!(it->state & KV_FETCHED))
		it->state |= KV_FETCHED;
	if (unlikely(st->now_s - it->time >= KV_BUMP_S))
		kv_lru_bump(st, it);
}

#endif
