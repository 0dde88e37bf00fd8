# SPDX-License-Identifier: MIT
# co.gp - p99 against offered load, timed from the send and from when a request was due
load figs.'/common.gp'
set lmargin at screen 0.115
array who[4] = ['IX: from the send', 'IX: from when due', 'Linux: from the send', \
	'Linux: from when due']
array style[4] = [2, 1, 5, 4]
set xrange [0:2600]
set xtics 500
set logscale y
set yrange [20:60000]
set ytics (20, 100, 500, 2000, 10000, 50000)
set xlabel 'offered load (K requests/s)' offset 0,0.3
eval ylabel('p99 latency (us)', top_px, top_px+plot_px)
set arrow 1 from graph 0,first 500 to graph 1,first 500 nohead dt 3 lc rgb grey lw 1.2
set label 1 'SLA: p99 below 500 us' at graph 0.4,first 600 left font ',10' tc rgb '#555555'
x = "column('workload.rate_per_s')/1e3"
crosses = failed(x, '21', 'requests_per_s')
plot for [i=1:4] csv using (is(who[i]) ? @x : NaN):@p99_band \
	with filledcurves lc rgb (i < 3 ? blue : red) notitle, \
     for [i=1:4] csv using (is(who[i]) ? @x : NaN):(column('latency_p99_us')) \
	with linespoints ls style[i] title who[i] @crosses
