/* SPDX-License-Identifier: MIT */
/*
 * saved.h - what a sweep left in a folder: NAME.csv, its manifest NAME.json, and whether they are
 * whole and belong together
 */
#ifndef CLI_SAVED_H
#define CLI_SAVED_H

#include "cli/table.h"

/**
 * Read DIR/NAME.csv. Returns 0, -ENOENT if nothing was saved, or another negative errno and a
 * sentence in @err if it is damaged. @t is empty then.
 */
int saved_read(struct table *t, const char *dir, const char *name, char *err, size_t err_len);

/**
 * Is there a DIR/NAME.csv whose manifest is missing, damaged, or was written with another table? A
 * sentence in @why says which. A manifest without a hash of its table is none of these.
 */
bool saved_is_doubtful(const char *dir, const char *name, char *why, size_t why_len);

#endif
