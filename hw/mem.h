/* SPDX-License-Identifier: MIT */
/*
 * mem.h - memory at bring-up: one mapped arena, handed out front to back, dropped whole
 *
 * Fills core_ops.mem. Pages are reserved, not touched: a dataplane sized for a million
 * connections costs what it uses.
 */
#ifndef HW_MEM_H
#define HW_MEM_H

#include "plat.h"

struct hw_mem {
	struct core_env env;	/* what dp_env.core points to */
	uint8_t *base;
	size_t size;		/* bytes reserved */
	size_t used;		/* bytes handed out, with alignment */
};

/** Reserve @size bytes. Returns 0 or -ENOMEM. */
int hw_mem_init(struct hw_mem *mem, size_t size);

/** Unmap everything; harmless when nothing is mapped. */
void hw_mem_free(struct hw_mem *mem);

/** @size zeroed bytes at @align (a power of two up to 4096); NULL: the arena is full. */
void *hw_mem_get(struct hw_mem *mem, size_t size, size_t align);

#endif
