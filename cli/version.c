/* SPDX-License-Identifier: MIT */
/*
 * version.c - what this binary was built from
 *
 * The Makefile defines IX_COMMIT and IX_CC for this file alone, so a new commit
 * recompiles nothing else.
 */
#include "cli/cli.h"

#ifndef IX_COMMIT
#define IX_COMMIT "unknown"
#endif
#ifndef IX_CC
#define IX_CC "unknown"
#endif

const char ix_version[] = "0.1.0";
const char ix_commit[] = IX_COMMIT;
const char ix_compiler[] = IX_CC;
