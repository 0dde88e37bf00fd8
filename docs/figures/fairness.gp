# SPDX-License-Identifier: MIT
# fairness.gp - four flows that begin five seconds apart, and how even n flows are
height = 860
load figs.'/common.gp'
set key off
colour(i) = word(colours, i) eq 'blue' ? blue : word(colours, i) eq 'orange' ? orange : green
flow_colour(f) = word(black.' '.red.' '.sky.' '.purple, f + 1)
time = dir.'/fairness-time.csv'
csv = dir.'/fairness.csv'
N = words(shown)
slots = N < 3 ? N : 3
width = 0.85 / slots
set multiplot
set tmargin at screen 0.86
set bmargin at screen 0.55
set xrange [0:25]
set yrange [0:1000]
set xtics 0, 5, 20
set ytics 250
set label 2 'the next flow begins every five seconds' at screen 0.965,0.925 right \
	font ',12' tc rgb '#444444'
set key at graph 0.98,0.98 right top Left reverse vertical maxrows 4 samplen 3.4 font ',12'
do for [i=1:slots] {
	set lmargin at screen 0.115 + (i - 1) * width
	set rmargin at screen 0.115 + i * width - 0.02
	set label 1 word(labels, i) at graph 0.03,1.06 left font ',14' tc rgb colour(i)
	set xlabel 'time (s)' offset 0,0.4
	set ylabel (i == 1 ? 'goodput of a flow (Mb/s)' : '') offset -0.2,0
	set format y (i == 1 ? '%g' : '')
	a = word(shown, i)
	plot for [f=0:3] time using (column('time_s') > 5 * f ? column('time_s') : NaN): \
		a.'_'.f.'_mbps' with linespoints lw 1.6 \
		dt f+1 pt shape(f+1) ps 0.7*mark pointinterval 5 lc rgb flow_colour(f) \
		title 'flow '.(f+1)
	unset key
	unset label 9001
	unset label 2
}
unset label 1
set format y '%.2f'
set tmargin at screen 0.43
set bmargin at screen 0.085
set xrange [1.7:19]
set logscale x 2
set xtics (2, 4, 8, 16)
set yrange [0.79:1.01]
set ytics 0.05
set xlabel 'flows' offset 0,0.4
set key at graph 0.03,0.05 left bottom Left reverse vertical maxrows 3 samplen 3.4 spacing 1.15 \
	font ',12'
do for [p=1:2] {
	set lmargin at screen p == 1 ? 0.115 : 0.615
	set rmargin at screen p == 1 ? 0.485 : 0.965
	what = p == 1 ? 'jain' : 'jain_1s'
	set ylabel "Jain's index" offset -0.2,0
	set label 1 (p == 1 ? 'over 20 s' : 'over single seconds, mean') \
		at graph 0.03,1.06 left font ',13' tc rgb '#444444'
	plot for [i=1:N] csv using (column('flows')):(strcol('algorithm') eq word(shown, i) ? \
		column(what) : NaN) with linespoints lw 2 dt i pt 5 + 2 * i ps 0.9*mark \
		lc rgb colour(i) title word(labels, i)
	unset key
}
unset multiplot
