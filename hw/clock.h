/* SPDX-License-Identifier: MIT */
/* clock.h - the hardware world's clock: CLOCK_MONOTONIC in nanoseconds */
#ifndef HW_CLOCK_H
#define HW_CLOCK_H

#include "base/types.h"

/** Now. Never goes back; never 0. */
nsec clock_now_ns(void);

/** Unix time when clock_now_ns() was 0. */
nsec clock_unix_ns(void);

#endif
