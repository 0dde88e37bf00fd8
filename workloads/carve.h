/* SPDX-License-Identifier: MIT */
/*
 * carve.h - lay one block of memory out in cache-line aligned parts
 *
 * A workload computes the offsets of its parts once and uses them twice: mem_need() takes
 * the end, start() adds the base.
 */
#ifndef WORKLOADS_CARVE_H
#define WORKLOADS_CARVE_H

#include <stdio.h>

#include "base/types.h"
#include "workloads/app.h"

/** Offset of a part of @size bytes after *@end, which moves behind it. */
static inline size_t carve(size_t *end, size_t size)
{
	size_t off = ALIGN_UP(*end, (size_t)CACHE_LINE);

	*end = off + size;
	return off;
}

static inline void *carved(const struct app_env *env, size_t off)
{
	return (char *)env->mem + off;
}

/** False, and a sentence in @err, when @env has less than @need bytes. */
static inline bool carve_fits(const struct app_env *env, size_t need, const char *who, char *err,
			      size_t err_len)
{
	if (env->mem && env->mem_len >= need)
		return true;
	snprintf(err, err_len, "%s: instance %u was given %zu bytes of memory and needs %zu; lower "
		 "its table sizes or give the host more memory", who, env->index, env->mem_len,
		 need);
	return false;
}

#endif
