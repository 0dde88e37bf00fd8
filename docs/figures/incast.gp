# SPDX-License-Identifier: MIT
# incast.gp - goodput and round time against the number of senders
height = 860
load figs.'/common.gp'
set key off
colour(i) = word(colours, i) eq 'blue' ? blue : word(colours, i) eq 'orange' ? orange : green
csv = dir.'/incast.csv'
N = words(shown)
set multiplot
set lmargin at screen 0.115
set xrange [0:66]
set xtics 8
set tmargin at screen 0.88
set bmargin at screen 0.57
set yrange [0:10]
set ytics 2.5
set format x ''
set ylabel 'goodput (Gb/s)' offset 0.6,0
plot for [i=1:N] csv using 'senders':word(shown, i).'_200ms_gbps' with linespoints lw 2 \
		pt 5 + 2 * i ps 0.8 lc rgb colour(i), \
	for [i=1:N] csv using 'senders':word(shown, i).'_1ms_gbps' with linespoints lw 2 dt 2 \
		pt 4 + 2 * i ps 0.8 lc rgb colour(i)
unset label 9001
set tmargin at screen 0.52
set bmargin at screen 0.085
set format x '%g'
set xlabel 'senders' offset 0,0.4
set ylabel 'mean round (ms)' offset 0.6,0
set yrange [0.1:1000]
set logscale y 10
set ytics (0.1, 1, 10, 100, 1000)
set key at graph 0.99,0.03 right bottom vertical maxrows 3 samplen 3 font ',11' \
	title 'least timeout' left font ',11'
plot for [i=1:N] csv using 'senders':word(shown, i).'_200ms_round_ms' with linespoints lw 2 \
		pt 5 + 2 * i ps 0.8 lc rgb colour(i) title word(labels, i).', 200 ms', \
	for [i=1:N] csv using 'senders':word(shown, i).'_1ms_round_ms' with linespoints lw 2 dt 2 \
		pt 4 + 2 * i ps 0.8 lc rgb colour(i) title word(labels, i).', 1 ms'
unset multiplot
