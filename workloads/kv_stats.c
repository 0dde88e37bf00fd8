/* SPDX-License-Identifier: MIT */
/*
 * kv_stats.c - what `stats` tells, in both protocols
 *
 * Names and order are memcached 1.4.18's; what it has and we have not (connections' structures,
 * SASL, slab moves) is left out or constant. A store is one for all threads, so are the counts.
 * Not here: sizes of items, which would take a walk over all of them; "sizes" answers as later
 * versions do when that is switched off.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "workloads/kv_bin.h"

enum { NAME_MAX_ = 48, TEXT_MAX = 64 };

struct teller {
	struct kv_server *s;
	struct kv_conn *c;
	bool binary;
};

static void tell_binary(const struct teller *t, const char *name, const char *text)
{
	uint32_t nkey = (uint32_t)strlen(name), n = (uint32_t)strlen(text);
	uint8_t *p = bin_head(t->s, t->c, OP_STAT, BIN_OK, 0, nkey, nkey + n, 0, nkey + n);

	memcpy(p, name, nkey);
	memcpy(p + nkey, text, n);
}

static void tell_ascii(const struct teller *t, const char *name, const char *text)
{
	char line[NAME_MAX_ + TEXT_MAX + 16];
	int n = snprintf(line, sizeof(line), "STAT %s %s\r\n", name, text);

	memcpy(kv_out(t->s, t->c, (uint32_t)n), line, (uint32_t)n);
}

static void tell_text(const struct teller *t, const char *name, const char *text)
{
	if (t->binary)
		tell_binary(t, name, text);
	else
		tell_ascii(t, name, text);
}

static void tell(const struct teller *t, const char *name, uint64_t v)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	tell_text(t, name, text);
}

/* A count of class @cls; @of: "items:" or "". Classes count from 1. */
static void tell_class(const struct teller *t, const char *of, uint32_t cls, const char *name,
		       uint64_t v)
{
	char full[NAME_MAX_];

	snprintf(full, sizeof(full), "%s%u:%s", of, cls + 1, name);
	tell(t, full, v);
}

/* ---- general ---- */

static struct kv_class_stats sum_of(const struct kv_store *st)
{
	struct kv_class_stats a = { 0 };

	for (uint32_t i = 0; i < st->n_classes; i++) {
		const struct kv_class_stats *k = &st->cls[i].stats;

		a.get_hits += k->get_hits;
		a.set_cmds += k->set_cmds;
		a.touch_hits += k->touch_hits;
		a.delete_hits += k->delete_hits;
		a.incr_hits += k->incr_hits;
		a.decr_hits += k->decr_hits;
		a.cas_hits += k->cas_hits;
		a.cas_badval += k->cas_badval;
		a.evicted += k->evicted;
		a.evicted_unfetched += k->evicted_unfetched;
		a.reclaimed += k->reclaimed;
		a.expired_unfetched += k->expired_unfetched;
	}
	return a;
}

static void tell_commands(const struct teller *t)
{
	const struct kv_stats *k = &t->s->st->stats;
	struct kv_class_stats a = sum_of(t->s->st);

	tell(t, "cmd_get", k->cmd_get);
	tell(t, "cmd_set", a.set_cmds);
	tell(t, "cmd_flush", k->cmd_flush);
	tell(t, "cmd_touch", k->cmd_touch);
	tell(t, "get_hits", a.get_hits);
	tell(t, "get_misses", k->get_misses);
	tell(t, "delete_misses", k->delete_misses);
	tell(t, "delete_hits", a.delete_hits);
	tell(t, "incr_misses", k->incr_misses);
	tell(t, "incr_hits", a.incr_hits);
	tell(t, "decr_misses", k->decr_misses);
	tell(t, "decr_hits", a.decr_hits);
	tell(t, "cas_misses", k->cas_misses);
	tell(t, "cas_hits", a.cas_hits);
	tell(t, "cas_badval", a.cas_badval);
	tell(t, "touch_hits", a.touch_hits);
	tell(t, "touch_misses", k->touch_misses);
	tell(t, "auth_cmds", 0);
	tell(t, "auth_errors", 0);
	tell(t, "bytes_read", k->bytes_read);
	tell(t, "bytes_written", k->bytes_written);
	tell(t, "limit_maxbytes", t->s->cfg.memory_limit);
	tell(t, "accepting_conns", 1);
	tell(t, "threads", t->s->threads);
	tell(t, "hash_bytes", ((uint64_t)t->s->st->mask + 1) * sizeof(struct kv_item *));
	tell(t, "bytes", t->s->st->bytes);
	tell(t, "curr_items", t->s->st->n_items);
	tell(t, "total_items", k->total_items);
	tell(t, "expired_unfetched", a.expired_unfetched);
	tell(t, "evicted_unfetched", a.evicted_unfetched);
	tell(t, "evictions", a.evicted);
	tell(t, "reclaimed", a.reclaimed);
}

static void tell_general(const struct teller *t)
{
	const struct kv_store *st = t->s->st;

	tell(t, "pid", 1);
	tell(t, "uptime", st->now_s - 2);
	tell(t, "time", st->unix_start_s + st->now_s);
	tell_text(t, "version", KV_VERSION);
	tell(t, "pointer_size", 64);
	tell(t, "curr_connections", st->stats.curr_conns);
	tell(t, "total_connections", st->stats.total_conns);
	tell(t, "rejected_connections", st->stats.refused_conns);
	tell_commands(t);
}

/* ---- the others ---- */

static void tell_settings(const struct teller *t)
{
	tell(t, "maxbytes", t->s->cfg.memory_limit);
	tell(t, "maxconns", (uint64_t)t->s->cfg.conns_max * t->s->threads);
	tell_text(t, "evictions", t->s->cfg.evict ? "on" : "off");
	tell_text(t, "growth_factor", "1.25");
	tell(t, "chunk_size", 48);
	tell(t, "num_threads", t->s->threads);
	tell_text(t, "detail_enabled", "no");
	tell_text(t, "cas_enabled", "yes");
	tell_text(t, "binding_protocol", "auto-negotiate");
	tell_text(t, "auth_enabled_sasl", "no");
	tell(t, "item_size_max", KV_ITEM_MAX);
	tell(t, "hashpower_init", (uint64_t)__builtin_ctzll((uint64_t)t->s->st->mask + 1));
	tell_text(t, "slab_reassign", "no");
}

static void tell_items(const struct teller *t)
{
	const struct kv_store *st = t->s->st;

	for (uint32_t i = 0; i < st->n_classes; i++) {
		const struct kv_class *k = &st->cls[i];

		if (!k->tail)
			continue;
		tell_class(t, "items:", i, "number", k->n_items);
		tell_class(t, "items:", i, "age", st->now_s - k->tail->time);
		tell_class(t, "items:", i, "evicted", k->stats.evicted);
		tell_class(t, "items:", i, "evicted_nonzero", k->stats.evicted_nonzero);
		tell_class(t, "items:", i, "evicted_time", k->stats.evicted_time);
		tell_class(t, "items:", i, "outofmemory", k->stats.out_of_memory);
		tell_class(t, "items:", i, "reclaimed", k->stats.reclaimed);
		tell_class(t, "items:", i, "expired_unfetched", k->stats.expired_unfetched);
		tell_class(t, "items:", i, "evicted_unfetched", k->stats.evicted_unfetched);
	}
}

static void tell_slab(const struct teller *t, uint32_t i)
{
	const struct kv_class *k = &t->s->st->cls[i];
	uint64_t all = (uint64_t)k->pages * k->per_page, left = k->n_free + k->n_fresh;

	tell_class(t, "", i, "chunk_size", k->size);
	tell_class(t, "", i, "chunks_per_page", k->per_page);
	tell_class(t, "", i, "total_pages", k->pages);
	tell_class(t, "", i, "total_chunks", all);
	tell_class(t, "", i, "used_chunks", all - left);
	tell_class(t, "", i, "free_chunks", k->n_free);
	tell_class(t, "", i, "free_chunks_end", k->n_fresh);
	tell_class(t, "", i, "mem_requested", k->requested);
	tell_class(t, "", i, "get_hits", k->stats.get_hits);
	tell_class(t, "", i, "cmd_set", k->stats.set_cmds);
	tell_class(t, "", i, "delete_hits", k->stats.delete_hits);
	tell_class(t, "", i, "incr_hits", k->stats.incr_hits);
	tell_class(t, "", i, "decr_hits", k->stats.decr_hits);
	tell_class(t, "", i, "cas_hits", k->stats.cas_hits);
	tell_class(t, "", i, "cas_badval", k->stats.cas_badval);
	tell_class(t, "", i, "touch_hits", k->stats.touch_hits);
}

static void tell_slabs(const struct teller *t)
{
	const struct kv_store *st = t->s->st;
	uint32_t active = 0;

	for (uint32_t i = 0; i < st->n_classes; i++)
		if (st->cls[i].pages > 0) {
			active++;
			tell_slab(t, i);
		}
	tell(t, "active_slabs", active);
	tell(t, "total_malloced", (uint64_t)st->used_pages * KV_PAGE);
}

static void tell_sizes(const struct teller *t)
{
	tell_text(t, "sizes_status", "disabled");
}

static void reset(struct kv_store *st)
{
	uint64_t conns = st->stats.curr_conns, items = st->stats.total_items;

	memset(&st->stats, 0, sizeof(st->stats));
	st->stats.curr_conns = conns;
	st->stats.total_items = items;
	for (uint32_t i = 0; i < st->n_classes; i++)
		memset(&st->cls[i].stats, 0, sizeof(st->cls[i].stats));
}

/* ---- who asks ---- */

static bool is(const uint8_t *p, uint32_t n, const char *text)
{
	return n == strlen(text) && memcmp(p, text, n) == 0;
}

/* False: there are no such. */
static bool tell_what(const struct teller *t, const uint8_t *what, uint32_t n)
{
	static const struct {
		const char *name;
		void (*run)(const struct teller *t);
	} kinds[] = {
		{ "", tell_general }, { "settings", tell_settings }, { "items", tell_items },
		{ "slabs", tell_slabs }, { "sizes", tell_sizes },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (is(what, n, kinds[i].name)) {
			kinds[i].run(t);
			return true;
		}
	return false;
}

void kv_stats_ascii(struct kv_server *s, struct kv_conn *c, const uint8_t *what, uint32_t n)
{
	const struct teller t = { s, c, false };

	if (s->chunks_left <= s->chunks_reserve) {
		kv_ascii_reply(s, c, "SERVER_ERROR out of memory writing stats\r\n");
	} else if (is(what, n, "reset")) {
		reset(s->st);
		kv_ascii_reply(s, c, "RESET\r\n");
	} else {
		kv_ascii_reply(s, c, tell_what(&t, what, n) ? "END\r\n" : "ERROR\r\n");
	}
}

bool kv_stats_bin(struct kv_server *s, struct kv_conn *c, const uint8_t *what, uint32_t n)
{
	const struct teller t = { s, c, true };

	if (s->chunks_left <= s->chunks_reserve) {
		bin_error(s, c, OP_STAT, BIN_NO_MEMORY);
		return true;
	}
	if (is(what, n, "reset"))
		reset(s->st);
	else if (!tell_what(&t, what, n))
		return false;
	tell_text(&t, "", "");
	return true;
}
