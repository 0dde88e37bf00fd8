/* SPDX-License-Identifier: MIT */
/*
 * fitted.h - which published numbers prices and knobs were fitted on
 *
 * Agreement there is no evidence. The line of a price, or a comment of a system, says "fit: ",
 * "by hand on " or "fitted on: " and names what it was fitted on: a point as figure/series/x
 * ("fig3b/IX 4x10GbE/1024", more x of the same curve after commas or "and" or "against"), a
 * claim by its name ("C17").
 */
#ifndef CLI_FITTED_H
#define CLI_FITTED_H

#include "base/types.h"

enum { FITTED_MAX = 512 };

struct fitted {
	size_t n;
	struct {
		char name[64];	/* "fig3b/IX 4x10GbE", "C17" */
		double x;	/* 0 of a claim */
	} used[FITTED_MAX];
};

/** Note what the source @text names. */
void fitted_add(struct fitted *f, const char *text);

/** Read every price list or system of @dir, NAME.conf. Returns how many. */
size_t fitted_read(struct fitted *f, const char *dir);

bool fitted_claim(const struct fitted *f, const char *id);
bool fitted_point(const struct fitted *f, const char *figure, const char *series, double x);

#endif
