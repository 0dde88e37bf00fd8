/* SPDX-License-Identifier: MIT */
/*
 * curves_impl.h - columns of points.csv, shared by curves.c and shapes.c only
 */
#ifndef CLI_CURVES_IMPL_H
#define CLI_CURVES_IMPL_H

#include "cli/curves.h"

#define KNEE_LOG ", log x"	/* end of P_KNEE: lines are straight on a logarithmic axis */

enum point_column { P_FIGURE, P_SERIES, P_SYSTEM, P_QUANTITY, P_X, P_X_UNIT, P_PUBLISHED, P_OURS,
		    P_UNIT, P_ERROR, P_FITTED, P_KNEE, P_NOTE, POINT_COLUMNS };

enum why_column { W_FIGURE, W_SERIES, W_WHY, WHY_COLUMNS };

#endif
