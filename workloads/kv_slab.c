/* SPDX-License-Identifier: MIT */
/*
 * kv_slab.c - slab classes: chunks of sizes that grow by 1.25, in pages of 1 MiB
 *
 * A class takes a page when it has no chunk left, while the memory limit allows it; its first
 * page it gets in any case, so that no size starves. A page never changes its class, a chunk
 * goes back to the free list of its class (memcached 1.4.18 without slab reassignment).
 * Not here: which item makes room (kv_lru.c).
 */
#include "workloads/kv_store.h"

enum { CHUNK_MIN = 96, CHUNK_ALIGN = 8 };

void kv_slab_init(struct kv_store *st)
{
	uint32_t n = 0, size = CHUNK_MIN;

	/* The next size is the last one, as it was rounded, times 1.25, rounded again. */
	for (; size <= KV_ITEM_MAX / 5 * 4; size = size * 5 / 4) {
		size = ALIGN_UP(size, (uint32_t)CHUNK_ALIGN);
		st->cls[n].size = size;
		st->cls[n++].per_page = KV_PAGE / size;
	}
	st->cls[n].size = KV_ITEM_MAX;
	st->cls[n++].per_page = 1;
	assert(n <= KV_CLASSES_MAX);
	st->n_classes = n;
}

uint32_t kv_slab_class(const struct kv_store *st, uint32_t size)
{
	uint32_t i = 0;

	while (i < st->n_classes && st->cls[i].size < size)
		i++;
	return i;
}

static bool page_add(struct kv_store *st, struct kv_class *k)
{
	if (st->used_pages == st->n_pages || (k->pages > 0 && st->used_pages >= st->pages_max))
		return false;
	k->fresh = st->pages + (size_t)st->used_pages++ * KV_PAGE;
	k->n_fresh = k->per_page;
	k->pages++;
	return true;
}

struct kv_item *kv_slab_take(struct kv_store *st, uint32_t cls)
{
	struct kv_class *k = &st->cls[cls];
	struct kv_item *it = k->free;

	if (it) {
		k->free = it->next;
		k->n_free--;
		return it;
	}
	if (k->n_fresh == 0 && !page_add(st, k))
		return NULL;
	it = (struct kv_item *)(void *)k->fresh;
	k->fresh += k->size;
	k->n_fresh--;
	return it;
}

void kv_slab_put(struct kv_store *st, struct kv_item *it)
{
	struct kv_class *k = &st->cls[it->cls];

	it->next = k->free;
	k->free = it;
	k->n_free++;
}

/* " flags length\r\n" of the item @it; returns how long it is. */
static uint8_t suffix_write(uint8_t *to, uint32_t flags, uint32_t nbytes)
{
	uint8_t *p = to;

	*p++ = ' ';
	p += kv_decimal(p, flags);
	*p++ = ' ';
	p += kv_decimal(p, nbytes);
	*p++ = '\r';
	*p++ = '\n';
	return (uint8_t)(p - to);
}

static struct kv_item *chunk_for(struct kv_store *st, uint32_t cls)
{
	struct kv_item *it;

	kv_lru_reclaim(st, cls);
	it = kv_slab_take(st, cls);
	if (!it && st->evict && kv_lru_evict(st, cls))
		it = kv_slab_take(st, cls);
	if (!it)
		st->cls[cls].stats.out_of_memory++;
	return it;
}

struct kv_item *kv_item_new(struct kv_store *st, const uint8_t *key, uint32_t nkey, uint32_t flags,
			    uint32_t exptime, uint32_t nbytes, enum kv_result *why)
{
	uint8_t suffix[KV_SUFFIX_MAX + 8];
	uint8_t nsuffix = suffix_write(suffix, flags, nbytes);
	uint64_t size = sizeof(struct kv_item) + nkey + 1u + nsuffix + (uint64_t)nbytes + 2u;
	uint32_t cls;
	struct kv_item *it;

	*why = KV_TOO_LARGE;
	if (size > KV_ITEM_MAX)
		return NULL;
	cls = kv_slab_class(st, (uint32_t)size);
	*why = KV_NO_MEMORY;
	it = chunk_for(st, cls);
	if (!it)
		return NULL;
	it->next = it->prev = it->h_next = NULL;
	it->time = st->now_s;
	it->exptime = exptime;
	it->nbytes = nbytes;
	it->flags = flags;
	it->refs = 1;
	it->cls = (uint8_t)cls;
	it->nkey = (uint8_t)nkey;
	it->nsuffix = nsuffix;
	it->state = 0;
	it->cas = 0;
	memcpy(kv_key(it), key, nkey);
	memcpy(kv_suffix(it), suffix, nsuffix);
	st->cls[cls].requested += size;
	return it;
}
