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

struct fitted {
	size_t n, cap;
	struct fitted_number {
		char name[64];	/* "fig3b/IX 4x10GbE", "C17" */
		double x;	/* 0 of a claim */
		bool met;	/* somebody asked for it: there is such a number */
	} *used;
};

/** Note what the source @text names. Zeroed memory is an empty list. */
void fitted_add(struct fitted *f, const char *text);

/** Read every price list or system of @dir, NAME.conf. Returns how many. */
size_t fitted_read(struct fitted *f, const char *dir);

/** Was anything fitted on it? It is met then. */
bool fitted_claim(struct fitted *f, const char *id);
bool fitted_point(struct fitted *f, const char *figure, const char *series, double x);

void fitted_free(struct fitted *f);

#endif
