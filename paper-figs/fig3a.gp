# SPDX-License-Identifier: MIT
# fig3a.gp - connections a second against cores, which fill hyperthread by hyperthread
axis_px = 88
load figs.'/common.gp'
set xrange [0.25:8.25]
set yrange [0:4.4]
set ytics 1
tics = "'½\n1' 0.5"
do for [h=2:16] { tics = tics.sprintf(", '%s\n%d' %.1f", h % 2 ? '' : sprintf('%d', h/2), h, h/2.) }
eval 'set xtics ('.tics.') font ",12"'
set xlabel 'server cores (upper line), hyperthreads (lower line)' offset 0,-0.4
eval ylabel('connections (M/s)', top_px, top_px+plot_px)
# mTCP runs on whole cores: a thread here is a core of its own.
cores(s) = column('server.threads') / (s eq 'mTCP 10GbE' ? 1.0 : 2.0)
y(v) = column(v) / 1e6
crosses = failed("cores(strcol('series'))", '0.03', 'requests_per_s')
plot for [i=1:5] csv using (is(system[i]) ? cores(system[i]) : NaN): \
		(y('requests_per_s') - y('requests_per_s_ci95')): \
		(y('requests_per_s') + y('requests_per_s_ci95')) \
	with filledcurves lc rgb (i < 3 ? blue : i > 3 ? red : green) notitle, \
     for [i=1:5] csv using (is(system[i]) ? cores(system[i]) : NaN):(y('requests_per_s')) \
	with linespoints ls i title system[i], \
     for [i=1:5] published('fig3a', system[i]) using 3:5 with points ls 10+i notitle, \
     NaN with points ls 20 title 'published' @crosses
