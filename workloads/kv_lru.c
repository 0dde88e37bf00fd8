/* SPDX-License-Identifier: MIT */
/*
 * kv_lru.c - one list a slab class, newest first; who has to go
 *
 * An item that is read moves to the head only when it has not for KV_BUMP_S seconds. Both
 * searches for a victim look at a bounded number of the oldest items and pass over those that
 * somebody refers to.
 */
#include "workloads/kv_store.h"

enum { RECLAIM_TRIES = 5, EVICT_TRIES = 50 };

void kv_lru_add(struct kv_store *st, struct kv_item *it)
{
	struct kv_class *k = &st->cls[it->cls];

	it->prev = NULL;
	it->next = k->head;
	if (k->head)
		k->head->prev = it;
	else
		k->tail = it;
	k->head = it;
	k->n_items++;
}

void kv_lru_remove(struct kv_store *st, struct kv_item *it)
{
	struct kv_class *k = &st->cls[it->cls];

	if (it->prev)
		it->prev->next = it->next;
	else
		k->head = it->next;
	if (it->next)
		it->next->prev = it->prev;
	else
		k->tail = it->prev;
	it->next = it->prev = NULL;
	k->n_items--;
}

void kv_lru_bump(struct kv_store *st, struct kv_item *it)
{
	kv_lru_remove(st, it);
	it->time = st->now_s;
	kv_lru_add(st, it);
}

bool kv_lru_reclaim(struct kv_store *st, uint32_t cls)
{
	struct kv_class *k = &st->cls[cls];
	struct kv_item *it = k->tail;

	for (int i = 0; it && i < RECLAIM_TRIES; i++, it = it->prev) {
		if (it->refs > 0 || !kv_is_dead(st, it))
			continue;
		k->stats.reclaimed++;
		k->stats.expired_unfetched += !(it->state & KV_FETCHED);
		kv_unlink(st, it);
		return true;
	}
	return false;
}

bool kv_lru_evict(struct kv_store *st, uint32_t cls)
{
	struct kv_class *k = &st->cls[cls];
	struct kv_item *it = k->tail;

	for (int i = 0; it && i < EVICT_TRIES; i++, it = it->prev) {
		if (it->refs > 0)
			continue;
		k->stats.evicted++;
		k->stats.evicted_nonzero += it->exptime != 0;
		k->stats.evicted_unfetched += !(it->state & KV_FETCHED);
		k->stats.evicted_time = st->now_s - it->time;
		kv_unlink(st, it);
		return true;
	}
	return false;
}
