/* SPDX-License-Identifier: MIT */
/*
 * table.h - a table of text cells: what a CSV file is
 *
 * Grows as it is filled; running out of memory ends the program with a message. Numbers
 * are written with ten significant digits, so equal runs give equal bytes.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdio.h>

#include "base/types.h"

struct table_row {
	char **cells;		/* NULL: empty */
	size_t n;
};

struct table {
	char **cols;
	size_t n_cols, n_rows;
	struct table_row *rows;
};

enum { TABLE_NO_COLUMN = -1 };

void table_free(struct table *t);

/** Index of column @name; added if it is not there. */
size_t table_col_add(struct table *t, const char *name);
/** Index of column @name or TABLE_NO_COLUMN. */
int table_col(const struct table *t, const char *name);

size_t table_row_add(struct table *t);
void table_set(struct table *t, size_t row, size_t col, const char *text);
void table_set_number(struct table *t, size_t row, size_t col, double v);

/** The cell's text, "" when empty or out of range. */
const char *table_get(const struct table *t, size_t row, int col);
/** The cell as a number; false if it is not one. */
bool table_number(const struct table *t, size_t row, int col, double *v);

/** RFC 4180, with a line of column names. */
void table_write(const struct table *t, FILE *f);
/** Read a table. Returns 0, or a negative errno, a sentence in @err and no table. Rows may be short
 * and the last line may lack its end: a hand may have written it. */
int table_read(struct table *t, const char *path, char *err, size_t err_len);
/** As table_read(), of what table_write() wrote: -EINVAL unless every line is whole. */
int table_read_whole(struct table *t, const char *path, char *err, size_t err_len);

/** Write columns as aligned text: the first left, numbers right. */
void table_print(const struct table *t, FILE *f);

#endif
