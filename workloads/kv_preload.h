/* SPDX-License-Identifier: MIT */
/*
 * kv_preload.h - records that a store begins with
 */
#ifndef WORKLOADS_KV_PRELOAD_H
#define WORKLOADS_KV_PRELOAD_H

#include "workloads/kv_dist.h"
#include "workloads/kv_store.h"

/** Store @records records of @preset, with the seed KV_SEED, in the order of their numbers. */
void kv_preload(struct kv_store *st, enum kv_preset preset, uint32_t records);

#endif
