/* SPDX-License-Identifier: MIT */
/*
 * mem.c - memory at bring-up by mmap
 *
 * MAP_NORESERVE: the kernel commits a page when it is first written. Nothing is ever
 * given back piecemeal, as core_ops promises.
 */
#include "hw/mem.h"

#include <sys/mman.h>

static void *mem_op(struct core_env *env, size_t size, size_t align)
{
	return hw_mem_get(container_of(env, struct hw_mem, env), size, align);
}

static const struct core_ops mem_ops = { .mem = mem_op };

int hw_mem_init(struct hw_mem *mem, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*mem = (struct hw_mem){ .env = { &mem_ops } };
	if (p == MAP_FAILED)
		return -ENOMEM;
	mem->base = p;
	mem->size = size;
	return 0;
}

void hw_mem_free(struct hw_mem *mem)
{
	if (mem->base != NULL)
		munmap(mem->base, mem->size);
	mem->base = NULL;
	mem->size = mem->used = 0;
}

void *hw_mem_get(struct hw_mem *mem, size_t size, size_t align)
{
	size_t at;

	assert(align != 0 && align <= 4096 && (align & (align - 1)) == 0);
	at = ALIGN_UP(mem->used, align);
	if (at > mem->size || size > mem->size - at)
		return NULL;
	mem->used = at + size;
	return mem->base + at;
}
