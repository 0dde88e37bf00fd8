/* SPDX-License-Identifier: MIT */
/*
 * figure.h - a figure of the paper: a scenario, what to vary, claims, and a drawing
 *
 * A definition is paper-figs/NAME.conf: a scenario with a `sweep` and a `figure` group:
 *
 *	figure = {
 *		title = "...";
 *		caption = "B = {server.dp.batch_max}, {link.rate}";	# {key}: from the manifest
 *		plot = "NAME.gp";		# a gnuplot script beside it
 *		columns = ["latency_p99_us"];	# metrics to keep; left out: all
 *		quick = ["duration=1 ms"];	# assignments of --quick
 *		data = "fig5";			# draws that figure's results, runs nothing
 *		claims = ( { id = "C01"; ... } );	# claims.h
 *	};
 */
#ifndef CLI_FIGURE_H
#define CLI_FIGURE_H

#include "cli/sweep.h"

enum { FIGURES_MAX = 64, FIGURE_NAME_MAX = 64, FIGURE_LIST_MAX = 64 };

struct figure_env {
	char figs[512];		/* folder of the definitions */
	const char *out;	/* folder of the results */
	const char *store_dir;	/* of finished points, NULL: none */
	bool quick, quiet;
	unsigned jobs;
};

struct figure {
	char name[FIGURE_NAME_MAX], path[600];
	struct conf conf;
	const config_setting_t *group;
	const char *quick[FIGURE_LIST_MAX], *columns[FIGURE_LIST_MAX + 1];
	size_t n_quick;
	bool all_columns;	/* no list of them */
};

/** Where paper-figs is: here, above the program, or installed with it. false: nowhere. */
bool figure_dir_find(char *dir, size_t len);

/** Names of all definitions in @dir, sorted. Returns how many. */
size_t figure_names(const char *dir, char names[][FIGURE_NAME_MAX], size_t max);

/** Read a definition; mistakes are in fig->conf. Free with figure_close() in any case. */
bool figure_open(struct figure *fig, const struct figure_env *env, const char *name);
void figure_close(struct figure *fig);

/** A text member of the figure group, or @fallback. */
const char *figure_text(const struct figure *fig, const char *member, const char *fallback);

/** Whose CSV and manifest it draws: its own name, or figure.data. */
const char *figure_data(const struct figure *fig);

/** Is claim @id one that it measures? */
bool figure_claims(const struct figure *fig, const char *id);

/** Run its sweep and save CSV and manifest. Returns an exit code; messages are printed. @saved: is
 * what is there now this run's? */
int figure_run(struct figure *fig, const struct figure_env *env, bool *saved);

/** Draw it from the saved CSV: NAME.svg, .pdf, .png. Returns an exit code. */
int figure_plot(const struct figure *fig, const struct figure_env *env);

#endif
