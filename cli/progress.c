/* SPDX-License-Identifier: MIT */
/*
 * progress.c - see progress.h
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void progress_start(struct progress *p, const char *label, bool quiet)
{
	const char *term = getenv("TERM");

	memset(p, 0, sizeof(*p));
	p->label = label;
	p->started_s = now_s();
	p->tty = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
	p->quiet = quiet;
}

static void eta_text(double s, char *buf, size_t len)
{
	unsigned t = (unsigned)(s + 0.5);

	if (t < 60)
		snprintf(buf, len, "%u s", t);
	else if (t < 3600)
		snprintf(buf, len, "%u min %02u s", t / 60, t % 60);
	else
		snprintf(buf, len, "%u h %02u min", t / 3600, t / 60 % 60);
}

void progress_update(struct progress *p, double fraction, const char *what)
{
	double now, gone;
	char left[40] = "";

	if (p->quiet)
		return;
	now = now_s();
	gone = now - p->started_s;
	if (gone < 2 || now - p->shown_s < (p->tty ? 0.2 : 5))
		return;
	p->shown_s = now;
	if (fraction > 0.005 && fraction <= 1) {
		char eta[32];

		eta_text(gone * (1 - fraction) / fraction, eta, sizeof(eta));
		snprintf(left, sizeof(left), ", %s left", eta);
	}
	fprintf(stderr, "%s%s %3.0f%%%s%s%s%s", p->tty ? "\r\033[K" : "", p->label, fraction * 100,
		what ? " " : "", what ? what : "", left, p->tty ? "" : "\n");
	fflush(stderr);
	p->dirty = p->tty;
}

void progress_clear(struct progress *p)
{
	if (p->dirty)
		fputs("\r\033[K", stderr);
	p->dirty = false;
}

static bool colored(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(f)) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

const char *style_on(FILE *f, enum style s)
{
	static const char *const code[] = {
		[STYLE_PLAIN] = "", [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m", [STYLE_WARN] = "\033[33m",
	};

	return colored(f) ? code[s] : "";
}

const char *style_off(FILE *f)
{
	return colored(f) ? "\033[0m" : "";
}
