/* SPDX-License-Identifier: MIT */
/*
 * table.c - see table.h
 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/table.h"

static void *must(void *p)
{
	if (!p) {
		fputs("ix: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void table_free(struct table *t)
{
	for (size_t r = 0; r < t->n_rows; r++) {
		for (size_t c = 0; c < t->rows[r].n; c++)
			free(t->rows[r].cells[c]);
		free(t->rows[r].cells);
	}
	for (size_t c = 0; c < t->n_cols; c++)
		free(t->cols[c]);
	free(t->rows);
	free(t->cols);
	memset(t, 0, sizeof(*t));
}

int table_col(const struct table *t, const char *name)
{
	for (size_t c = 0; c < t->n_cols; c++)
		if (strcmp(t->cols[c], name) == 0)
			return (int)c;
	return TABLE_NO_COLUMN;
}

size_t table_col_add(struct table *t, const char *name)
{
	int c = table_col(t, name);

	if (c >= 0)
		return (size_t)c;
	t->cols = must(realloc(t->cols, (t->n_cols + 1) * sizeof(*t->cols)));
	t->cols[t->n_cols] = must(strdup(name));
	return t->n_cols++;
}

size_t table_row_add(struct table *t)
{
	t->rows = must(realloc(t->rows, (t->n_rows + 1) * sizeof(*t->rows)));
	t->rows[t->n_rows] = (struct table_row){ NULL, 0 };
	return t->n_rows++;
}

void table_set(struct table *t, size_t row, size_t col, const char *text)
{
	struct table_row *r = &t->rows[row];

	assert(row < t->n_rows);
	if (col >= r->n) {
		r->cells = must(realloc(r->cells, (col + 1) * sizeof(*r->cells)));
		memset(r->cells + r->n, 0, (col + 1 - r->n) * sizeof(*r->cells));
		r->n = col + 1;
	}
	free(r->cells[col]);
	r->cells[col] = must(strdup(text));
}

void table_set_number(struct table *t, size_t row, size_t col, double v)
{
	char text[40];

	if (isnan(v))
		text[0] = '\0';
	else
		snprintf(text, sizeof(text), "%.10g", v);
	table_set(t, row, col, text);
}

const char *table_get(const struct table *t, size_t row, int col)
{
	if (row >= t->n_rows || col < 0 || (size_t)col >= t->rows[row].n ||
	    !t->rows[row].cells[col])
		return "";
	return t->rows[row].cells[col];
}

bool table_number(const struct table *t, size_t row, int col, double *v)
{
	const char *text = table_get(t, row, col);
	char *end;

	*v = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*v);
}

/* ---- CSV ---- */

static void cell_write(const char *text, FILE *f)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

void table_write(const struct table *t, FILE *f)
{
	for (size_t c = 0; c < t->n_cols; c++) {
		if (c)
			fputc(',', f);
		cell_write(t->cols[c], f);
	}
	fputc('\n', f);
	for (size_t r = 0; r < t->n_rows; r++) {
		for (size_t c = 0; c < t->n_cols; c++) {
			if (c)
				fputc(',', f);
			cell_write(table_get(t, r, (int)c), f);
		}
		fputc('\n', f);
	}
}

enum cell_end { CELL_COMMA, CELL_LINE, CELL_FILE };

/* Read one cell into @buf, dropping what does not fit. */
static enum cell_end cell_read(FILE *f, char *buf, size_t len)
{
	bool quoted = false;
	size_t n = 0;
	int ch = getc(f);

	if (ch == '"') {
		quoted = true;
		ch = getc(f);
	}
	for (; ch != EOF; ch = getc(f)) {
		if (quoted && ch == '"') {
			ch = getc(f);
			if (ch != '"') {
				quoted = false;
				ungetc(ch, f);
				continue;
			}
		} else if (!quoted && (ch == ',' || ch == '\n')) {
			break;
		} else if (!quoted && ch == '\r') {
			continue;
		}
		if (n + 1 < len)
			buf[n++] = (char)ch;
	}
	buf[n] = '\0';
	return ch == ',' ? CELL_COMMA : ch == '\n' ? CELL_LINE : CELL_FILE;
}

/* What table_read_whole() asks of a row that ended with cell @n, which @end ended. */
static bool is_whole(const struct table *t, size_t n, enum cell_end end)
{
	return n == t->n_cols && end == CELL_LINE;
}

/* Every cell; @first_bad: the line that is not whole, from 1, or 0. */
static void cells_read(struct table *t, FILE *f, size_t *first_bad)
{
	char cell[1024];
	size_t line = 0, col = 0, row = 0;
	enum cell_end end;

	*first_bad = 0;
	do {
		end = cell_read(f, cell, sizeof(cell));
		if (end == CELL_FILE && col == 0 && cell[0] == '\0')
			break;
		if (line == 0) {
			table_col_add(t, cell);
		} else if (col < t->n_cols) {
			if (col == 0)
				row = table_row_add(t);
			table_set(t, row, col, cell);
		}
		col++;
		if (end != CELL_COMMA) {
			line++;
			if (*first_bad == 0 && !is_whole(t, col, end))
				*first_bad = line;
			col = 0;
		}
	} while (end != CELL_FILE);
	if (line == 0)
		*first_bad = 1;
}

/* A pipe in a file's place must not stop us. A folder is told of when it is read. */
static FILE *regular_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fdopen(fd, "r");
	if (fd >= 0) {
		close(fd);
		errno = EINVAL;
	}
	return NULL;
}

static int read_table(struct table *t, const char *path, bool whole, char *err, size_t err_len)
{
	FILE *f = regular_open(path);
	size_t bad = 0;
	int rc = f ? 0 : -errno;

	memset(t, 0, sizeof(*t));
	if (f) {
		errno = 0;
		cells_read(t, f, &bad);
		if (ferror(f))			/* a folder, for one */
			rc = errno ? -errno : -EIO;
		fclose(f);
	}
	if (rc)
		snprintf(err, err_len, "cannot read %s: %s", path,
			 rc == -EINVAL ? "it is a device or a pipe" : strerror(-rc));
	else if (whole && bad) {
		snprintf(err, err_len, "%s is damaged: line %zu is cut short, or has not as many "
			 "cells as there are columns", path, bad);
		rc = -EINVAL;
	}
	if (rc)
		table_free(t);
	return rc;
}

int table_read(struct table *t, const char *path, char *err, size_t err_len)
{
	return read_table(t, path, false, err, err_len);
}

int table_read_whole(struct table *t, const char *path, char *err, size_t err_len)
{
	return read_table(t, path, true, err, err_len);
}

void table_print(const struct table *t, FILE *f)
{
	for (size_t r = 0; r <= t->n_rows; r++) {
		for (size_t c = 0; c < t->n_cols; c++) {
			size_t width = strlen(t->cols[c]);
			double v;
			bool right = c > 0 && t->n_rows > 0 && table_number(t, 0, (int)c, &v);
			bool last = c + 1 == t->n_cols;

			for (size_t i = 0; i < t->n_rows; i++)
				width = MAX(width, strlen(table_get(t, i, (int)c)));
			fprintf(f, "%s%*s", c ? "  " : "",
				last && !right ? 0 : right ? (int)width : -(int)width,
				r == 0 ? t->cols[c] : table_get(t, r - 1, (int)c));
		}
		fputc('\n', f);
	}
}
