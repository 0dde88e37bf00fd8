# SPDX-License-Identifier: MIT
# dctcp.gp - the queue over time, its distribution, and its bounds against N
height = 860
load figs.'/common.gp'
set key off
time = dir.'/dctcp-time.csv'
cdf = dir.'/dctcp-cdf.csv'
csv = dir.'/dctcp.csv'
theory = dir.'/dctcp-theory.csv'
marked = strstrt(shown, 'dctcp') > 0
plain = strstrt(shown, 'newreno') > 0
is(a, n) = strcol('algorithm') eq a && column('flows') == n
bound(i) = i == 1 ? 'theory: K + N' : 'theory: K + N - A'
stats theory using (column('flows') == 2 ? column('high') : NaN) nooutput
top = STATS_max
stats theory using (column('flows') == 2 ? column('low') : NaN) nooutput
bottom = STATS_max
set multiplot
set lmargin at screen 0.115
set rmargin at screen 0.965
set tmargin at screen 0.88
set bmargin at screen 0.57
set xrange [0:5]
set yrange [0:60]
set ytics 20
set xtics 1
set xlabel 'time (ms)' offset 0,0.4
set ylabel 'queue (packets)' offset -0.2,0
set key at graph 0.99,1.12 right top Left reverse horizontal maxrows 1 samplen 3.4 font ',12'
plot for [i=1:marked] time using (strcol('algorithm') eq 'dctcp' ? column('time_ms') : NaN):\
		'packets' with lines lw 1.2 lc rgb green title 'DCTCP, N = 2', \
	for [i=1:2] (i == 1 ? top : bottom) with lines lw 1.5 dt 1 + i lc rgb black title bound(i)
unset label 9001
set tmargin at screen 0.44
set bmargin at screen 0.085
set rmargin at screen 0.485
set xrange [0.1:1000]
set logscale x 10
set xtics (0.1, 1, 10, 100, 1000)
set yrange [0:1]
set ytics 0.25
set xlabel 'queue (packets)' offset 0,0.4
set ylabel 'share of time at most this' offset -0.2,0
set key at graph 0.01,0.97 left top Left reverse vertical maxrows 4 samplen 2.4 font ',11'
tint(i) = word(green.' '.sky.' '.purple, i)
plot for [i=1:3*marked] cdf using (is('dctcp', word('2 10 40', i) + 0) ? column('packets') : NaN):\
		'share' with linespoints lw 2 dt i pt shape(i) ps 0.7*mark pointinterval 25 \
		lc rgb tint(i) title 'DCTCP, N = '.word('2 10 40', i), \
	for [i=1:plain] cdf using (is('newreno', 2) ? column('packets') : NaN):'share' \
		with linespoints lw 2 dt 4 pt shape(4) ps 0.7*mark pointinterval 25 \
		lc rgb blue title 'NewReno, no marks'
unset logscale x
set lmargin at screen 0.615
set rmargin at screen 0.965
set xrange [0:43]
set yrange [0:100]
set xtics 10
set ytics 25
set xlabel 'flows N' offset 0,0.4
set ylabel 'queue (packets)' offset -0.2,0
plot for [i=1:2] theory using 'flows':word('high low', i) with lines lw 1.5 dt 1 + i \
		lc rgb black title bound(i), \
	for [i=1:marked] csv using (strcol('algorithm') eq 'dctcp' ? column('flows') : NaN):\
		'mean':'low':'high' with yerrorbars lw 2 pt 7 ps 0.9*mark lc rgb green \
		title 'DCTCP: 1 %, mean, 99 %'
unset multiplot
