# SPDX-License-Identifier: MIT
"""
calibrate_fit.py - bounded least squares with few parameters, for scripts/calibrate

Entry points: solve(), Fit. Levenberg and Marquardt's method on the logarithms of the
parameters, so a step is a ratio, projected on the bounds. The Jacobian is by differences and is
then kept up to date by Broyden's rule; every residual costs simulated runs, so it is measured
again only when a step fails.

Not here: what a residual is (calibrate).
"""
import math

STEP = 0.10             # of a difference: simulated noise is about 0.01
SMALL = 0.01            # a step that changes no parameter by 1 % ends it
DAMP_MAX = 1e3


class Fit:
    """Where it ended: parameters, residuals, Jacobian, standard errors and what hides what."""

    def __init__(self, x, r, jac, rounds):
        self.x, self.r, self.jac, self.rounds = x, r, jac, rounds
        self.cost = sum(v * v for v in r)

    def errors(self):
        """Relative standard error of each parameter; inf: the points do not determine it."""
        n, free = len(self.x), max(1, len(self.r) - len(self.x))
        a = normal(self.jac)
        noise = max(1.0, self.cost / free)
        out = []
        for i in range(n):
            e = [float(i == k) for k in range(n)]
            column = linear(a, e) if a[i][i] > 1e-6 else None
            out.append(math.sqrt(noise * max(column[i], 0.0)) if column else math.inf)
        return out

    def alike(self, limit=0.95):
        """[(i, k, correlation)] of parameters that the points hardly tell apart."""
        n, a = len(self.x), normal(self.jac)
        rows = [linear(a, [float(i == k) for k in range(n)]) for i in range(n)]
        found = []
        for i in range(n):
            for k in range(i):
                if rows[i] and rows[k] and rows[i][i] > 0 and rows[k][k] > 0:
                    c = rows[i][k] / math.sqrt(rows[i][i] * rows[k][k])
                    if abs(c) > limit:
                        found.append((k, i, c))
        return found


def normal(jac):
    """J'J."""
    n = len(jac[0])
    return [[sum(row[i] * row[k] for row in jac) for k in range(n)] for i in range(n)]


def linear(a, b):
    """x of A x = b by elimination with pivots; None when singular."""
    n = len(b)
    m = [list(row) + [v] for row, v in zip(a, b)]
    for i in range(n):
        p = max(range(i, n), key=lambda k: abs(m[k][i]))
        if abs(m[p][i]) < 1e-12:
            return None
        m[i], m[p] = m[p], m[i]
        for k in range(n):
            if k != i:
                f = m[k][i] / m[i][i]
                m[k] = [u - f * v for u, v in zip(m[k], m[i])]
    return [m[i][n] / m[i][i] for i in range(n)]


def clip(x, bounds):
    """@x within @bounds, all logarithms."""
    return [min(max(v, lo), hi) for v, (lo, hi) in zip(x, bounds)]


def difference(many, x, r, bounds):
    """Jacobian at @x by one step of each parameter, towards the inside of its bounds."""
    steps, tries = [], []
    for i, (_, hi) in enumerate(bounds):
        h = STEP if x[i] + STEP <= hi else -STEP
        steps.append(h)
        tries.append([v + h * (k == i) for k, v in enumerate(x)])
    moved = many(tries, r)
    return [[(moved[i][j] - r[j]) / steps[i] for i in range(len(x))] for j in range(len(r))]


def step_of(jac, r, x, bounds, damp):
    """The damped step; parameters at a bound that would leave it stay."""
    n = len(x)
    free = list(range(n))
    for _ in range(n + 1):
        a = [[sum(row[i] * row[k] for row in jac) + (damp * (sum(row[i] ** 2 for row in jac)
              + 1e-9) if i == k else 0.0) for k in free] for i in free]
        b = [-sum(row[i] * v for row, v in zip(jac, r)) for i in free]
        d = linear(a, b) if free else []
        if d is None:
            return [0.0] * n
        stuck = [i for i, v in zip(free, d)
                 if (v < 0 and x[i] <= bounds[i][0] + 1e-9) or
                 (v > 0 and x[i] >= bounds[i][1] - 1e-9)]
        if not stuck:
            break
        free = [i for i in free if i not in stuck]
    out = [0.0] * n
    for i, v in zip(free, d):
        out[i] = min(max(v, -0.5), 0.5)
    return out


def solve(many, x, bounds, rounds, told):
    """Minimise the sum of squares of residuals. @many([x, ...]) gives those of several x at
    once, many(xs, r) the same where xs[i] is x with parameter i moved and r is what x has.
    @told(round, fit, what) hears how it goes. @x and @bounds are logarithms."""
    x = clip(x, bounds)
    r = many([x])[0]
    fit = Fit(x, r, difference(many, x, r, bounds), 0)
    fresh, damp = True, 0.01
    told(0, fit, 'start')
    for n in range(1, rounds + 1):
        d = step_of(fit.jac, fit.r, fit.x, bounds, damp)
        new = clip([u + v for u, v in zip(fit.x, d)], bounds)
        d = [u - v for u, v in zip(new, fit.x)]
        if max(map(abs, d)) < SMALL:
            if fresh:
                break
            fit.jac, fresh = difference(many, fit.x, fit.r, bounds), True
            continue
        r = many([new])[0]
        # Broyden: the Jacobian that explains this step, closest to the one there was.
        dd = sum(v * v for v in d)
        jac = []
        for row, before, after in zip(fit.jac, fit.r, r):
            miss = (after - before - sum(u * v for u, v in zip(row, d))) / dd
            jac.append([u + miss * v for u, v in zip(row, d)])
        if sum(v * v for v in r) < fit.cost:
            fit, damp, what = Fit(new, r, jac, n), max(damp / 4, 1e-4), 'better'
            fresh = False
        else:
            damp, what = damp * 8, 'worse'
            if not fresh:
                fit.jac, fresh = difference(many, fit.x, fit.r, bounds), True
            elif damp > DAMP_MAX:
                break
            else:
                fit.jac = jac
        told(n, fit, what)
    fit.rounds = rounds
    return fit
