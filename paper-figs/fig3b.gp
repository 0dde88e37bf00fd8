# SPDX-License-Identifier: MIT
# fig3b.gp - messages a second against round trips a connection
load figs.'/common.gp'
set logscale x 2
set xrange [0.85:1200]
set yrange [0:14]
set ytics 2
set xtics (1, 2, 8, 32, 64, 128, 256, 512, 1024)
set xlabel 'round trips a connection' offset 0,0.3
eval ylabel('messages (M/s)', top_px, top_px+plot_px)
set arrow 1 from graph 0,first 8.8 to graph 1,first 8.8 nohead dt 3 lc rgb grey lw 1
set label 1 '10 Gb/s of 142 B' at 0.9,9.1 left font ',10' tc rgb '#666666'
y(v) = column(v) / 1e6
crosses = failed("column('workload.rounds')", '0.1', 'requests_per_s')
plot for [i=1:5] csv using (is(system[i]) ? column('workload.rounds') : NaN): \
		(y('requests_per_s') - y('requests_per_s_ci95')): \
		(y('requests_per_s') + y('requests_per_s_ci95')) \
	with filledcurves lc rgb (i < 3 ? blue : i > 3 ? red : green) notitle, \
     for [i=1:5] csv using (is(system[i]) ? column('workload.rounds') : NaN): \
		(y('requests_per_s')) with linespoints ls i title system[i], \
     for [i=1:5] published('fig3b', system[i]) using 3:5 with points ls 10+i notitle, \
     NaN with points ls 20 title 'published' @crosses
