# SPDX-License-Identifier: MIT
"""
congestion_figs.py - the four congestion figures: their runs, their numbers, their verdicts

A figure says which runs() it needs, and from these reduces a table to draw (NAME.csv, and
more of them if it has several panels), the settings, and a list of Verdict, each a published
expectation beside what was measured. Nothing is drawn or judged that no run wrote.

Not here: running (congestion_runs.py), drawing and the page (congestion.py).
"""
import math
from dataclasses import dataclass

from congestion_runs import Run, acked_at, jain

NO_COLLAPSE = 'from 2 senders on at least 80 % of the best'
WIRE_OVERHEAD = 24      # bytes a frame takes on the wire and not in a buffer


@dataclass
class Verdict:
    """What is asked of the measurement is ours, and stands beside what was published; ok is
    None where nothing was run. The reason, if we know one, is told where they disagree."""
    what: str
    published: str
    asked: str
    measured: str = 'not run'
    ok: bool = None
    why: str = ''


class Figure:
    """What the figures share. @algs: by name, those of algorithms.csv that the program has."""
    name = title = ''
    uses = ()           # algorithms it draws
    points = quick_points = ()  # numbers of flows
    quick_sets = ()     # what a preview sets

    def __init__(self, algs, folder, quick):
        self.points = self.quick_points if quick else self.points
        self.extra = list(self.quick_sets) if quick else []
        self.algs = [algs[n] for n in self.uses if n in algs and algs[n].there]
        self.missing = [algs[n].label if n in algs else n for n in self.uses
                        if n not in algs or not algs[n].there]
        self.conf = f'{folder}/{self.name}.conf'

    def run(self, alg, tag, sets=(), series=False):
        """A run of algorithm @alg; @tag tells it from the others of the figure."""
        own = alg.sets(ecn=self.ecn) + list(sets)
        said = [s.split('=')[0] for s in own]
        own += [s for s in self.extra if s.split('=')[0] not in said]
        return Run(f'{self.name}-{alg.name}-{tag}', self.conf, own, series)


def pct(x):
    """0.934 as 93.4 %."""
    return f'{100 * x:.1f} %'


class Fairness(Figure):
    """n flows of one algorithm share a port: how evenly, and how they get there."""
    name, uses = 'fairness', ('newreno', 'cubic', 'dctcp')
    title = 'Fairness of n flows through one port'
    ecn = '100 KB'      # 66 packets; DCTCP asks for more than C RTT / 7, 48 packets here
    points, quick_points = (2, 4, 8, 16), (2, 4)
    quick_sets = ('warmup=500 ms', 'duration=3 s')
    stairs, step_s = 4, 5

    def runs(self):
        """For each algorithm: every n, and four flows that begin five seconds apart."""
        self.shares, self.time = {}, {}
        for a in self.algs:
            for n in self.points:
                self.shares[a.name, n] = self.run(a, n, [f'connections={n}'], True)
            self.time[a.name] = self.run(a, 'time', [
                f'connections={self.stairs}', f'stagger={self.step_s} s', 'warmup=0',
                f'duration={self.stairs * self.step_s + 5} s'], True)
        return list(self.shares.values()) + list(self.time.values())

    def short_jain(self, run, n):
        """Mean index over intervals of one second of the measured time."""
        series, start = run.series(), ns_of(run.config('warmup')) / 1e9
        seconds = int(ns_of(run.config('duration')) / 1e9)
        times = [start + i for i in range(seconds + 1)]
        acked = [acked_at(series.flows.get(i, []), times) for i in range(n)]
        index = [jain([a[k + 1] - a[k] for a in acked]) for k in range(len(times) - 1)]
        return sum(index) / len(index)

    def tables(self):
        """fairness.csv: a line an algorithm and n; fairness-time.csv: shares over time."""
        rows = [('algorithm', 'flows', 'jain', 'jain_1s', 'goodput_mbps', 'utilisation')]
        for (name, n), run in self.shares.items():
            gbps = run.metric('goodput_gbps')
            rows.append((name, n, f'{run.metric("flow_jain"):.4f}',
                         f'{self.short_jain(run, n):.4f}', f'{1000 * gbps:.1f}',
                         f'{gbps / payload_share(1.0):.4f}'))
        self.table = rows
        bin_s, end = 0.5, self.stairs * self.step_s + 5
        times = [i * bin_s for i in range(int(end / bin_s) + 1)]
        time = [('time_s',) + tuple(f'{a}_{i}_mbps' for a in self.time
                                    for i in range(self.stairs))]
        acked = [acked_at(r.series().flows.get(i, []), times)
                 for r in self.time.values() for i in range(self.stairs)]
        for k in range(len(times) - 1):
            time.append((f'{times[k] + bin_s / 2:.2f}',) + tuple(
                f'{(a[k + 1] - a[k]) * 8 / bin_s / 1e6:.1f}' for a in acked))
        return {'fairness': rows, 'fairness-time': time}

    def verdicts(self):
        """Chiu and Jain for AIMD, RFC 9438 for CUBIC, section 4.1 of DCTCP for DCTCP."""
        said = {
            'newreno': ('AIMD converges to equal shares (Chiu and Jain 1989); a loss hits some '
                        'flows and not others, so shares vary', 0.90),
            'cubic': ('flows of one round-trip time converge to equal shares (RFC 9438, '
                      'section 5.6)', 0.90),
            'dctcp': ('all flows get their share, index 0.99 (SIGCOMM 2010, section 4.1)', 0.99),
        }
        out = []
        for name in self.uses:
            published, floor = said[name]
            got = [float(r[2]) for r in self.table[1:] if r[0] == name]
            short = [float(r[3]) for r in self.table[1:] if r[0] == name]
            used = [float(r[5]) for r in self.table[1:] if r[0] == name]
            if not got:
                out.append(Verdict(f'{name}: Jain\'s index', published, f'at least {floor}'))
                continue
            out.append(Verdict(
                f'{name}: Jain\'s index, n = 2 .. 16', published,
                f'at least {floor}',
                f'{min(got):.3f} to {max(got):.3f}; over single seconds {min(short):.3f} to '
                f'{max(short):.3f}; the port is {pct(min(used))} to {pct(max(used))} used',
                min(got) >= floor))
        return out + self.steadier()

    def steadier(self):
        """DCTCP's other claim: TCP's shares vary much more from second to second."""
        by = {name: [1 - float(r[3]) for r in self.table[1:] if r[0] == name]
              for name in ('newreno', 'dctcp')}
        published = 'TCP is fair on average with much higher variation (same section)'
        what, asked = 'dctcp against newreno, second by second', 'less of 1 - index'
        if not by['newreno'] or not by['dctcp']:
            return [Verdict(what, published, asked)]
        tcp, dctcp = (sum(v) / len(v) for v in (by['newreno'], by['dctcp']))
        return [Verdict(what, published, asked, f'mean of 1 - index: '
                        f'newreno {tcp:.4f}, dctcp {dctcp:.4f}', dctcp < tcp)]

    def settings(self):
        """One sentence, from a run's own configuration."""
        r = next(iter(self.shares.values()))
        return (f'One flow a host to one server, {r.config("link.rate")}, '
                f'{4 * ns_of(r.config("link.propagation")) / 1e6:g} ms round trip, switch buffer '
                f'{r.config("switch.buffer")} (a bandwidth-delay product), DCTCP marks above '
                f'{self.ecn}. Index over {r.config("duration")} after '
                f'{r.config("warmup")}; hosts cost nothing.')


class Dctcp(Figure):
    """Depth of the queue at a marking threshold against the fluid analysis."""
    name, uses = 'dctcp', ('newreno', 'dctcp')
    title = 'Queue depth at a marking threshold'
    points, quick_points = (2, 10, 40), (2, 40)
    quick_sets = ('duration=20 ms',)
    k_packets, frame = 40, 1514
    ecn = f'{k_packets * frame} B'

    def runs(self):
        """DCTCP for every n; two flows without marks to compare with."""
        self.depth = {}
        for a in self.algs:
            for n in self.points if a.name == 'dctcp' else self.points[:1]:
                sets = [f'connections={n}']
                self.depth[a.name, n] = self.run(a, n, sets, True)
        return list(self.depth.values())

    def theory(self, n, c_rtt):
        """Section 3.3: highest and lowest queue, packets. The share of marks that balances is
        found by bisection: at N = 40 windows are so small that the paper's square root of it,
        A = sqrt(2 N (C RTT + K)) / 2, is a sixth too low."""
        w = (c_rtt + self.k_packets) / n            # W*, when the queue reaches K
        low, high = 0.0, 1.0
        for _ in range(60):                         # alpha^2 (1 - alpha / 4): equation 6
            alpha = (low + high) / 2
            if alpha * alpha * (1 - alpha / 4) < (2 * w + 1) / (w + 1) ** 2:
                low = alpha
            else:
                high = alpha
        top = self.k_packets + n                    # equation 10
        return top, top - n * (w + 1) * alpha / 2   # A = N D, equations 7 and 8

    def c_rtt(self):
        """Bandwidth-delay product of the empty network, packets."""
        run = next(iter(self.depth.values()))
        rtt_s = 4 * ns_of(run.config('link.propagation')) / 1e9
        return 10e9 * rtt_s / 8 / (self.frame + WIRE_OVERHEAD)

    def tables(self):
        """dctcp.csv: a line a run; dctcp-time.csv and dctcp-cdf.csv: two of its panels."""
        self.rows = [('algorithm', 'flows', 'mean', 'low', 'high', 'theory_low', 'theory_high',
                      'utilisation', 'drops')]
        self.queues, cdf, time = {}, [('algorithm', 'flows', 'packets', 'share')], []
        for (name, n), run in self.depth.items():
            queue = [(t, q / self.frame) for t, q in run.series().ports[0] if t >= 0.1]
            q = sorted(v for _, v in queue)
            self.queues[name, n] = q
            low, high = quantile(q, 0.01), quantile(q, 0.99)
            t_high, t_low = self.theory(n, self.c_rtt())
            used = run.metric('goodput_gbps') / payload_share(10.0)
            self.rows.append((name, n, f'{sum(q) / len(q):.2f}', f'{low:.2f}', f'{high:.2f}',
                              f'{t_low:.2f}', f'{t_high:.2f}', f'{used:.4f}',
                              int(run.metric('switch_drops'))))
            for k in range(0, 101):
                cdf.append((name, n, f'{quantile(q, k / 100):.2f}', f'{k / 100:.2f}'))
            if n == self.points[0]:
                time += [(name, f'{1000 * (t - queue[0][0]):.3f}', f'{v:.2f}')
                         for t, v in queue[:1000]]
        bounds = [('flows', 'low', 'high')]
        for n in range(1, 44):
            high, low = self.theory(n, self.c_rtt())
            bounds.append((n, f'{low:.2f}', f'{high:.2f}'))
        return {'dctcp': self.rows, 'dctcp-cdf': cdf, 'dctcp-theory': bounds,
                'dctcp-time': [('algorithm', 'time_ms', 'packets')] + time}

    def verdicts(self):
        """Qmax = K + N, the amplitude, and no loss of throughput."""
        out = []
        for n in self.points:
            t_high, t_low = self.theory(n, self.c_rtt())
            says = f'between {t_low:.1f} and {t_high:.1f} packets (SIGCOMM 2010, section 3.3)'
            asked = '99th percentile within 20 %, amplitude within 50 %'
            row = next((r for r in self.rows if r[:2] == ('dctcp', n)), None)
            if not row:
                out.append(Verdict(f'dctcp, N = {n}: queue', says, asked))
                continue
            low, high = float(row[3]), float(row[4])
            ratio = (high - low) / (t_high - t_low)
            out.append(Verdict(
                f'dctcp, N = {n}: queue', says, asked,
                f'{low:.1f} to {high:.1f} packets (1st and 99th percentile), mean {row[2]}',
                abs(high - t_high) <= 0.2 * t_high and 0.5 <= ratio <= 1.5))
        return out + self.apart() + self.full()

    def apart(self):
        """What the paper's simulation saw at N = 40."""
        says = ('flows that are not synchronised vary the queue less than the analysis says '
                '(SIGCOMM 2010, section 3.3)')
        row = next((r for r in self.rows if r[:2] == ('dctcp', 40)), None)
        if not row:
            return [Verdict('dctcp, N = 40: amplitude', says, 'less')]
        seen, said = float(row[4]) - float(row[3]), float(row[6]) - float(row[5])
        why = (f'a flow has {(self.c_rtt() + self.k_packets) / 40:.1f} segments when the queue '
               f'reaches K, and sends whole ones. Forty flows that send one more, or one less, '
               f'in the same round trip move the queue by 40 packets; the analysis lets '
               f'windows be any number. All begin within 4 ms and see one queue, so here many do.')
        return [Verdict('dctcp, N = 40: amplitude', says, 'less',
                        f'{seen:.1f} packets, the analysis {said:.1f}', seen < said, why)]

    def full(self):
        """K > C RTT / 7 keeps the link busy."""
        says = (f'K = {self.k_packets} > C RTT / 7 = {self.c_rtt() / 7:.1f} packets: no loss of '
                f'throughput (equation 13)')
        rows = [r for r in self.rows[1:] if r[0] == 'dctcp']
        if not rows:
            return [Verdict('dctcp: throughput', says, 'above 98 %')]
        least = min(float(r[7]) for r in rows)
        return [Verdict('dctcp: throughput', says, 'above 98 %',
                        f'{pct(least)} of what the link carries, '
                        f'{sum(int(r[8]) for r in rows)} frames dropped', least > 0.98)]

    def settings(self):
        """One sentence."""
        r = next(iter(self.depth.values()))
        return (f'Long flows, one a host, {r.config("link.rate")}, '
                f'{4 * ns_of(r.config("link.propagation")) / 1e3:g} us round trip when empty '
                f'({self.c_rtt():.0f} packets), K = {self.k_packets} packets of {self.frame} B, '
                f'g = 1/16, every packet acknowledged; the port\'s queue every '
                f'{r.config("series_period")} over {r.config("duration")} after '
                f'{r.config("warmup")}. Without marks: buffer '
                f'{r.config("switch.buffer")}.')


class Cubic(Figure):
    """The window after each loss against RFC 9438's cubic."""
    name, uses = 'cubic', ('newreno', 'cubic')
    title = 'CUBIC\'s window between losses'
    ecn = '0'
    c, beta, mss = 0.4, 0.7, 1460
    quick_sets = ('duration=40 s', 'fault.loss=100 ppm')
    from_s = 20.0       # slow start is over
    least_s = 2.0       # epochs that are shorter say little about a cubic

    def runs(self):
        """One long flow each; equal seeds."""
        self.long = {a.name: self.run(a, 'long', [], True) for a in self.algs}
        return list(self.long.values())

    def epochs(self, samples):
        """Spans of congestion avoidance: (first, last) index of samples, between recoveries."""
        out, first, recover = [], None, None
        for i in range(1, len(samples)):
            a, b = samples[i - 1], samples[i]
            if b.ssthresh is not None and b.ssthresh != a.ssthresh:
                if first is not None:
                    out.append((first, i - 1))
                first, recover = None, b.acked + b.flight
            elif recover is not None and b.acked >= recover:
                first, recover = i, None
        if first is not None:
            out.append((first, len(samples) - 1))
        return out

    def predicted(self, samples):
        """Per epoch: (start, end, W_max, K, [(t, W(t))]) in segments, equations 1 and 2, and
        fast convergence, section 4.7."""
        out, last_max = [], 0.0
        for first, last in self.epochs(samples):
            before = next(s.cwnd for s in reversed(samples[:first])
                          if s.ssthresh != samples[first].ssthresh) / self.mss
            w_max = before * (1 + self.beta) / 2 if before < last_max else before
            last_max = before
            start = samples[first].cwnd / self.mss
            k = math.copysign(abs((w_max - start) / self.c) ** (1 / 3), w_max - start)
            t0 = samples[first].t
            if t0 < self.from_s:
                continue
            curve = [(s.t, self.c * (s.t - t0 - k) ** 3 + w_max) for s in samples[first:last + 1]]
            out.append((first, last, w_max, k, curve))
        return out

    def tables(self):
        """cubic.csv: windows over time, and the curve where there is one."""
        rows = [('time_s',) + tuple(f'{n}_segments' for n in self.long) + ('rfc_segments',)]
        flows = {n: r.series().flows[0] for n, r in self.long.items()}
        self.fit = self.predicted(flows['cubic']) if 'cubic' in flows else []
        curve = {t: w for e in self.fit for t, w in e[4]}
        self.samples = flows
        for group in zip(*flows.values()):
            t = group[0].t
            if t < self.from_s:
                continue
            rows.append((f'{t:.2f}',) + tuple(f'{s.cwnd / self.mss:.1f}' for s in group) +
                        (f'{curve[t]:.1f}' if t in curve else '',))
        return {'cubic': rows[::5] if len(rows) > 4000 else rows}

    def verdicts(self):
        """The whole curve, the drop, and that CUBIC is faster than NewReno on this path."""
        says = ('W(t) = C (t - K)^3 + W_max, C = 0.4 (RFC 9438, equations 1 and 2)',
                'window after a loss: 0.7 of the window before (section 4.6)')
        asked = 'mean deviation at most 3 %', '0.7 within 0.02'
        names = 'cubic: window in congestion avoidance', 'cubic: multiplicative decrease'
        fit = [e for e in self.fit if e[4][-1][0] - e[4][0][0] >= self.least_s]
        if not fit:
            return [Verdict(*v) for v in zip(names, says, asked)] + self.faster()
        cubic = self.samples['cubic']
        off = [abs(cubic[e[0] + i].cwnd / self.mss - w) / w
               for e in fit for i, (_, w) in enumerate(e[4])]
        drop = []
        for first, *_ in (e[:1] for e in fit):
            before = next(s.cwnd for s in reversed(cubic[:first])
                          if s.ssthresh != cubic[first].ssthresh)
            drop.append(cubic[first].ssthresh / before)
        mean = sum(off) / len(off)
        return [
            Verdict(names[0], says[0], asked[0],
                    f'{pct(mean)} off in the mean, {pct(max(off))} at most, '
                    f'over {len(fit)} epochs of {self.least_s:g} s or more', mean <= 0.03),
            Verdict(names[1], says[1], asked[1], f'{min(drop):.3f} to {max(drop):.3f}',
                    all(abs(d - self.beta) <= 0.02 for d in drop)),
        ] + self.faster()

    def faster(self):
        """Section 5.2: on a long, fast path CUBIC uses more of it than Reno at equal loss."""
        says = 'at this loss and delay CUBIC keeps a larger window (section 5.2)'
        mbps = {n: 1000 * r.metric('goodput_gbps') for n, r in self.long.items()}
        if len(mbps) < 2:
            return [Verdict('cubic against newreno', says, 'more goodput')]
        return [Verdict('cubic against newreno', says, 'more goodput',
                        ', '.join(f'{n} {v:.0f} Mb/s' for n, v in mbps.items()),
                        mbps['cubic'] > mbps['newreno'])]

    def settings(self):
        """One sentence."""
        r = next(iter(self.long.values()))
        return (f'One flow, {r.config("link.rate")}, '
                f'{4 * ns_of(r.config("link.propagation")) / 1e6:g} ms round trip, random loss '
                f'{r.config("fault.loss")}, no queue, {r.config("duration")} of which the '
                f'first {self.from_s:g} s are left out, seed '
                f'{r.config("seed")}. The curve begins anew at the end of each recovery, from '
                f'the window then and W_max of the loss.')


class Incast(Figure):
    """Goodput of synchronised senders through a shallow switch."""
    name, uses = 'incast', ('newreno', 'cubic', 'dctcp')
    title = 'Incast: synchronised senders, one receiver'
    ecn = '98410 B'     # 65 packets, what the DCTCP paper sets at 10 Gb/s
    points, quick_points = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64), (1, 8, 64)
    quick_sets = ('rounds=5', 'warmup=0')
    floors = ('200 ms', '1 ms')

    def runs(self):
        """Every algorithm, both floors of the timeout, every number of senders."""
        self.runs_of = {}
        for a in self.algs:
            for rto in self.floors:
                for n in self.points:
                    sets = [f'connections={n}', f'client.dp.rto_min={rto}',
                            f'server.dp.rto_min={rto}']
                    tag = f'{rto.split()[0]}ms-{n}'
                    self.runs_of[a.name, rto, n] = self.run(a, tag, sets)
        return list(self.runs_of.values())

    def goodput(self, name, rto):
        """By number of senders, Gb/s; empty if it was not run."""
        return {n: self.rate(r, n) for (a, t, n), r in self.runs_of.items()
                if (a, t) == (name, rto)}

    @staticmethod
    def rate(run, n):
        """What the receiver got, Gb/s: @n blocks a mean round."""
        return n * bytes_of(run.config('workload.block')) * 8e-3 / run.metric('latency_mean_us')

    def tables(self):
        """incast.csv: a line a number of senders."""
        cols = [(a.name, rto) for a in self.algs for rto in self.floors]
        head = ('senders',) + tuple(f'{a}_{rto.replace(" ", "")}_{what}' for a, rto in cols
                                    for what in ('gbps', 'round_ms', 'timeouts'))
        rows = [head]
        for n in self.points:
            row = [n]
            for a, rto in cols:
                r = self.runs_of[a, rto, n]
                row += [f'{self.rate(r, n):.3f}',
                        f'{r.metric("latency_mean_us") / 1000:.3f}',
                        int(r.metric('client_tcp_rto'))]
            rows.append(tuple(row))
        return {'incast': rows}

    def verdicts(self):
        """Collapse, its cure, and DCTCP's avoidance."""
        out = []
        for name in ('newreno', 'cubic'):
            slow, fast = (self.goodput(name, t) for t in self.floors)
            says = ('throughput falls by up to 90 % (SIGCOMM 2009, abstract)',
                    'no collapse (SIGCOMM 2009, section 5)')
            what = [f'{name}, RTO_min {t}' for t in self.floors]
            asked = '64 senders at least 80 % below the best', NO_COLLAPSE
            if not slow:
                out += [Verdict(*v) for v in zip(what, says, asked)]
                continue
            fall = 1 - slow[64] / max(slow.values())
            least = min(v for n, v in fast.items() if n >= 2)
            out.append(Verdict(what[0], says[0], asked[0], f'64 senders: {slow[64]:.2f} Gb/s, '
                               f'{pct(fall)} below the best; worst {min(slow.values()):.2f}',
                               fall >= 0.8))
            out.append(Verdict(what[1], says[1], asked[1],
                               f'64 senders: {fast[64]:.2f} Gb/s; least of 2 .. 64: {least:.2f}',
                               least >= 0.8 * max(fast.values())))
        says = ('no timeouts while two packets a sender fit the buffer, so no collapse even '
                'with a high floor (SIGCOMM 2010, section 4.2)')
        slow = self.goodput('dctcp', self.floors[0])
        if not slow:
            return out + [Verdict('dctcp, RTO_min 200 ms', says, NO_COLLAPSE)]
        stops = sum(r.metric('client_tcp_rto') for (a, t, _), r in self.runs_of.items()
                    if (a, t) == ('dctcp', self.floors[0]))
        least = min(v for n, v in slow.items() if n >= 2)
        return out + [Verdict('dctcp, RTO_min 200 ms', says, NO_COLLAPSE,
                              f'64 senders: {slow[64]:.2f} Gb/s; '
                              f'least of 2 .. 64: {least:.2f}; {stops:.0f} timeouts',
                              least >= 0.8 * max(slow.values()))]

    def settings(self):
        """One sentence."""
        r = next(iter(self.runs_of.values()))
        return (f'{r.config("workload.block")} a sender and round, {r.config("link.rate")}, '
                f'{4 * ns_of(r.config("link.propagation")) / 1e3:g} us round trip, switch buffer '
                f'{r.config("switch.buffer")} for all ports, initial window '
                f'{r.config("client.dp.init_cwnd")} segments, DCTCP marks above {self.ecn}; '
                f'{r.config("workload.rounds")} rounds, those that began in the first '
                f'{r.config("warmup")} left out; goodput is all blocks over the mean round.')


def payload_share(gbps):
    """Payload a link of @gbps can carry in full segments, Gb/s."""
    return gbps * 1460 / (1514 + WIRE_OVERHEAD)


def quantile(ordered, q):
    """The q-quantile of a sorted list, by rank."""
    return ordered[min(int(q * len(ordered)), len(ordered) - 1)]


def ns_of(value):
    """A duration of a manifest in nanoseconds: a number, or text with a unit."""
    if isinstance(value, (int, float)):
        return value
    number, unit = value.split()
    return float(number) * {'ns': 1, 'us': 1e3, 'ms': 1e6, 's': 1e9}[unit]


def bytes_of(value):
    """A size of a manifest in bytes: a number, or text with a unit."""
    if isinstance(value, (int, float)):
        return value
    number, unit = value.split()
    return float(number) * {'B': 1, 'KB': 1e3, 'MB': 1e6, 'KiB': 1 << 10, 'MiB': 1 << 20}[unit]


ALL = (Fairness, Dctcp, Cubic, Incast)
