/* SPDX-License-Identifier: MIT */
/*
 * curves.h - every published point of curves.csv beside what our results say there
 *
 * A figure's configuration says where a curve is found in its CSV:
 *
 *	curves = (
 *		{ x = "server.threads"; x_scale = 0.5; y = "conns_per_s"; knee = 90.0; },
 *		{ series = "IX p99"; where = "series=IX"; x = ...; quantity = "p99"; });
 *
 * Without `series` it is about every curve of that figure whose name the CSV's column `series`
 * has; `figure` is the definition's name unless said. Between rows we read off straight lines.
 *
 * What is known of a knee, should it miss: misses = ( { series = "IX"; why = "..."; } ), with a
 * `figure` as above.
 *
 * Three checks follow from the points. Order: at every published x, curves of two systems (the
 * first word of a curve's name) and one `quantity` that the paper shows more than 5 % apart
 * are in its order. Knee: where a curve reaches `knee` percent of its largest y, or first is
 * `knee_times` its first y, published and ours read off at the published x only, so that both
 * are equally coarse, and joined by lines that are straight on the published axis (`x_log =
 * true`: a logarithmic one); within 15 %. Median error: over points the price lists were
 * fitted on, and over the others.
 */
#ifndef CLI_CURVES_H
#define CLI_CURVES_H

#include "cli/figure.h"
#include "cli/fitted.h"

struct curves {
	struct table points;	/* a row a published point: results/points.csv */
	struct table checks;	/* results/shapes.csv */
	struct table whys;	/* figure, series, why: of knees, should they miss */
};

/** All published points, none simulated. Returns 0 or a negative errno and a sentence. */
int curves_begin(struct curves *c, const struct figure_env *env, struct fitted *f, char *err,
		 size_t err_len);

/** Read the points of @fig off its saved @result; of one without columns they stay "not run". */
void curves_take(struct curves *c, const struct figure *fig, const struct figure_env *env,
		 const struct table *result);

/** After every figure: the checks. */
void curves_check(struct curves *c);

void curves_free(struct curves *c);

#endif
