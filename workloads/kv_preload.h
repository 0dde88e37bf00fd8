/* SPDX-License-Identifier: MIT */
/*
 * kv_preload.h - records that a store begins with
 */
#ifndef WORKLOADS_KV_PRELOAD_H
#define WORKLOADS_KV_PRELOAD_H

#include "workloads/kv_store.h"

enum kv_preload { KV_PRELOAD_NONE, KV_PRELOAD_ETC, KV_PRELOAD_USR };

/** NULL-terminated, for the knob. */
extern const char *const kv_preload_names[];

/** Store @records records of @what, with the seed KV_SEED, in the order of their numbers. */
void kv_preload(struct kv_store *st, enum kv_preload what, uint32_t records);

#endif
